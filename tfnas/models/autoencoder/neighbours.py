"""`nearest_sequence`: from graph to graph, each the nearest one that was not visited (arch2vec, section 4.1)."""

from __future__ import annotations

import numpy as np

from tfnas.checks import check_positive, is_integer
from tfnas.errors import ConfigError


def nearest_sequence(points: np.ndarray, start: int, length: int = 16) -> np.ndarray:
    """Returns a sequence of points, each the closest to the one before, excluding visited ones.

    The sequences of arch2vec's figures 5 and 11 to 13, in L2 distance; of equally close points the first one is
    taken. The paper says neither the distance nor the rule for ties.

    Args:
        points: Embeddings, as of `GraphAutoencoder.embed`. Float, shape [B, D].
        start: Row of the first point.
        length: Number of points; all B where there are fewer.

    Returns:
        Rows of the points, `start` first. Int, shape [min(length, B)].

    Raises:
        ConfigError: If the points are no matrix of finite numbers, or there is no such row.
    """
    check_positive(length=length)
    points = np.asarray(points, float)
    if points.ndim != 2 or not np.isfinite(points).all():
        raise ConfigError(
            "points",
            expected="a matrix of finite numbers",
            received=f"shape {points.shape}" if points.ndim != 2 else "numbers that are not finite",
        )
    if not is_integer(start) or not 0 <= start < len(points):
        raise ConfigError("start", expected=f"a row from 0 to {len(points) - 1}", received=repr(start))
    rows, left = [int(start)], np.ones(len(points), bool)
    for _ in range(min(length, len(points)) - 1):
        left[rows[-1]] = False
        distance = np.where(left, ((points - points[rows[-1]]) ** 2).sum(1), np.inf)
        rows.append(int(distance.argmin()))
    return np.array(rows)
