"""GraphPNAS's generator: the causal form against the paper's, and how fast NAS-Bench-201 cells are drawn."""

from __future__ import annotations

import statistics
import time
from typing import Any, Callable

import numpy as np

from tests.benchmarks.line import Line
from tfnas import spaces
from tfnas.models.autoregressive import ComponentArrays
from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig

GRAPHS, ROUNDS, CELLS = 16, 5, 1_000


def measure() -> list[Line]:
    """Measures at the paper's sizes (RandWire: N=32, S=7, hidden 128, K=10), both forms taking turns.

    The paper's form is the better one of two that are literal: its first dense layer is applied to the
    nodes, not to the edges.
    """
    space = spaces.get("randwire")
    rng = np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(GRAPHS)]
    work = {}
    for form in ("causal", "prefix"):
        generator = GraphGenerator(space, GraphGeneratorConfig(messages=form), seed=0)
        work[form] = (_gradient(generator, archs), lambda number, g=generator: g.sample_arrays(GRAPHS, (number,)))
    times: dict[tuple[str, int], list[float]] = {(form, k): [] for form in work for k in range(2)}
    for number in range(ROUNDS + 1):
        for form, functions in work.items():
            for k, function in enumerate(functions):
                start = time.perf_counter()
                function(number)
                if number:  # the first one traces
                    times[form, k].append(time.perf_counter() - start)
    lines = []
    for k, (what, target) in enumerate((("log-prob and gradient", "at least 5"), ("sampling", "at least 2.5"))):
        causal, prefix = (statistics.median(times[form, k]) for form in ("causal", "prefix"))
        name = f"GraphPNAS, RandWire, {GRAPHS} graphs, {what}"
        against = f"times as long in the paper's form ({prefix:.3f} s)"
        lines.append(Line(f"{name}, causal", causal, "s", target, prefix / causal, against))
    cells = GraphGenerator(spaces.get("nasbench201"), seed=0)
    cells.sample(CELLS, 0)
    start = time.perf_counter()
    cells.sample(CELLS, 1)
    rate = CELLS / (time.perf_counter() - start)
    return [*lines, Line("GraphPNAS, NAS-Bench-201, samples", rate, "1/s", "at least 1,000")]


def _gradient(generator: GraphGenerator, archs: list) -> Callable[[int], Any]:
    import tensorflow as tf

    @tf.function
    def step(edges: Any, ops: Any) -> Any:
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(generator.log_prob_tensor([ComponentArrays(edges, ops)]))
        return total, tape.gradient(total, list(generator.trainable_variables))

    (arrays,) = generator.view.encode(archs)
    edges, ops = tf.constant(arrays.edges), tf.constant(arrays.ops)
    return lambda number: step(edges, ops)[0].numpy()


if __name__ == "__main__":
    for line in measure():
        print(line)
