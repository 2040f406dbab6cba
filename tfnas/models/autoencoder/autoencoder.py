"""`GraphAutoencoder`: a learned latent space of architectures."""

from __future__ import annotations

import abc
import itertools
import pathlib
from typing import TYPE_CHECKING, Any, Callable, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_seed
from tfnas.errors import ConfigError, StateError
from tfnas.models.autoencoder.config import AutoencoderConfig, TrainingConfig
from tfnas.models.autoencoder.decoded import DecodedArchitectures
from tfnas.models.autoencoder.forms import form_of
from tfnas.models.autoencoder.graph_form import GraphArrays
from tfnas.models.autoregressive.weights import glorot
from tfnas.spaces.base import SearchSpace

if TYPE_CHECKING:
    from tfnas.models.autoencoder.trainer import Epoch
    from tfnas.models.latent_mlp import LatentMLP
    from tfnas.models.predictors import Predictor

_CHUNK = 1024
"""Graphs that are encoded or decoded at once."""


class GraphAutoencoder(abc.ABC):
    """Encodes members of a space as points, and decodes points as distributions of members.

    Subclasses are final and say which network does it.

    Args:
        space: A space of one component; of DARTS that with one cell, ``darts,shared=True``.
        config: Sizes and forms.
        seed: For the first weights.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    name: str
    """Its name in `tfnas.models.autoencoders`."""

    training: TrainingConfig
    """How the paper trains it."""

    has_log_prob: bool = True
    """Whether the probability of a graph, given a point, has a closed form."""

    def __init__(self, space: SearchSpace, config: AutoencoderConfig, *, seed: int = 0) -> None:
        check_seed(seed)
        self.space, self.config = space, config
        self.form = form_of(space, config.nodes)
        self.network = self._make_network()
        # Imported here: TensorFlow takes seconds to load.
        from tfnas._keras import tensorflow

        tf = tensorflow()
        example = self._example()
        self.network.elbo(*example, tf.constant([0, 0]))
        self._set_first_weights(seed)
        size = self.form.nodes
        graphs = tf.TensorSpec([None, size, size], tf.int32), tf.TensorSpec([None, size], tf.int32)
        points = tf.TensorSpec([None, *self.network.latent_shape], config.dtype)

        def traced(function: Callable[..., Any], *signature: Any) -> Any:
            # AutoGraph has nothing to turn into a graph here, and warns of what it cannot read
            return tf.function(function, autograph=False, input_signature=signature)

        self._means = traced(
            lambda adjacency, ops: self.network.posterior(adjacency, ops, training=False).mean(), *graphs
        )
        self._log_prob = traced(
            lambda adjacency, ops, z: self.network.decoder(z).log_prob(adjacency, ops), *graphs, points
        )
        self._modes = traced(lambda z: self.network.decoder(z).mode(), points)
        self._draws = traced(lambda z, seed: self.network.decoder(z).sample(seed), points, tf.TensorSpec([2], tf.int32))

    @abc.abstractmethod
    def _make_network(self) -> Any:
        """Returns the `AutoencoderNetwork`."""

    def get_weights(self) -> list[np.ndarray]:
        """Returns copies of the values of all variables of the network."""
        return [variable.numpy() for variable in self.network.variables]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Sets what `get_weights` returned, bit for bit.

        Raises:
            StateError: If the number of arrays or a shape differs. Nothing is set then.
        """
        expected = [tuple(variable.shape) for variable in self.network.variables]
        received = [np.shape(array) for array in weights]
        if expected != received:
            raise StateError(
                f"weights of {self.name} for {self.space.name}",
                expected=f"{len(expected)} arrays of the shapes of this configuration",
                received=f"{len(received)} arrays, {sum(a != b for a, b in zip(expected, received))} of other shapes",
                remedy="Give those of an autoencoder with the same space and configuration.",
            )
        for variable, array in zip(self.network.variables, weights):
            variable.assign(array)

    def save(self, directory: pathlib.Path | str, predictor: Predictor | LatentMLP | None = None) -> pathlib.Path:
        """Writes a SavedModel that loads with TensorFlow alone; see `tfnas.models.autoencoder.saved_model.save`.

        Args:
            directory: Becomes the SavedModel; a new folder or an empty one.
            predictor: A fitted one, of which the model gets the function ``predict``.

        Returns:
            The absolute path of the SavedModel.

        Raises:
            ConfigError: If there is a file of that name, or a folder that is not empty, or if the predictor cannot be
                saved, is another autoencoder's, or not fitted.
        """
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.autoencoder.saved_model import save

        return save(self, directory, predictor)

    def posterior(self, graphs: GraphArrays) -> Any:
        """Returns the distribution of the points of B graphs, a TFP distribution; events are points."""
        return self.network.posterior(*graphs, training=False)

    def encode(self, archs: Sequence[Architecture]) -> Any:
        """Returns `posterior` of the graphs of B members.

        Raises:
            InvalidArchitectureError: If one is no member of the space.
        """
        return self.posterior(self.form.encode(archs))

    def decode(self, point: np.ndarray) -> DecodedArchitectures:
        """Returns the distribution of the members that a point is decoded to.

        Args:
            point: Float, of the latent shape.

        Raises:
            ConfigError: If it has another shape, or is not finite.
        """
        point = np.asarray(point, self.config.dtype)
        if point.shape != self.network.latent_shape or not np.isfinite(point).all():
            raise ConfigError(
                "latent point",
                expected=f"finite numbers of shape {self.network.latent_shape}",
                received=f"shape {point.shape}" if np.isfinite(point).all() else "numbers that are not finite",
            )
        return DecodedArchitectures(self, point)

    def log_prob(self, graphs: GraphArrays, z: np.ndarray) -> np.ndarray:
        """Returns the logarithm of the probability that each of B points is decoded to each of B graphs. [B].

        Raises:
            ConfigError: If the decoder has none, see `has_log_prob`.
        """
        if not self.has_log_prob:
            raise ConfigError(
                f"log_prob of {type(self).__name__}", expected="a decoder with one", received="one without"
            )
        found = _in_chunks(lambda *part: self._log_prob(*part).numpy(), *graphs, np.asarray(z, self.config.dtype))
        if self.config.grammar:
            size = self.form.rules.nodes
            edges = graphs.adjacency[:, :size, :size].transpose(0, 2, 1)
            found = np.where(self.form.rules.admit(edges, graphs.ops[:, :size]), found, -np.inf)
        return found

    def fit(
        self,
        graphs: GraphArrays,
        training: TrainingConfig | None = None,
        *,
        seed: int = 0,
        directory: pathlib.Path | str | None = None,
        on_epoch: Callable[[Epoch], Any] | None = None,
    ) -> list[Epoch]:
        """Trains encoder and decoder on graphs.

        Args:
            graphs: Of `GraphForm.encode`.
            training: How; as in the paper by default, see `training`.
            seed: For the order of the graphs, the points that are drawn, and dropout.
            directory: A folder where the state is saved after each epoch. Where it has a state of the same training,
                that goes on, and ends as if it had not been stopped.
            on_epoch: Called after each epoch.

        Returns:
            The epochs of this call.

        Raises:
            ConfigError: If there are no graphs.
            StateError: If the folder has the state of another training, or a damaged one.
        """
        from tfnas.models.autoencoder.trainer import Trainer

        check_seed(seed)
        training = self.training if training is None else training
        if not len(graphs.ops):
            raise ConfigError("graphs to train on", expected="at least one", received="none")
        what = {"autoencoder": self.name, "space": self.space.name, "config": self.config.to_json()}
        trainer = Trainer(self.network, training, seed=seed)
        return trainer.fit(list(graphs), what=what, directory=directory, on_epoch=on_epoch)

    def means(self, graphs: GraphArrays) -> np.ndarray:
        """Returns the means of the posteriors of B graphs. Float, shape [B, *latent_shape]."""
        return _in_chunks(lambda *part: self._means(*part).numpy(), *graphs)

    def embed(self, graphs: GraphArrays) -> np.ndarray:
        """Returns a vector for each of B graphs: its mean point, or the sum of those of its nodes. Float, [B, D]."""
        means = self.means(graphs)
        return means.sum(1) if means.ndim == 3 else means

    def decode_most_probable(self, z: np.ndarray) -> GraphArrays:
        """Returns for each of B points the graph of the most probable choices."""
        return self._cut(_in_chunks(lambda part: [array.numpy() for array in self._modes(part)], z))

    def decode_draws(self, z: np.ndarray, seed: int) -> GraphArrays:
        """Returns for each of B points a graph that is drawn."""
        check_seed(seed)
        seeds = itertools.count()

        def draw(part: np.ndarray) -> list[np.ndarray]:
            state = np.random.SeedSequence([seed, next(seeds)]).generate_state(2).view(np.int32)
            return [array.numpy() for array in self._draws(part, state)]

        return self._cut(_in_chunks(draw, z))

    def _cut(self, arrays: Sequence[np.ndarray]) -> GraphArrays:
        return self.form.cut(GraphArrays(*arrays))

    def _example(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns a graph, which makes the network's variables."""
        size = self.form.nodes
        adjacency = np.triu(np.ones((1, size, size), np.int32), 1)
        return adjacency, np.zeros((1, size), np.int32)

    def _set_first_weights(self, seed: int) -> None:
        """Draws what layers begin at random; what they begin with zeros or ones stays."""
        variables = self.network.trainable_variables
        for variable, drawn in zip(variables, glorot(variables, np.random.default_rng(seed))):
            if np.ptp(variable.numpy()) > 0:
                variable.assign(drawn)


def _in_chunks(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """Returns what a function makes of B rows, a chunk at a time; it returns an array or a list of arrays."""
    parts = [
        function(*(array[start : start + _CHUNK] for array in arrays)) for start in range(0, len(arrays[0]), _CHUNK)
    ]
    if isinstance(parts[0], list):
        return [np.concatenate(each) for each in zip(*parts)]
    return np.concatenate(parts)
