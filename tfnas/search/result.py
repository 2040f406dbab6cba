"""`SearchResult`: what a search found."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, field

from tfnas import export
from tfnas.errors import SearchError
from tfnas.evaluators.base import Evaluator
from tfnas.leaderboard import Row
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.trial import Failure, Measurement, Trial


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        trials: All trials, in order.
        rows: The leaderboard, best first; see `tfnas.leaderboard.leaderboard`.
        final: Outcome of the last measurement of the winner (test values), None if there was none.
        finished: ``"budget"``, ``"exhausted"`` (the space has no more networks) or ``"interrupted"``.
        directory: The run folder, None if there is none.
        evaluator: The evaluator that measured.
        final_seed: Seed of the last training.
        distribution: What the strategy had learned at the end of the search, for example to draw from it:
            ``distribution.sample(8, seed=0)``. None where a strategy learns none, nothing was measured that it
            could learn from, or the search was interrupted before its end.
    """

    trials: tuple[Trial, ...]
    rows: tuple[Row, ...]
    final: Measurement | Failure | None
    finished: str
    directory: pathlib.Path | None
    evaluator: Evaluator = field(repr=False)
    final_seed: int = 0
    distribution: ArchitectureDistribution | None = field(default=None, repr=False, compare=False)

    @property
    def best(self) -> Trial:
        """The winner: first of the finalists by fresh measurements, or the best by the search's own value.

        Raises:
            SearchError: If no trial succeeded; the error gives a reason.
        """
        if not self.rows:
            reasons = [trial.outcome.reason for trial in self.trials if isinstance(trial.outcome, Failure)]
            raise SearchError(
                "best trial",
                expected="at least one trial that succeeded",
                received=f"{len(self.trials)} trials, {len(reasons)} of them failed"
                + (f", the last with: {reasons[-1]}" if reasons else ""),
                remedy="Mend the reason and search again.",
            )
        return self.rows[0].trial

    @property
    def ties(self) -> tuple[Trial, ...]:
        """Further trials that may be as good as the best, for all that was measured."""
        return tuple(row.trial for row in self.rows[1:] if row.tied)

    def export(self, directory: str | pathlib.Path) -> pathlib.Path:
        """Puts the best network and its architecture into a folder.

        The trained network of the run folder is copied. Where there is none, the winner is trained
        first (a table has no networks: then only ``architecture.json`` is written).

        Args:
            directory: Target; made if it is missing.

        Returns:
            The folder, with ``architecture.json`` and, where networks are trained, ``best.keras`` and
            ``best_savedmodel/``.

        Raises:
            SearchError: If no trial succeeded, or the last training failed.
        """
        target = pathlib.Path(directory)
        target.mkdir(parents=True, exist_ok=True)
        if self.directory is not None and (self.directory / export.KERAS_FILE).exists():
            export.copy(self.directory, target)
            return target
        outcome = self.evaluator.finalize(self.best.architecture, seed=self.final_seed, directory=target)
        if isinstance(outcome, Failure):
            raise SearchError("last training", expected="a trained network", received=outcome.reason)
        export.write_architecture(target, self.best.architecture, self.evaluator.space)
        return target
