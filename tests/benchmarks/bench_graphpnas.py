"""GraphPNAS: its generator's causal form against the paper's, fits with and without XLA, and whole searches.

A whole search is that of 150 networks of NAS-Bench-201 in the table that the extra ``test`` installs, by one process on
one core, with everything that it compiles.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import Any, Callable

import numpy as np

from tests.benchmarks.line import Line
from tfnas import spaces
from tfnas.models.autoregressive import ComponentArrays
from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig
from tfnas.strategies import GraphPNAS

GRAPHS, ROUNDS, CELLS, QUERIES = 16, 5, 1_000, 150
SEARCHES = {"nasbench201_released": "at most 180", "nasbench201_paper": "", "nasbench201": ""}
"""Configurations whose searches are timed, and their targets."""


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
    lines.append(Line("GraphPNAS, NAS-Bench-201, samples", rate, "1/s", "at least 1,000"))
    return [*lines, *_fits(), *(_whole(name, target) for name, target in SEARCHES.items())]


def _fits() -> list[Line]:
    """One fit of the released schedule: 70 epochs over 15 graphs in batches of two."""
    from tfnas.models.reinforce import LearningConfig
    from tfnas.models.reinforce.learner import Learner

    space, rng = spaces.get("nasbench201"), np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(15)]
    settings = GraphPNAS(space, "nasbench201_released").settings
    learners = {
        xla: Learner(GraphGenerator(space, settings.generator), LearningConfig(rewards="ranks", xla=xla))
        for xla in (True, False)
    }
    times: dict[bool, list[float]] = {xla: [] for xla in learners}
    steps = 0
    for number in range(4):
        for xla, learner in learners.items():
            start = time.perf_counter()
            steps = learner.fit(archs, np.arange(15.0), seed=number).steps
            if number:  # the first one compiles
                times[xla].append(time.perf_counter() - start)
    fast, plain = (1e3 * statistics.median(times[xla]) / steps for xla in (True, False))
    against = f"times as long without XLA, as one TensorFlow loop ({plain:.2f} ms)"
    return [Line("GraphPNAS, NAS-Bench-201, released schedule, a step", fast, "ms", "", plain / fast, against)]


def _whole(configuration: str, target: str) -> Line:
    done = subprocess.run(
        [sys.executable, "-c", _SEARCH, configuration, str(QUERIES)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.strip().splitlines()[-1])
    name = f"GraphPNAS, {configuration}, {QUERIES} queries on one core"
    return Line(name, found["seconds"], "s", target, against=f"{found['steps']:,} steps")


_SEARCH = """
import json, os, sys, time
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
os.environ.update(OMP_NUM_THREADS="1", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
from tests.realdata import real_table
from tfnas.evaluators import TableEvaluator
from tfnas.models.reinforce import learner
from tfnas.strategies import GraphPNAS
from tfnas.trial import Trial
evaluator = TableEvaluator(real_table(), "qat_accuracy", benchmark_study=True)
fit, steps = learner.Learner.fit, []
learner.Learner.fit = lambda *given, **named: (lambda done: steps.append(done.steps) or done)(fit(*given, **named))
strategy, start = GraphPNAS(evaluator.space, sys.argv[1], seed=0), time.perf_counter()
for number in range(int(sys.argv[2])):
    proposals = strategy.ask(1)
    strategy.tell([Trial(number, proposals[0], evaluator.evaluate(proposals, seeds=[0])[0])])
print(json.dumps({"seconds": time.perf_counter() - start, "steps": sum(steps)}))
"""


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
