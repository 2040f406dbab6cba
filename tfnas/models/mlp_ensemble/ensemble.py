"""`MLPEnsemble`: networks that agree where they know."""

from __future__ import annotations

import numpy as np

from tfnas.models.mlp_ensemble.config import MLPEnsembleConfig
from tfnas.models.mlp_ensemble.network import ParallelNetworks
from tfnas.models.predictors import Predictor, Standardization

_CHUNK = 4096
"""Points that are predicted at once."""


class MLPEnsemble(Predictor):
    """The predictor of BANANAS (White, Neiswanger and Savani, AAAI 2021, section 5).

    Feed-forward networks that differ in their first weights and the order of their batches. The belief is normal, with
    the mean of what they say and its standard deviation, of M - 1 degrees of freedom.

    Deviations: values have mean zero and standard deviation one inside, since objectives may have any unit; points are
    taken as they are.

    Args:
        config: Sizes and training; BANANAS's by default.
    """

    def __init__(self, config: MLPEnsembleConfig | None = None) -> None:
        self.config = MLPEnsembleConfig() if config is None else config

    def _fit(self, x: np.ndarray, y: np.ndarray, seed: int) -> None:
        config, rng = self.config, np.random.default_rng(seed)
        self._values = Standardization.of(y)
        x, y = x.astype(np.float32), self._values.apply(y).astype(np.float32)
        self._networks = ParallelNetworks(config.members, x.shape[1], config.layers, config.units, rng)
        rows = np.tile(np.arange(len(x)), (config.members, 1))
        for _ in range(config.epochs):
            order = rng.permuted(rows, axis=1)
            for start in range(0, len(x), config.batch):
                batch = order[:, start : start + config.batch]
                self._networks.step(x[batch], y[batch], config.rate)

    def _predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = x.astype(np.float32)
        parts = [self._networks.predict(x[start : start + _CHUNK]) for start in range(0, len(x), _CHUNK)]
        said = np.concatenate(parts, 1).astype(float)
        return self._values.undo(said.mean(0), said.std(0, ddof=1))
