"""`Draft`: gathers the trainings of NAS-Bench-101's cells in any order and makes their `Table`."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from tfnas.data.tables.modules import ModuleRows, pack, parse_hashes
from tfnas.data.tables.table import BUDGET, Table
from tfnas.errors import TableError
from tfnas.spaces.nasbench101 import NASBench101
from tfnas.spaces.nasbench101_hash import module_hash
from tfnas.trial import Split

QUANTITIES = {
    "seconds": Split.TRAIN,
    "train_accuracy": Split.TRAIN,
    "valid_accuracy": Split.VALIDATION,
    "test_accuracy": Split.TEST,
}
"""What an evaluation measured, in this order, and on which examples."""

PARAMETERS = "parameters"
_PREFIXES = ("halfway_", "")
_LIMITS = np.where([quantity == "seconds" for quantity in QUANTITIES], np.finfo(np.float64).max, 1.0)


class Draft:
    """Trainings of cells: which cell, how many epochs, and eight values each."""

    def __init__(self) -> None:
        self._space = NASBench101()
        self._numbers: dict[str, int] = {}
        self._texts: dict[str, str] = {}
        self._edges: dict[str, tuple[tuple[int, int], ...]] = {}
        self._ops: dict[str, tuple[str, ...]] = {}
        self._cells: list[tuple[str, str, int]] = []
        self._packed: list[int] = []
        self._modules: list[np.ndarray] = []
        self._epochs: list[np.ndarray] = []
        self._values: list[np.ndarray] = []

    def module(self, key: str, adjacency: str, operations: str, parameters: int) -> int:
        """Returns the number of a cell, which is checked when it comes for the first time.

        Args:
            key: Its hash.
            adjacency: Digits 0 and 1, row by row.
            operations: Operators, joined by commas.
            parameters: Number of trained parameters.

        Raises:
            InvalidArchitectureError: If it is no pruned member of the space.
            TableError: If the hash is another cell's, the parameters are not positive, or the cell came
                before in another form.
        """
        number = self._numbers.get(key)
        cell = (adjacency, operations, parameters)
        if number is not None:
            if self._cells[number] != cell:
                raise TableError(f"cell {key}", expected=f"{self._cells[number]} as before", received=f"{cell!r:.200}")
            return number
        ops, edges = self._member(adjacency, operations)
        found = module_hash(ops, edges)
        if found != key:
            raise TableError("hash", expected=f"{found}, that of the cell", received=f"{key!r:.60}")
        if parameters < 1:
            raise TableError("parameters", expected="a positive number", received=str(parameters))
        number = self._numbers[key] = len(self._cells)
        self._cells.append((self._texts[adjacency], self._texts[operations], parameters))
        self._packed.append(pack(ops, edges))
        return number

    def _member(self, adjacency: str, operations: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
        """Returns the operators and the edges of a cell.

        Few graphs and few labellings make many cells, so each is checked once and its text kept once.
        """
        edges, ops = self._edges.get(adjacency), self._ops.get(operations)
        if edges is None or ops is None or len(ops) ** 2 != len(adjacency):
            arch = self._space.from_native(f"{adjacency}:{operations}")
            edges, ops = arch.edges, arch.ops
            self._edges[adjacency], self._ops[operations] = edges, ops
            for text in (adjacency, operations):
                self._texts.setdefault(text, text)
        return ops, edges

    def add(self, modules: Sequence[int], epochs: Sequence[int], values: np.ndarray) -> None:
        """Adds trainings, behind those of the same cells and epochs that came before.

        Args:
            modules: Numbers of the cells. Length B.
            epochs: Length B.
            values: The `QUANTITIES` half-way and at the end, which `find_unfit` has passed. Shape [B, 2, 4].
        """
        small = values.astype(np.float32)
        self._modules.append(np.array(modules, np.int32))
        self._epochs.append(np.array(epochs, np.int32))
        # The published values are numbers of 32 bits, which half the memory holds.
        self._values.append(small if np.array_equal(small, values) else np.array(values))

    def check_complete(self) -> None:
        """Raises `TableError` unless at each budget every cell has as many trainings as the others."""
        modules, epochs = np.concatenate(self._modules), np.concatenate(self._epochs)
        for budget in np.unique(epochs).tolist():
            counts = np.bincount(modules[epochs == budget], minlength=len(self._cells))
            fewest = int(np.argmin(counts))
            if counts[fewest] < counts.max():
                key = next(key for key, number in self._numbers.items() if number == fewest)
                raise TableError(
                    "trainings of the cells",
                    expected=f"{counts.max()} of {budget} epochs for every cell",
                    received=f"{counts[fewest]} of cell {key}",
                )

    def table(self, name: str) -> Table:
        """Returns the table of one cell or more; rows in the order of the hashes, repeats in the order of `add`.

        Raises:
            TableError: If a cell has no training at some budget.
        """
        hashes = parse_hashes(list(self._numbers))
        order = np.lexsort((hashes[:, 1], hashes[:, 0]))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        rows = ModuleRows(self._space, hashes=hashes[order], cells=np.array(self._packed, np.uint64)[order])
        columns, splits = self._columns(place)
        columns[PARAMETERS] = np.array([parameters for *_, parameters in self._cells], np.int64)[order]
        splits[PARAMETERS] = Split.TRAIN
        return Table(self._space, name, rows, columns, splits)

    def _columns(self, place: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, Split]]:
        """Returns the measured columns. Shape [R, K] each, nan where there are fewer than K repeats.

        Args:
            place: Row of each cell. Shape [R].
        """
        rows, epochs = place[np.concatenate(self._modules)], np.concatenate(self._epochs)
        drawn, repeats = {}, 0
        for budget in np.unique(epochs).tolist():
            chosen = np.flatnonzero(epochs == budget)
            chosen = chosen[np.argsort(rows[chosen], kind="stable")]
            counts = np.bincount(rows[chosen], minlength=len(place))
            drawn[budget] = chosen, np.arange(len(chosen)) - np.repeat(np.cumsum(counts) - counts, counts)
            repeats = max(repeats, int(counts.max()))
        columns, splits = {}, {}
        for moment, prefix in reversed(list(enumerate(_PREFIXES))):
            for index, (quantity, split) in enumerate(QUANTITIES.items()):
                values = np.concatenate([chunk[:, moment, index] for chunk in self._values])
                for budget, (chosen, repeat) in drawn.items():
                    column = np.full((len(place), repeats), np.nan, values.dtype)
                    column[rows[chosen], repeat] = values[chosen]
                    columns[f"{prefix}{quantity}{BUDGET}{budget}"] = column
                    splits[f"{prefix}{quantity}{BUDGET}{budget}"] = split
        return columns, splits


def find_unfit(values: np.ndarray) -> tuple[int, int, str, str] | None:
    """Returns where the first value is that cannot be, what was expected, and what came; None if all are right.

    Args:
        values: The `QUANTITIES` of evaluations. Shape [B, evaluations, 4].
    """
    unfit = ~((values >= 0) & (values <= _LIMITS))  # nan compares false
    if not unfit.any():
        return None
    training, evaluation, index = (int(axis[0]) for axis in np.nonzero(unfit))
    quantity = tuple(QUANTITIES)[index]
    expected = "finite seconds >= 0" if quantity == "seconds" else f"a {quantity} from 0 to 1"
    return training, evaluation, expected, f"{values[training, evaluation, index]!r}"
