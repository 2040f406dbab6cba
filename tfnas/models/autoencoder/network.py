"""`AutoencoderNetwork`: the tensors of an autoencoder, and the one ELBO."""

from __future__ import annotations

import abc
import importlib
from typing import Any

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.config import AutoencoderConfig
from tfnas.models.autoencoder.graph_form import GraphForm

tf_keras = graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd = tfp.distributions


class GraphDecoder(abc.ABC):
    """The distribution of the graphs that B latent points are decoded to, one graph each."""

    @abc.abstractmethod
    def log_prob(self, adjacency: Any, ops: Any) -> Any:
        """Returns the natural logarithm of the probability of each of B graphs. Float, shape [B].

        Nodes after the one that ends a graph have no share in it.

        Args:
            adjacency: See `GraphArrays`. Int, shape [B, N, N].
            ops: See `GraphArrays`. Int, shape [B, N].
        """

    def objective(self, adjacency: Any, ops: Any) -> Any:
        """Returns what training maximises in place of `log_prob`; the same unless a model says otherwise. [B]."""
        return self.log_prob(adjacency, ops)

    @abc.abstractmethod
    def sample(self, seed: Any) -> tuple[Any, Any]:
        """Draws a graph for each point: adjacency, int32 [B, N, N], and operators, int32 [B, N].

        What comes after the end of a graph may be anything; see `GraphForm.cut`.

        Args:
            seed: Stateless seed, int32 [2].
        """

    @abc.abstractmethod
    def mode(self) -> tuple[Any, Any]:
        """Returns for each point the graph of the most probable choices, as `sample` does."""


class AutoencoderNetwork(tf_keras.Model):
    """Maps graphs to posteriors of latent points, and points to distributions of graphs.

    Args:
        form: Of the graphs.
        config: Sizes and forms.
    """

    def __init__(self, form: GraphForm, config: AutoencoderConfig) -> None:
        super().__init__(dtype=config.dtype)
        self.form = form
        self._config = config

    @property
    @abc.abstractmethod
    def latent_shape(self) -> tuple[int, ...]:
        """Shape of the latent point of one graph."""

    @abc.abstractmethod
    def posterior(self, adjacency: Any, ops: Any, *, training: bool) -> Any:
        """Returns the distribution q(z | G) of B points, a `tfd.Distribution` with `latent_shape` as event shape.

        Args:
            adjacency: See `GraphArrays`. Int, shape [B, N, N].
            ops: See `GraphArrays`. Int, shape [B, N].
            training: Whether this is a step of training: batch normalisation and dropout do as they do there.
        """

    @abc.abstractmethod
    def decoder(self, z: Any, *, training: bool = False, seed: Any = None) -> GraphDecoder:
        """Returns the distribution p(G | z) of the graphs of B points.

        Args:
            z: Points. Shape [B, *latent_shape].
            training: See `posterior`.
            seed: Stateless seed of dropout, int32 [2]; read in training alone.
        """

    def prior(self) -> Any:
        """Returns the papers' p(z), a standard normal distribution."""
        zeros = tf.zeros(self.latent_shape, self._config.dtype)
        return tfd.Independent(tfd.Normal(zeros, tf.ones_like(zeros)), len(self.latent_shape))

    def elbo(self, adjacency: Any, ops: Any, seed: Any, *, training: bool = False) -> tuple[Any, Any]:
        """Returns both terms of the evidence lower bound of each graph, [B] and [B].

        The first is the expectation of `GraphDecoder.objective` under the posterior, estimated with one point a graph,
        the second the Kullback-Leibler divergence of the posterior from `prior`, exact, zero
        where beta is. The bound is the first less
        `AutoencoderConfig.beta` times the second, of arch2vec's equation 5 and SVGe's equation 1, where beta is 1.

        Args:
            adjacency: See `GraphArrays`. Int, shape [B, N, N].
            ops: See `GraphArrays`. Int, shape [B, N].
            seed: Stateless seed, int32 [2].
            training: Whether this is a step of training.
        """
        for_point, for_decoder = tf.unstack(tfp.random.split_seed(seed, n=2))
        posterior = self.posterior(adjacency, ops, training=training)
        mean = posterior.mean()
        drawn = posterior.sample(seed=for_point)
        z = mean + self._config.noise * (drawn - mean)
        objective = self.decoder(z, training=training, seed=for_decoder).objective(adjacency, ops)
        # a posterior that is a point has no divergence, and is only there where it weighs nothing
        divergence = posterior.kl_divergence(self.prior()) if self._config.beta else tf.zeros_like(objective)
        return objective, divergence

    def loss_of(self, adjacency: Any, ops: Any, seed: Any) -> Any:
        """Returns what a step of training minimises, a scalar: less the bound's mean over the batch."""
        objective, divergence = self.elbo(adjacency, ops, seed, training=True)
        return tf.reduce_mean(self._config.beta * divergence - objective)
