"""`SupervisedRegressor`: an encoder that is fitted to values, and Bayesian linear regression on its vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfnas.checks import check_seed
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.graph_form import GraphArrays, GraphForm
from tfnas.models.dngo import LinearRegression
from tfnas.models.gaussian_process import Normal
from tfnas.models.predictors import Standardization
from tfnas.models.supervised_encoder.config import SupervisedEncoderConfig

if TYPE_CHECKING:
    from tfnas.models.supervised_encoder.training import RegressionNetwork


class SupervisedRegressor:
    """What arch2vec's learned embeddings and DNGO are, in one network that sees measured graphs only (section 4.2).

    An encoder and a linear output are fitted jointly to the values by the mean squared error; the encoder's vectors are
    then the basis functions of Bayesian linear regression, as DNGO's last hidden layer is. Values are standardised
    inside. What is learned depends on graphs, values and seed alone.

    The paper says that its supervised counterpart has the hyper-parameters of arch2vec and is optimised jointly with
    the search, and no more. Sizes are therefore arch2vec's, and epochs, batch and rate those of its DNGO. Tanh and the
    mean over nodes are the published code's, where arch2vec sums over nodes.

    Args:
        form: Of the graphs.
        config: Sizes and training.
    """

    def __init__(self, form: GraphForm, config: SupervisedEncoderConfig | None = None) -> None:
        self.form = form
        self.config = SupervisedEncoderConfig() if config is None else config
        self._network: RegressionNetwork | None = None
        self._only_value: float | None = None
        self._regression: LinearRegression | None = None
        self.fitted = np.zeros((0, self.config.latent))
        """Vectors of the graphs it was fitted to. Float64, [n, D]."""

    def fit(self, graphs: GraphArrays, y: np.ndarray, *, seed: int) -> None:
        """Starts anew and fits n graphs to their values.

        Where all values are equal nothing is fitted, and `predict` gives that value with a standard deviation of one.

        Args:
            graphs: Of `GraphForm.encode`, two or more.
            y: What they are worth. Float, shape [n].
            seed: For first weights and order.

        Raises:
            ConfigError: If there are fewer than two graphs, not as many values, or one is not finite.
        """
        check_seed(seed)
        y = np.asarray(y, float)
        if len(graphs.ops) < 2 or y.shape != (len(graphs.ops),) or not np.isfinite(y).all():
            raise ConfigError(
                "graphs and values to fit",
                expected="two or more graphs, and a finite value of each",
                received=f"{len(graphs.ops)} graphs, values of shape {y.shape}, {(~np.isfinite(y)).sum()} not finite",
            )
        if self._network is None:
            # Imported here: TensorFlow takes seconds to load.
            from tfnas.models.supervised_encoder.training import RegressionNetwork

            self._network = RegressionNetwork(self.form, self.config)
        self._only_value = float(y[0]) if np.ptp(y) == 0 else None
        self._values = Standardization.of(y)
        if self._only_value is None:
            y = self._values.apply(y)
            self._network.fit(graphs, y, seed)
            self.fitted = self.vectors(graphs)
            self._regression = LinearRegression(self.fitted, y - self._network.constant)

    def vectors(self, graphs: GraphArrays) -> np.ndarray:
        """Returns what the encoder makes of B graphs. Float64, shape [B, D].

        Raises:
            ConfigError: Before `fit`.
        """
        if self._network is None:
            raise ConfigError(
                f"vectors of {type(self).__name__}",
                expected="a regressor that is fitted",
                received="one that is not",
                remedy="Call fit(graphs, y, seed=0) first.",
            )
        return self._network.encoder.embed(graphs).astype(float)

    def predict(self, vectors: np.ndarray) -> Normal:
        """Returns what is believed of measurements, with their noise, of graphs of some vectors, [B, D]."""
        if self._only_value is not None:
            return Normal(np.full(len(vectors), self._only_value), np.ones(len(vectors)))
        mean, deviation = self._regression.predict(vectors, includes_noise=True)
        return Normal(*self._values.undo(mean + self._network.constant, deviation))

    @property
    def precisions(self) -> tuple[float, float] | None:
        """Alpha and beta of `LinearRegression`, in the unit of the values; None where all values were equal."""
        if self._only_value is not None:
            return None
        square = float(self._values.deviation) ** 2
        return self._regression.alpha / square, self._regression.beta / square
