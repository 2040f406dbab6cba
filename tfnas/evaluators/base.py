"""`Evaluator`: what measures architectures."""

from __future__ import annotations

import abc
import pathlib
from typing import Any, Iterator, Sequence

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError
from tfnas.spaces.base import SearchSpace
from tfnas.trial import Failure, Measurement, Proposal

Outcome = Measurement | Failure


class Evaluator(abc.ABC):
    """Turns proposals into measurements or failures; it never raises for a single bad candidate.

    An evaluator may hold resources (worker processes): close it, or use it as a context manager.
    """

    space: SearchSpace
    """The space whose members it measures."""

    parallelism: int = 1
    """How many proposals it works on at once; the batch size that a search should ask for."""

    validation_size: int | None = None
    """Number of examples behind one objective where it is a proportion of them (an accuracy), else None."""

    is_repeatable: bool = False
    """Whether another seed gives the same value, so that measuring again tells nothing new."""

    @abc.abstractmethod
    def stream(self, proposals: Sequence[Proposal], *, seeds: Sequence[int]) -> Iterator[tuple[int, Outcome]]:
        """Yields ``(index of the proposal, outcome)`` as they are finished, in any order.

        The outcome of a proposal is a function of the proposal and its seed, where the evaluator
        is deterministic at all; it does not depend on the others in the call.
        """

    def evaluate(self, proposals: Sequence[Proposal], *, seeds: Sequence[int]) -> list[Outcome]:
        """Returns one outcome a proposal, in their order.

        Args:
            proposals: What to measure.
            seeds: One seed a proposal.

        Raises:
            ConfigError: If the numbers of proposals and seeds differ.
        """
        if len(proposals) != len(seeds):
            raise ConfigError("seeds", expected=f"{len(proposals)}, one a proposal", received=str(len(seeds)))
        outcomes: dict[int, Outcome] = dict(self.stream(proposals, seeds=seeds))
        return [outcomes[index] for index in range(len(proposals))]

    def check(self) -> None:
        """Raises a `TfnasError` if nothing could be measured at all; called before a run begins."""

    def finalize(
        self, architecture: Architecture, *, seed: int, directory: pathlib.Path | None = None
    ) -> Outcome | None:
        """Measures the chosen architecture on what the search never saw, once, at the end.

        An evaluator that trains also leaves the trained network in `directory`. Returns None where
        nothing was held back.
        """
        return None

    @abc.abstractmethod
    def config(self) -> dict[str, Any]:
        """Returns JSON values that say how values came about; a resumed run must match them."""

    def close(self) -> None:
        """Releases what the evaluator holds; harmless when called twice."""

    def __enter__(self) -> "Evaluator":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
