"""What the strategy has learned, as a distribution over networks: the section "Learned distribution"."""

from __future__ import annotations

import math
import statistics
from typing import Any, Iterator, Mapping, Sequence

from tfnas.architecture import Architecture
from tfnas.encodings.graph_statistics import average_path_length, clustering_coefficient, undirected_graph
from tfnas.leaderboard import CONFIDENCE
from tfnas.report.data import Cloud, Fact, Learned, Likely
from tfnas.report.reading import Source, clipped
from tfnas.report.values import plural
from tfnas.report.wording import LIKELY
from tfnas.trial import Failure, Measurement, Trial

_FIRST = 10  # trials that stand for the start of a search without an explorer


def learned(run: Source) -> Learned | None:
    """Returns what a run says of its distribution; None where there is none, or not yet."""
    event = run.record.distribution
    if event is None:
        return None
    values = sample_values(event, run.record.samples)
    name, before = _before(run)
    curve = tuple((row["queries"], row["entropy"], row["entropy_error"]) for row in event["curve"] if "entropy" in row)
    if event["entropy"]:
        curve = (*(row for row in curve if row[0] < run.done), (run.done, *event["entropy"]))
    return Learned(
        notes=tuple(_notes(run, event)),
        facts=tuple(_facts(run, event, values, name, before)),
        summary=_summary(run, values),
        curve=curve,
        clouds=_clouds(run, event, name, before),
        likely=tuple(_likely(run, event)),
    )


def student_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Returns Student's 95 % interval of the mean of independent values; None for fewer than two."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    mean = statistics.fmean(values)
    half = float(t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))
    return mean - half, mean + half


def sample_values(event: Mapping[str, Any], outcomes: Mapping[int, object]) -> list[float]:
    """Returns a value for each draw that was measured; what was drawn twice is there twice."""
    found: list[float] = []
    for drawn in event["samples"]:
        outcome = outcomes.get(drawn["sample"])
        if isinstance(outcome, Measurement):
            found += [outcome.objective] * drawn["draws"]
    return found


def _before(run: Source) -> tuple[str, tuple[Trial, ...]]:
    """Returns the trials that nothing learned had a part in, and what to call them."""
    explored = tuple(trial for trial in run.record.trials if trial.proposal.source == "explorer")
    return ("explorer", explored) if explored else ("first trials", run.record.trials[:_FIRST])


def _interval(run: Source, values: Sequence[float]) -> str:
    interval = student_interval(values)
    if run.evaluator.get("validation_size"):
        interval = clipped(interval)
    return f"95 % interval {run.scale.interval(interval)}" if interval else ""


def _notes(run: Source, event: Mapping[str, Any]) -> Iterator[str]:
    if event["error"]:
        yield f"Nothing could be drawn from what was learned: {event['error']}"
        return
    yield "The strategy has learned a distribution over networks; this is what it was at the end of the search."
    if event["drawn"]:
        yield (
            f"{plural(event['drawn'], 'network')} {'was' if event['drawn'] == 1 else 'were'} drawn from it, and each "
            "distinct one measured once with a seed of its own. The search learned nothing from these values, and "
            "nothing was chosen by them. A network that was drawn twice counts twice in the mean."
        )
    missing = len(event["samples"]) - len(run.record.samples)
    if missing:
        yield f"{plural(missing, 'network')} of these {'is' if missing == 1 else 'are'} not measured yet."
    if event["entropy"] and run.space is not None and not (run.space.grammar.is_local and not run.space.grammar.totals):
        yield (
            "Draws that are no members of the space are drawn again; probabilities and entropy are those before that, "
            "so the entropy is an upper bound."
        )


def _facts(
    run: Source, event: Mapping[str, Any], values: Sequence[float], name: str, before: Sequence[Trial]
) -> Iterator[Fact]:
    scale, samples = run.scale, event["samples"]
    if values:
        note = [_interval(run, values), f"mean of {plural(len(values), 'sample')}"]
        yield Fact("Expected value", scale.text(statistics.fmean(values)), ", ".join(part for part in note if part))
        yield Fact("Best sample", scale.text(max(values)), "the highest of many tends to be too good")
    if values and run.best is not None:
        how = (
            f"mean of {plural(run.best.row.fresh, 'fresh measurement')}"
            if run.best.row.fresh
            else "the search's own value"
        )
        yield Fact("Best network found", scale.text(run.best.row.value), f"trial {run.best.trial}, {how}")
    first = [trial.objective for trial in before if trial.objective is not None]
    if values and first:
        what = "random networks of the explorer" if name == "explorer" else "the first trials of the search"
        note = [_interval(run, first), f"mean of {len(first):,}, {what}"]
        yield Fact("Before learning", scale.text(statistics.fmean(first)), ", ".join(part for part in note if part))
    if samples:
        networks = len({drawn["key"] for drawn in samples})
        share = f"{100 * len(samples) / event['drawn']:.0f} %"
        count = f"{len(samples):,} of {plural(event['drawn'], 'sample')}"
        yield Fact("Distinct samples", share, f"{count}, {plural(networks, 'distinct network')}")
    failed = sum(isinstance(outcome, Failure) for outcome in run.record.samples.values())
    if failed:
        yield Fact("Failed samples", f"{failed:,}", "left out of the mean")
    if event["entropy"]:
        entropy, error = event["entropy"]
        note = f"standard error {error:.2f}"
        if run.space is not None:
            note += f"; {math.log(run.space.size):.1f} if all {_count(run.space.size)} members were equally likely"
        yield Fact("Entropy", f"{entropy:.2f} nats", note)


def _summary(run: Source, values: Sequence[float]) -> str:
    if not values:
        return ""
    interval = _interval(run, values)
    mean = f"{run.scale.text(statistics.fmean(values))} expected of a network that is drawn"
    return f"{mean}; {interval}, {plural(len(values), 'sample')}" if interval else f"{mean}; one sample"


def _clouds(run: Source, event: Mapping[str, Any], name: str, before: Sequence[Trial]) -> tuple[Cloud, ...]:
    """Returns the graphs of samples and explorer; nothing where all networks of the space share one."""
    if run.space is None:
        return ()
    drawn = [
        (Architecture.from_dict(sample["architecture"]), run.record.samples.get(sample["sample"]), sample["draws"])
        for sample in event["samples"]
    ]
    clouds = (
        Cloud("samples of the distribution", tuple(_points(run, drawn))),
        Cloud(name, tuple(_points(run, [(trial.architecture, trial.outcome, 1) for trial in before]))),
    )
    clouds = tuple(cloud for cloud in clouds if cloud.points)
    places = {point[:2] for cloud in clouds for point in cloud.points}
    return clouds if len(places) > 1 and clouds[0].points else ()


def _points(
    run: Source, networks: Sequence[tuple[Architecture, object, int]]
) -> Iterator[tuple[float, float, float, int]]:
    for arch, outcome, draws in networks:
        if isinstance(outcome, Measurement):
            graph = undirected_graph(run.space, arch)
            length = average_path_length(graph)
            if not math.isnan(length):  # a graph without edges has no place on the axis
                yield length, clustering_coefficient(graph), outcome.objective * run.scale.factor, draws


def _likely(run: Source, event: Mapping[str, Any]) -> Iterator[Likely]:
    measured: dict[str, str] = {}
    for sample in event["samples"]:
        outcome = run.record.samples.get(sample["sample"])
        if isinstance(outcome, Measurement):
            measured.setdefault(sample["key"], f"{run.scale.text(outcome.objective)} as a sample")
    trials = {}
    for trial, key in zip(run.record.trials, run.record.keys):
        if trial.objective is not None:
            trials.setdefault(key, f"{run.scale.text(trial.objective)} in trial {trial.id}")
    measured |= trials
    for network in event["mode"][:LIKELY]:
        if network["log_prob"] is not None:
            arch = Architecture.from_dict(network["architecture"])
            yield Likely(arch, network["native"], network["log_prob"], measured.get(network["key"], ""))


def _count(size: int) -> str:
    return f"{size:,}" if size < 10**12 else f"10^{len(str(size)) - 1}"
