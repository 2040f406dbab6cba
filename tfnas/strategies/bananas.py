"""BANANAS: Bayesian optimisation with an ensemble of networks on a path encoding."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.encodings import choices, free_edges, most_paths, path_counts
from tfnas.errors import ConfigError
from tfnas.models.mlp_ensemble import MLPEnsemble, MLPEnsembleConfig
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.base import State
from tfnas.strategies.latent.observing import ObservingSearch
from tfnas.trial import Proposal

ENCODINGS = ("paths", "choices")

_MOST_PATHS = 1000
"""Largest number of paths of a member for which paths are followed."""

_ATTEMPTS = 5
"""Mutations for each candidate that is wanted, known ones included."""


class Bananas(ObservingSearch):
    """Mutates the best networks and keeps what an ensemble, one draw for each, finds best (White et al., AAAI 2021).

    After random networks, rounds of `batch`: five small networks are fitted to all that was measured (`MLPEnsemble`).
    Up to `candidates` networks that were not proposed yet come from single mutations of the `parents` best, in turn.
    Each candidate gets one draw of what the ensemble believes of it, independently ("ITS", section 5), and those of
    the largest draws are proposed. The next round begins when they are used up.

    Encodings. ``"paths"`` is the truncated path encoding (section 4): for each of the `paths` shortest sequences of
    operators from input to output whether the network has one such path. As in `encodings.path_counts` paths through
    zeros are none and identities are left out of them, and only paths that some measured network has are looked at,
    since of others there is nothing to learn. Where there is one path only, as in chains, each network would be a
    feature of its own, and where there may be more than 1,000 they cannot be listed: there the default is
    ``"choices"``, the operators of nodes and the free edges, one-hot (`encodings.choices`, `encodings.free_edges`), the
    encoding that the paper compares with.

    Further deviations: where a round finds no candidate, proposals are random; failures are not learned from; the
    number of parents is ours.

    Args:
        space: The space to search.
        initial: Number of random proposals at the start; trials that were told without having been proposed count.
        batch: Number of proposals a round.
        candidates: Number of candidates a round.
        parents: Number of measured networks, the best ones, that are mutated.
        encoding: ``"paths"``, ``"choices"``, or None for the first where it can say something.
        paths: Number of paths of the encoding.
        members: Number of networks in the ensemble.
        layers: Number of hidden layers of each.
        units: Size of a hidden layer.
        epochs: Passes over the measured networks in each fit.
        rate: Learning rate of Adam.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat; see `Strategy`.

    Raises:
        ConfigError: If an argument cannot work, or the space has too many paths for ``"paths"``.
    """

    name = "bananas"
    is_slow = True

    def __init__(
        self,
        space: SearchSpace,
        *,
        initial: int = 10,
        batch: int = 10,
        candidates: int = 100,
        parents: int = 10,
        encoding: str | None = None,
        paths: int = 40,
        members: int = 5,
        layers: int = 10,
        units: int = 20,
        epochs: int = 150,
        rate: float = 0.01,
        seed: int = 0,
        dedupe: str = "canonical",
    ) -> None:
        check_positive(batch=batch, candidates=candidates, parents=parents, paths=paths)
        sizes = {"members": members, "layers": layers, "units": units, "epochs": epochs, "rate": rate}
        self._ensemble = MLPEnsemble(MLPEnsembleConfig(**sizes))
        super().__init__(
            space,
            initial=initial,
            seed=seed,
            dedupe=dedupe,
            batch=batch,
            candidates=candidates,
            parents=parents,
            encoding=encoding,
            paths=paths,
            **sizes,
        )
        self.batch, self.candidates, self.parents, self.paths = batch, candidates, parents, paths
        self.encoding = _encoding(space, encoding)
        self._queue: list[Architecture] = []
        self._fits = 0

    def _next(self) -> Proposal | None:
        while True:
            while self._queue:
                arch = self._queue.pop(0)
                if arch not in self.seen:
                    return Proposal(arch, "thompson_sampling")
            found = self._mutations()
            if not found:
                return None
            self._queue = self._best_draws(found)

    def _mutations(self) -> list[Architecture]:
        """Returns candidates that are new and differ from each other."""
        ranked = sorted(range(len(self._values)), key=lambda index: -self._values[index])
        parents = [self._observed[index] for index in ranked[: self.parents]]
        found: dict[str, Architecture] = {}
        for attempt in range(_ATTEMPTS * self.candidates):
            arch = self.space.mutate(parents[attempt % len(parents)], self.rng)
            if arch not in self.seen:
                found.setdefault(self.seen.key(arch), arch)
            if len(found) == self.candidates:
                break
        return list(found.values())

    def _best_draws(self, found: Sequence[Architecture]) -> list[Architecture]:
        """Returns the candidates of the largest draws, the largest first."""
        self._fits += 1
        seed = int(np.random.SeedSequence([self.seed, self._fits]).generate_state(1)[0] % 2**31)
        points = self._points([*self._observed, *found])
        count = len(self._observed)
        self._ensemble.fit(points[:count], np.array(self._values), seed=seed)
        belief = self._ensemble.predict(points[count:])
        drawn = np.asarray(belief.mean()) + np.asarray(belief.stddev()) * self.rng.standard_normal(len(found))
        return [found[index] for index in np.argsort(-drawn, kind="stable")[: self.batch]]

    def _points(self, archs: Sequence[Architecture]) -> np.ndarray:
        """Returns the encodings of the measured networks and then of candidates. Float64, shape [B, D]."""
        if self.encoding == "choices":
            return np.concatenate([choices(self.space, archs), free_edges(self.space, archs)], 1).astype(float)
        _, known = path_counts(self.space, self._observed)
        shortest = sorted(known, key=lambda path: (len(path), path))[: self.paths]
        counts, _ = path_counts(self.space, archs, shortest)
        # networks without any path have no column of their own; one that is always one keeps the width above zero
        there = counts[:, : len(shortest)] > 0
        return np.concatenate([np.ones((len(archs), 1)), there], 1)

    def _state(self) -> State:
        return {**super()._state(), "queue": [arch.to_dict() for arch in self._queue], "fits": self._fits}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._queue = [Architecture.from_dict(arch) for arch in state["queue"]]
        self._fits = state["fits"]


def _encoding(space: SearchSpace, given: str | None) -> str:
    """Returns the encoding to use.

    Raises:
        ConfigError: If there is none of the name, or it cannot be used.
    """
    if given is not None and given not in ENCODINGS:
        raise ConfigError("encoding", expected=", ".join((*map(repr, ENCODINGS), "or None")), received=repr(given))
    most = most_paths(space)
    if given == "paths" and most > _MOST_PATHS:
        raise ConfigError(
            f"path encoding of {space.name}",
            expected=f"a space with at most {_MOST_PATHS} paths in a member",
            received=f"one with up to {most}",
            remedy="Leave encoding away, or give encoding='choices'.",
        )
    if given is None:
        return "paths" if len(space.grammar.components) < most <= _MOST_PATHS else "choices"
    return given
