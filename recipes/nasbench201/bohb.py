"""BOHB on NAS-Bench-201: its line in Table 3 of arch2vec (Yan et al., 2020).

    pip install "tfnas[bohb]"
    tfnas data import nats_tss FOLDER
    python -m recipes.nasbench201.bohb

Trainings for 12 and for 200 epochs on CIFAR-10, 12,000 seconds. The paper has 90.82 ± 0.53 by validation and 93.61 ±
0.52 by test images. The runs are kept where the tables of ``recipes.nasbench201.latent_search --study nats_tss`` find
them. `tfnas.protocol.bohb` says what differs from BOHB.

Both budgets have trainings of their own here: that for 12 epochs ends with its own small learning rate, and what it
costs is added to that for 200.
"""

from __future__ import annotations

import pathlib
import zlib
from typing import Sequence

import numpy as np

from tfnas import spaces
from tfnas.architecture import Architecture
from tfnas.data import Table
from tfnas.protocol.bohb import BOHB, Budget, command
from tfnas.trial import Split

_EDGES = 6
_SPACE = spaces.get("nasbench201")
_OPERATORS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


def member(words: Sequence[str]) -> Architecture:
    """Returns the cell of an operator an edge."""
    return _SPACE.from_operators(words)


SEARCH = BOHB(
    budgets=tuple(
        Budget(epochs, f"cifar10-valid:x-valid@{epochs}", f"cifar10-valid:seconds@{epochs}") for epochs in (12, 200)
    ),
    columns=("cifar10-valid:x-valid@200", "cifar10:ori-test@200"),
    seconds=12_000,
    choices=(_OPERATORS,) * _EDGES,
    member=member,
)


def smoke(folder: pathlib.Path) -> tuple[BOHB, Table]:
    """Returns a search of made-up values."""
    natives = tuple(_SPACE.to_native(arch) for arch in _SPACE.enumerate())
    noise = np.array([zlib.crc32(native.encode()) for native in natives]) / 2**32
    columns = {column: 60 + 30 * noise for column in {*SEARCH.columns, *(one.signal for one in SEARCH.budgets)}}
    columns |= {one.cost: np.full(len(natives), 8.0 * one.epochs) for one in SEARCH.budgets}
    return SEARCH, Table(_SPACE, "made_up", natives, columns, dict.fromkeys(columns, Split.VALIDATION))


if __name__ == "__main__":
    command(__doc__, SEARCH, "nats_tss", "runs/nasbench201-latent_search-nats_tss/bohb", smoke)
