"""`Arch2VecNetwork`: the variational graph isomorphism autoencoder of arch2vec."""

from __future__ import annotations

import importlib

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.graph_tensors import EDGES
from tfnas.models.autoencoder.nodewise import NodewiseNetwork

tf_keras = graph_keras()
tf = tensorflow()
tfgnn = importlib.import_module("tensorflow_gnn")
layers = tf_keras.layers


class GraphIsomorphism(layers.Layer):
    """Equation 2: an MLP of ``(1 + epsilon) h`` of a node plus the sum of h of its neighbours, either way.

    The MLP is two times a linear map, batch normalisation and ReLU. The map has no bias, which the normalisation
    would take away again.
    """

    def __init__(self, size: int, dtype: str) -> None:
        super().__init__(dtype=dtype)
        self._epsilon = self.add_weight(name="epsilon", shape=[], initializer="zeros")
        self._linear = [layers.Dense(size, use_bias=False, dtype=dtype) for _ in range(2)]
        self._normal = [layers.BatchNormalization(dtype=dtype) for _ in range(2)]

    def call(self, graph, h, training):
        """Returns the next h. [n, D] to [n, size]."""
        received = (1 + self._epsilon) * h
        for sender, receiver in ((tfgnn.SOURCE, tfgnn.TARGET), (tfgnn.TARGET, tfgnn.SOURCE)):
            sent = tfgnn.broadcast_node_to_edges(graph, EDGES, sender, feature_value=h)
            received += tfgnn.pool_edges_to_node(graph, EDGES, receiver, "sum", feature_value=sent)
        for linear, normal in zip(self._linear, self._normal):
            received = tf.nn.relu(normal(linear(received), training=training))
        return received


class Arch2VecNetwork(NodewiseNetwork):
    """Equations 1 to 5, with graph isomorphism layers as the encoder."""

    def _layer(self, size: int, dtype: str) -> GraphIsomorphism:
        return GraphIsomorphism(size, dtype)
