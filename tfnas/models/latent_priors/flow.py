"""`Flow`: a normal distribution bent by a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import check_real
from tfnas.models.latent_priors.prior import LatentPrior, drawn
from tfnas.models.predictors.standardization import Standardization


class Flow(LatentPrior):
    """Real NVP (Dinh et al., 2017): invertible layers that each scale and shift one half of a vector, given the other.

    Trained by maximum likelihood with Adam on standardised points; the epoch that is best for points held out is kept.
    With deviations it is fitted to a point drawn from each posterior.

    Options:
        layers: Number of layers, 6 by default.
        hidden: Size of both hidden layers of each one's network, 64 by default.
        epochs: Passes over the points, 100 by default.
        batch: Points in a step, 128 by default; what fills none is left out of that epoch.
        rate: Learning rate, 1e-3 by default.
        held_out: Share of the points that choose the epoch, 0.1 by default; at least one point.
    """

    name = "flow"

    @staticmethod
    def learn(
        points: np.ndarray,
        deviations: np.ndarray | None,
        *,
        seed: int,
        layers: int = 6,
        hidden: int = 64,
        epochs: int = 100,
        batch: int = 128,
        rate: float = 1e-3,
        held_out: float = 0.1,
    ) -> dict[str, np.ndarray]:
        check_positive(layers=layers, hidden=hidden, epochs=epochs, batch=batch)
        check_real("rate", rate, 0.0)
        check_real("held_out", held_out, 0.0)
        if held_out >= 1:
            raise ConfigError("held_out", expected="a share below 1", received=repr(held_out))
        if points.shape[1] < 2:
            raise ConfigError(
                "points for a flow",
                expected="two coordinates or more",
                received="one",
                remedy="Use a mixture.",
            )
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.latent_priors.real_nvp import RealNVP

        points = drawn(points, deviations, seed)
        standard = Standardization.of(points)
        network = RealNVP(points.shape[1], layers, hidden)
        weights = network.fit(standard.apply(points), epochs, batch, rate, held_out, np.random.default_rng([seed, 1]))
        arrays = {f"weight_{place:03}": weight for place, weight in enumerate(weights)}
        sizes = np.array([layers, hidden])
        return {"mean": standard.mean, "deviation": standard.deviation, "sizes": sizes, **arrays}

    def _flat(self, tfp: Any) -> Any:
        from tfnas.models.latent_priors.real_nvp import RealNVP

        mean, deviation = self._arrays["mean"], self._arrays["deviation"]
        network = RealNVP(len(mean), *self._arrays["sizes"].tolist())
        network.set_weights([self._arrays[name] for name in sorted(self._arrays) if name.startswith("weight_")])
        unit = tfp.bijectors.Chain([tfp.bijectors.Shift(mean), tfp.bijectors.Scale(deviation)])
        return tfp.distributions.TransformedDistribution(network.distribution, unit)
