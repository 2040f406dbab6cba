"""Studies of search strategies on tables: what they share.

Every search of a study is a line in a file of a folder, so a run that was stopped goes on.

Protocol: the search sees one column; of the best network by it after each number of queries, another column is
reported.
"""

from __future__ import annotations

import concurrent.futures
import functools
import json
import os
import pathlib
import time
from dataclasses import dataclass
from typing import Any, Callable, Mapping

import click
import numpy as np

from tests.realdata import find_real_data, real_data
from tfnas import spaces, strategies
from tfnas.data import Table
from tfnas.evaluators import TableEvaluator
from tfnas.spaces import SearchSpace
from tfnas.strategies import Strategy
from tfnas.trial import Trial

Make = Callable[[SearchSpace, int], Strategy]


@dataclass(frozen=True)
class Study:
    """A table, what a search sees of it and what is reported, after how many queries, and the methods.

    Attributes:
        space: Name of the space.
        file: The table, see `tests.realdata`.
        signal: The column that searches see.
        reported: The column that is reported.
        queries: Numbers of queries.
        methods: Strategies, by name.
        reference: The method that the others are compared with, seed by seed.
        seeds: Largest number of seeds.
    """

    space: str
    file: str
    signal: str
    reported: str
    queries: tuple[int, ...]
    methods: Mapping[str, Make]
    reference: str
    seeds: int | None = None


PLAIN: dict[str, Make] = {
    "random": lambda space, seed: strategies.RandomSearch(space, seed=seed),
    "evolution 30/10": lambda space, seed: strategies.RegularizedEvolution(
        space, population=30, tournament=10, seed=seed
    ),
    "local search": lambda space, seed: strategies.LocalSearch(space, seed=seed),
    "GP-EI": lambda space, seed: strategies.GaussianProcessEI(space, seed=seed),
}
"""Methods that learn nothing but from what they measure, with a query a canonical key."""


def search(study: Study, method: str, seed: int) -> dict[str, Any]:
    """Searches once; returns what is reported of the incumbents, the time, and where proposals came from."""
    test = () if study.reported == study.signal else (study.reported,)
    evaluator = TableEvaluator(_table(study.space, study.file), study.signal, test=test, benchmark_study=True)
    strategy = study.methods[method](evaluator.space, seed)
    budget = max(study.queries)
    start = time.perf_counter()
    strategy.start(budget)
    trials: list[Trial] = []
    for number in range(budget):
        proposals = strategy.ask(1)
        trials.append(Trial(number, proposals[0], evaluator.evaluate(proposals, seeds=[0])[0]))
        strategy.tell(trials[-1:])
    seconds = time.perf_counter() - start
    best = [max(trials[:count], key=lambda trial: trial.objective) for count in study.queries]
    reported = [evaluator.finalize(trial.architecture, seed=0).objective if test else trial.objective for trial in best]
    sources = [trial.proposal.source for trial in trials]
    return {
        "method": method,
        "seed": seed,
        "reported": reported,
        "seconds": seconds,
        "sources": {source: sources.count(source) for source in sorted(set(sources))},
    }


@functools.cache
def _table(space: str, file: str) -> Table:
    return Table.from_csv(real_data(file), spaces.get(space))


def read(folder: pathlib.Path, name: str) -> dict[tuple[str, int], dict[str, Any]]:
    """Returns the searches that are done, by method and seed."""
    path = folder / f"{name}.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    return {(row["method"], row["seed"]): row for row in rows}


def table(study: Study, folder: pathlib.Path, name: str) -> str:
    """Returns means with 95 % intervals, and paired differences to the reference method, as markdown."""
    done = read(folder, name)

    def values(method: str) -> dict[int, np.ndarray]:
        return {seed: np.array(row["reported"]) for (other, seed), row in done.items() if other == method}

    reference = values(study.reference)
    lines = [
        f"| {name} | seeds | " + " | ".join(map(str, study.queries)) + f" | less {study.reference} | s |",
        "|" + "---|" * (len(study.queries) + 4),
    ]
    for method in study.methods:
        found = values(method)
        if not found:
            continue
        rows = np.array(list(found.values()))
        cells = [f"{mean:.2f}±{half:.2f}" for mean, half in zip(rows.mean(0), half_widths(rows))]
        shared = sorted(found.keys() & reference.keys())
        paired = ""
        if method != study.reference and len(shared) > 1:
            gaps = np.array([found[seed] - reference[seed] for seed in shared])
            paired = ", ".join(f"{mean:+.2f}±{half:.2f}" for mean, half in zip(gaps.mean(0), half_widths(gaps)))
        seconds = np.median([row["seconds"] for (other, _), row in done.items() if other == method])
        lines.append(f"| {method} | {len(rows)} | {' | '.join(cells)} | {paired} | {seconds:.0f} |")
    return "\n".join(lines)


def half_widths(rows: np.ndarray) -> np.ndarray:
    """Half widths of the 95 % intervals of means."""
    from scipy import stats

    if len(rows) < 2:
        return np.full(rows.shape[1], np.nan)
    return stats.t.ppf(0.975, len(rows) - 1) * rows.std(0, ddof=1) / len(rows) ** 0.5


def _searches(
    studies: Callable[[], Mapping[str, Study]], folder: pathlib.Path, name: str, method: str, seeds: range
) -> None:
    """Makes what is missing of one method's searches."""
    os.environ.update(OMP_NUM_THREADS="1", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    for seed in seeds:
        if (method, seed) not in read(folder, name):
            row = search(studies()[name], method, seed)
            with open(folder / f"{name}.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def command(description: str | None, studies: Callable[[], Mapping[str, Study]]) -> click.Command:
    """Returns the command that makes the searches of studies and prints their tables.

    Args:
        description: Its help.
        studies: Returns the studies by name; a function of a module, which other processes call too.
    """
    known = studies()

    @click.command(help=description)
    @click.option("--results", type=click.Path(path_type=pathlib.Path), required=True, help="Folder of the searches.")
    @click.option("--study", "only", type=click.Choice(list(known)), multiple=True, help="Only this one.")
    @click.option("--method", "methods", multiple=True, help="Only this one.")
    @click.option("--seeds", default=20, show_default=True)
    @click.option("--processes", default=os.cpu_count(), show_default=True)
    @click.option("--report", "is_report", is_flag=True, help="Print the tables and search nothing.")
    def main(
        results: pathlib.Path,
        only: tuple[str, ...],
        methods: tuple[str, ...],
        seeds: int,
        processes: int,
        is_report: bool,
    ) -> None:
        results.mkdir(parents=True, exist_ok=True)
        names = only or tuple(known)
        absent = sorted({known[name].file for name in names if find_real_data(known[name].file) is None})
        if absent and not is_report:
            raise click.ClickException(f"{', '.join(absent)} absent: set TFNAS_TEST_DATA to the folder of the tables")
        if not is_report:
            # a method is one process's, which compiles it once
            with concurrent.futures.ProcessPoolExecutor(processes, max_tasks_per_child=1) as pool:
                jobs = [
                    pool.submit(
                        _searches, studies, results, name, method, range(min(seeds, known[name].seeds or seeds))
                    )
                    for name in names
                    for method in known[name].methods
                    if not methods or method in methods
                ]
                for done in concurrent.futures.as_completed(jobs):
                    done.result()
        for name in names:
            click.echo(table(known[name], results, name) + "\n")

    return main
