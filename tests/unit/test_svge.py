"""SVGe: its encoder and both its decoders against plain NumPy, enumeration and counting."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.models.autoencoder import GraphArrays, TrainingConfig, form_of
from tfnas.models.autoencoder.growing_rules import growth_rules
from tfnas.models.autoregressive.rules import Rules
from tfnas.models.svge import COMPACT, SVGe, SVGeConfig

SMALL = {"hidden": 8, "latent": 3, "dtype": "float64"}


class Tiny:
    """Graphs of up to four nodes: an input, up to two of one operator, an output."""

    nodes, operators, end = 4, ("input", "op", "output"), 2

    @property
    def rules(self) -> Rules:
        free = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]], bool)
        allowed = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]], bool)
        low, high = np.array([0, 0, 1, 0], np.int32), np.array([0, 1, 1, 2], np.int32)
        return Rules("tiny", allowed, np.zeros((4, 4), bool), free, low, high, 1, np.array([0, 0, 1], bool))


def all_graphs() -> GraphArrays:
    """Returns all labelled graphs of up to four nodes and three operators, lawful or not."""
    graphs = []
    for size in range(1, 5):
        pairs = list(itertools.combinations(range(size), 2))
        for ops in itertools.product(range(3), repeat=size):
            for bits in itertools.product((0, 1), repeat=len(pairs)):
                adjacency = np.zeros((4, 4), np.int32)
                for pair, bit in zip(pairs, bits):
                    adjacency[pair] = bit
                graphs.append((adjacency, np.array([*ops, *[-1] * (4 - size)], np.int32)))
    return GraphArrays(*(np.array(part) for part in zip(*graphs)))


def reversed_graph(adjacency: np.ndarray, ops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns a graph in opposite order, edge by edge."""
    size, found = (ops >= 0).sum(), np.zeros_like(adjacency)
    for source, target in np.argwhere(adjacency):
        found[size - 1 - target, size - 1 - source] = 1
    return found, np.concatenate([ops[:size][::-1], ops[size:]])


def dense(layer, x):
    return x @ layer.kernel.numpy() + (layer.bias.numpy() if layer.use_bias else 0)


def mlp(layers, x):
    return dense(layers.layers[1], np.maximum(dense(layers.layers[0], x), 0))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru(cell, x, h):
    kernel, recurrent, bias = (array.numpy() for array in cell.variables)
    (xz, xr, xn), (hz, hr, hn) = np.split(x @ kernel + bias[0], 3, -1), np.split(h @ recurrent + bias[1], 3, -1)
    keep = sigmoid(xz + hz)
    return keep * h + (1 - keep) * np.tanh(xn + sigmoid(xr + hr) * hn)


def message_round(layer, h, adjacency):
    total = np.zeros((len(h), 2 * h.shape[1]))
    for (_, receiver), linear, bias in zip(layer._ways, layer._linear, layer._bias):
        for edge in np.argwhere(adjacency):
            j, i = edge if receiver == 1 else edge[::-1]
            total[i] += dense(linear, np.concatenate([h[j], h[i]])) + bias.numpy()
    return gru(layer._cell, total, h)


def propagate(layer, h, adjacency):
    states = np.split(h, layer._parts, 1)
    for each in layer._rounds:
        states = [message_round(one, state, adjacency) for one, state in zip(each, states)]
    return np.concatenate(states, 1)


def gated_sums(layer, h, gated=True):
    first, second = 0, 0
    for shares in dense(layer._linear, h):
        one, other = np.split(shares[2:], 2)
        first = first + one * (sigmoid(shares[0]) if gated else 1)
        second = second + other * (sigmoid(shares[1]) if gated else 1)
    return first, second


def encoded(encoder, adjacency, ops):
    """Returns the mean and the log-variance of a graph's point."""
    size = (ops >= 0).sum()
    h = np.tile(encoder._embedding.embeddings.numpy()[ops[:size]], [1, encoder._parts])
    return gated_sums(encoder._sums, propagate(encoder._propagation, h, adjacency[:size, :size]))


def steps(network, z, adjacency, ops):
    """Yields for each node the logits of its operator and those of the edges into it, growing a graph literally."""
    size = (ops >= 0).sum()
    table, states = network._embedding.embeddings.numpy(), []
    summary = np.zeros_like(z)
    for node in range(size):
        of_op = mlp(network._operator, np.concatenate([summary, z]))
        embedded = table[ops[node]]
        if node == 0:
            new = mlp(network._first, np.concatenate([embedded, z]))
        else:
            new = mlp(network._next, np.concatenate([embedded, beginning, z]))  # noqa: F821
        rest = np.concatenate([new, summary, z])
        hidden = [np.maximum(dense(network._earlier, h) + dense(network._rest, rest), 0) for h in states]
        yield of_op, np.array([dense(network._edge, each)[0] for each in hidden])
        h = np.array([*states, new])
        if node:
            h = propagate(network._propagation, h, adjacency[: node + 1, : node + 1])
        summary, beginning = gated_sums(network._sums, h, gated=node > 0)
        states = list(h)


def literal_objective(network, z, adjacency, ops, weighting):
    """Returns what a direction maximises; the first operator, the first edge and the last of N operators are given."""
    total = 0.0
    for node, (of_op, of_edges) in enumerate(steps(network, z, adjacency, ops)):
        if 0 < node < len(ops) - 1:
            total += of_op[ops[node]] - np.log(np.exp(of_op).sum())
        if node > 1:
            p = sigmoid(of_edges)
            logs = np.log(np.where(adjacency[:node, node], p, 1 - p))
            total += logs.mean() if weighting == "mean" else logs.sum()
    return total


@functools.cache
def tiny_network(**options):
    from tfnas.models.svge.network import SVGeNetwork

    network = SVGeNetwork(Tiny(), SVGeConfig(**SMALL, **options))
    graphs = all_graphs().take(np.array([-1]))
    network.elbo(*graphs, [0, 0])
    rng = np.random.default_rng(3)
    network.set_weights([rng.normal(size=array.shape) * 0.5 for array in network.get_weights()])
    return network


SOME = GraphArrays(
    np.array(
        [[[0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 1], [0] * 4], [[0, 1, 0, 0], [0, 0, 1, 0], [0] * 4, [0] * 4]], np.int32
    ),
    np.array([[0, 1, 1, 2], [0, 1, 2, -1]], np.int32),
)


@pytest.fixture(scope="module")
def model() -> SVGe:
    made = SVGe(spaces.get("enas_macro,layers=1"), SVGeConfig(**SMALL), seed=2)
    rng = np.random.default_rng(3)
    made.network.set_weights([rng.normal(size=array.shape) * 0.5 for array in made.network.get_weights()])
    return made


def test_the_encoder_is_equations_2_to_4():
    network = tiny_network()
    posterior = network.posterior(*SOME, training=False)
    for row in range(2):
        mean, log_variance = encoded(network._encoder, SOME.adjacency[row], SOME.ops[row])
        np.testing.assert_allclose(posterior.mean()[row], mean, atol=1e-12)
        np.testing.assert_allclose(posterior.variance()[row], np.exp(log_variance), atol=1e-12)


def test_isomorphic_graphs_have_one_point():
    # two branches of different operators can change places
    ops = np.array([[0, 1, 0, 2], [0, 0, 1, 2]], np.int32)
    adjacency = np.zeros((2, 4, 4), np.int32)
    for row, (one, other) in enumerate(((1, 2), (2, 1))):
        for source, target in ((0, one), (0, other), (one, 3), (0, 3)):
            adjacency[row, source, target] = 1
    one, other = tiny_network().posterior(adjacency, ops, training=False).mean().numpy()
    np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"objective": "sum"}, {"shared_decoder": True}], ids=str)
def test_the_objective_is_equations_5_to_8(options):
    network = tiny_network(**options)
    z = np.random.default_rng(1).normal(size=(2, 3))
    decoder = network.decoder(z)
    both = []
    for direction, growing in (("forward", network._growing[0]), ("backward", network._growing[-1])):
        graphs = [(SOME.adjacency[row], SOME.ops[row]) for row in range(2)]
        graphs = graphs if direction == "forward" else [reversed_graph(*graph) for graph in graphs]
        weighting = options.get("objective", "mean")
        both.append([literal_objective(growing, z[row], *graph, weighting) for row, graph in enumerate(graphs)])
        np.testing.assert_allclose(getattr(decoder, direction).objective(*SOME), both[-1], atol=1e-9)
    np.testing.assert_allclose(decoder.objective(*SOME), np.mean(both, 0), atol=1e-9)


@pytest.mark.parametrize("grammar", [False, True])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_probabilities_of_graphs_add_up(direction, grammar):
    graphs, z = all_graphs(), np.array([[0.3, -1.0, 0.5]])
    decoder = getattr(tiny_network(grammar=grammar).decoder(np.repeat(z, len(graphs.ops), 0)), direction)
    probabilities = np.exp(decoder.log_prob(*graphs).numpy())
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-9)
    # the first edge is given; lawful graphs have one middle node or two, and three of their edges may be there, or five
    possible = {("forward", False): 1 + 2 * 4 + 4 * 32, ("forward", True): 2 + 2 * 4}
    possible |= {("backward", False): 1 + 2 * 4 + 4 * 32, ("backward", True): 4 + 4 * 4}
    assert (probabilities > 0).sum() == possible[direction, grammar]


def test_draws_are_as_frequent_as_they_are_probable():
    from scipy import stats

    graphs, z, count = all_graphs(), np.array([[0.3, -1.0, 0.5]]), 4000
    network = tiny_network()
    for direction, seed in (("forward", 5), ("backward", 6)):
        adjacency, ops = getattr(network.decoder(np.repeat(z, count, 0)), direction).sample([seed, 7])
        drawn = GraphArrays(adjacency.numpy(), ops.numpy()).keys()
        decoder = getattr(network.decoder(np.repeat(z, len(graphs.ops), 0)), direction)
        expected = count * np.exp(decoder.log_prob(*graphs).numpy())
        place = {key: row for row, key in enumerate(graphs.keys())}
        found = np.bincount([place[key] for key in drawn], minlength=len(expected))
        assert not found[expected == 0].any()
        rare = expected < 5
        found, expected = (np.append(array[~rare], array[rare].sum()) for array in (found, expected))
        assert stats.chisquare(found, expected).pvalue > 1e-3


def test_a_graph_does_not_depend_on_others_of_its_batch():
    # the published code scores the edges of a graph with summaries and points of others
    network, z = tiny_network(objective="sum"), np.random.default_rng(1).normal(size=(2, 3))
    for direction in ("forward", "backward"):
        together = getattr(network.decoder(z), direction).log_prob(*SOME)
        for row in range(2):
            one = SOME.take(np.array([row]))
            alone = getattr(network.decoder(z[row : row + 1]), direction).log_prob(*one)
            np.testing.assert_allclose(together[row], alone[0], rtol=1e-12)
    assert abs(together[0] - together[1]) > 1e-3


def test_a_graph_that_has_ended_stays_ended():
    # in the published code it comes back once another operator is drawn
    from tfnas.models.autoencoder.growing_decoder import until_end

    full = np.triu(np.ones((2, 5, 5), np.int32), 1)
    ops = np.array([[2, 0, 1, 0, 1], [2, 1, 1, 1, 0]], np.int32)
    adjacency, cut = until_end(full, ops, 0)
    assert cut.numpy().tolist() == [[2, 0, -1, -1, -1], [2, 1, 1, 1, 0]]
    assert adjacency.numpy().sum((1, 2)).tolist() == [1, 10]


def test_the_union_is_aligned_at_the_output():
    from tfnas.models.svge.network import united

    def graph(ops, *edges):
        adjacency = np.zeros((1, 4, 4), np.int32)
        for edge in edges:
            adjacency[(0, *edge)] = 1
        return adjacency, np.array([ops], np.int32)

    def union(forward, backward):
        adjacency, ops = united(forward, backward)
        np.testing.assert_array_equal(ops, forward[1])
        return set(map(tuple, np.argwhere(np.array(adjacency)[0]).tolist()))

    forward = graph([0, 1, 1, 2], (0, 1), (0, 2))
    # backward, node 0 is the output, and node 1 the one before it
    assert union(forward, graph([2, 1, 1, 0], (0, 1), (1, 3))) == {(0, 1), (0, 2), (2, 3)}
    assert union(forward, graph([2, 1, 0, -1], (0, 1), (0, 2))) == {(0, 1), (0, 2), (2, 3), (1, 3)}
    short = graph([0, 1, 2, -1], (0, 1))
    assert union(short, graph([2, 1, 1, 0], (0, 1), (0, 2), (1, 3))) == {(0, 1), (1, 2), (0, 2)}


def test_the_most_probable_choices_are_those_of_sharp_draws():
    network, z = tiny_network.__wrapped__(grammar=True), np.random.default_rng(1).normal(size=(20, 3))
    for growing in network._growing:
        for layer in (growing._operator.layers[1], growing._edge):
            layer.set_weights([1e4 * array for array in layer.get_weights()])
    decoder = network.decoder(z)
    for direction in (decoder.forward, decoder.backward):
        for one, other in zip(direction.mode(), direction.sample([1, 2])):
            np.testing.assert_array_equal(one, other)


SPACES = ("nasbench101", "nasbench201", "enas_macro,layers=3", "darts,shared=True", "randwire", "ghn_block")


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("more", [0, 2])
def test_members_can_grow_either_way(name, more):
    space, rng = spaces.get(name), np.random.default_rng(0)
    form = form_of(space, form_of(space).nodes + more)
    graphs = form.encode([space.sample(rng) for _ in range(100)])
    turned = GraphArrays(*(np.array(part) for part in zip(*map(reversed_graph, *graphs))))
    for backward, each in ((False, graphs), (True, turned)):
        for grammar in (False, True):
            rules = growth_rules(form, backward=backward, grammar=grammar)
            assert rules.admit(each.adjacency.transpose(0, 2, 1), each.ops).all()


def test_growth_backward_must_end():
    class Loop(Tiny):
        space = spaces.get("nasbench201")

        @property
        def rules(self) -> Rules:
            rules = super().rules
            rules.allowed[1, 0] = True  # an input in the middle
            return rules

    growth_rules(Loop(), backward=False, grammar=False)
    with pytest.raises(ConfigError, match="grow backward"):
        growth_rules(Loop(), backward=True, grammar=False)


def test_lawful_draws_are_members_and_their_distribution_has_no_log_prob():
    lawful = SVGe(spaces.get("nasbench201"), SVGeConfig(hidden=8, latent=3, grammar=True))
    points = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    graphs = lawful.decode_draws(points, 4)
    assert lawful.form.are_members(graphs).all() and len(set(graphs.keys())) > 200
    one = lawful.direction_log_prob(graphs, points, "backward")
    assert one.shape == (300,) and np.isfinite(one).all()
    assert not lawful.has_log_prob and not lawful.decode(points[0]).has_log_prob


def test_the_forward_side_alone_has_a_probability():
    space = spaces.get("nasbench201")
    union, alone = (SVGe(space, SVGeConfig(hidden=8, latent=3, decoded=decoded)) for decoded in ("union", "forward"))
    points = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    one, both = alone.decode_draws(points, 4), union.decode_draws(points, 4)
    np.testing.assert_array_equal(one.ops, both.ops)
    assert (one.adjacency <= both.adjacency).all() and one.adjacency.sum() < both.adjacency.sum()
    assert (alone.decode_most_probable(points).adjacency <= union.decode_most_probable(points).adjacency).all()
    np.testing.assert_array_equal(alone.log_prob(one, points), union.direction_log_prob(one, points, "forward"))
    assert alone.has_log_prob and alone.decode(points[0]).has_log_prob


def test_training_lowers_the_loss(model):
    space = model.space
    graphs = model.form.encode([space.sample(np.random.default_rng(seed)) for seed in range(23)])
    # the last batch of an epoch has one graph
    epochs = model.fit(graphs, TrainingConfig(epochs=12, batch=11, rate=1e-2, patience=10), seed=5)
    assert epochs[-1].loss < 0.8 * epochs[0].loss


def test_wrong_questions_and_options_are_refused(model):
    graphs = model.form.encode([model.space.sample(np.random.default_rng(0))])
    with pytest.raises(ConfigError, match="one without"):
        model.log_prob(graphs, np.zeros((1, 3)))
    with pytest.raises(ConfigError, match="union of two graphs"):
        model.network.decoder(np.zeros((1, 3))).log_prob(*graphs)
    with pytest.raises(ConfigError, match="'forward' or 'backward'"):
        model.direction_log_prob(graphs, np.zeros((1, 3)), "both")
    for options in ({"hidden": 7}, {"rounds": 0}, {"objective": "max"}, {"shared_decoder": 1}, {"noise": -1}):
        with pytest.raises(ConfigError):
            SVGeConfig(**options)
    assert SVGeConfig(**COMPACT.to_json()) == COMPACT and SVGeConfig().hidden > COMPACT.hidden
