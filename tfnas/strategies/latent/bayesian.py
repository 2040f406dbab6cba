"""`LatentBO`: Bayesian optimisation on the embeddings of an autoencoder."""

from __future__ import annotations

import pathlib
from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder import GraphAutoencoder
from tfnas.models.dngo import DNGO, DNGOConfig
from tfnas.models.gaussian_process import expected_improvement
from tfnas.models.predictors import Predictor
from tfnas.models.sparse_gp import SparseGP
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.base import State, Strategy
from tfnas.strategies.latent.candidates import Candidates, trained
from tfnas.trial import Proposal, Trial

_SURROGATES = {"dngo": lambda: DNGO(DNGOConfig(standardizes_values=True)), "sparse_gp": SparseGP}


class LatentBO(Strategy):
    """Proposes what a surrogate on embeddings expects to improve most (arch2vec, section 3.3.2).

    The first proposals are random. Then a surrogate is fitted to all that was measured, from scratch, and the `batch`
    candidates of largest expected improvement that were not proposed yet are proposed, one after the other; then it is
    fitted again. The value to improve on is the best one measured.

    Corrected, beside the surrogate: the published search improves on a constant, .95, and proposes candidates that it
    has measured.

    Args:
        space: The space to search.
        autoencoder: A trained one for the space, or the folder that one was saved to.
        surrogate: ``"dngo"`` or ``"sparse_gp"``.
        initial: Number of random proposals at the start; trials that were told without having been proposed count.
        batch: Number of proposals a fit.
        pool: Number of candidates where a space has more than 500,000 members.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat, and as one candidate; see `Strategy`.

    Raises:
        ConfigError: If an argument cannot work.
        StateError: If the folder has no autoencoder.
    """

    name = "latent_bo"
    is_slow = True

    def __init__(
        self,
        space: SearchSpace,
        autoencoder: GraphAutoencoder | pathlib.Path | str,
        *,
        surrogate: str = "dngo",
        initial: int = 16,
        batch: int = 5,
        pool: int = 50_000,
        seed: int = 0,
        dedupe: str = "canonical",
    ) -> None:
        check_positive(initial=initial, batch=batch, pool=pool)
        if surrogate not in _SURROGATES:
            raise ConfigError("surrogate", expected=" or ".join(map(repr, _SURROGATES)), received=repr(surrogate))
        super().__init__(
            space,
            seed=seed,
            dedupe=dedupe,
            autoencoder=recorded(autoencoder),
            surrogate=surrogate,
            initial=initial,
            batch=batch,
            pool=pool,
        )
        self.initial, self.batch = initial, batch
        self._candidates = Candidates(trained(autoencoder, space), self.seen, pool, seed)
        self._surrogate: Predictor = _SURROGATES[surrogate]()
        self._observed: list[Architecture] = []
        self._values: list[float] = []
        self._queue: list[int] = []
        self._fits = 0

    def _propose(self, n: int) -> list[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < n:
            proposal = self._random() if self._is_starting() else self._best()
            if proposal is None:
                break
            proposals.append(proposal)
        return proposals

    def _is_starting(self) -> bool:
        return len(self.seen) < self.initial or len(self._values) < 2

    def _random(self) -> Proposal | None:
        """Returns a candidate at random, or, where all are known, any network at random."""
        open_rows = np.flatnonzero(self._candidates.is_open)
        if len(open_rows):
            return self._proposal(int(self.rng.choice(open_rows)), "random")
        arch = self._random_unseen()
        return None if arch is None else Proposal(arch, "random")

    def _best(self) -> Proposal | None:
        while True:
            while self._queue:
                row = self._queue.pop(0)
                if self._candidates.is_open[row]:
                    return self._proposal(row, "expected_improvement")
            open_rows = np.flatnonzero(self._candidates.is_open)
            if not len(open_rows):
                return self._random()
            self._surrogate.fit(
                self._candidates.points_of(self._observed), np.array(self._values), seed=self._fit_seed()
            )
            belief = self._surrogate.predict(self._candidates.points[open_rows])
            gain = expected_improvement(belief, max(self._values))
            order = np.lexsort((np.asarray(belief.mean()), gain))[::-1]
            self._queue = open_rows[order[: self.batch]].tolist()

    def _fit_seed(self) -> int:
        self._fits += 1
        return int(np.random.SeedSequence([self.seed, self._fits]).generate_state(1)[0] % 2**31)

    def _proposal(self, row: int, source: str) -> Proposal:
        arch = self._candidates.archs[row]
        self.seen.add(arch)
        self._candidates.close(arch)
        return Proposal(arch, source)

    def _learn(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            self._candidates.close(trial.architecture)
            if trial.objective is not None:
                self._observed.append(trial.architecture)
                self._values.append(trial.objective)

    def _state(self) -> State:
        return {
            "observed": [arch.to_dict() for arch in self._observed],
            "values": list(self._values),
            "queue": list(self._queue),
            "fits": self._fits,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._observed = [Architecture.from_dict(arch) for arch in state["observed"]]
        self._values, self._queue, self._fits = list(state["values"]), list(state["queue"]), state["fits"]
        self._candidates.read()


def recorded(autoencoder: GraphAutoencoder | pathlib.Path | str) -> Any:
    """Returns what a run's log has of an autoencoder: its folder, or its name and configuration."""
    if isinstance(autoencoder, GraphAutoencoder):
        return {"autoencoder": autoencoder.name, "config": autoencoder.config.to_json()}
    return str(autoencoder)
