"""Every search space: drawing, naming and costing members, and building their Keras networks."""

from __future__ import annotations

import time
from typing import Any, Callable, Sequence

import numpy as np

from tests.benchmarks.line import Line
from tfnas import networks, spaces

_MEMBERS, _BUILT, _COMPARED = 300, 3, 20
_SHAPES = {"fairnas": ((224, 224, 3), 1000), "randwire": ((224, 224, 3), 200)}
_CIFAR = ((32, 32, 3), 10)
SMALL = ("nasbench101", "nasbench201", "nasbench_macro")
"""The spaces whose costs must come at 2,000 a second."""


def measure() -> list[Line]:
    """Measures in one thread, on random members; builds the published size and the quick one."""
    lines = []
    for name in spaces.names():
        space = spaces.get(name)
        rng = np.random.default_rng(0)
        members, drawn = _timed(lambda space=space, rng=rng: [space.sample(rng) for _ in range(_MEMBERS)])
        space.cost(members[0])
        _, costed = _timed(_all(space.cost, members))
        _, named = _timed(_all(space.canonical_key, members))
        shape, classes = _SHAPES.get(name, _CIFAR)
        target = "at least 2000" if name in SMALL else ""
        lines += [
            Line(f"{name}, members drawn", _MEMBERS / drawn, "1/s"),
            Line(f"{name}, canonical keys", _MEMBERS / named, "1/s"),
            Line(f"{name}, costs, published size", _MEMBERS / costed, "1/s", target),
            _built(space, members, shape, classes, {}, "published size", costed / _MEMBERS),
            _built(space, members, (8, 8, 1), 10, space.quick_skeleton((8, 8, 1)), "quick size", costed / _MEMBERS),
        ]
    return [*lines, *_super_network("nasbench201"), *_super_network("nasbench_macro")]


def _built(
    space: Any, members: Sequence[Any], shape: Any, classes: int, skeleton: dict[str, Any], size: str, cost_s: float
) -> Line:
    def build() -> None:
        for arch in members[:_BUILT]:
            networks.build(arch, input_shape=shape, num_classes=classes, **skeleton)

    build()
    _, seconds = _timed(build)
    return Line(
        f"{space.name}, Keras network built, {size}",
        seconds / _BUILT,
        "s",
        ratio=seconds / _BUILT / cost_s,
        against="its closed-form cost",
    )


def _super_network(name: str) -> list[Line]:
    """Scores twenty members with shared weights: one traced function, against a Keras model for each."""
    import tensorflow as tf

    space = spaces.get(name)
    rng = np.random.default_rng(0)
    members = [space.sample(rng) for _ in range(_COMPARED)]
    skeleton = space.quick_skeleton((8, 8, 3))
    images = tf.constant(rng.normal(size=(64, 8, 8, 3)).astype("float32"))
    whole = networks.SuperNetwork(space, input_shape=(8, 8, 3), num_classes=10, **skeleton)

    def together() -> None:
        compute = tf.function(lambda images, choices: whole(images, choices))
        for arch in members:
            compute(images, tf.constant(space.super_choices(arch)))

    def apart() -> None:
        for arch in members:
            model = networks.build(arch, input_shape=(8, 8, 3), num_classes=10, **skeleton)
            networks.load_weights(model, whole.weights_of(arch))
            model(images, training=False)

    apart()
    _, one = _timed(together)
    _, many = _timed(apart)
    return [
        Line(
            f"{name}, {_COMPARED} members scored by one super-network, tracing included",
            one,
            "s",
            ratio=many / one,
            against="a Keras model each takes so many times as long",
        )
    ]


def _all(function: Callable[[Any], Any], members: Sequence[Any]) -> Callable[[], list[Any]]:
    return lambda: [function(arch) for arch in members]


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start
