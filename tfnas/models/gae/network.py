"""`ConvolutionalNetwork`: graph autoencoders whose encoder is a graph convolutional network."""

from __future__ import annotations

import importlib

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.graph_tensors import EDGES
from tfnas.models.autoencoder.nodewise import NodewiseNetwork

tf_keras = graph_keras()
tf = tensorflow()
tfgnn = importlib.import_module("tensorflow_gnn")
layers = tf_keras.layers


class GraphConvolution(layers.Layer):
    """Kipf and Welling (2017), equation 2: ReLU of ``D^-1/2 (A + I) D^-1/2 H W``, with edges either way in A.

    Deviation: batch normalisation before the ReLU, as in arch2vec's layers, for the same schedule to train both.
    """

    def __init__(self, size: int, dtype: str) -> None:
        super().__init__(dtype=dtype)
        self._linear = layers.Dense(size, use_bias=False, dtype=dtype)
        self._normal = layers.BatchNormalization(dtype=dtype)

    def call(self, graph, h, training):
        """Returns the next h. [n, D] to [n, size]."""
        ones = tf.ones([graph.edge_sets[EDGES].total_size, 1], h.dtype)
        degree = 1 + sum(
            tfgnn.pool_edges_to_node(graph, EDGES, end, "sum", feature_value=ones)
            for end in (tfgnn.SOURCE, tfgnn.TARGET)
        )
        scale = tf.math.rsqrt(degree)
        scaled = scale * self._linear(h)
        received = scaled
        for sender, receiver in ((tfgnn.SOURCE, tfgnn.TARGET), (tfgnn.TARGET, tfgnn.SOURCE)):
            sent = tfgnn.broadcast_node_to_edges(graph, EDGES, sender, feature_value=scaled)
            received += tfgnn.pool_edges_to_node(graph, EDGES, receiver, "sum", feature_value=sent)
        return tf.nn.relu(self._normal(scale * received, training=training))


class ConvolutionalNetwork(NodewiseNetwork):
    """Kipf and Welling (NeurIPS workshop 2016), with operators decoded beside edges, as arch2vec has it."""

    def _layer(self, size: int, dtype: str) -> GraphConvolution:
        return GraphConvolution(size, dtype)
