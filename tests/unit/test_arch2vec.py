"""arch2vec: its encoder and decoders against plain NumPy, enumeration and Monte Carlo."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError, StateError
from tfnas.models.arch2vec import Arch2Vec, Arch2VecConfig
from tfnas.models.autoencoder import GraphArrays, TrainingConfig

SMALL = {"hidden": (6, 5), "latent": 3, "dtype": "float64"}


def _model(name: str = "nasbench101", seed: int = 0, **options) -> Arch2Vec:
    return Arch2Vec(spaces.get(name), Arch2VecConfig(**{**SMALL, **options}), seed=seed)


def _archs(model: Arch2Vec, count: int = 20) -> list:
    rng = np.random.default_rng(1)
    return [model.space.sample(rng) for _ in range(count)]


@pytest.fixture(scope="module")
def model() -> Arch2Vec:
    made = _model()
    made.fit(made.form.encode(_archs(made, 200)), TrainingConfig(epochs=2, batch=16))
    return made


def test_the_encoder_is_equation_2(model):
    graphs = model.form.encode(_archs(model))
    expected = []
    for adjacency, ops in zip(graphs.adjacency, graphs.ops):
        size = (ops >= 0).sum()
        both = (adjacency + adjacency.T)[:size, :size]
        h = np.eye(len(model.form.operators))[ops[:size]]
        for layer in model.network._layers:
            h = (1 + layer._epsilon.numpy()) * h + both @ h
            for linear, normal in zip(layer._linear, layer._normal):
                gamma, beta, mean, variance = (array.numpy() for array in normal.variables)
                h = (h @ linear.kernel.numpy() - mean) / np.sqrt(variance + normal.epsilon) * gamma + beta
                h = np.maximum(h, 0)
        kernel, bias = (array.numpy() for array in model.network._mean.variables)
        expected.append(np.pad(h @ kernel + bias, [(0, model.form.nodes - size), (0, 0)]))
    np.testing.assert_allclose(model.means(graphs), expected, atol=1e-9)


def test_nodes_can_be_permuted(model):
    # a chain of two different operators beside another one: nodes 1 and 2 can change places
    adjacency = np.zeros((2, 7, 7), np.int32)
    ops = np.full((2, 7), -1, np.int32)
    for row, (first, second) in enumerate(((1, 2), (2, 1))):
        ops[row, :4] = 0, first, second, 4
        for source, target in ((0, 1), (0, 2), (1, 3), (2, 3)):
            adjacency[row, source, target] = 1
    means = model.means(GraphArrays(adjacency, ops))
    np.testing.assert_allclose(means[0][[0, 2, 1, 3]], means[1][:4], atol=1e-12)
    np.testing.assert_allclose(means[0].sum(0), means[1].sum(0), atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"pairs": "symmetric"}, {"grammar": True}], ids=str)
def test_probabilities_of_graphs_add_up(options):
    # three nodes of three operators, the last of which ends a graph: 27 rows of operators, 8 graphs
    from tfnas.models.arch2vec.network import Arch2VecNetwork

    form = _Tiny()
    network = Arch2VecNetwork(form, Arch2VecConfig(**SMALL, **options))
    z = np.random.default_rng(0).normal(size=(1, 3, 3))
    network.decoder(z)
    pairs = [(0, 1), (0, 2), (1, 2)]
    graphs = []
    for ops in itertools.product(range(3), repeat=3):
        size = ops.index(2) + 1 if 2 in ops else 3
        if any(op != 0 for op in ops[size:]):
            continue  # what comes after the end is not part of a graph
        live = [pair for pair in pairs if max(pair) < size]
        for bits in itertools.product((0, 1), repeat=len(live)):
            adjacency = np.zeros((3, 3), np.int32)
            for pair, bit in zip(live, bits):
                adjacency[pair] = bit
            if options.get("grammar") and not form.rules.admit(adjacency.T[None], _cut(ops, size)[None])[0]:
                continue
            graphs.append((adjacency, _cut(ops, size)))
    adjacency, ops = (np.array(part) for part in zip(*graphs))
    total = np.exp(network.decoder(np.repeat(z, len(graphs), 0)).log_prob(adjacency, ops)).sum()
    assert total == pytest.approx(1.0, abs=1e-5)


def _cut(ops, size):
    return np.array([*ops[:size], *[-1] * (3 - size)], np.int32)


class _Tiny:
    """Graphs of up to three nodes; the first edge is forced and the second node has one or two inputs."""

    nodes, operators, end = 3, ("input", "op", "output"), 2

    @property
    def rules(self):
        from tfnas.models.autoregressive.rules import Rules

        free = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0]], bool)
        allowed = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1]], bool)
        low, high = np.array([0, 0, 1], np.int32), np.array([0, 1, 1], np.int32)
        return Rules("tiny", allowed, np.zeros((3, 3), bool), free, low, high, 1, np.array([0, 0, 1], bool))


def test_the_inner_product_is_equation_3(model):
    z = np.random.default_rng(0).normal(size=(1, 7, 3))
    graphs = model.form.encode(_archs(model, 1))
    kernel, bias = (array.numpy() for array in model.network._ops.variables)
    live = graphs.ops[0] >= 0
    logits = z[0] @ kernel + bias
    of_ops = (logits - np.log(np.exp(logits).sum(1, keepdims=True)))[np.arange(7), np.maximum(graphs.ops[0], 0)][live]
    p = 1 / (1 + np.exp(-z[0] @ z[0].T))
    there = graphs.adjacency[0]
    of_edges = np.log(np.where(there, p, 1 - p))[np.triu(np.outer(live, live), 1)]
    assert model.log_prob(graphs, z)[0] == pytest.approx(of_ops.sum() + of_edges.sum(), abs=1e-9)


def test_the_bound_is_below_the_evidence_and_its_divergence_is_exact(model):
    import tensorflow as tf

    graphs = model.form.encode(_archs(model, 1))
    objective, divergence = model.network.elbo(*graphs, tf.constant([1, 2]))
    posterior, prior = model.posterior(graphs), model.network.prior()
    draws = posterior.sample(20_000, seed=3)
    ratio = (posterior.log_prob(draws) - prior.log_prob(draws)).numpy()[:, 0]
    assert abs(ratio.mean() - divergence.numpy()[0]) < 4 * ratio.std() / len(ratio) ** 0.5
    many = GraphArrays(*(np.repeat(array, 20_000, 0) for array in graphs))
    likelihood = model.log_prob(many, draws.numpy()[:, 0])
    weights = likelihood - ratio
    evidence = np.log(np.exp(weights - weights.max()).mean()) + weights.max()
    assert likelihood.mean() - divergence.numpy()[0] < evidence
    assert np.isfinite(objective.numpy()).all()


def test_cells_are_learned():
    learner = _model("nasbench201", hidden=(64, 64, 64), latent=16, dtype="float32", beta=0.01, dropout=0.0)
    graphs = learner.form.encode(_archs(learner, 800))
    train, held_out = graphs.take(np.arange(600)), graphs.take(np.arange(600, 800))

    def reconstructed() -> float:
        decoded = learner.decode_most_probable(learner.means(held_out))
        return float(np.mean([one == other for one, other in zip(decoded.keys(), held_out.keys())]))

    before = reconstructed()
    losses = [epoch.loss for epoch in learner.fit(train, TrainingConfig(epochs=30, rate=5e-3, clip=5.0))]
    assert before < 0.05 and reconstructed() > 0.7 and losses[-1] < losses[0] / 3


def test_training_goes_on_bit_for_bit(tmp_path):
    one, other = _model("nasbench201"), _model("nasbench201")
    graphs = one.form.encode(_archs(one, 70))
    whole = one.fit(graphs, TrainingConfig(epochs=3, patience=1), seed=5)
    other.fit(graphs, TrainingConfig(epochs=2, patience=1), seed=5, directory=tmp_path)
    again = _model("nasbench201", seed=9)
    rest = again.fit(graphs, TrainingConfig(epochs=3, patience=1), seed=5, directory=tmp_path)
    assert rest == whole[2:]
    for variable, array in zip(one.network.get_weights(), again.network.get_weights()):
        assert np.array_equal(variable, array)
    with pytest.raises(StateError, match="seed"):
        again.fit(graphs, TrainingConfig(epochs=3, patience=1), seed=6, directory=tmp_path)
    with pytest.raises(StateError, match="data"):
        again.fit(graphs.take(np.arange(60)), TrainingConfig(epochs=3, patience=1), seed=5, directory=tmp_path)


def test_a_cosine_ends_near_zero_and_goes_on_where_it_was_stopped(tmp_path):
    one, other, again = (_model("nasbench201", seed=1) for _ in range(3))
    graphs = one.form.encode(_archs(one, 40))
    training = TrainingConfig(epochs=4, rate=1e-2, cosine=True)
    whole = one.fit(graphs, training)
    np.testing.assert_allclose([epoch.rate for epoch in whole], 1e-2 * np.cos(np.arange(4) * np.pi / 8) ** 2, rtol=1e-6)

    def stop(epoch):
        if epoch.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        other.fit(graphs, training, directory=tmp_path, on_epoch=stop)
    assert again.fit(graphs, training, directory=tmp_path) == whole[2:]
    with pytest.raises(StateError, match="training"):
        again.fit(graphs, TrainingConfig(epochs=5, rate=1e-2, cosine=True), directory=tmp_path)
    with pytest.raises(ConfigError, match="cosine"):
        TrainingConfig(epochs=4, patience=1, cosine=True)


def test_a_decoded_point_is_a_distribution():
    lawful = _model("nasbench201", grammar=True)
    archs = _archs(lawful, 3)
    point = lawful.means(lawful.form.encode(archs))[0]
    decoded = lawful.decode(point)
    drawn = decoded.sample(40, 7)
    assert len(drawn) == 40 and decoded.sample(40, 7) == drawn and decoded.rejections == 0
    assert np.isfinite(decoded.log_prob(drawn)).all()
    everything = list(itertools.islice(lawful.space.enumerate(), 15_625))
    assert np.exp(decoded.log_prob(everything)).sum() == pytest.approx(1.0, abs=1e-9)


def test_wrong_points_and_options_are_refused(model):
    with pytest.raises(ConfigError, match="latent point"):
        model.decode(np.zeros((7, 2)))
    with pytest.raises(ConfigError, match="not finite"):
        model.decode(np.full((7, 3), np.nan))
    with pytest.raises(ConfigError, match="at least one"):
        model.fit(model.form.encode([]))
    for options in ({"hidden": ()}, {"dropout": 1.0}, {"pairs": "product"}, {"is_variational": False}, {"beta": -1}):
        with pytest.raises(ConfigError):
            Arch2VecConfig(**options)
