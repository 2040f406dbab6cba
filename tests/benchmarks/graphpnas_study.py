"""GraphPNAS, its ablations and plain baselines on NAS-Bench-201 and NAS-Bench-Macro.

    python -m tests.benchmarks.graphpnas_study --results FOLDER [--study NAME] [--method NAME] [--seeds 20]

Without ``--study`` all of them are made, in one process a core; see `tests.benchmarks.study`. The published accuracies
need files, see `tests.realdata`.

A query is a network, by canonical key. All methods that have the explorer without ``none`` measure the same
first networks of a seed.
"""

from __future__ import annotations

from typing import Any, Mapping

from tests.benchmarks.study import PLAIN, Make, Study, command
from tfnas.strategies import GraphPNAS, IndependentReinforce, RNNReinforce, Strategy


def _learned(kind: type[Strategy], name: str, **options: Any) -> Make:
    return lambda space, seed: kind(space, name, seed=seed, **options)


_RELEASED = "nasbench201_released"
_CIFAR10: dict[str, Make] = {
    **PLAIN,
    "explorer alone": _learned(IndependentReinforce, _RELEASED, explore=1.0),
    "released": _learned(GraphPNAS, _RELEASED),
    "released, RNN": _learned(RNNReinforce, _RELEASED),
    "released, independent": _learned(IndependentReinforce, _RELEASED),
    "released, explorer with none": _learned(GraphPNAS, _RELEASED, explorer="uniform"),
    "released, fine-tuned": _learned(GraphPNAS, _RELEASED, restart=False),
    "released, eq. 11, beta .05": _learned(GraphPNAS, "nasbench201_reweighted"),
    "released, eq. 11, beta 0": _learned(GraphPNAS, "nasbench201_reweighted", beta=0.0),
    "released, eq. 11, beta .05, RNN": _learned(RNNReinforce, "nasbench201_reweighted"),
    "released, eq. 11, beta .05, independent": _learned(IndependentReinforce, "nasbench201_reweighted"),
    "released, all shares one": _learned(GraphPNAS, _RELEASED, shares=[1.0, 1.0, 1.0]),
    "released, causal": _learned(GraphPNAS, _RELEASED, messages="causal"),
    "best": _learned(GraphPNAS, "nasbench201"),
    "best, RNN": _learned(RNNReinforce, "nasbench201"),
    "best, independent": _learned(IndependentReinforce, "nasbench201"),
    "best, explorer with none": _learned(GraphPNAS, "nasbench201", explorer="uniform"),
    "best, no screen": _learned(GraphPNAS, "nasbench201", screen=1),
}
_201 = {"space": "nasbench201", "file": "nasbench201.csv.gz", "queries": (50, 75, 99, 150)}
STUDIES = {
    "cifar10": Study(
        **_201,
        signal="cifar10_valid_12ep",
        reported="cifar10_test_200ep",
        methods=_CIFAR10,
        reference="released",
    ),
    "paper": Study(
        **_201,
        signal="cifar10_valid_12ep",
        reported="cifar10_test_200ep",
        methods={"paper": _learned(GraphPNAS, "nasbench201_paper")},
        reference="paper",
        seeds=5,
    ),
    "cifar100": Study(
        **_201,
        signal="cifar100_valid_12ep",
        reported="cifar100_test_200ep",
        methods={
            **PLAIN,
            "released": _learned(GraphPNAS, _RELEASED),
            "released for CIFAR-100": _learned(GraphPNAS, "nasbench201_released_cifar100"),
            "released, independent": _learned(IndependentReinforce, _RELEASED),
            "best": _learned(GraphPNAS, "nasbench201"),
        },
        reference="released",
    ),
    "macro": Study(
        space="nasbench_macro",
        file="nasbench_macro.csv.gz",
        signal="mean_acc",
        reported="mean_acc",
        queries=(30, 50, 75, 100),
        methods={
            **PLAIN,
            "GraphPNAS": _learned(GraphPNAS, "default"),
            "RNN": _learned(RNNReinforce, "default"),
            "independent": _learned(IndependentReinforce, "default"),
        },
        reference="GraphPNAS",
    ),
}


def studies() -> Mapping[str, Study]:
    """Returns the studies by name."""
    return STUDIES


if __name__ == "__main__":
    command(__doc__, studies)()
