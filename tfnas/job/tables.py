"""Which table and which columns a configuration means."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re

from tfnas.data import Table, catalogue, store
from tfnas.errors import ConfigError
from tfnas.job.config import SearchConfig
from tfnas.spaces.base import SearchSpace

DEFAULT_TABLE = "nasbench201_analog"
_LESS_IS_BETTER = {"loss", "error", "err", "mse", "mae", "uncertainty", "latency", "seconds"}


def with_table(config: SearchConfig) -> SearchConfig:
    """Fills in the table and the columns that a configuration left open; another configuration stays as it is.

    Raises:
        ConfigError: If nothing is known that could stand there.
    """
    if config.evaluator != "table":
        return config
    table = config.table
    if table is None:
        if config.space != catalogue.get(DEFAULT_TABLE).space:
            fitting = [name for name in catalogue.names() if catalogue.get(name).space == config.space]
            raise ConfigError(
                f"table of {config.space}",
                expected=f"a name or a file{f', for example {fitting[0]}' if fitting else ''}",
                received="none",
                remedy="Give --table NAME (`tfnas data list`) or --table FILE.csv.",
            )
        table = DEFAULT_TABLE
    known = None if is_file(table) else store.columns(table)
    if config.signal is None and not known:
        raise ConfigError(
            f"signal of table {table}",
            expected="the column to search by",
            received="none",
            remedy="Give --signal COLUMN, and --test-columns for what is read at the end.",
        )
    signal = config.signal or known.signal
    if config.signal_direction is None and _LESS_IS_BETTER & set(re.split(r"[^a-z]+", signal.lower())):
        raise ConfigError(
            f"direction of {signal!r}",
            expected="max or min, since its name sounds as if less were better",
            received="none",
            remedy="Give --signal-direction min, or --signal-direction max.",
        )
    return dataclasses.replace(
        config,
        table=table,
        signal=signal,
        signal_direction=config.signal_direction or "max",
        test_columns=config.test_columns or tuple(name for name in (known.test if known else ()) if name != signal),
        cost=config.cost or (known.cost if known and signal == known.signal else None),
        # Who takes a benchmark's own columns studies it, where all of these are test columns.
        benchmark_study=config.benchmark_study or (config.signal is None and known.is_study),
    )


def open_table(config: SearchConfig, space: SearchSpace) -> Table:
    """Opens the table of a configuration that `with_table` has filled in.

    Raises:
        ConfigError: If it is a table of another space.
        TfnasError: If it cannot be opened.
    """
    if is_file(config.table):
        return Table.from_csv(config.table, space)
    table = store.table(config.table)
    if table.space.name != space.name:
        raise ConfigError(
            f"table {config.table}",
            expected=f"a table of the space {space.name}",
            received=f"one of {table.space.name}",
            remedy=f"Give --space {table.space.name}",
        )
    return table


def is_file(table: str) -> bool:
    """Whether a table is given by its file and not by its name."""
    return pathlib.Path(table).name != table or pathlib.Path(table).suffix in (".csv", ".gz") or os.path.isfile(table)
