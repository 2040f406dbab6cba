"""`Table`: what a study reports, beside what the paper printed."""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from tfnas.state import write_text

if TYPE_CHECKING:
    from tfnas.protocol.results import Results

MARKDOWN, JSON = "tables.md", "tables.json"
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table.

    Attributes:
        label: What stands in front.
        row: The row that its searches are of, None for none.
        retraining: The retraining that its networks are of, None for none.
        paper: What the paper printed there, by the columns' titles.
    """

    label: str
    row: str | None = None
    retraining: str | None = None
    paper: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[str, ...]:
        """The row, if there is one."""
        return () if self.row is None else (self.row,)

    @property
    def retrainings(self) -> tuple[str, ...]:
        """The retraining, if there is one."""
        return () if self.retraining is None else (self.retraining,)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: What stands above it, with the unit.
        values: Gives the values whose mean and standard deviation are shown; none where there is nothing yet.
        digits: Decimals.
    """

    title: str
    values: Callable[[Results, Line], Sequence[float]]
    digits: int = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """Mean, standard deviation (with n - 1; None for one value) and number of values."""

    mean: float
    deviation: float | None
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Cell | None:
        """Returns the cell of some values; None where there are none, or one is no number."""
        if not values or not all(map(math.isfinite, values)):
            return None
        return cls(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None, len(values))

    def text(self, digits: int) -> str:
        """Returns ``mean ± deviation (count)``, or the mean alone where there is one value."""
        if self.deviation is None:
            return f"{self.mean:.{digits}f}"
        return f"{self.mean:.{digits}f} ± {self.deviation:.{digits}f} ({self.count})"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a study.

    Attributes:
        name: Its name, for files.
        title: What stands above it.
        columns: Its columns.
        lines: Its lines.
        note: What a reader must know, as sentences.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    note: str = ""

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the rows that it reports on."""
        return tuple(row for line in self.lines for row in line.rows)

    @property
    def retrainings(self) -> tuple[str, ...]:
        """Names of the retrainings that it reports on."""
        return tuple(name for line in self.lines for name in line.retrainings)

    def cells(self, results: Results) -> list[list[Cell | None]]:
        """Returns a cell for each line and column."""
        return [[Cell.of(column.values(results, line)) for column in self.columns] for line in self.lines]


def write(results: Results) -> str:
    """Writes ``tables.md`` and ``tables.json`` into the study's folder, and returns the former.

    Raises:
        RunFolderError: If results are damaged, or those of other settings.
    """
    texts, values = [], {}
    for table in results.study.tables:
        cells = table.cells(results)
        texts.append(_markdown(table, cells))
        values[table.name] = {"title": table.title, "note": table.note, "lines": _json(table, cells)}
    text = f"# {results.study.name}\n\n" + "\n".join(texts)
    results.directory.mkdir(parents=True, exist_ok=True)
    write_text(results.directory / MARKDOWN, text)
    write_text(results.directory / JSON, json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    return text


def _markdown(table: Table, cells: Sequence[Sequence[Cell | None]]) -> str:
    printed = [any(column.title in line.paper for line in table.lines) for column in table.columns]
    heads = [""]
    for column, has_paper in zip(table.columns, printed):
        heads += [column.title, "paper"] if has_paper else [column.title]
    rows = [heads, ["---"] + ["---:"] * (len(heads) - 1)]
    for line, found in zip(table.lines, cells):
        row = [line.label]
        for column, has_paper, cell in zip(table.columns, printed, found):
            row.append(cell.text(column.digits) if cell else _NOTHING)
            row += [line.paper.get(column.title, _NOTHING)] if has_paper else []
        rows.append(row)
    lines = [f"| {' | '.join(row)} |" for row in rows]
    note = [f"\n{table.note}"] if table.note else []
    return "\n".join([f"## {table.title}\n", *lines, *note]) + "\n"


def _json(table: Table, cells: Sequence[Sequence[Cell | None]]) -> list[dict[str, Any]]:
    return [
        {
            "label": line.label,
            "row": line.row,
            "retraining": line.retraining,
            "values": {
                column.title: None if cell is None else dataclasses.asdict(cell)
                for column, cell in zip(table.columns, found)
            },
            "paper": dict(line.paper),
        }
        for line, found in zip(table.lines, cells)
    ]
