"""How smooth a latent space is: distances, random walks and great circles (SVGe, figures 2 and 3; arch2vec, 4.1)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfnas.checks import check_positive, check_seed
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.graph_form import GraphArrays


def edit_distance(one: GraphArrays, other: GraphArrays) -> np.ndarray:
    """Returns the number of operators and of edges in which pairs of graphs differ, as they are written. Int, [B].

    Nodes that only one of both has count as operators that differ. It is an upper bound of the distance up to
    isomorphism.
    """
    return (one.ops != other.ops).sum(1) + (one.adjacency != other.adjacency).sum((1, 2))


class Distances(NamedTuple):
    """Latent distances of pairs of graphs by their edit distance.

    Attributes:
        edits: Edit distances that occur, ascending. Int, shape [E].
        mean: Mean L2 distance of the embeddings. Shape [E].
        deviation: Standard deviation. Shape [E].
        pairs: Number of pairs. Int, shape [E].
    """

    edits: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    pairs: np.ndarray


def latent_distances(
    autoencoder: GraphAutoencoder, graphs: GraphArrays, *, pairs: int = 10_000, seed: int = 0
) -> Distances:
    """Returns L2 distances of embeddings of random pairs of graphs, by edit distance.

    Raises:
        ConfigError: If there are fewer than two graphs.
    """
    check_positive(pairs=pairs)
    check_seed(seed)
    if len(graphs.ops) < 2:
        raise ConfigError("graphs", expected="at least two", received=str(len(graphs.ops)))
    rng = np.random.default_rng(seed)
    first = rng.integers(len(graphs.ops), size=pairs)
    second = (first + rng.integers(1, len(graphs.ops), size=pairs)) % len(graphs.ops)
    edits = edit_distance(graphs.take(first), graphs.take(second))
    points = autoencoder.embed(graphs)
    distances = np.linalg.norm(points[first] - points[second], axis=1)
    found = np.unique(edits)
    by_edits = [distances[edits == value] for value in found]
    return Distances(
        found,
        np.array([part.mean() for part in by_edits]),
        np.array([part.std() for part in by_edits]),
        np.array([len(part) for part in by_edits]),
    )


class Walk(NamedTuple):
    """Points on a way through a latent space, and what they are decoded to.

    Attributes:
        points: The points. Shape [P, *latent].
        graphs: The most probable graph of each.
        edits: Edit distance of each graph to the one before. Int, shape [P - 1].
    """

    points: np.ndarray
    graphs: GraphArrays
    edits: np.ndarray


def great_circle(autoencoder: GraphAutoencoder, start: np.ndarray, *, points: int = 16, seed: int = 0) -> Walk:
    """Walks once around the sphere on which a point lies, in a random direction that is orthogonal to it.

    SVGe's figure 2: equidistant points, of which the first and the last are the start.

    Args:
        autoencoder: Whose space it is.
        start: The point. Shape [*latent].
        points: Number of points, two at least.
        seed: Of the direction.

    Raises:
        ConfigError: If the point is the origin, or there are fewer than two points.
    """
    check_seed(seed)
    length = np.linalg.norm(start)
    if points < 2 or not length > 0:
        raise ConfigError(
            "great circle", expected="two points or more, around the origin", received=f"{points}, at {length}"
        )
    direction = np.random.default_rng(seed).standard_normal(start.shape)
    direction -= start * (direction * start).sum() / length**2
    direction *= length / np.linalg.norm(direction)
    angles = np.linspace(0, 2 * np.pi, points).reshape(-1, *[1] * start.ndim)
    return _walk(autoencoder, np.cos(angles) * start + np.sin(angles) * direction)


def random_walk(
    autoencoder: GraphAutoencoder, start: np.ndarray, *, step: float, points: int = 16, seed: int = 0
) -> Walk:
    """Walks in one random direction, `step` at a time.

    Args:
        autoencoder: Whose space it is.
        start: The first point. Shape [*latent].
        step: L2 distance of neighbouring points.
        points: Number of points, two at least.
        seed: Of the direction.

    Raises:
        ConfigError: If the step is not positive, or there are fewer than two points.
    """
    check_seed(seed)
    if points < 2 or not 0 < step < np.inf:
        raise ConfigError("random walk", expected="two points or more, a step above 0", received=f"{points}, {step}")
    direction = np.random.default_rng(seed).standard_normal(start.shape)
    direction *= step / np.linalg.norm(direction)
    places = np.arange(points).reshape(-1, *[1] * start.ndim)
    return _walk(autoencoder, start + places * direction)


def _walk(autoencoder: GraphAutoencoder, points: np.ndarray) -> Walk:
    points = points.astype(autoencoder.config.dtype)
    graphs = autoencoder.decode_most_probable(points)
    places = np.arange(len(points))
    return Walk(points, graphs, edit_distance(graphs.take(places[:-1]), graphs.take(places[1:])))
