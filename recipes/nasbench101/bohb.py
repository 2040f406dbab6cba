"""BOHB on NAS-Bench-101: its curve in Figure 6 of arch2vec (Yan et al., 2020).

    pip install "tfnas[bohb]"
    tfnas data fetch nasbench101_full
    python -m recipes.nasbench101.bohb

Trainings for 4, 12, 36 and 108 epochs, a million seconds a run; 26 choices, one for each of the 21 edges and of the
five operators. The published runs end with a test accuracy of 93.598 %, 93.436 after 100,000 seconds. The runs are kept
where ``python -m recipes.nasbench101.latent_search`` finds them. `tfnas.protocol.bohb` says what differs from BOHB.

Values are means of three trainings, as in that study, and each longer training begins anew, as there.
"""

from __future__ import annotations

import itertools
import pathlib
import zlib
from typing import Sequence

import numpy as np

from tfnas import spaces
from tfnas.architecture import Architecture
from tfnas.data import Table
from tfnas.protocol.bohb import BOHB, Budget, command
from tfnas.trial import Split

_NODES = 7
_PAIRS = tuple(itertools.combinations(range(_NODES), 2))
_SPACE = spaces.get("nasbench101")
_OPERATORS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")


def member(words: Sequence[str]) -> Architecture:
    """Returns the cell of 21 edges, ``"0"`` or ``"1"``, and five operators.

    Raises:
        InvalidArchitectureError: If it has more than nine edges, or none of its nodes is live.
    """
    matrix = np.zeros((_NODES, _NODES), int)
    for pair, word in zip(_PAIRS, words):
        matrix[pair] = int(word)
    return _SPACE.from_matrix(matrix, ("input", *words[len(_PAIRS) :], "output"))


SEARCH = BOHB(
    budgets=tuple(Budget(epochs, f"valid_accuracy@{epochs}", f"seconds@{epochs}") for epochs in (4, 12, 36, 108)),
    columns=("valid_accuracy@108", "test_accuracy@108"),
    seconds=1_000_000,
    choices=(*(("0", "1"),) * len(_PAIRS), *(_OPERATORS,) * (_NODES - 2)),
    member=member,
)


def smoke(folder: pathlib.Path) -> tuple[BOHB, Table]:
    """Returns a search of made-up values, of cells of four nodes."""
    pairs, space = tuple(itertools.combinations(range(4), 2)), spaces.get("nasbench101,max_nodes=4")

    def small(words: Sequence[str]) -> Architecture:
        matrix = np.zeros((4, 4), int)
        for pair, word in zip(pairs, words):
            matrix[pair] = int(word)
        return space.from_matrix(matrix, ("input", *words[len(pairs) :], "output"))

    natives = tuple(space.to_native(arch) for arch in space.unique())
    noise = np.array([zlib.crc32(native.encode()) for native in natives]) / 2**32
    columns = {f"{name}@{budget.epochs}": 0.9 + noise / 25 for budget in SEARCH.budgets for name in
               ("valid_accuracy", "test_accuracy")}  # fmt: skip
    columns |= {budget.cost: np.full(len(natives), 10.0 * budget.epochs) for budget in SEARCH.budgets}
    table = Table(space, "made_up", natives, columns, dict.fromkeys(columns, Split.VALIDATION))
    choices = (*(("0", "1"),) * len(pairs), *(_OPERATORS,) * 2)
    return BOHB(SEARCH.budgets, SEARCH.columns, 10_000, choices, small), table


if __name__ == "__main__":
    command(__doc__, SEARCH, "nasbench101_full", "runs/nasbench101-latent_search/bohb", smoke)
