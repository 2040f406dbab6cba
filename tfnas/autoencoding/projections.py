"""Embeddings in a plane: principal components, and t-SNE. scikit-learn is loaded on first use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfnas.checks import check_seed
from tfnas.errors import ConfigError

_PERPLEXITY = 30.0
_FIRST_SPREAD = 1e-4  # of the points before t-SNE begins, as is usual


class Components(NamedTuple):
    """Embeddings by their first two principal components.

    Attributes:
        places: Float, shape [B, 2]; a second column of zeros where there is but one component.
        shares: Shares of the variance. Float, shape [2].
    """

    places: np.ndarray
    shares: np.ndarray


def principal_components(points: np.ndarray) -> Components:
    """Returns the first two principal components; SVGe's figure 3 shows a grid in their plane.

    Args:
        points: Float, shape [B, D].

    Raises:
        ConfigError: If there are fewer than two points, or they are not finite.
    """
    from sklearn.decomposition import PCA

    points = _checked(points)
    places, shares = np.zeros((len(points), 2)), np.zeros(2)
    if np.ptp(points, axis=0).any():
        count = min(2, *points.shape)
        fitted = PCA(count, svd_solver="full")
        places[:, :count], shares[:count] = fitted.fit_transform(points), fitted.explained_variance_ratio_
    return Components(places, shares)


def tsne(points: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Returns t-SNE's places of points in a plane (van der Maaten and Hinton, 2008). Float, shape [B, 2].

    It begins at the principal components, with a perplexity of 30, less where there are fewer than 90 points. It
    takes seconds for some thousands of points, and far longer for more.

    Args:
        points: Float, shape [B, D].
        seed: Of what is random.

    Raises:
        ConfigError: If there are fewer than two points, or they are not finite.
    """
    from sklearn.manifold import TSNE

    check_seed(seed)
    first = principal_components(points).places
    spread = first[:, 0].std()
    if spread == 0:
        return first
    perplexity = min(_PERPLEXITY, (len(points) - 1) / 3)
    made = TSNE(2, perplexity=perplexity, init=first / spread * _FIRST_SPREAD, random_state=seed)
    return made.fit_transform(np.asarray(points, float)).astype(float)


def _checked(points: np.ndarray) -> np.ndarray:
    points = np.asarray(points, float)
    if points.ndim != 2 or len(points) < 2 or not np.isfinite(points).all():
        finite = np.isfinite(points).all()
        raise ConfigError(
            "embeddings",
            expected="at least two, of finite numbers, shape [B, D]",
            received=f"shape {points.shape}" if finite else "numbers that are not finite",
        )
    return points
