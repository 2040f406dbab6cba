"""Graph autoencoders: a step of training against dense matrices, encoding and decoding.

Cells of NAS-Bench-201 and layers of ENAS, drawn at random; sizes are the papers' unless a line says "compact".
"""

from __future__ import annotations

import statistics
import time
from typing import Any, Callable

import numpy as np

from tests.benchmarks.dense_autoencoders import dense
from tests.benchmarks.line import Line
from tfnas import spaces
from tfnas._keras import tensorflow
from tfnas.models.arch2vec import Arch2Vec
from tfnas.models.autoencoder import GraphArrays, GraphAutoencoder
from tfnas.models.autoencoder.flat_adam import FlatAdam
from tfnas.models.dgmg import DGMG
from tfnas.models.gae import GAE, VGAE
from tfnas.models.svge import COMPACT, SVGe

BATCH, STEPS, ROUNDS, GRAPHS = 32, 20, 7, 4096

tf = tensorflow()


def measure() -> list[Line]:
    """Measures all, both forms of a step taking turns."""
    cells, layers = spaces.get("nasbench201"), spaces.get("enas_macro,layers=6")
    models = {
        "arch2vec": Arch2Vec(cells),
        "GAE": GAE(cells),
        "VGAE": VGAE(cells),
        "DGMG": DGMG(layers),
        "SVGe": SVGe(layers),
        "SVGe, compact": SVGe(layers, COMPACT),
    }
    lines = [_step(name, model) for name, model in models.items()]
    lines.append(_encoding(models["arch2vec"]))
    lines.append(_decoding(SVGe(cells)))
    return lines


def _graphs(model: GraphAutoencoder, count: int) -> GraphArrays:
    rng = np.random.default_rng(0)
    return model.form.encode([model.space.sample(rng) for _ in range(count)])


def _step(name: str, model: GraphAutoencoder) -> Line:
    """A step of the optimiser, as a share of that with dense matrices, whose losses must be the same."""
    graphs = _graphs(model, BATCH * STEPS)
    tensors = [tf.constant(array) for array in graphs]
    first = model.get_weights()
    runs = {"graphs": _training(model, tensors)}
    with dense():
        runs["dense"] = _training(model, tensors)
    losses = {}
    for form, run in runs.items():
        model.set_weights(first)
        losses[form] = run(1)
    if not np.allclose(losses["graphs"], losses["dense"], rtol=1e-4):
        raise RuntimeError(f"{name}: other losses with dense matrices, {losses}")
    times: dict[str, list[float]] = {form: [] for form in runs}
    for _ in range(ROUNDS):
        for form, run in runs.items():
            start = time.perf_counter()
            run(STEPS)
            times[form].append((time.perf_counter() - start) / STEPS * 1e3)
    ours, theirs = (statistics.median(times[form]) for form in ("graphs", "dense"))
    target = "ratio at most 1.5" + ("; at most 4.2 ms" if name == "arch2vec" else "")
    rate = f"of dense matrices ({theirs:.2f} ms); {BATCH / ours * 1e3:,.0f} graphs a second"
    return Line(f"{name}, a step of {BATCH} graphs", ours, "ms", target, ours / theirs, rate)


def _training(model: GraphAutoencoder, tensors: list[Any]) -> Callable[[int], float]:
    """Returns a function that makes steps and returns the last loss; it is traced here."""
    network = model.network
    optimizer = FlatAdam(network.trainable_variables, 1e-3)

    @tf.function(autograph=False)
    def run(count):
        def body(number, _):
            batch = [tensor[number * BATCH : (number + 1) * BATCH] for tensor in tensors]
            with tf.GradientTape() as tape:
                loss = network.loss_of(*batch, tf.stack([7, number]))
            optimizer.apply(tape.gradient(loss, network.trainable_variables))
            return number + 1, loss

        return tf.while_loop(lambda number, _: number < count, body, (tf.constant(0), tf.constant(0.0)))[1]

    run.get_concrete_function(tf.TensorSpec([], tf.int32))

    def steps(count: int) -> float:
        optimizer.read()
        return float(run(tf.constant(count)))

    return steps


def _encoding(model: GraphAutoencoder) -> Line:
    graphs = _graphs(model, GRAPHS)
    rate = GRAPHS / _fastest(lambda: model.means(graphs))
    return Line("arch2vec, encoding", rate, "graphs/s", "at least 35,000")


def _decoding(model: GraphAutoencoder) -> Line:
    points = np.random.default_rng(0).normal(size=(1024, *model.network.latent_shape)).astype(np.float32)
    rate = len(points) / _fastest(lambda: model.decode_draws(points, 0))
    return Line("SVGe, decoding cells", rate, "graphs/s", "at least 500")


def _fastest(function: Callable[[], Any]) -> float:
    function()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
