"""`LatentMLP`: predicts what graphs are worth from the means of their latent points."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from tfnas._keras import tensorflow
from tfnas.checks import check_seed
from tfnas.errors import ConfigError
from tfnas.models.autoencoder import GraphArrays, GraphAutoencoder, TrainingConfig
from tfnas.models.latent_mlp.config import LatentMLPConfig
from tfnas.models.predictors import normal

if TYPE_CHECKING:
    from tfnas.models.autoencoder.trainer import Epoch

_CHUNK = 1024
"""Graphs that are predicted at once."""

_LEAST = float(np.finfo(np.float32).eps)
"""Least standard deviation of a belief."""


class LatentMLP:
    """SVGe's performance predictor (section IV-C): an MLP on the latent mean, trained jointly with the autoencoder.

    The loss is 0.1 times the autoencoder's and 0.9 times the squared error. Training starts from the autoencoder's
    current weights and changes them in place. The values are taken as they are; the published ones are shares, from 0
    to 1. Deviation: the last bias starts at the values' mean and not near zero, so that the first steps learn which
    graphs are better, and not how good graphs are.

    Args:
        autoencoder: Whose encoder is read, and trained on.
        config: Sizes and weights; the paper's by default.

    Raises:
        ConfigError: If the autoencoder is none.
    """

    training: TrainingConfig = TrainingConfig(epochs=100, batch=32, rate=1e-3, patience=10)
    """How the published code trains it; batch and patience are those of the autoencoder."""

    def __init__(self, autoencoder: GraphAutoencoder, config: LatentMLPConfig | None = None) -> None:
        if not isinstance(autoencoder, GraphAutoencoder):
            raise ConfigError("autoencoder", expected="a GraphAutoencoder", received=type(autoencoder).__name__)
        self.autoencoder, self.config = autoencoder, LatentMLPConfig() if config is None else config
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.latent_mlp.network import JointNetwork

        self.network = JointNetwork(autoencoder.network, self.config)
        self._deviation: float | None = None

    def fit(
        self,
        graphs: GraphArrays,
        y: np.ndarray,
        training: TrainingConfig | None = None,
        *,
        seed: int,
        directory: pathlib.Path | str | None = None,
        on_epoch: Callable[[Epoch], Any] | None = None,
    ) -> list[Epoch]:
        """Trains the MLP, from new weights, and the autoencoder, from those it has.

        Args:
            graphs: B graphs, of `GraphForm.encode`.
            y: What they are worth. Float, shape [B].
            training: How; as published by default, see `training`.
            seed: For the first weights of the MLP, the order of the graphs, and the points that are drawn.
            directory: A folder where the state is saved after each epoch. Where it has a state of the same training,
                that goes on, and ends as if it had not been stopped.
            on_epoch: Called after each epoch.

        Returns:
            The epochs of this call.

        Raises:
            ConfigError: If there are fewer than two graphs, not as many values, or a value is not finite.
            StateError: If the folder has the state of another training, or a damaged one.
        """
        from tfnas.models.autoencoder.trainer import Trainer

        check_seed(seed)
        y = np.asarray(y, float)
        if len(graphs.ops) < 2:
            raise ConfigError("graphs to fit", expected="at least 2", received=str(len(graphs.ops)))
        if y.shape != (len(graphs.ops),):
            raise ConfigError(
                "values to fit", expected=f"shape ({len(graphs.ops)},), one a graph", received=f"shape {y.shape}"
            )
        if not np.isfinite(y).all():
            raise ConfigError(
                "values to fit", expected="finite numbers", received=f"{(~np.isfinite(y)).sum()} that are not"
            )
        training = self.training if training is None else training
        self._deviation = None
        self.network.start(float(y.mean()), np.random.default_rng([seed, 0]))
        autoencoder = self.autoencoder
        what = {
            "autoencoder": autoencoder.name,
            "space": autoencoder.space.name,
            "config": {"autoencoder": autoencoder.config.to_json(), "predictor": self.config.to_json()},
        }
        arrays = [*graphs, y.astype(autoencoder.config.dtype)]
        epochs = Trainer(self.network, training, seed=seed).fit(
            arrays, what=what, directory=directory, on_epoch=on_epoch
        )
        self._deviation = max(float(np.sqrt(np.mean((self._means(graphs) - y) ** 2))), _LEAST)
        return epochs

    def predict(self, graphs: GraphArrays) -> Any:
        """Returns what is believed of the worth of B graphs.

        Args:
            graphs: Of `GraphForm.encode`.

        Returns:
            A ``tfd.Normal`` with batch shape [B], float64. The MLP knows nothing of its own uncertainty: the scale is
            the same for all graphs, the root of the mean squared error on the graphs it was fitted to, and so too small
            for others.

        Raises:
            ConfigError: Before `fit`, or if there are no graphs.
        """
        deviation = self._fitted_deviation()
        if not len(graphs.ops):
            raise ConfigError("graphs", expected="at least one", received="none")
        mean = self._means(graphs)
        return normal(mean, np.full(len(mean), deviation))

    def predict_tensor(self, adjacency: Any, ops: Any) -> tuple[Any, Any]:
        """Returns what `predict` does, by operations of TensorFlow alone, so that it can be traced and saved.

        Args:
            adjacency: See `GraphArrays`. Tensor, int32, shape [B, N, N]; B may be unknown.
            ops: See `GraphArrays`. Tensor, int32, shape [B, N].

        Returns:
            Means and standard deviations, float64, [B] each.

        Raises:
            ConfigError: Before `fit`.
        """
        tf, deviation = tensorflow(), self._fitted_deviation()
        mean = tf.cast(self.network.values(adjacency, ops, training=False), tf.float64)
        return mean, tf.fill(tf.shape(mean), tf.constant(deviation, tf.float64))

    def _fitted_deviation(self) -> float:
        if self._deviation is None:
            raise ConfigError(
                "predict of LatentMLP",
                expected="a predictor that is fitted",
                received="one that is not",
                remedy="Call fit(graphs, y, seed=0) first.",
            )
        return self._deviation

    def _means(self, graphs: GraphArrays) -> np.ndarray:
        parts = []
        for start in range(0, len(graphs.ops), _CHUNK):
            part = graphs.take(slice(start, start + _CHUNK))
            parts.append(self.network.predicted(*part).numpy())
        return np.concatenate(parts).astype(float)
