"""`ChoosingSearch`: random proposals first, then candidates that something learned chooses."""

from __future__ import annotations

import abc
from typing import Any

from tfnas.checks import check_positive
from tfnas.models.autoencoder.graph_form import GraphForm
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.latent.candidates import Candidates
from tfnas.strategies.latent.observing import ObservingSearch


class ChoosingSearch(ObservingSearch, abc.ABC):
    """An `ObservingSearch` that proposes `Candidates`.

    Args:
        space: The space to search.
        form: Of the graphs that something learns from.
        initial: Number of random proposals at the start; trials that were told without having been proposed count.
        pool: Number of candidates where a space has more than 500,000 members.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat, and as one candidate; see `Strategy`.
        **arguments: The subclass's own arguments.

    Raises:
        ConfigError: If an argument cannot work.
    """

    def __init__(
        self, space: SearchSpace, form: GraphForm, *, initial: int, pool: int, seed: int, dedupe: str, **arguments: Any
    ) -> None:
        check_positive(pool=pool)
        super().__init__(space, initial=initial, seed=seed, dedupe=dedupe, pool=pool, **arguments)
        self._form, self._pool = form, pool
        self._listed: Candidates | None = None

    @property
    def _candidates(self) -> Candidates:
        """The candidates; made when they are needed first, since in large spaces that takes long."""
        if self._listed is None:
            self._listed = Candidates(self._form, self.seen, self._pool, self.seed)
        return self._listed
