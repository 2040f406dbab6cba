"""`Study`: what a published study compares, as one frozen value."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from tfnas.checks import check_positive
from tfnas.errors import ConfigError, UnknownNameError
from tfnas.job import SearchConfig
from tfnas.protocol.figures import Figure
from tfnas.protocol.retraining import Retraining
from tfnas.protocol.tables import Line, Table


@dataclass(frozen=True, slots=True)
class Row:
    """A variant of a search, run once for each of several seeds.

    Attributes:
        name: Its name, also of its folder.
        search: What is done with the first seed.
        seeds: Number of runs; their seeds follow ``search.seed``.
    """

    name: str
    search: SearchConfig
    seeds: int = 1

    def __post_init__(self) -> None:
        check_positive(seeds=self.seeds)

    def run(self, number: int) -> SearchConfig:
        """Returns the configuration of a run, numbered from 0."""
        return dataclasses.replace(self.search, seed=self.search.seed + number)


@dataclass(frozen=True, slots=True)
class Study:
    """The protocol of a study.

    Attributes:
        name: Its name, also of its folder.
        rows: The searches that it compares.
        retrainings: What is trained after them, in an order in which each finds what it needs.
        tables: What is printed at the end.
        figures: What is drawn at the end.

    Raises:
        ConfigError: If a name is there twice.
        UnknownNameError: If a retraining, a table or a figure asks for a row or a retraining that is not there.
    """

    name: str
    rows: tuple[Row, ...]
    retrainings: tuple[Retraining, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()

    def __post_init__(self) -> None:
        parts = (("row", self.rows), ("retraining", self.retrainings), ("table", self.tables), ("figure", self.figures))
        for kind, named in parts:
            names = [part.name for part in named]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ConfigError(f"names of study {self.name}", expected=f"one {kind} each", received=", ".join(twice))
        trained: list[str] = []
        for retraining in self.retrainings:
            self._check("row", [row.name for row in self.rows], retraining.source.rows)
            self._check("earlier retraining", trained, retraining.source.retrainings)
            trained.append(retraining.name)
        for part in (*self.tables, *self.figures):
            self._check("row", [row.name for row in self.rows], part.rows)
            self._check("retraining", trained, part.retrainings)

    def _check(self, kind: str, known: Sequence[str], asked: Sequence[str]) -> None:
        for name in asked:
            if name not in known:
                raise UnknownNameError(
                    f"{kind} of study {self.name}", expected=", ".join(known) or "none", received=repr(name)
                )

    @property
    def names(self) -> tuple[str, ...]:
        """What `only` takes: the names of all rows, and of what is trained without a search."""
        return tuple(dict.fromkeys((*(row.name for row in self.rows), *(part.row for part in self.retrainings))))

    def row(self, name: str) -> Row:
        """Returns a row.

        Raises:
            UnknownNameError: If there is none of that name.
        """
        self._check("row", [row.name for row in self.rows], [name])
        return next(row for row in self.rows if row.name == name)

    def retraining(self, name: str) -> Retraining:
        """Returns a retraining.

        Raises:
            UnknownNameError: If there is none of that name.
        """
        self._check("retraining", [part.name for part in self.retrainings], [name])
        return next(part for part in self.retrainings if part.name == name)

    def only(self, rows: Sequence[str], retrainings: Sequence[str] = ()) -> Study:
        """Returns a smaller study: some rows and retrainings, and of tables and figures what is about these alone.

        Raises:
            UnknownNameError: If one of them needs something that is left out.
        """

        def kept(part: Line | Figure) -> bool:
            return set(part.rows) <= set(rows) and set(part.retrainings) <= set(retrainings)

        tables = (
            dataclasses.replace(table, lines=tuple(line for line in table.lines if kept(line))) for table in self.tables
        )
        return dataclasses.replace(
            self,
            rows=tuple(row for row in self.rows if row.name in rows),
            retrainings=tuple(part for part in self.retrainings if part.name in retrainings),
            tables=tuple(table for table in tables if table.lines),
            figures=tuple(figure for figure in self.figures if kept(figure)),
        )

    def changed(self, fields: Mapping[str, Any], seeds: int | None = None) -> Study:
        """Returns the study with other values of `SearchConfig` everywhere, and another number of runs a row."""
        return dataclasses.replace(
            self,
            rows=tuple(
                dataclasses.replace(row, search=dataclasses.replace(row.search, **fields), seeds=seeds or row.seeds)
                for row in self.rows
            ),
            retrainings=tuple(
                dataclasses.replace(part, config=dataclasses.replace(part.config, **fields))
                for part in self.retrainings
            ),
        )
