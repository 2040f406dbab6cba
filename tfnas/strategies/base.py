"""`Strategy`: what proposes architectures. It never sees an evaluator."""

from __future__ import annotations

import abc
import inspect
from typing import Any, ClassVar, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import StateError
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.seen import Seen
from tfnas.trial import Proposal, Trial

State = dict[str, Any]


class Strategy(abc.ABC):
    """Proposes architectures (`ask`) and learns what they measured (`tell`).

    Objectives are maximised. Proposals may be asked for before earlier ones are told, so several
    can be evaluated at once. No network is proposed twice, in the sense of `dedupe`.

    A strategy is a function of its arguments, its seed and the sequence of calls: the same calls
    give the same proposals, also across `get_state` and `set_state`.

    Subclasses are final, call ``super().__init__`` with everything that rebuilds them as keywords,
    and implement `_propose`, `_learn`, `_state` and `_restore`.

    Args:
        space: The space to search.
        seed: Seed of all randomness.
        dedupe: What counts as the same proposal: ``"canonical"`` (equal live networks),
            ``"native"`` (equal published forms) or ``"none"`` (repeats are allowed).
        **arguments: The subclass's own arguments, recorded for `config`.
    """

    name: ClassVar[str]
    """Registered name."""

    is_slow: ClassVar[bool] = False
    """Whether `ask` can take so long, for example because a model is fitted, that nobody else should wait for it.
    Such a strategy may be asked in another thread than it is told in; never in two at once."""

    def __init__(self, space: SearchSpace, *, seed: int = 0, dedupe: str = "canonical", **arguments: Any) -> None:
        self.space = space
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.seen = Seen(space, dedupe)
        self._arguments = arguments

    @classmethod
    def options(cls) -> tuple[str, ...]:
        """Returns the names of the arguments beside space and seed."""
        return tuple(name for name in inspect.signature(cls).parameters if name not in ("space", "seed"))

    def distribution(self) -> ArchitectureDistribution | None:
        """Returns what was learned as a distribution over the space; None where a strategy has none."""
        return None

    def learning_curve(self) -> tuple[Mapping[str, float], ...]:
        """Returns how the distribution changed, in rows for the report; none by default.

        A row has ``queries``, the number of proposals so far, and where it is known ``entropy``, an estimate in
        nats, with its standard error ``entropy_error``.
        """
        return ()

    @property
    def dedupe(self) -> str:
        """What counts as the same proposal."""
        return self.seen.dedupe

    def start(self, budget: int) -> None:
        """Tells the strategy how many trials there will be, once, before the first `ask`.

        Strategies whose sizes should follow the budget override this; by default it does nothing.
        """

    def ask(self, n: int = 1) -> list[Proposal]:
        """Returns up to `n` new proposals; fewer, or none, only when the space is exhausted.

        Raises:
            ConfigError: If `n` is not positive.
        """
        check_positive(n=n)
        return self._propose(n)

    def tell(self, trials: Sequence[Trial]) -> None:
        """Takes in finished trials. Failed ones are told too; trials of other sources are welcome."""
        for trial in trials:
            self.seen.add(trial.architecture)
        self._learn([trial for trial in trials if trial.outcome is not None])

    @abc.abstractmethod
    def _propose(self, n: int) -> list[Proposal]:
        """Implements `ask`; adds what it proposes to `self.seen`."""

    @abc.abstractmethod
    def _learn(self, trials: Sequence[Trial]) -> None:
        """Implements `tell` for trials that have an outcome."""

    def _state(self) -> State:
        """Returns the subclass's own state: JSON values and NumPy arrays, nested in dicts and lists."""
        return {}

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `_state`."""

    def config(self) -> dict[str, Any]:
        """Returns JSON values from which `tfnas.strategies.from_config` builds an equal strategy."""
        return {
            "name": self.name,
            "space": self.space.name,
            "seed": self.seed,
            "dedupe": self.dedupe,
            **self._arguments,
        }

    def get_state(self) -> State:
        """Returns all that `set_state` needs to go on exactly from here."""
        return {
            "config": self.config(),
            "rng": self.rng.bit_generator.state,
            "seen": self.seen.get_state(),
            "own": self._state(),
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Continues from a state that an equally configured strategy returned.

        Raises:
            StateError: If the state comes from another strategy, space or configuration.
        """
        if state.get("config") != self.config():
            raise StateError(
                f"state of strategy {self.name!r}",
                expected=f"one saved by {self.config()}",
                received=f"one saved by {state.get('config')}",
                remedy="Build the strategy with the arguments of the run, or start a new run.",
            )
        self.rng.bit_generator.state = state["rng"]
        self.seen.set_state(state["seen"])
        self._restore(state["own"])

    def _random_unseen(self) -> Architecture | None:
        """Draws an architecture that was not proposed yet and marks it; None if there is none left."""
        return self.seen.draw(self.rng)
