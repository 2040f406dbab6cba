"""Sources: which networks are trained again, or drawn in a figure."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.models import priors
from tfnas.spaces.base import SearchSpace
from tfnas.trial import Measurement

if TYPE_CHECKING:
    from tfnas.protocol.results import Results


@dataclass(frozen=True, slots=True)
class Chosen:
    """A network that a source gives.

    Attributes:
        architecture: The network.
        value: What it was chosen by, to be maximised; None where nothing was measured.
        draws: How often a distribution gave it; it counts that often in means.
    """

    architecture: Architecture
    value: float | None = None
    draws: int = 1


class Source(abc.ABC):
    """Says which networks."""

    rows: Sequence[str] = ()
    """Names of the searches that must be over first."""

    retrainings: Sequence[str] = ()
    """Names of the retrainings that must be over first."""

    @abc.abstractmethod
    def choose(self, results: Results, space: SearchSpace) -> tuple[Chosen, ...]:
        """Returns the networks, the same ones whenever it is asked; none as long as something is not over."""


@dataclass(frozen=True)
class Samples(Source):
    """The samples that a row's first run drew from what it had learned: ``distribution_samples`` of its configuration.

    Their values are those that the run measured, as candidates; what failed there has none. A network that was drawn
    more than once comes once.

    Attributes:
        row: Name of the row.
    """

    row: str

    @property
    def rows(self) -> Sequence[str]:  # type: ignore[override]
        return (self.row,)

    def choose(self, results: Results, space: SearchSpace) -> tuple[Chosen, ...]:
        record = results.first_record(self.row)
        if record is None or record.distribution is None:
            return ()
        chosen = []
        for drawn in record.distribution["samples"]:
            outcome = record.samples.get(drawn["sample"])
            value = outcome.objective if isinstance(outcome, Measurement) else None
            chosen.append(Chosen(Architecture.from_dict(drawn["architecture"]), value, drawn["draws"]))
        return tuple(chosen)


@dataclass(frozen=True)
class Top(Source):
    """The best distinct networks of a row's first run, by the search's own values.

    Attributes:
        row: Name of the row.
        count: Number of networks.
    """

    row: str
    count: int

    @property
    def rows(self) -> Sequence[str]:  # type: ignore[override]
        return (self.row,)

    def choose(self, results: Results, space: SearchSpace) -> tuple[Chosen, ...]:
        record = results.first_record(self.row)
        if record is None:
            return ()
        best: dict[str, Chosen] = {}
        measured = [pair for pair in zip(record.keys, record.trials) if pair[1].objective is not None]
        for key, trial in sorted(measured, key=lambda pair: (-pair[1].objective, pair[1].id)):
            best.setdefault(key, Chosen(trial.architecture, trial.objective))
        return tuple(best.values())[: self.count]


@dataclass(frozen=True)
class Drawn(Source):
    """Draws from a prior.

    Attributes:
        prior: As `tfnas.models.priors.from_config` reads it.
        count: Number of draws.
        seed: Seed of the draws.
    """

    prior: str | Mapping[str, Any]
    count: int
    seed: int = 0

    def choose(self, results: Results, space: SearchSpace) -> tuple[Chosen, ...]:
        return tuple(map(Chosen, priors.from_config(space, self.prior).sample(self.count, self.seed)))


@dataclass(frozen=True)
class Given(Source):
    """Networks by their published form.

    Attributes:
        natives: The published forms.
    """

    natives: tuple[str, ...]

    def choose(self, results: Results, space: SearchSpace) -> tuple[Chosen, ...]:
        return tuple(Chosen(space.from_native(native)) for native in self.natives)


@dataclass(frozen=True)
class BestOf(Source):
    """The best networks of a retraining, by the mean over its seeds, once all of it is over.

    Attributes:
        retraining: Name of the retraining.
        count: Number of networks.
    """

    retraining: str
    count: int

    def __post_init__(self) -> None:
        check_positive(count=self.count)

    @property
    def retrainings(self) -> Sequence[str]:  # type: ignore[override]
        return (self.retraining,)

    def choose(self, results: Results, space: SearchSpace) -> tuple[Chosen, ...]:
        if not results.is_retrained(self.retraining):
            return ()
        means = [
            (float(np.mean([outcome.objective for outcome in network.outcomes])), network.chosen.architecture)
            for network in results.retrained(self.retraining)
            if network.outcomes
        ]
        ranked = sorted(means, key=lambda pair: -pair[0])
        return tuple(Chosen(arch, mean) for mean, arch in ranked[: self.count])
