"""Bayesian optimisation with a Gaussian process and expected improvement."""

from __future__ import annotations

import functools
from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.models.gaussian_process import (
    GaussianProcess,
    Normal,
    ProductRBF,
    expected_improvement,
    fit,
    normal_scores,
)
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.base import State, Strategy
from tfnas.strategies.kernel_features import features
from tfnas.strategies.seen import Seen
from tfnas.trial import Proposal, Trial

LISTED = 50_000
"""Largest size of a space of which all members are scored."""

_FEWEST, _MOST = 4, 10
"""Bounds of the number of random starts that follows the budget."""

_PARENTS = 10
"""Number of trials, the best ones, whose mutations are in the pool."""


class GaussianProcessEI(Strategy):
    """Proposes what a Gaussian process expects to improve most on the best.

    The process sees an architecture in two ways, through the product of two squared exponential
    kernels: the operators at the nodes where the space leaves a choice (`encodings.choices`), and
    the counts of its live paths (`encodings.path_counts`), or, where these could be too many, which
    of the free edges there are (`encodings.free_edges`). Its targets are the normal scores of the
    objectives. Length scales and noise come from a grid by marginal likelihood. The value to
    improve on is the largest posterior mean at the networks known so far, not the largest score,
    which is partly luck where objectives are noisy (Picheny, Wagner and Ginsbourger, 2013).

    Candidates: in an enumerable space of at most 50,000 members all networks that were not
    proposed yet. Members of one network are one candidate, with the mean of their features, so
    that what is believed of a network does not depend on how it is written; the member that is
    proposed is the first in the order of `SearchSpace.enumerate`. In other spaces a fresh pool for
    every `ask`: one half from `SearchSpace.sample`, one half mutations of the ten best trials, with
    a number of edits that is 1, 2, 3, ... with probability 1/2, 1/4, 1/8, ....

    Several at once: proposals whose outcome is unknown, the earlier ones of the same `ask` too,
    count as measured at their posterior mean ("kriging believer": Ginsbourger, Le Riche and
    Carraro, 2010). In this, normal scores are taken of the true outcomes only.

    Failures count as equal to the worst value measured so far. Until a first value is there,
    proposals are random. Every measurement counts: a network told twice is two observations.

    Args:
        space: The space to search.
        initial: Number of random proposals at the start; trials that were told without having been
            proposed count, too. None: a quarter of the budget, rounded, at least 4 and at most 10, once
            `start` tells the budget; 10 without that.
        refit_every: Number of new outcomes after which length scales and noise are chosen again.
            The posterior always follows from all outcomes.
        pool: Number of candidates where not all networks can be scored.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat, and as one candidate; see `Strategy`. With ``"none"``
            candidates are networks, and any may be proposed again.

    Raises:
        ConfigError: If `initial`, `refit_every` or `pool` is not a positive integer.
    """

    name = "gaussian_process_ei"

    def __init__(
        self,
        space: SearchSpace,
        *,
        initial: int | None = None,
        refit_every: int = 10,
        pool: int = 1000,
        seed: int = 0,
        dedupe: str = "canonical",
    ) -> None:
        check_positive(refit_every=refit_every, pool=pool, **({} if initial is None else {"initial": initial}))
        super().__init__(space, seed=seed, dedupe=dedupe, initial=initial, refit_every=refit_every, pool=pool)
        self.refit_every, self.pool = refit_every, pool
        self._given = initial
        self.initial = initial or _MOST
        self._observed: list[Architecture] = []
        self._objectives: list[float | None] = []
        self._pending: list[Architecture] = []
        self._fitted: tuple[int, ProductRBF, float] | None = None
        self._forget()

    def _forget(self) -> None:
        """Drops what follows from the observations; it is computed again, to the same bits."""
        self._process: GaussianProcess | None = None
        self._open: np.ndarray | None = None

    def start(self, budget: int) -> None:
        """Sets the number of random starts if it was not given; see the class."""
        check_positive(budget=budget)
        self.initial = self._given or min(max(round(budget / 4), _FEWEST), _MOST)

    def _propose(self, n: int) -> list[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < n and self._is_starting():
            arch = self._random_unseen()
            if arch is None:
                return proposals
            self._pending.append(arch)
            proposals.append(Proposal(arch, "random"))
        if len(proposals) < n:
            proposals += self._improve(n - len(proposals))
        return proposals

    def _is_starting(self) -> bool:
        known = len(self._observed) + len(self._pending)
        return known < self.initial or all(value is None for value in self._objectives)

    def _improve(self, n: int) -> list[Proposal]:
        """Proposes the `n` candidates of largest expected improvement, each believed before the next."""
        known = self._observed + self._pending
        if _is_listed(self.space):
            members, rows, blocks = _listing(self.space, self.dedupe)
            indices = [rows[self.seen.key(arch)] for arch in known]
            points = [block[indices] for block in blocks]
        else:
            members = self._draw_pool()
            both = features(self.space, known + members)
            points, blocks = [block[: len(known)] for block in both], [block[len(known) :] for block in both]
            self._forget()
        if self._open is None:
            self._open = np.ones(len(members), bool)
        targets = self._targets()
        process = self._condition(points, blocks, targets)
        proposals: list[Proposal] = []
        chosen = None
        for _ in range(n):
            if chosen is not None:
                process.append([block[chosen : chosen + 1] for block in blocks])
            chosen = self._choose(members, process.predict(targets), process.means_at_inputs(targets).max())
            if chosen is None:
                break
            proposals.append(Proposal(members[chosen], "expected_improvement"))
        while len(proposals) < n and not _is_listed(self.space):
            arch = self._random_unseen()
            if arch is None:
                break
            proposals.append(Proposal(arch, "random"))
        process.truncate(len(self._observed))
        self._process = process
        self._pending += [proposal.architecture for proposal in proposals]
        return proposals

    def _condition(
        self, points: Sequence[np.ndarray], blocks: Sequence[np.ndarray], targets: np.ndarray
    ) -> GaussianProcess:
        """Returns the process on all points: the observed ones, refitted if that is due, then those pending.

        What came since the last fit is appended one by one, also after `set_state`, so that
        rounding errors are the same in an interrupted search.
        """
        count = len(targets)
        if self._fitted is None or count - self._fitted[0] >= self.refit_every:
            self._fitted = (count, *fit([block[:count] for block in points], targets))
            self._process = None
        process = self._process
        if process is None:
            first, kernel, noise = self._fitted
            process = GaussianProcess(kernel, noise, [block[:first] for block in points], blocks)
        for row in range(len(process), len(points[0])):
            process.append([block[row : row + 1] for block in points])
        return process

    def _choose(self, members: Sequence[Architecture], belief: Normal, best: float) -> int | None:
        """Returns the candidate to propose next, marked; None where none is left.

        Among equal improvements (zero, far below the best) the larger mean wins.
        """
        improvement = expected_improvement(belief, best)
        while self._open.any():
            left = np.where(self._open, improvement, -1.0)
            top = np.flatnonzero(left == left.max())
            chosen = int(top[np.argmax(belief.mean()[top])])
            if self.seen.first_new([members[chosen]]) is not None:
                return chosen
            self._open[chosen] = False
        return None

    def _targets(self) -> np.ndarray:
        values = [value for value in self._objectives if value is not None]
        worst = min(values)
        return normal_scores(np.array([worst if value is None else value for value in self._objectives]))

    def _draw_pool(self) -> list[Architecture]:
        ranked = sorted(
            (index for index, value in enumerate(self._objectives) if value is not None),
            key=lambda index: -self._objectives[index],
        )
        parents = [self._observed[index] for index in ranked[:_PARENTS]]
        members = []
        for index in range(self.pool // 2):
            arch = parents[index % len(parents)]
            for _ in range(int(self.rng.geometric(0.5))):
                arch = self.space.mutate(arch, self.rng)
            members.append(arch)
        return members + [self.space.sample(self.rng) for _ in range(self.pool - len(members))]

    def _learn(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            key = self.seen.key(trial.architecture)
            for position, arch in enumerate(self._pending):
                if self.seen.key(arch) == key:
                    del self._pending[position]
                    break
            self._observed.append(trial.architecture)
            self._objectives.append(trial.objective)

    def _state(self) -> State:
        fitted = self._fitted and {
            "count": self._fitted[0],
            "length_scales": list(self._fitted[1].length_scales),
            "noise": self._fitted[2],
        }
        return {
            "initial": self.initial,
            "observed": [arch.to_dict() for arch in self._observed],
            "objectives": list(self._objectives),
            "pending": [arch.to_dict() for arch in self._pending],
            "fitted": fitted,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        fitted = state["fitted"]
        self.initial = state["initial"]
        self._observed = [Architecture.from_dict(arch) for arch in state["observed"]]
        self._objectives = list(state["objectives"])
        self._pending = [Architecture.from_dict(arch) for arch in state["pending"]]
        self._fitted = fitted and (fitted["count"], ProductRBF(tuple(fitted["length_scales"])), fitted["noise"])
        self._forget()


def _is_listed(space: SearchSpace) -> bool:
    return space.is_enumerable and space.size <= LISTED


@functools.lru_cache(maxsize=4)
def _listing(space: SearchSpace, dedupe: str) -> tuple[list[Architecture], dict[str, int], list[np.ndarray]]:
    """Returns the first member of each key, the row of each key, and the mean features of its members."""
    members = list(space.enumerate())
    key = Seen(space, dedupe).key
    rows: dict[str, int] = {}
    row_of = np.array([rows.setdefault(key(arch), len(rows)) for arch in members])
    counts = np.bincount(row_of)
    _, first = np.unique(row_of, return_index=True)
    blocks = []
    for block in features(space, members):
        sums = np.zeros((len(rows), block.shape[1]))
        np.add.at(sums, row_of, block)
        blocks.append(sums / counts[:, None])
    return [members[index] for index in first], rows, blocks
