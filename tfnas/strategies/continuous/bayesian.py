"""`ContinuousBO`: Bayesian optimisation over all points of a latent space."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.dngo import DNGO, DNGOConfig
from tfnas.models.sparse_gp import SparseGP, SparseGPConfig
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.base import State
from tfnas.strategies.latent.encoders import Encoder, chosen, recorded, trained
from tfnas.strategies.latent.observing import ObservingSearch
from tfnas.trial import Proposal

if TYPE_CHECKING:
    from tfnas.strategies.continuous.process import Process

_SURROGATES = {
    "sparse_gp": lambda options: SparseGP(SparseGPConfig(**options)),
    "dngo": lambda options: DNGO(DNGOConfig(**{"standardizes_values": True, **options})),
}

_POINTS = 3
"""How many points may be looked at for each proposal of a batch."""


class ContinuousBO(ObservingSearch):
    """Proposes what the best points of a latent space are decoded to (SVGe, section IV-D, as D-VAE does it).

    The first proposals are random. Then a surrogate is fitted, from scratch, to the means of the latent points of all
    that was measured, and a batch of points is chosen in the box from the least to the largest of these, one after the
    other: where the expected improvement is largest, `starts` points are drawn, and L-BFGS-B climbs from the best one.
    A point is decoded `attempts` times, and what most of the members are that it gives, of those that were not proposed
    yet, is proposed.

    A point that was chosen, and earlier proposals whose outcome is unknown, count as known at their mean for the rest
    of the batch ("kriging believer": Ginsbourger, Le Riche and Carraro, 2010). The surrogate is conditioned for that,
    not fitted again as in the published code. There the function itself is known then, without noise, so that there is
    nothing to gain at such a point any more and no two points of a batch are one. The value to improve on is the
    largest mean at the points known, measured or believed: the largest measured value is partly luck.

    The paper scores a point of which no decoding is a member with the worst value measured. So does this, in this fit
    and in all later ones, with the worst one then; but as nothing is proposed for such a point, it costs no query. A
    point that gives members that were all proposed before is believed, and nothing is proposed for it. In both cases
    the next best point is taken. After three times as many points as `batch` has proposals, the rest of a batch is
    random.

    Deviations: measured architectures are at the means of their own latent points; the published code keeps those that
    they were decoded from. Values are maximised; the published script for NAS-Bench-101 minimises accuracies.

    Args:
        space: The space to search.
        autoencoder: A trained one for the space, the folder that one was saved to, or the name of one that is shipped;
            the first of those for the space by default.
        surrogate: ``"sparse_gp"``, or ``"dngo"``, arch2vec's.
        surrogate_options: What differs from the defaults of `SparseGPConfig`, which are D-VAE's, or of `DNGOConfig`;
            JSON values.
        initial: Number of random proposals at the start. Trials that were told without having been proposed count:
            the paper begins with 1,000 or all graphs that the autoencoder was trained on.
        batch: Number of proposals a fit.
        starts: Number of points that are drawn for a point.
        iterations: Of L-BFGS-B for a point, at most.
        attempts: Number of decodings of a point.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat; see `Strategy`.

    Raises:
        ConfigError: If an argument cannot work.
        StateError: If the folder has no autoencoder.
    """

    name = "continuous_bo"
    is_slow = True

    def __init__(
        self,
        space: SearchSpace,
        autoencoder: Encoder | None = None,
        *,
        surrogate: str = "sparse_gp",
        surrogate_options: Mapping[str, Any] | None = None,
        initial: int = 50,
        batch: int = 50,
        starts: int = 10_000,
        iterations: int = 150,
        attempts: int = 500,
        seed: int = 0,
        dedupe: str = "canonical",
    ) -> None:
        check_positive(batch=batch, starts=starts, iterations=iterations, attempts=attempts)
        if surrogate not in _SURROGATES:
            raise ConfigError("surrogate", expected=" or ".join(map(repr, _SURROGATES)), received=repr(surrogate))
        options = dict(surrogate_options or {})
        try:
            made = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
            self._predictor = _SURROGATES[surrogate](made)
        except TypeError as error:
            raise ConfigError("surrogate_options", expected=f"options of {surrogate}", received=str(options)) from error
        autoencoder = chosen(autoencoder, space)
        self._autoencoder = trained(autoencoder, space)
        super().__init__(
            space,
            initial=initial,
            seed=seed,
            dedupe=dedupe,
            autoencoder=recorded(autoencoder),
            surrogate=surrogate,
            surrogate_options=options,
            batch=batch,
            starts=starts,
            iterations=iterations,
            attempts=attempts,
        )
        self.batch, self.starts, self.iterations, self.attempts = batch, starts, iterations, attempts
        self._process: Process | None = None
        self._queue: list[Architecture | None] = []
        self._barren: list[list[float]] = []  # points of which no decoding was a member
        self._fits = 0

    def _is_starting(self) -> bool:
        return super()._is_starting() or min(self._values) == max(self._values)

    def _next(self) -> Proposal | None:
        if not self._queue:
            self._queue = self._choose()
        arch = self._queue.pop(0)
        if arch is None or arch in self.seen:  # the latter if it was told of meanwhile
            return None
        return Proposal(arch, "expected_improvement")

    def _choose(self) -> list[Architecture | None]:
        """Returns a batch of members that were not proposed yet; None stands for a random one."""
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.strategies.continuous.maximum import most_improving

        values = list(self._values)
        # as many as have values, even if more are being told in another thread
        measured, pending = self._points(self._observed[: len(values)]), self._points(list(self._pending))
        process = self._fitted(measured, values)
        for point in pending:
            process.take_in(point)
        known = np.concatenate([measured, pending])
        box = np.stack([measured.min(0), measured.max(0)])
        found: dict[str, Architecture] = {}
        for _ in range(_POINTS * self.batch):
            best = process.belief(known)[0].max()
            point = most_improving(process, best, box, self.rng, starts=self.starts, iterations=self.iterations)
            members = self._decoded(point)
            if members:
                process.take_in(point)
                known = np.concatenate([known, point[None]])
            else:
                process.take_in(point, min(values))
                self._barren.append(point.tolist())
            new = next((arch for arch in members if arch not in self.seen and self.seen.key(arch) not in found), None)
            if new is not None:
                found[self.seen.key(new)] = new
            if len(found) == self.batch:
                break
        return [*found.values(), *[None] * (self.batch - len(found))]

    def _fitted(self, measured: np.ndarray, values: list[float]) -> Process:
        """Returns the process of the surrogate, fitted to what was measured and to points without members."""
        if self._process is None:
            from tfnas.strategies.continuous.process import Process

            self._process = Process(self._predictor)
        self._fits += 1
        barren = np.reshape(self._barren, [-1, measured.shape[1]])
        x, y = np.concatenate([measured, barren]), np.array([*values, *[min(values)] * len(barren)])
        seed = int(np.random.SeedSequence([self.seed, self._fits]).generate_state(1)[0] % 2**31)
        self._process.fit(x, y, seed)
        return self._process

    def _points(self, archs: Sequence[Architecture]) -> np.ndarray:
        """Returns the means of the points of B members, those of several nodes as one. Float64, [B, D]."""
        size = math.prod(self._autoencoder.network.latent_shape)
        if not archs:
            return np.zeros([0, size])
        return self._autoencoder.means(self._autoencoder.form.encode(archs)).reshape(-1, size).astype(float)

    def _decoded(self, point: np.ndarray) -> list[Architecture]:
        """Returns the members that a point is decoded to, one of each network, the most frequent network first."""
        autoencoder = self._autoencoder
        z = np.reshape(point, autoencoder.network.latent_shape).astype(autoencoder.config.dtype)
        graphs = autoencoder.decode_draws(np.repeat(z[None], self.attempts, 0), int(self.rng.integers(2**31)))
        members = [arch for arch in autoencoder.form.decode(graphs) if arch is not None]
        by_key: dict[str, list[Architecture]] = {}
        for arch in members:
            by_key.setdefault(self.seen.key(arch), []).append(arch)
        return [same[0] for same in sorted(by_key.values(), key=len, reverse=True)]

    def _state(self) -> State:
        queue = [None if arch is None else arch.to_dict() for arch in self._queue]
        return {
            **super()._state(),
            "queue": queue,
            "barren": [list(point) for point in self._barren],
            "fits": self._fits,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._queue = [None if arch is None else Architecture.from_dict(arch) for arch in state["queue"]]
        self._barren, self._fits = [list(point) for point in state["barren"]], state["fits"]
