"""Made-up files in the layout of NATS-Bench's topology archive, written as the benchmark writes them.

The values mean nothing. They differ from each other in every place, so that one read from a wrong place is seen.
"""

from __future__ import annotations

import bz2
import pathlib
import pickle
from collections import OrderedDict
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from tfnas.spaces import NASBench201

DATASETS = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
SEEDS = {
    12: {"cifar10-valid": (111, 777), "cifar10": (111,), "cifar100": (111,), "ImageNet16-120": (111,)},
    200: dict.fromkeys(DATASETS, (777, 888, 999)),
}
EVALUATIONS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("ori-test", "x-valid", "x-test"),
    "ImageNet16-120": ("ori-test", "x-valid", "x-test"),
}
EVERY_EPOCH = {"cifar10-valid": "x-valid", "cifar10": "ori-test", "cifar100": "ori-test", "ImageNet16-120": "ori-test"}
"""What the trainings for 200 epochs were evaluated on after each epoch; on the others, after the last alone."""

Change = Callable[[int, dict[str, Any]], None]
"""Spoils the content of an architecture's file, given its number."""


def natives() -> list[str]:
    """The names of all cells in an order that is neither the space's nor sorted."""
    space = NASBench201()
    names = [space.to_native(arch) for arch in space.enumerate()]
    return [names[k] for k in np.random.default_rng(88).permutation(len(names))]


def record(index: int, name: str, dataset: str, epochs: int, seed: int) -> dict[str, Any]:
    """One training. The values are drawn by a generator of its own, so that they can be drawn again."""
    rng = np.random.default_rng((index, DATASETS.index(dataset), epochs, seed))
    old = epochs == 200
    steps = range(epochs)
    accuracies, losses, times = {}, {}, {}
    for evaluation in EVALUATIONS[dataset]:
        for step in steps:
            if not old or step == epochs - 1 or evaluation == EVERY_EPOCH[dataset]:
                accuracies[f"{evaluation}@{step}"] = float(rng.uniform(5, 95))
                losses[f"{evaluation}@{step}"] = float(rng.uniform(0, 3))
            times[f"{evaluation}@{step}"] = float(rng.uniform(1, 2))
    return {
        "name": dataset,
        "net_state_dict": None,
        "train_acc1es": {step: float(rng.uniform(5, 95)) for step in steps},
        "train_acc5es": None if old else {step: float(rng.uniform(95, 99)) for step in steps},
        "train_losses": {step: float(rng.uniform(0, 3)) for step in steps},
        "train_times": OrderedDict((step, float(rng.uniform(5, 9))) for step in steps),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": name, "class_num": 10},
        "params": np.float64(rng.uniform(0.1, 1.5)),
        "flop": float(rng.uniform(10, 200)),
        "seed": str(seed),
        "epochs": epochs,
        "latency": [float(rng.uniform(0.01, 0.03))],
        "eval_names": list(EVALUATIONS[dataset]),
        "eval_acc1es": accuracies,
        "eval_times": times,
        "eval_losses": losses,
    }


def architecture(
    index: int, name: str, seeds: Mapping[int, Mapping[str, Sequence[int]]] = SEEDS
) -> "OrderedDict[str, Any]":
    """What is in the file of one architecture."""
    return OrderedDict(
        (
            str(epochs),
            {
                "arch_index": index,
                "arch_str": name,
                "all_results": {
                    (dataset, seed): record(index, name, dataset, epochs, seed)
                    for dataset in DATASETS
                    for seed in seeds[epochs][dataset]
                },
                "dataset_seed": {dataset: list(seeds[epochs][dataset]) for dataset in DATASETS},
                "clear_net_done": True,
            },
        )
        for epochs in (12, 200)
    )


def meta(evaluated: Sequence[int], names: Sequence[str] | None = None) -> dict[str, Any]:
    """What is in the file of all architectures' names."""
    names = natives() if names is None else names
    return {
        "meta_archs": list(names),
        "total_archs": len(names),
        "arch2infos": None,
        "evaluated_indexes": set(evaluated),
    }


def dump(path: pathlib.Path, value: Any) -> None:
    """Writes one value as the benchmark does."""
    path.write_bytes(bz2.compress(pickle.dumps(value, protocol=4)))


def write_folder(folder: pathlib.Path, indexes: Sequence[int], change: Change | None = None) -> pathlib.Path:
    """Writes the folder of the archive without weights; it says that it has these architectures alone."""
    folder.mkdir(parents=True)
    dump(folder / "meta.pickle.pbz2", meta(indexes))
    names = natives()
    for index in indexes:
        content = architecture(index, names[index])
        if change is not None:
            change(index, content)
        dump(folder / f"{index:06d}.pickle.pbz2", content)
    return folder


def write_file(path: pathlib.Path, indexes: Sequence[int]) -> pathlib.Path:
    """Writes the single file."""
    names = natives()
    dump(path, {**meta(indexes), "arch2infos": {index: architecture(index, names[index]) for index in indexes}})
    return path
