"""From the event log of a run to `ReportData`."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Mapping

from tfnas.ledger import Ledger
from tfnas.plotting import short_count
from tfnas.report import results
from tfnas.report.artefacts import artefacts
from tfnas.report.data import Fact, ReportData
from tfnas.report.learned import learned
from tfnas.report.reading import Source, read
from tfnas.report.values import duration, moment, plural, times

_SETTINGS = (
    *("space", "strategy", "evaluator", "budget", "seed", "batch_size", "finalists", "finalist_seeds"),
    "distribution_samples",
)
_COUNTING = {
    "canonical": "each network counts once, architectures with isomorphic live graphs being one; failures count",
    "native": "each published form counts once, even where two are the same network; failures count",
    "none": "every proposal counts, repeats and failures included",
}


def gather(directory: pathlib.Path, baseline_directory: pathlib.Path | None = None) -> ReportData:
    """Reads a run folder, whatever stage the run is in.

    Args:
        directory: The run folder.
        baseline_directory: Folder of a second run to compare with, or None.

    Raises:
        RunFolderError: If a folder has no log, or a damaged one.
    """
    run = read(directory)
    baseline = None if baseline_directory is None else read(baseline_directory)
    start = run.record.start
    return ReportData(
        warning=_warning(run),
        title=f"Architecture search in {start['space']}",
        status=_status(run),
        scale=run.scale,
        space=run.space,
        facts=_facts(run),
        best=run.best,
        found=results.found(run),
        entries=run.entries,
        test=results.test_facts(run, baseline),
        test_notes=results.test_notes(run),
        runs=results.runs(run, baseline),
        run_notes=results.run_notes(run, baseline),
        learned=learned(run),
        failures=results.failures(run),
        setup=_setup(run),
        machine=_machine(run),
        settings=json.dumps({name: start.get(name) for name in _SETTINGS}, indent=1),
        artefacts=artefacts(pathlib.Path(directory), run.evaluator),
        notes=_notes(run),
    )


def _warning(run: Source) -> str:
    if not run.on_test_column:
        return ""
    column = f", {run.evaluator['signal']}" if "signal" in run.evaluator else ""
    return (
        f"Benchmark study: the search signal was a test column{column}. "
        "What was chosen by test values says nothing about unseen examples."
    ) + (f" {run.evaluator['note']}" if run.evaluator.get("note") else "")


def _status(run: Source) -> str:
    budget = plural(run.record.start["budget"], "trial")
    if run.record.finished is None:
        how = "Interrupted" if run.events[-1]["event"] == "interrupt" else "Not finished"
        text = f"{how} after {run.done:,} of {budget}; it can be resumed."
    elif run.record.finished == "exhausted":
        text = f"Finished: the space has no further network after {run.done:,} of {budget}."
    else:
        text = f"Finished: all {budget} of the budget."
        if run.entries and run.record.choice is None:
            text += " The best networks are not measured again yet; it can be resumed."
        elif run.events[-1]["event"] == "interrupt" and run.record.final is None:
            text += " Interrupted before the last measurement; it can be resumed."
    return text + (" Every trial failed." if run.failed and run.failed == run.done else "")


def _facts(run: Source) -> tuple[Fact, ...]:
    facts = []
    if run.best is not None:
        row, quantity = run.best.row, run.scale.quantity
        note = f"95 % interval {run.scale.interval(row.interval)}" if row.interval else "no interval known"
        facts.append(Fact(re.sub("^validation", "Validation", quantity), run.scale.text(row.value), note))
        if run.tied:
            facts.append(Fact("Ties", str(len(run.tied)), "networks that may be as good"))
        else:
            facts.append(Fact("Ties", "none") if row.interval else Fact("Ties", "unknown", "without intervals"))
    if run.best is not None and run.best.size is not None:
        size = run.best.size
        facts.append(Fact("Parameters", f"{size.params:,}", f"{short_count(size.macs)} multiply-accumulates"))
    failed = f"{run.failed:,} failed" if run.failed else "none failed"
    networks = len(set(run.record.keys))
    repeats = f", {plural(networks, 'distinct network')}" if networks < len(run.record.trials) else ""
    facts.append(Fact("Trials", f"{run.done:,}", failed + repeats))
    resumed = f"resumed {times(run.record.resumes)}" if run.record.resumes else ""
    facts.append(Fact("Time", duration(run.seconds), resumed))
    return tuple(facts)


def _setup(run: Source) -> tuple[Fact, ...]:
    start, strategy = run.record.start, run.record.start["strategy"]
    space = ""
    if run.space is not None:
        size = run.space.size
        space = f"{size:,} architectures" if size < 10**12 else f"about 10^{len(str(size)) - 1} architectures"
        space += f", {run.space.num_networks:,} distinct networks" if run.space.num_networks else ""
    shown = {name: value for name, value in strategy.items() if name not in ("name", "space", "seed", "dedupe")}
    counting = _COUNTING.get(strategy.get("dedupe"), "counted as the strategy does")
    goal = f"{run.scale.quantity}, {'minimised' if run.scale.minimise else 'maximised'}"
    examples = run.evaluator.get("validation_size")
    goal += f", on {plural(examples, 'example')}" if examples else ""
    finalists, repeats = start.get("finalists", 0), start.get("finalist_seeds", 0)
    again = f"the best {plural(finalists, 'trial')}, with {plural(repeats, 'fresh seed')} each" if finalists else "none"
    return (
        Fact("Space", start["space"], space),
        Fact("Strategy", strategy["name"], _listed(shown)),
        Fact("Budget", plural(start["budget"], "trial"), counting),
        Fact("Seed", str(start["seed"]), f"of the strategy: {strategy['seed']}" if "seed" in strategy else ""),
        Fact("Evaluator", str(run.evaluator.get("name", "unnamed")), goal),
        *_data(run),
        *_network_size(run),
        Fact("Measured again", again),
    )


def _data(run: Source) -> tuple[Fact, ...]:
    """How many examples each split has, and where they come from."""
    sizes = {split: part["shape"][0] for split, part in run.evaluator.get("data", {}).items() if "shape" in part}
    if not sizes:
        return ()
    known = run.evaluator.get("provenance", {})
    study = known.get("protocol", {}).get("name")
    notes = [str(known["source"])] if "source" in known else []
    notes += [f"split as in {study}"] if study else []
    notes += [f"seed {known['seed']}"] if "seed" in known else []
    notes += ["equal class shares"] if known.get("stratified") else []
    subset = known.get("class_subset")
    notes += [f"{len(subset['names'])} of {subset['of']} classes, drawn"] if subset else []
    if known.get("ignored_files"):
        such = ", ".join(known.get("ignored_examples", ()))
        notes += [f"{plural(known['ignored_files'], 'file')} passed over" + (f", such as {such}" if such else "")]
    return (Fact("Examples", ", ".join(f"{size:,} {split}" for split, size in sizes.items()), ", ".join(notes)),)


def _network_size(run: Source) -> tuple[Fact, ...]:
    """The sizes around the cells, beside the published ones."""
    skeleton = run.evaluator.get("skeleton")
    if not skeleton or run.space is None:
        return ()
    defaults = run.space.skeleton_defaults()
    published = {name: defaults[name] for name in skeleton if name in defaults}
    note = "the published sizes" if published == skeleton else f"published: {_listed(published)}"
    return (Fact("Network around the cells", _listed(skeleton), note if published else ""),)


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _machine(run: Source) -> tuple[Fact, ...]:
    record, start = run.record, run.record.start
    ledger = Ledger.of(record)
    stopped = sum(event["event"] == "interrupt" for event in run.events)
    workers, threads = run.evaluator.get("workers"), run.evaluator.get("threads")
    apart = f", but for {plural(ledger.samples, 'sample')} of the distribution" if ledger.samples else ""
    samples = Fact(
        "Samples", f"{ledger.samples:,}", f"of the learned distribution, measured in {duration(ledger.samples_cost_s)}"
    )
    processes = (
        f"{plural(workers, 'training process', 'training processes')}, threads each: {threads}" if workers else ""
    )
    pauses = f"interrupted by hand {times(stopped)}, resumed {times(record.resumes)}; pauses not counted"
    facts = (
        Fact("Started", moment(start["time"])),
        Fact("Running time", duration(run.seconds), pauses if stopped or record.resumes else "never interrupted"),
        Fact("Queries", f"{ledger.queries:,}", f"held-back values read {times(ledger.final_reads)}"),
        Fact("Evaluation time", duration(ledger.cost_s), f"sum over all measurements{apart}, as the evaluator gave it"),
        *([samples] if ledger.samples else []),
        Fact("Versions", _listed(start.get("versions", {}))),
        Fact("Threads", _listed(start.get("threads", {})), processes),
        Fact("Platform", str(start.get("platform", ""))),
    )
    return tuple(fact for fact in facts if fact.value)


def _notes(run: Source) -> tuple[str, ...]:
    start, notes = run.record.start, []
    if run.space is None:
        notes.append(
            f"The space {start['space']!r} is not registered here, so pictures, parameters and multiply-accumulates "
            "are left out. Register it with tfnas.spaces.register and write the report again."
        )
    elif run.best is not None and run.best.size is None:
        notes.append("Neither evaluator nor space say how large the network around the cells is: costs are left out.")
    if run.evaluator.get("note") and not run.on_test_column:  # else the warning has it
        notes.append(run.evaluator["note"])
    versions = start.get("versions", {})
    for event in run.events:
        changed = set(event.get("versions", {}).items()) - set(versions.items()) if event["event"] == "resume" else ()
        if changed:
            listed = ", ".join(f"{name} {version}" for name, version in sorted(changed))
            notes.append(f"A resumed part ran with other versions: {listed}.")
    return tuple(dict.fromkeys(notes))
