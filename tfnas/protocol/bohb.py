"""BOHB on a table (Falkner et al., ICML 2018): Hyperband with a density model, as NAS papers compare with it.

The parts are Optuna's, which the extra ``bohb`` brings: `HyperbandPruner`, and `TPESampler` with densities over all
choices jointly. A network is trained at the smallest budget; if it is among the best there it is trained anew at the
next one, and so on. Deviations from BOHB: networks are promoted one by one, with no wait for a round to end, and
brackets take turns at random; densities are those of Optuna, for each bracket its own, where BOHB has one model of the
largest budget with enough points.
"""

from __future__ import annotations

import json
import math
import pathlib
import re
import tempfile
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Sequence

import click
import numpy as np

from tfnas import cli, data
from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.data import Table
from tfnas.errors import ConfigError, DependencyError, InvalidArchitectureError
from tfnas.state import write_text

_LIMIT = 100_000
"""Networks of a run, at most; where none is a member a run would not end."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A length of training that the table knows.

    Attributes:
        epochs: The length.
        signal: Column of the values that are seen, larger ones better, none negative.
        cost: Column of the seconds that it takes.
    """

    epochs: int
    signal: str
    cost: str


@dataclass(frozen=True, slots=True)
class BOHB:
    """What is searched.

    Attributes:
        budgets: Lengths of training, ascending.
        columns: Columns that are read for the incumbent after each training, never by the search.
        seconds: A run ends with the first training after so many.
        choices: What each choice is among.
        member: Makes a member of one value a choice.

    Raises:
        ConfigError: If there are fewer than two budgets, or they do not ascend.
    """

    budgets: tuple[Budget, ...]
    columns: tuple[str, ...]
    seconds: int
    choices: tuple[tuple[str, ...], ...]
    member: Callable[[Sequence[str]], Architecture]

    def __post_init__(self) -> None:
        check_positive(seconds=self.seconds)
        epochs = [budget.epochs for budget in self.budgets]
        if len(epochs) < 2 or sorted(set(epochs)) != epochs:
            raise ConfigError("budgets", expected="two or more, ascending", received=str(epochs))

    @property
    def factor(self) -> int:
        """How many times as long the next budget is, rounded down."""
        first, last = self.budgets[0].epochs, self.budgets[-1].epochs
        # tolerance: 27 ** (1 / 3) is a little below 3
        return max(2, math.floor((last / first) ** (1 / (len(self.budgets) - 1)) + 1e-9))


def search(bohb: BOHB, table: Table, seed: int) -> dict[str, Any]:
    """Runs it once.

    What is no member, or not in the table, has the value 0 and costs nothing, as in the published comparisons. The
    incumbent is the best network, by the mean of its trainings, at the largest budget that any has been trained at.

    Args:
        bohb: What is searched.
        table: The benchmark.
        seed: Of all draws.

    Returns:
        After each training, JSON values: ``seconds`` so far, and by column ``columns``, values of the incumbent.

    Raises:
        DependencyError: If Optuna is not installed.
        UnknownNameError: If the table has no such column.
    """
    optuna = _optuna()
    signals = {budget.epochs: (table.mean(budget.signal), table.mean(budget.cost)) for budget in bohb.budgets}
    shown = {column: table.mean(column) for column in bohb.columns}
    steps = [bohb.budgets[0].epochs * bohb.factor**k for k in range(len(bohb.budgets))]
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(multivariate=True, seed=seed),
        pruner=optuna.pruners.HyperbandPruner(steps[0], steps[-1], bohb.factor),
        study_name=str(seed),  # brackets are drawn by it
    )
    seconds: list[float] = []
    values: dict[str, list[float]] = {column: [] for column in bohb.columns}
    total, best, incumbent = 0.0, (-1, -math.inf), -1
    for _ in range(_LIMIT):
        trial = study.ask()
        words = [trial.suggest_categorical(str(place), names) for place, names in enumerate(bohb.choices)]
        row = _row(bohb, table, words)
        if row is None:
            study.tell(trial, 0.0)
            continue
        for level, (budget, step) in enumerate(zip(bohb.budgets, steps)):
            signal, cost = signals[budget.epochs]
            total += float(cost[row])
            if (level, signal[row]) > best:
                best, incumbent = (level, signal[row]), row
            seconds.append(total)
            for column, known in shown.items():
                values[column].append(float(known[incumbent]))
            trial.report(float(signal[row]), step)
            is_last = level == len(steps) - 1
            if total >= bohb.seconds or is_last or trial.should_prune():
                ends = optuna.trial.TrialState.COMPLETE if is_last else optuna.trial.TrialState.PRUNED
                study.tell(trial, float(signal[row]) if is_last else None, state=ends)
                break
        if total >= bohb.seconds:
            break
    return {"seed": seed, "seconds": seconds, "columns": values}


def _row(bohb: BOHB, table: Table, words: Sequence[str]) -> int | None:
    try:
        return table.find(bohb.member(words))
    except InvalidArchitectureError:
        return None


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise DependencyError(
            "Optuna", expected="installed, for BOHB", received=str(error), remedy='pip install "tfnas[bohb]"'
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def run(bohb: BOHB, table: Table, directory: pathlib.Path, seeds: int) -> list[dict[str, Any]]:
    """Runs it with several seeds, but for what the folder has as ``seed<number>.json``; returns all of them."""
    found = []
    for seed in range(seeds):
        path = directory / f"seed{seed}.json"
        if not path.exists():
            directory.mkdir(parents=True, exist_ok=True)
            made = {"budget": bohb.seconds, "table": table.checksum, **search(bohb, table, seed)}
            write_text(path, json.dumps(made) + "\n")
        kept = json.loads(path.read_text("utf-8"))
        if (kept["budget"], kept["table"]) != (bohb.seconds, table.checksum):
            raise ConfigError(str(path), expected="a run of this table and this length", received="another one")
        found.append(kept)
        last = {column: curve[-1] for column, curve in kept["columns"].items() if curve}
        click.echo(f"seed {seed}: {len(kept['seconds']):,} trainings, {_text(last)}")
    return found


def _text(values: Mapping[str, float]) -> str:
    return ", ".join(f"{column} {value:.4f}" for column, value in values.items()) or "no member found"


Smoke = Callable[[pathlib.Path], tuple[BOHB, Table]]
"""Returns a small search and its table; files that it needs go into the folder, which is removed at the end."""


def command(description: str | None, bohb: BOHB, table: str, default: str, smoke: Smoke) -> None:
    """Runs a recipe from the command line; see `make_command`."""
    make_command(description, bohb, table, default, smoke)()


def make_command(description: str | None, bohb: BOHB, table: str, default: str, smoke: Smoke) -> click.Command:
    """Returns the command of a recipe.

    Args:
        description: The recipe's docstring.
        bohb: What is searched.
        table: Name of the imported table.
        default: Folder of the runs.
        smoke: Makes a small search.
    """

    def callback(seeds: int, output: pathlib.Path | None, is_smoke: bool) -> None:
        with cli.errors_in_words(), tempfile.TemporaryDirectory() as folder:
            chosen, opened = smoke(pathlib.Path(folder)) if is_smoke else (bohb, data.table(table))
            directory = output or (pathlib.Path(folder) / "bohb" if is_smoke else pathlib.Path(default))
            found = run(chosen, opened, directory, 2 if is_smoke else seeds)
            for column in chosen.columns:
                last = [one["columns"][column][-1] for one in found if one["columns"][column]]
                spread = f" ± {np.std(last, ddof=1):.4f}" if len(last) > 1 else ""
                click.echo(f"{column}: {np.mean(last):.4f}{spread} ({len(last)} runs)" if last else f"{column}: none")
            if is_smoke:
                click.echo("A smoke run: the numbers mean nothing.")

    return click.Command(
        "bohb",
        callback=callback,
        params=[
            click.Option(["--seeds"], type=click.IntRange(1), default=10, show_default=True, help="Runs."),
            click.Option(
                ["-o", "--output"],
                type=click.Path(file_okay=False, path_type=pathlib.Path),
                help=f"Folder of the runs. [default: {default}]",
            ),
            click.Option(["--smoke", "is_smoke"], is_flag=True, help="End in seconds; the results mean nothing."),
        ],
        help=re.sub(r"\n\n(- |    )", "\n\n\b\n\\1", description or ""),  # lists and commands keep their lines
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    )
