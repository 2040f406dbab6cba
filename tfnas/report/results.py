"""What a run found, in words: the chosen network, its ties, its test values, the baseline beside it."""

from __future__ import annotations

from typing import Sequence

from tfnas.leaderboard import wilson
from tfnas.report.data import Fact, FailureGroup, Run
from tfnas.report.reading import Source
from tfnas.report.values import Scale, listed, plural
from tfnas.trial import Failure, Measurement, Split


def found(run: Source) -> tuple[str, ...]:
    """Returns sentences about the best network and what it ties with."""
    best, scale = run.best, run.scale
    if best is None:
        return ("No trial gave a value." if run.done == len(run.record.trials) > 0 else "No trial has a value yet.",)
    row = best.row
    value = f"{scale.text(row.value)}" + (f" (95 % interval {scale.interval(row.interval)})" if row.interval else "")
    if row.fresh:
        first = f"Trial {best.trial}: {scale.quantity} {value}, the mean of {plural(row.fresh, 'fresh measurement')}."
    elif run.record.choice:
        first = f"Trial {best.trial}: {scale.quantity} {value}, the search's own value, not measured again."
    else:
        first = (
            f"Trial {best.trial} leads so far: {scale.quantity} {value}. This is the search's own value; "
            "as the highest of many it tends to be too good."
        )
    return first, _ties(run)


def _ties(run: Source) -> str:
    tied, interval = run.tied, run.best.row.interval
    if tied:
        others = f"{plural(len(tied), 'other network')} (trial{'s' if len(tied) > 1 else ''} {listed(tied)})"
        if interval is None:
            return f"It ties with {others}: the same value."
        return f"It ties with {others}: the differences may be nothing but noise."
    if interval is None:
        return "No interval is known for these values, so neither is how small a difference still means something."
    return "No other network ties with it."


def test_facts(run: Source, baseline: Source | None) -> tuple[Fact, ...]:
    """Returns the values on test examples; none before the last measurement, or where nothing was held back."""
    facts = _test_values(run)
    for fact in _test_values(baseline)[:1] if facts and baseline is not None else ():
        facts.append(Fact(f"{fact.name}, choice of {baseline_name(baseline)}", fact.value, fact.note))
    return tuple(facts)


def _test_values(run: Source) -> list[Fact]:
    final, scale = run.record.final, run.scale
    if not isinstance(final, Measurement) or final.split is not Split.TEST:
        return []
    columns = run.evaluator.get("test") or [f"test_{scale.name}"]
    examples = (run.evaluator.get("data", {}).get("test", {}).get("shape") or [0])[0]
    interval = wilson(final.objective, examples) if scale.unit and examples else None
    note = f"95 % interval {scale.interval(interval)}, {plural(examples, 'example')}" if interval else ""
    spoken = str if "signal" in run.evaluator else _spoken  # a table's columns are named as they are
    facts = [Fact(spoken(columns[0]), scale.text(final.objective), note)]
    others = [name for name in final.metrics if name not in (columns[0], "epochs")]
    return facts + [Fact(spoken(name), f"{final.metrics[name]:.4g}") for name in others]


def _spoken(name: str) -> str:
    return f"test {name.removeprefix('test_')}" if name.startswith("test_") else name


def test_notes(run: Source) -> tuple[str, ...]:
    """Returns sentences about the test values, or about why there are none."""
    final = run.record.final
    if isinstance(final, Failure):
        return (f"The last measurement failed: {final.reason}",)
    if run.record.choice is None:
        return ("No test value: it is read once, after the choice.",)
    if final is None:
        return ("No test value: nothing was held back, or the run ended before its last measurement.",)
    epochs = final.metrics.get("epochs")
    trained = f"The chosen network was trained once more, for {plural(int(epochs), 'epoch')}." if epochs else ""
    if final.split is not Split.TEST:
        value = run.scale.text(final.objective)
        measured = f"Its value on the {final.split.value} examples, by which it was chosen, is {value}."
        notes = ("No test value: no examples were held back.", trained, measured)
    elif run.on_test_column:
        notes = ("Read once, after the choice; but the search saw a test column all along.", trained)
    else:
        notes = ("Read once, after the choice; nothing was chosen by these values.", trained)
    return tuple(note for note in notes if note)


def runs(run: Source, baseline: Source | None) -> tuple[Run, ...]:
    """Returns this run and its baseline, for curves and a table."""
    found = [_one_run(run.strategy, run, run.scale)]
    if baseline is not None:
        found.append(_one_run(baseline_name(baseline), baseline, run.scale))
    return tuple(found)


def _one_run(name: str, source: Source, scale: Scale) -> Run:
    values = [trial.objective for trial in source.record.trials if trial.outcome is not None]
    best = max((value for value in values if value is not None), default=None)
    row = source.best.row if source.best is not None else None
    fresh = f"{scale.text(row.value)} ({scale.interval(row.interval)})" if row and row.fresh and row.interval else ""
    curve = tuple(None if value is None else value * scale.factor for value in values)
    return Run(name, curve, "" if best is None else scale.text(best), fresh)


def baseline_name(baseline: Source) -> str:
    """Returns what to call the baseline; never the name of the run's own strategy."""
    return f"{baseline.strategy} (baseline)"


def run_notes(run: Source, baseline: Source | None) -> tuple[str, ...]:
    """Returns sentences about how far the two runs can be compared."""
    if baseline is None:
        return ()
    notes = ["One run of each: repeat both with further seeds before calling one strategy better."]
    if run.done != baseline.done:
        notes.append(f"The runs differ in length: {run.done:,} and {plural(baseline.done, 'trial')}.")
    if (run.record.start["space"], run.evaluator) != (baseline.record.start["space"], baseline.evaluator):
        notes.append("The two did not measure in the same way: their spaces or evaluators differ.")
    return tuple(notes)


def failures(run: Source) -> tuple[FailureGroup, ...]:
    """Returns what failed, grouped by reason, the most frequent first."""
    record = run.record
    outcomes: list[tuple[str, int, object]] = [("search", trial.id, trial.outcome) for trial in record.trials]
    for trial, again in record.rechecks.items():
        outcomes += [("fresh measurement", trial, outcome) for outcome in again]
    if run.best is not None:
        outcomes.append(("last measurement", run.best.trial, record.final))
    outcomes += [("sample of the distribution", number, outcome) for number, outcome in record.samples.items()]
    groups: dict[tuple[str, str], list[int]] = {}
    for stage, trial, outcome in outcomes:
        if isinstance(outcome, Failure):
            groups.setdefault((stage, outcome.reason), []).append(trial)
    found: Sequence[FailureGroup] = [FailureGroup(*key, tuple(trials)) for key, trials in groups.items()]
    return tuple(sorted(found, key=lambda group: -len(group.trials)))
