"""The graph autoencoders of Kipf and Welling against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas import spaces
from tfnas.models.autoencoder import TrainingConfig
from tfnas.models.gae import GAE, VGAE, GAEConfig, VGAEConfig

SMALL = {"hidden": (6, 5), "latent": 3, "dtype": "float64"}


@pytest.mark.parametrize("kind, config", [(GAE, GAEConfig(**SMALL)), (VGAE, VGAEConfig(**SMALL))])
def test_the_encoder_is_a_graph_convolutional_network(kind, config):
    space = spaces.get("nasbench101")
    rng = np.random.default_rng(1)
    model = kind(space, config)
    graphs = model.form.encode([space.sample(rng) for _ in range(40)])
    losses = [epoch.loss for epoch in model.fit(graphs, TrainingConfig(epochs=3, batch=8, rate=1e-2))]
    assert losses[-1] < losses[0]
    expected = []
    for adjacency, ops in zip(graphs.adjacency, graphs.ops):
        size = (ops >= 0).sum()
        both = (adjacency + adjacency.T)[:size, :size] + np.eye(size)
        scale = np.diag(both.sum(1) ** -0.5)
        h = np.eye(len(model.form.operators))[ops[:size]]
        for layer in model.network._layers:
            gamma, beta, mean, variance = (array.numpy() for array in layer._normal.variables)
            h = scale @ both @ scale @ h @ layer._linear.kernel.numpy()
            h = np.maximum((h - mean) / np.sqrt(variance + layer._normal.epsilon) * gamma + beta, 0)
        kernel, bias = (array.numpy() for array in model.network._mean.variables)
        expected.append(np.pad(h @ kernel + bias, [(0, model.form.nodes - size), (0, 0)]))
    np.testing.assert_allclose(model.means(graphs), expected, atol=1e-9)


def test_gae_has_points_and_vgae_distributions():
    space = spaces.get("nasbench201")
    archs = [space.sample(np.random.default_rng(0))]
    point, normal = GAE(space, GAEConfig(**SMALL)).encode(archs), VGAE(space, VGAEConfig(**SMALL)).encode(archs)
    assert np.array_equal(point.sample(seed=1), point.mean()) and (normal.stddev().numpy() > 0).all()
