"""`ReportData`: all that a report says, before it is Markdown, HTML or plain text."""

from __future__ import annotations

from dataclasses import dataclass

from tfnas.architecture import Architecture
from tfnas.leaderboard import Row
from tfnas.report.values import Scale
from tfnas.spaces.base import SearchSpace


@dataclass(frozen=True, slots=True)
class Fact:
    """A named value, with a remark where one is needed."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """Parameters and multiply-accumulates: of the network that is built, and of the published one."""

    params: int
    macs: int
    published_params: int
    published_macs: int

    @property
    def differs(self) -> bool:
        """Whether the published network has parts that are not built."""
        return (self.params, self.macs) != (self.published_params, self.published_macs)


@dataclass(frozen=True, slots=True)
class Entry:
    """One network of the leaderboard.

    Attributes:
        row: Rank, trial, value, interval.
        native: Published form.
        size: What it costs, None where that is not known.
        chosen: Whether the search chose it.
        tied: Whether it ties with the chosen one, or with the first as long as none is chosen.
    """

    row: Row
    native: str
    size: Size | None
    chosen: bool
    tied: bool

    @property
    def trial(self) -> int:
        """Number of the trial."""
        return self.row.trial.id

    @property
    def architecture(self) -> Architecture:
        """The architecture."""
        return self.row.trial.architecture

    @property
    def source(self) -> str:
        """Where the strategy had it from."""
        proposal = self.row.trial.proposal
        return proposal.source if proposal.fidelity is None else f"{proposal.source}, {proposal.fidelity} epochs"


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Evaluations that failed for one reason."""

    stage: str
    reason: str
    trials: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run in a comparison.

    Attributes:
        name: What to call it.
        curve: Shown value of each trial in order, None where it failed.
        best: The best single value that its search saw.
        chosen: Its choice by fresh measurements, with interval, or nothing.
    """

    name: str
    curve: tuple[float | None, ...]
    best: str
    chosen: str


@dataclass(frozen=True, slots=True)
class Cloud:
    """Graphs of some networks.

    Attributes:
        name: What to call them.
        points: Average path length, clustering coefficient, shown value, and how often it was drawn.
    """

    name: str
    points: tuple[tuple[float, float, float, int], ...]


@dataclass(frozen=True, slots=True)
class Likely:
    """One of the most probable networks.

    Attributes:
        architecture: The architecture.
        native: Its published form.
        log_prob: Natural logarithm of its probability.
        measured: What it measured, and when; empty if it was not.
    """

    architecture: Architecture
    native: str
    log_prob: float
    measured: str


@dataclass(frozen=True, slots=True)
class Learned:
    """The distribution that a strategy has learned.

    Attributes:
        notes: Sentences about it.
        facts: Expected value, and what to compare it with.
        summary: The expected value in a few words; empty without values.
        curve: Queries, entropy and its standard error.
        clouds: Graphs of samples and of what was tried before anything was learned.
        likely: The most probable networks, the first one first.
    """

    notes: tuple[str, ...]
    facts: tuple[Fact, ...]
    summary: str
    curve: tuple[tuple[int, float, float], ...]
    clouds: tuple[Cloud, ...]
    likely: tuple[Likely, ...]


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file of the run folder and how to load it, without this library where that can be."""

    name: str
    what: str
    snippet: str


@dataclass(frozen=True, slots=True)
class ReportData:
    """What a run was, what it found and how to use that.

    Attributes:
        warning: What a reader must know before anything else, or nothing.
        title: Headline.
        status: How far the run came, in a sentence.
        scale: How objectives are shown.
        space: The space, None where it is not registered in this process.
        facts: The few numbers that matter.
        best: The chosen network, or the first one as long as none is chosen; None without values.
        found: Sentences about `best`.
        entries: All networks with a value, the best first.
        test: Values on what the search never saw; empty before the end.
        test_notes: Sentences about them.
        runs: This run and its baseline.
        run_notes: Sentences about the comparison.
        learned: The distribution that the strategy has learned, None where there is none.
        failures: What failed, by reason.
        setup: What was searched and how.
        machine: Times, versions, threads.
        settings: The whole configuration as JSON text.
        artefacts: Files that a user takes away.
        notes: Sentences about what this report leaves out.
    """

    warning: str
    title: str
    status: str
    scale: Scale
    space: SearchSpace | None
    facts: tuple[Fact, ...]
    best: Entry | None
    found: tuple[str, ...]
    entries: tuple[Entry, ...]
    test: tuple[Fact, ...]
    test_notes: tuple[str, ...]
    runs: tuple[Run, ...]
    run_notes: tuple[str, ...]
    learned: Learned | None
    failures: tuple[FailureGroup, ...]
    setup: tuple[Fact, ...]
    machine: tuple[Fact, ...]
    settings: str
    artefacts: tuple[Artefact, ...]
    notes: tuple[str, ...]
