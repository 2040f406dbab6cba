"""How well an autoencoder reconstructs and generates, as SVGe, D-VAE and arch2vec measure it, and coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection

import numpy as np

from tfnas.checks import check_positive, check_seed
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.graph_form import GraphArrays
from tfnas.models.autoencoder.validity import validity
from tfnas.spaces.nasbench101 import NASBench101


def reconstruction(
    autoencoder: GraphAutoencoder,
    graphs: GraphArrays,
    *,
    encodings: int = 10,
    decodings: int = 10,
    draw_points: bool = False,
    seed: int = 0,
) -> float:
    """Returns the share of decoded graphs that equal the encoded one, node by node and edge by edge.

    The protocol of D-VAE and SVGe: each graph is encoded `encodings` times and each point decoded `decodings` times,
    by drawing. In both codes the encoder gives the mean each time.

    Args:
        autoencoder: What is measured.
        graphs: Held-out graphs.
        encodings: Encodings a graph.
        decodings: Decodings a point.
        draw_points: Whether points are drawn from the posterior, and not its means.
        seed: Of all draws.

    Raises:
        ConfigError: If there are no graphs, or a number is not positive.
    """
    check_positive(encodings=encodings, decodings=decodings)
    check_seed(seed)
    _check_some(graphs)
    seeds = np.random.SeedSequence(seed).generate_state(encodings * (decodings + 1)).tolist()
    keys = graphs.keys()
    equal = 0
    points = autoencoder.means(graphs)
    for _ in range(encodings):
        own = seeds.pop()
        z = autoencoder.posterior(graphs).sample(seed=own % 2**31).numpy() if draw_points else points
        for _ in range(decodings):
            equal += _equal(autoencoder.decode_draws(z, seeds.pop()), keys)
    return equal / (len(keys) * encodings * decodings)


def exact_reconstruction(autoencoder: GraphAutoencoder, graphs: GraphArrays) -> float:
    """Returns the share of graphs that the most probable decoding of the mean equals: arch2vec's single decoding.

    Raises:
        ConfigError: If there are no graphs.
    """
    _check_some(graphs)
    return _equal(autoencoder.decode_most_probable(autoencoder.means(graphs)), graphs.keys()) / len(graphs.ops)


@dataclass(frozen=True, slots=True)
class ElementwiseReconstruction:
    """arch2vec's own figures, of the most probable decoding.

    Attributes:
        ops: Share of nodes with the right operator.
        edges: Share of edges that are decoded.
        false_edges: Share of pairs of nodes without an edge that are decoded with one.
    """

    ops: float
    edges: float
    false_edges: float


def elementwise_reconstruction(autoencoder: GraphAutoencoder, graphs: GraphArrays) -> ElementwiseReconstruction:
    """Returns how many nodes and edges come back, one by one.

    Raises:
        ConfigError: If there are no graphs.
    """
    _check_some(graphs)
    decoded = autoencoder.decode_most_probable(autoencoder.means(graphs))
    there = graphs.ops >= 0
    pairs = there[:, :, None] & there[:, None, :] & np.triu(np.ones(graphs.adjacency.shape[1:], bool), 1)
    edge = (graphs.adjacency > 0) & pairs
    none = ~(graphs.adjacency > 0) & pairs
    return ElementwiseReconstruction(
        ops=float((decoded.ops == graphs.ops)[there].mean()),
        edges=float((decoded.adjacency > 0)[edge].mean()),
        false_edges=float((decoded.adjacency > 0)[none].mean()) if none.any() else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Generation:
    """Of graphs decoded from points.

    Attributes:
        validity: Share that is valid.
        uniqueness: Distinct valid graphs over valid graphs; NaN where there is none.
        novelty: Share of the valid graphs that were not trained on; NaN where there is none.
        distinct: Number of distinct valid graphs.
        decoded: Number of graphs.
    """

    validity: float
    uniqueness: float
    novelty: float
    distinct: int
    decoded: int


def generation(
    autoencoder: GraphAutoencoder,
    points: np.ndarray,
    trained: Collection[bytes],
    *,
    decodings: int = 10,
    valid: str = "members",
    seed: int = 0,
) -> Generation:
    """Measures what random points are decoded to.

    With 1,000 points and 10 decodings it is the papers' protocol, where a decoder that decodes a point always alike
    has at most about 1,000 distinct graphs of 10,000. See `coverage` for one without that bound.

    Args:
        autoencoder: What is measured.
        points: Of a prior. Float, shape [B, *latent].
        trained: `GraphArrays.keys` of the graphs that were trained on.
        decodings: Decodings a point, by drawing; 0 for the most probable one.
        valid: Name of the rule, see `VALIDITY`.
        seed: Of all draws.

    Raises:
        ConfigError: If there are no points, or a number is negative.
        UnknownNameError: If there is no such rule.
    """
    rule = validity(valid)
    check_seed(seed)
    if not len(points) or decodings < 0:
        raise ConfigError(
            "points and decodings", expected="some, and a number from 0", received=f"{len(points)}, {decodings}"
        )
    seeds = np.random.SeedSequence(seed).generate_state(max(decodings, 1)).tolist()
    keys: list[bytes] = []
    for number in seeds:
        most_probable = autoencoder.decode_most_probable
        graphs = autoencoder.decode_draws(points, number) if decodings else most_probable(points)
        keys += graphs.take(rule(autoencoder.form, graphs)).keys()
    known, total, distinct = frozenset(trained), len(points) * len(seeds), len(set(keys))
    return Generation(
        validity=len(keys) / total,
        uniqueness=distinct / len(keys) if keys else float("nan"),
        novelty=sum(key not in known for key in keys) / len(keys) if keys else float("nan"),
        distinct=distinct,
        decoded=total,
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a space a prior reaches.

    Attributes:
        distinct: Distinct members, by their published form, over points. Points that are uniform draws of the space
            would have the number that uniform draws have.
        members: Share of points that are decoded to a member.
        agreement: Share of points that a second decoding makes the same graph of.
    """

    distinct: float
    members: float
    agreement: float


def coverage(autoencoder: GraphAutoencoder, points: np.ndarray, *, seed: int = 0) -> Coverage:
    """Measures how many distinct members independent points are decoded to, each once, by drawing.

    Members are told apart by their published form, those of NAS-Bench-101, whose form has no order of its own, by
    their hash (`SearchSpace.canonical_key`).

    Args:
        autoencoder: What is measured.
        points: Independent draws of a prior, 10,000 by custom. Float, shape [B, *latent].
        seed: Of all draws.

    Raises:
        ConfigError: If there are no points.
    """
    check_seed(seed)
    if not len(points):
        raise ConfigError("points", expected="at least one", received="none")
    one, other = (
        autoencoder.decode_draws(points, number) for number in np.random.SeedSequence(seed).generate_state(2).tolist()
    )
    space = autoencoder.space
    name = space.canonical_key if isinstance(space, NASBench101) else space.to_native
    archs = [arch for arch in autoencoder.form.decode(one) if arch is not None]
    return Coverage(
        distinct=len({str(name(arch)) for arch in archs}) / len(points),
        members=len(archs) / len(points),
        agreement=_equal(one, other.keys()) / len(points),
    )


def _equal(graphs: GraphArrays, keys: list[bytes]) -> int:
    return sum(one == other for one, other in zip(graphs.keys(), keys))


def _check_some(graphs: GraphArrays) -> None:
    if not len(graphs.ops):
        raise ConfigError("graphs", expected="at least one", received="none")
