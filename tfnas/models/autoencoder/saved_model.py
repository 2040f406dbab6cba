"""`save`: an autoencoder as a SavedModel that a process with TensorFlow alone can load."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from tfnas._keras import tensorflow
from tfnas.errors import ConfigError
from tfnas.models.exporting import write_saved_model
from tfnas.models.latent_mlp import LatentMLP
from tfnas.models.predictors import Predictor

if TYPE_CHECKING:
    from tfnas.models.autoencoder.autoencoder import GraphAutoencoder

FORMAT = 1
"""Number of the form of `ASSET`."""

ASSET = "autoencoder.json"
"""What says in words what the arrays of the model mean. Of the folder ``assets``."""

_DESCRIPTION = (
    "encode(adjacency, ops) gives mean and standard deviation of the latent points of B graphs, and an embedding each.",
    "decode(z) gives the most probable graph of each of B points, sample(z, seed) one that is drawn.",
    "adjacency[b, i, j] is 1 for an edge from node i to node j, i < j, else 0.",
    "ops[b, i] is the place of node i's operator in 'operators', -1 past the last node.",
    "A graph ends with the first node of the operator 'end', where that is a number.",
)


_OF_A_PREDICTOR = "predict(adjacency, ops) gives mean and standard deviation of what is believed of B graphs."


def save(
    autoencoder: GraphAutoencoder, directory: pathlib.Path | str, predictor: Predictor | LatentMLP | None = None
) -> pathlib.Path:
    """Writes an autoencoder as a SavedModel that needs TensorFlow and nothing else.

    The model has three functions, as attributes and as signatures, and with a predictor a fourth:

    - ``encode(adjacency, ops)``, int32 [B, N, N] and [B, N], returns of the posteriors ``mean`` and ``stddev``,
      [B, *latent], and ``embedding``, [B, D], what `GraphAutoencoder.embed` returns.
    - ``decode(z)``, [B, *latent], returns ``adjacency`` and ``ops`` of the most probable graphs.
    - ``sample(z, seed)``, with int32 [2], returns those of graphs that are drawn.
    - ``predict(adjacency, ops)`` returns ``mean`` and ``stddev`` of the predictor's beliefs, float64 [B], in the units
      of the values that it was fitted to.

    Decoded graphs are cut after their end. What the numbers mean is in a JSON file, which the attribute
    ``vocabulary`` of the model, a ``tf.saved_model.Asset``, names. `tfnas.models.autoencoders.load` reads the
    folder, too, and gives the autoencoder back.

    Args:
        autoencoder: What is saved; weights are those of now.
        directory: Becomes the SavedModel; a new folder or an empty one.
        predictor: Fitted: a `LatentMLP` of this autoencoder, or a predictor of its embeddings that has beliefs
            in TensorFlow, see `Predictor.predict_tensor`. `tfnas.models.autoencoders.load` does not give it back.

    Returns:
        The absolute path of the SavedModel.

    Raises:
        ConfigError: If there is a file of that name, or a folder that is not empty, or if the predictor is of another
            kind, another autoencoder's, or not fitted.
    """
    # first, since it checks the predictor
    predict = None if predictor is None else _predict(autoencoder, predictor)
    root = _root(autoencoder)
    signatures = {"encode": root.encode, "decode": root.decode, "sample": root.sample}
    if predict is not None:
        root.predict = signatures["predict"] = predict
        known = {variable.ref() for variable in root.weights}
        root.predictor = [variable for variable in root.predict.variables if variable.ref() not in known]
    return write_saved_model(root, directory, signatures, ASSET, describe(autoencoder, predictor))


def describe(autoencoder: GraphAutoencoder, predictor: Predictor | LatentMLP | None = None) -> dict[str, Any]:
    """Returns the contents of `ASSET`, JSON values."""
    form = autoencoder.form
    return {
        "format": FORMAT,
        "description": [*_DESCRIPTION, *([] if predictor is None else [_OF_A_PREDICTOR])],
        "autoencoder": autoencoder.name,
        "predictor": None if predictor is None else type(predictor).__name__,
        "space": autoencoder.space.name,
        "nodes": form.nodes,
        "latent_shape": list(autoencoder.network.latent_shape),
        "operators": list(form.operators),
        "end": form.end,
        "allowed_operators": [np.flatnonzero(row).tolist() for row in form.rules.allowed],
        "config": autoencoder.config.to_json(),
    }


def _root(autoencoder: GraphAutoencoder) -> Any:
    """Returns a module that holds variables and functions, and no layers, which only Keras can load."""
    tf = tensorflow()
    network, form = autoencoder.network, autoencoder.form
    integers, size = tf.int32, form.nodes
    point = tf.TensorSpec([None, *network.latent_shape], autoencoder.config.dtype, "z")

    def cut(adjacency, ops):
        if form.end is not None:
            ended = tf.cumsum(tf.cast(ops == form.end, integers), 1, exclusive=True) > 0
            adjacency = tf.where(ended[:, :, None] | ended[:, None], 0, adjacency)
            ops = tf.where(ended, -1, ops)
        return {"adjacency": adjacency, "ops": ops}

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, size, size], integers, "adjacency"),
            tf.TensorSpec([None, size], integers, "ops"),
        ],
    )
    def encode(adjacency, ops):
        posterior = network.posterior(adjacency, ops, training=False)
        mean = posterior.mean()
        return {"mean": mean, "stddev": posterior.stddev(), "embedding": _embedding(mean)}

    @tf.function(autograph=False, input_signature=[point])
    def decode(z):
        return cut(*network.decoder(z).mode())

    @tf.function(autograph=False, input_signature=[point, tf.TensorSpec([2], integers, "seed")])
    def sample(z, seed):
        return cut(*network.decoder(z).sample(seed))

    root = tf.Module()
    root.weights = list(network.variables)
    # Concrete already: saving would trace each a second time, and write both.
    root.encode, root.decode, root.sample = (function.get_concrete_function() for function in (encode, decode, sample))
    return root


def _predict(autoencoder: GraphAutoencoder, predictor: Predictor | LatentMLP) -> Any:
    """Returns ``predict`` as a concrete function."""
    tf = tensorflow()
    size, integers = autoencoder.form.nodes, tf.int32
    beliefs = _of_graphs(autoencoder, predictor)

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, size, size], integers, "adjacency"),
            tf.TensorSpec([None, size], integers, "ops"),
        ],
    )
    def predict(adjacency, ops):
        mean, deviation = beliefs(adjacency, ops)
        return {"mean": mean, "stddev": deviation}

    return predict.get_concrete_function()


def _of_graphs(autoencoder: GraphAutoencoder, predictor: Predictor | LatentMLP) -> Callable[[Any, Any], Any]:
    """Returns a function from graphs to means and standard deviations, float64 [B] each."""
    if isinstance(predictor, LatentMLP):
        if predictor.autoencoder is not autoencoder:
            raise ConfigError(
                "predictor to save", expected="a LatentMLP of this autoencoder", received="one of another"
            )
        return predictor.predict_tensor
    if not isinstance(predictor, Predictor):
        raise ConfigError("predictor to save", expected="a LatentMLP or a Predictor", received=type(predictor).__name__)
    tf = tensorflow()

    def of_embeddings(adjacency, ops):
        mean = autoencoder.network.posterior(adjacency, ops, training=False).mean()
        return predictor.predict_tensor(tf.cast(_embedding(mean), tf.float64))

    return of_embeddings


def _embedding(mean: Any) -> Any:
    """Returns what `GraphAutoencoder.embed` makes of the means of B posteriors, [B, *latent]. [B, D]."""
    return tensorflow().reduce_sum(mean, 1) if len(mean.shape) == 3 else mean
