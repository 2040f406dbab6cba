"""Small generators of every kind, made-up rules with all graphs that keep them, and checks that several tests share."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
from dataclasses import dataclass

import numpy as np

import tfnas
from tfnas.models.autoregressive import AutoregressiveGenerator, ComponentArrays, GeneratorConfig
from tfnas.models.autoregressive.component import ComponentGenerator, tf
from tfnas.models.autoregressive.network import NodeNetwork
from tfnas.models.autoregressive.rules import Rules
from tfnas.models.autoregressive.weights import glorot
from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig
from tfnas.models.graphpnas.network import GraphNetwork
from tfnas.models.independent import IndependentGenerator
from tfnas.models.independent.network import IndependentNetwork
from tfnas.models.rnn import RNNGenerator, RNNGeneratorConfig
from tfnas.models.rnn.network import RNNNetwork


@dataclass(frozen=True)
class Kind:
    """A generator, in small.

    Attributes:
        generator: Its class.
        network: The class of its networks.
        config: Small sizes.
        noise: What takes its weights far from a uniform start, where mistakes could cancel.
        peak: How far: the most probable graph is at least so many times as probable as were all alike.
    """

    generator: type[AutoregressiveGenerator]
    network: type[NodeNetwork]
    config: GeneratorConfig
    noise: float
    peak: float


_GRAPH = GraphGeneratorConfig(mixture=3, steps=2, hidden=8, message=6)

KINDS = {
    "causal": Kind(GraphGenerator, GraphNetwork, _GRAPH, 0.3, 3),
    "prefix": Kind(GraphGenerator, GraphNetwork, dataclasses.replace(_GRAPH, messages="prefix"), 0.3, 3),
    "rnn": Kind(RNNGenerator, RNNNetwork, RNNGeneratorConfig(layers=2, hidden=7), 2.0, 20),
    "independent": Kind(IndependentGenerator, IndependentNetwork, GeneratorConfig(), 1.0, 20),
}


SPACE = "enas_macro,layers=3"
"""A space of 512 members."""


@functools.cache
def rules(limited: bool) -> Rules:
    """Four nodes and two operators without limits, or up to four nodes, three operators and masks of all kinds.

    Edges have two labels, and one of the three operators ends.
    """
    pairs = np.tri(4, k=-1, dtype=bool)
    if not limited:
        high = pairs.sum(1).astype(np.int32)
        return Rules("free", np.ones((4, 2), bool), pairs & False, pairs, 0 * high, high, 2, np.zeros(2, bool))
    forced, free = pairs & False, pairs.copy()
    forced[1, 0], free[1, 0], free[3, 0] = True, False, False
    allowed = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 1], [0, 0, 1]], bool)
    low, high = np.array([0, 0, 1, 1], np.int32), np.array([0, 0, 2, 1], np.int32)
    return Rules("limited", allowed, forced, free, low, high, 2, np.array([False, False, True]))


@functools.cache
def everything(of: Rules) -> ComponentArrays:
    """All graphs of four nodes that rules allow, found without the library's own check."""
    partial, finished = [((), ())], []
    for node in range(4):
        values = [
            range(1, of.labels + 1) if of.forced[node, j] else range(of.labels + 1) if of.free[node, j] else (0,)
            for j in range(4)
        ]
        options = [
            (op, row)
            for op in np.flatnonzero(of.allowed[node]).tolist()
            for row in itertools.product(*values)
            if of.low[node] <= sum(row[j] > 0 for j in range(4) if of.free[node, j]) <= of.high[node]
        ]
        longer = [((*ops, op), (*rows, row)) for ops, rows in partial for op, row in options]
        ended = [pair for pair in longer if of.ends[pair[0][-1]] or node == 3]
        partial = [pair for pair in longer if not (of.ends[pair[0][-1]] or node == 3)]
        finished += [(ops + (-1,) * (3 - node), rows + ((0,) * 4,) * (3 - node)) for ops, rows in ended]
    return ComponentArrays(
        np.array([rows for _, rows in finished], np.int32), np.array([ops for ops, _ in finished], np.int32)
    )


def some(of: Rules, count: int) -> ComponentArrays:
    """A few of them."""
    graphs = everything(of)
    picked = np.random.default_rng(1).choice(len(graphs.ops), count, replace=False)
    return ComponentArrays(graphs.edges[picked], graphs.ops[picked])


def _far(variables, noise: float) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [(array + rng.normal(0, noise, array.shape)).astype(array.dtype) for array in glorot(variables, rng)]


def made(kind: str, of: Rules, **options) -> ComponentGenerator:
    """A component of rules, in float64 where options do not say otherwise."""
    config = dataclasses.replace(KINDS[kind].config, **{"dtype": "float64", **options})
    part = ComponentGenerator(of, KINDS[kind].network(of, config))
    variables = part.network.trainable_variables
    for variable, array in zip(variables, _far(variables, KINDS[kind].noise)):
        variable.assign(array)
    return part


@functools.cache
def component(kind: str, limited: bool, **options) -> ComponentGenerator:
    """The component of the made-up rules, one for all tests: what changes its weights puts them back."""
    return made(kind, rules(limited), **options)


@functools.cache
def generator(kind: str, space: str = SPACE) -> AutoregressiveGenerator:
    """The generator of a space, one for all tests: what changes its weights puts them back."""
    found = fresh(kind, space)
    found.set_weights(_far(found.trainable_variables, KINDS[kind].noise))
    return found


def fresh(kind: str, space: str = SPACE, seed: int = 0) -> AutoregressiveGenerator:
    """A generator with first weights."""
    return KINDS[kind].generator(tfnas.spaces.get(space), KINDS[kind].config, seed=seed)


@contextlib.contextmanager
def eagerly():
    """Nothing is traced inside. Tracing takes longer than to draw a few graphs, and is tested where it matters."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


def chances(logs) -> np.ndarray:
    """Probabilities, float64."""
    return np.exp(np.asarray(logs).astype(np.float64))


def check_steps_agree(network: NodeNetwork, graphs: ComponentArrays, tolerance: float) -> None:
    """The sampler and teacher forcing say the same of each of four nodes."""
    edges, ops = (tf.constant(array) for array in graphs)
    together = network((edges, ops))
    cache = network.first_cache(len(ops))
    for node in range(4):
        before = tf.where(tf.range(4)[:, None] < node, edges, 0)  # the sampler has no later rows
        alone = network.step(before, tf.where(tf.range(4) < node, ops, -1), tf.constant(node), cache)
        for name in ("mixture", "ops"):
            assert np.allclose(getattr(alone, name), getattr(together, name)[:, node], atol=tolerance), name
        assert np.allclose(alone.edges[..., :node], together.edges[:, node, :, :node], atol=tolerance)
        assert np.allclose(alone.labels[:, :node], together.labels[:, node, :node], atol=tolerance)
        seen = tf.where(tf.range(4)[:, None] <= node, edges, 0)
        cache = network.extend(seen, tf.where(tf.range(4) <= node, ops, -1), tf.constant(node), cache)
