"""`Aggregated`: the posteriors of all graphs, one as likely as another."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas.checks import check_positive, check_seed
from tfnas.models.autoencoder.config import check_real
from tfnas.models.latent_priors.prior import LatentPrior, drawn


class Aggregated(LatentPrior):
    """The aggregated posterior itself, a mixture with a normal distribution for each graph (Tomczak and Welling, 2018).

    Nothing is between the graphs it was made from, so it says how well a decoder does where it was trained, and next to
    nothing of graphs it has not seen. Its size grows with their number.

    Options:
        floor: Least standard deviation, in units of the mean one of the coordinates over all graphs; 1e-3 by default.
    """

    name = "aggregated"

    @staticmethod
    def learn(
        points: np.ndarray, deviations: np.ndarray | None, *, seed: int, floor: float = 1e-3
    ) -> dict[str, np.ndarray]:
        check_real("floor", floor, 0.0)
        least = max(floor * points.std(0).mean(), np.finfo(float).tiny)
        widths = np.zeros_like(points) if deviations is None else deviations
        return {"means": points, "deviations": np.maximum(widths, least)}

    def sample(self, n: int, seed: int) -> np.ndarray:
        # not from the distribution, which draws from each of its components and then chooses
        check_positive(n=n)
        check_seed(seed)
        rng = np.random.default_rng([seed, 1])
        rows = rng.integers(len(self._arrays["means"]), size=n)
        flat = drawn(self._arrays["means"][rows], self._arrays["deviations"][rows], seed)
        return flat.reshape(n, *self.shape)

    def _flat(self, tfp: Any) -> Any:
        tfd, means = tfp.distributions, self._arrays["means"]
        each = tfd.MultivariateNormalDiag(means, self._arrays["deviations"])
        return tfd.MixtureSameFamily(tfd.Categorical(logits=np.zeros(len(means))), each)
