"""`ImprovementSearch`: a surrogate is fitted, and the candidates it expects to improve most are proposed."""

from __future__ import annotations

import abc
from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.graph_form import GraphForm
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.base import State
from tfnas.strategies.latent.beliefs import Beliefs, best_apart, best_believed
from tfnas.strategies.latent.choosing import ChoosingSearch
from tfnas.trial import Proposal

BATCHINGS = ("top", "believer")


class ImprovementSearch(ChoosingSearch, abc.ABC):
    """Bayesian optimisation over `Candidates`, `batch` proposals a fit.

    Subclasses say what the surrogate is, by `_fit` and `_beliefs`.

    Args:
        space: The space to search.
        form: Of the graphs that the surrogate sees.
        batch: Number of proposals a fit.
        batching: ``"top"`` for those of largest expected improvement, each by itself, see `best_apart`, or
            ``"believer"`` for each as if those before had measured what is expected of them, see `best_believed`.
        initial, pool, seed, dedupe: See `ChoosingSearch`.
        **arguments: The subclass's own arguments.

    Raises:
        ConfigError: If an argument cannot work.
    """

    def __init__(
        self,
        space: SearchSpace,
        form: GraphForm,
        *,
        initial: int,
        batch: int,
        batching: str,
        pool: int,
        seed: int,
        dedupe: str,
        **arguments: Any,
    ) -> None:
        check_positive(batch=batch)
        if batching not in BATCHINGS:
            raise ConfigError("batching", expected=" or ".join(map(repr, BATCHINGS)), received=repr(batching))
        super().__init__(
            space,
            form,
            initial=initial,
            pool=pool,
            seed=seed,
            dedupe=dedupe,
            batch=batch,
            batching=batching,
            **arguments,
        )
        self.batch, self.batching = batch, batching
        self._queue: list[int] = []
        self._fits = 0

    @abc.abstractmethod
    def _fit(self, archs: Sequence[Architecture], values: np.ndarray, seed: int) -> None:
        """Fits the surrogate anew to B members and what they measured, [B], two or more."""

    @abc.abstractmethod
    def _beliefs(self, rows: np.ndarray, others: Sequence[Architecture]) -> Beliefs:
        """Returns what the surrogate believes of some candidates, by their numbers, and then of other members."""

    def _next(self) -> Proposal | None:
        while True:
            while self._queue:
                arch = self._candidates.archs[self._queue.pop(0)]
                if arch not in self.seen:
                    return Proposal(arch, "expected_improvement")
            rows = self._candidates.open_rows()
            if not len(rows):
                return None
            self._queue = rows[self._choose(rows)].tolist()

    def _choose(self, rows: np.ndarray) -> list[int]:
        """Returns the places, among the open candidates, of those to propose next, at least one."""
        self._fits += 1
        seed = int(np.random.SeedSequence([self.seed, self._fits]).generate_state(1)[0] % 2**31)
        self._fit(self._observed, np.array(self._values), seed)
        best, count = max(self._values), min(self.batch, len(rows))
        if self.batching == "top":
            return best_apart(self._beliefs(rows, ()), best, count)
        pending = range(len(rows), len(rows) + len(self._pending))
        return best_believed(self._beliefs(rows, self._pending), best, count, pending)

    def _state(self) -> State:
        return {**super()._state(), "queue": list(self._queue), "fits": self._fits}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._queue, self._fits = list(state["queue"]), state["fits"]
