"""Searches in latent spaces and what they are compared with, on NAS-Bench-201 and NAS-Bench-Macro.

    python -m tests.benchmarks.latent_study --results FOLDER [--study NAME] [--method NAME] [--seeds 20]

See `tests.benchmarks.study`. The published accuracies need files, see `tests.realdata`. On NAS-Bench-201 the encoder is
the shipped one. That of NAS-Bench-Macro, where everything is tuned, is made first:

    tfnas autoencoder train --model arch2vec --space nasbench_macro --epochs 20 -o runs/arch2vec_nasbench_macro

A query is a native string, as papers count; in "cifar10_keys" it is a canonical key. Methods that begin with random
networks begin with the same 16 of a seed.
"""

from __future__ import annotations

import pathlib
from typing import Any, Mapping

from tests.benchmarks.study import Make, Study, command
from tfnas import strategies

MACRO = pathlib.Path("runs/arch2vec_nasbench_macro/model")

_LOCAL = {"walk": "local", "deviation": 3.0, "steps": 2}
"""Chosen on NAS-Bench-Macro with ten seeds, of deviations from .2 to 3 and from 1 to 16 steps."""


def _methods(encoder: str | None, dedupe: str) -> dict[str, Make]:
    """Returns strategies by name.

    Args:
        encoder: Folder of an autoencoder; the shipped one by default.
        dedupe: What counts as a query.
    """

    def make(name: str, **options: Any) -> Make:
        return lambda space, seed: strategies.get(name)(space, seed=seed, dedupe=dedupe, **options)

    latent = {} if encoder is None else {"autoencoder": encoder}
    return {
        "random": make("random"),
        "evolution 30/10": make("regularized_evolution", population=30, tournament=10),
        "local search": make("local_search"),
        "GP-EI": make("gaussian_process_ei", initial=16),
        "BANANAS": make("bananas", initial=16),
        "REINFORCE": make("discrete_reinforce"),
        "arch2vec-BO": make("latent_bo", initial=16, **latent),
        "arch2vec-BO, sparse GP": make("latent_bo", initial=16, surrogate="sparse_gp", **latent),
        "supervised BO": make("supervised_bo", initial=16),
        "arch2vec-RL": make("latent_rl", **_LOCAL, **latent),
        "arch2vec-RL, paper": make("latent_rl", **latent),
        "supervised RL": make("supervised_rl", **_LOCAL),
        "supervised RL, paper": make("supervised_rl"),
    }


def studies() -> Mapping[str, Study]:
    """Returns the studies by name."""
    cells = {"space": "nasbench201", "file": "nasbench201.csv.gz", "queries": (50, 75, 100, 150)}
    shown = {"signal": "cifar10_valid_12ep", "reported": "cifar10_test_200ep", "reference": "arch2vec-BO"}
    return {
        "latent_macro": Study(
            space="nasbench_macro",
            file="nasbench_macro.csv.gz",
            signal="mean_acc",
            reported="mean_acc",
            queries=(30, 50, 75, 100),
            methods=_methods(str(MACRO), "native"),
            reference="arch2vec-BO",
        ),
        "latent_cifar10": Study(**cells, **shown, methods=_methods(None, "native")),
        "latent_cifar10_keys": Study(**cells, **shown, methods=_methods(None, "canonical")),
    }


if __name__ == "__main__":
    command(__doc__, studies)()
