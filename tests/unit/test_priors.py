"""Priors, judged by lists of all members, by closed forms, and by counting what they draw."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate, stats

from tfnas import spaces
from tfnas.errors import ConfigError, InvalidArchitectureError, SearchError, UnknownNameError
from tfnas.models.priors import BarabasiAlbert, DistinctPredecessors, ErdosRenyi, Uniform, WattsStrogatz, choices
from tfnas.models.priors.wiring import Wiring
from tfnas.spaces.enas_macro import ENASMacro
from tfnas.spaces.grammar import ComponentGrammar

SEEDS = (0, 1)


class EvenSkips(ENASMacro):
    """Chains with an even number of skips: a rule that is not local, in a space that cannot be listed."""

    def __init__(self):
        super().__init__(layers=4)
        self.name = "even_skips"
        self.grammar = dataclasses.replace(ENASMacro(layers=4).grammar, is_local=False)

    @property
    def size(self):
        return super().size // 2

    def validate(self, arch):
        super().validate(arch)
        if len(arch.edges) % 2 == 0:  # five edges of the chain
            raise InvalidArchitectureError("skips", expected="an even number", received="an odd one")


def _subsets(items):
    items = list(items)
    return [part for k in range(len(items) + 1) for part in itertools.combinations(items, k)]


def _randwire(nodes, stages=False):
    space = spaces.get("randwire", nodes=nodes, stages=stages)
    graphs = _subsets(itertools.combinations(range(nodes), 2))
    return space, [space.from_edges(*some) for some in itertools.product(graphs, repeat=3 if stages else 1)]


def _enas(layers):
    space = spaces.get("enas_macro", layers=layers)
    operators = space.grammar.components[0].ops[1]
    rows = itertools.product(*(itertools.product((0, 1), repeat=layer) for layer in range(layers)))
    pairs = itertools.product(itertools.product(operators, repeat=layers), rows)
    return space, [space.from_layers(*pair) for pair in pairs]


def _ghn(nodes):
    space = spaces.get("ghn_block", nodes=nodes)
    operators = space.grammar.components[0].ops[2]
    reads = [[part for part in _subsets(range(2 + k)) if 1 <= len(part) <= 2] for k in range(nodes)]
    genes = [list(itertools.product(operators, parents)) for parents in reads]
    return space, [space.from_genes(some) for some in itertools.product(*genes)]


def _anytime():
    """Three cells of one node each but for the first, which has two; two of the four are exits."""
    space = spaces.get("ghn_anytime", nodes1=2, nodes2=1, nodes3=1, exits=2)
    return space, space.grammar.components


def _listed(name):
    space = spaces.get(name)
    return space, list(space.enumerate())


SMALL = {
    "randwire": lambda: _randwire(4),
    "randwire stages": lambda: _randwire(3, stages=True),
    "enas_macro": lambda: _enas(3),
    "ghn_block": lambda: _ghn(2),
    "nasbench101": lambda: _listed("nasbench101,max_nodes=4"),
    "nasbench201": lambda: _listed("nasbench201"),
}
PRIORS = {
    "uniform": Uniform,
    "er": lambda space: ErdosRenyi(space, 0.3),
    "er range": lambda space: ErdosRenyi(space, (0.1, 0.9)),
}


def _fits(counts, probabilities):
    """Whether counts agree with probabilities but for chance: chi-square, categories of few expected ones joined."""
    total = sum(counts.values())
    assert set(counts) <= {key for key, p in probabilities.items() if p > 0}
    observed, expected, rest = [], [], [0.0, 0.0]
    for key, p in probabilities.items():
        if total * p >= 5:
            observed.append(counts[key])
            expected.append(total * p)
        else:
            rest = [rest[0] + counts[key], rest[1] + total * p]
    if rest[1] >= 5:
        observed.append(rest[0])
        expected.append(rest[1])
    if len(observed) == 1:
        return True
    expected = np.array(expected) * sum(observed) / sum(expected)
    return stats.chisquare(observed, expected).pvalue > 1e-4


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("small", SMALL)
def test_probabilities_add_up_to_one(small, prior):
    space, members = SMALL[small]()
    assert len(set(members)) == len(members) == space.size
    logs = PRIORS[prior](space).log_prob(members)
    assert logs.shape == (len(members),) and logs.dtype == np.float64
    assert abs(math.fsum(np.exp(logs)) - 1) < 1e-9


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("small", ["randwire", "randwire stages", "enas_macro", "ghn_block", "nasbench101"])
def test_draws_have_these_probabilities(small, prior):
    space, members = SMALL[small]()
    distribution = PRIORS[prior](space)
    probabilities = dict(zip(members, np.exp(distribution.log_prob(members)).tolist()))
    wirings = Counter()  # of which there are fewer, so that less hides in the noise
    for arch, p in probabilities.items():
        wirings[arch.edges] += p
    for seed in SEEDS:
        drawn = distribution.sample(3_000, seed)
        assert _fits(Counter(drawn), probabilities)
        assert _fits(Counter(arch.edges for arch in drawn), wirings)


def test_another_probability_would_be_noticed():
    space, members = SMALL["randwire"]()
    probabilities = dict(zip(members, np.exp(ErdosRenyi(space, 0.33).log_prob(members)).tolist()))
    assert not _fits(Counter(ErdosRenyi(space, 0.3).sample(9_000, 0)), probabilities)


@pytest.mark.parametrize("name", spaces.names())
def test_all_draws_are_members_and_follow_the_seed(name):
    space = spaces.get(name)
    for prior in (Uniform(space), ErdosRenyi(space, (0.2, 0.5))):
        drawn = prior.sample(12, 7)
        assert drawn == prior.sample(12, 7) and drawn != prior.sample(12, 8)
        assert drawn[:3] == prior.sample(3, 7)
        for arch in drawn:
            space.validate(arch)
        assert len(set(drawn)) > 6


@pytest.mark.parametrize("name", [name for name in spaces.names() if name != "nasbench101"])
def test_local_rules_leave_as_many_choices_as_there_are_members(name):
    space = spaces.get(name)
    assert choices.Choices(space).size == space.size
    assert Uniform(space).log_prob(Uniform(space).sample(2, 0)).tolist() == [-math.log(space.size)] * 2


def test_uniform_without_an_operator():
    space, members = _listed("nasbench201")
    prior = Uniform(space, exclude_ops=["none"])
    kept = [arch for arch in members if "none" not in arch.ops]
    expected = [-math.log(4**6) if "none" not in arch.ops else -math.inf for arch in members]
    np.testing.assert_allclose(prior.log_prob(members), expected, rtol=1e-12)
    assert _fits(Counter(prior.sample(30_000, 0)), dict.fromkeys(kept, 1 / len(kept)))


def test_uniform_without_an_operator_where_rules_are_not_local():
    space, members = _listed("nasbench101,max_nodes=4")
    gone = space.op_names[1]
    prior = Uniform(space, exclude_ops=(gone,))
    kept = [arch for arch in members if gone not in arch.ops]
    assert 1 < len(kept) < len(members) and prior.has_log_prob
    np.testing.assert_allclose(np.exp(prior.log_prob(kept)), 1 / len(kept), rtol=1e-12)
    assert _fits(Counter(prior.sample(3_000, 0)), dict.fromkeys(kept, 1 / len(kept)))
    large = Uniform(spaces.get("nasbench101,max_nodes=8"), exclude_ops=(gone,))
    assert not large.has_log_prob and gone not in large.sample(1, 0)[0].ops
    with pytest.raises(ConfigError, match="log_prob of Uniform over nasbench101,max_nodes=8: .* excluded from"):
        large.log_prob(large.sample(1, 0))


def test_rules_that_are_not_local_in_a_space_that_cannot_be_listed():
    space = EvenSkips()
    uniform, er = Uniform(space), ErdosRenyi(space, 0.3)
    for prior in (uniform, er):
        assert all(len(arch.edges) % 2 for arch in prior.sample(200, 0))
    slots = sorted(space.grammar.components[0].free)
    skips = [part for part in _subsets(slots) if len(part) % 2 == 0]
    assert len(slots) == 6 and len(skips) == 32

    def drawn(prior):
        return Counter(tuple(edge for edge in arch.edges if edge in slots) for arch in prior.sample(3_000, 1))

    assert _fits(drawn(uniform), dict.fromkeys(skips, 1 / 32))
    weights = {part: 0.3 ** len(part) * 0.7 ** (6 - len(part)) for part in skips}
    assert _fits(drawn(er), {part: weight / sum(weights.values()) for part, weight in weights.items()})
    assert uniform.has_log_prob and uniform.log_prob(uniform.sample(1, 0)) == -math.log(space.size)
    assert not er.has_log_prob
    with pytest.raises(ConfigError, match="log_prob of ErdosRenyi over even_skips: expected local rules"):
        er.log_prob(er.sample(1, 0))
    with pytest.raises(ConfigError, match="log_prob of ErdosRenyi"):
        er.mode(samples=5)


def test_lengths_are_drawn_by_the_choices_that_they_leave():
    open_cells = choices.Choices(spaces.get("nasbench101,max_nodes=4"))
    ways = {(2,): 2, (3,): 3 * 2**3, (4,): 3**2 * 2**6}
    assert open_cells.size == sum(ways.values())
    rng = np.random.default_rng(0)
    drawn = Counter(open_cells.draw_lengths(rng) for _ in range(4_000))
    assert _fits(drawn, {lengths: count / sum(ways.values()) for lengths, count in ways.items()})


def test_forced_edges_count_as_incoming_ones():
    ops = (("a",),) * 5
    forced, free = frozenset({(0, 4), (0, 3)}), frozenset({(1, 4), (2, 4), (3, 4), (1, 3), (2, 3)})
    limits = ((0, 0), (0, 0), (0, 0), (1, 3), (2, 3))
    wiring = Wiring.of(ComponentGrammar("cell", ops, forced, free, in_degree=limits), 5)
    # node 3 may read any of two, node 4 one or two of three
    assert set(wiring.loose) == {(1, 3), (2, 3)} and wiring.size == 5 and wiring.ways == 4 * 6
    p = np.array([0.3, 0.6])
    np.testing.assert_allclose(np.exp(wiring.log_kept(p)), 1 - p**3 - (1 - p) ** 3, rtol=1e-12)
    rng = np.random.default_rng(0)
    counts = Counter(sum(target == 4 for _, target in wiring.draw(0.3, rng)) for _ in range(2_000))
    one, two = 3 * 0.3 * 0.49, 3 * 0.09 * 0.7
    assert _fits(counts, {1: one / (one + two), 2: two / (one + two)})


def test_uniform_keeps_totals_of_attributes():
    space, components = _anytime()
    prior = Uniform(space)
    drawn = prior.sample(3_000, 0)
    operators = [node for node, op in enumerate(drawn[0].ops) if op not in ("input", "output")]
    exits = Counter(tuple(node for node in operators if dict(arch.attrs)["exit"][node]) for arch in drawn)
    assert len(operators) == 4 and _fits(exits, dict.fromkeys(itertools.combinations(operators, 2), 1 / 6))
    scales = Counter(dict(arch.attrs)["scale"][operators[0]] for arch in drawn)
    assert _fits(scales, dict.fromkeys(components[0].attrs["scale"][operators[0]], 1 / 3))
    for arch in drawn[:100]:
        space.validate(arch)


def test_a_total_that_would_not_be_uniform_is_refused():
    space = spaces.get("enas_macro", layers=2)
    (chain,) = space.grammar.components
    chain = dataclasses.replace(chain, attrs={"mark": ((0,), (0, 1), (0, 1, 2), (0,))})
    space.grammar = dataclasses.replace(space.grammar, components=(chain,), totals={"mark": (1, 1)})
    with pytest.raises(ConfigError, match="attribute 'mark'.*received from 1 to 2"):
        Uniform(space)


def test_modes_of_equally_likely_members_are_exact():
    space = spaces.get("nasbench201")
    prior = Uniform(space, exclude_ops=("none",))
    assert prior.is_mode_exact
    best = prior.mode(5, samples=50, seed=1)
    assert len(set(best)) == 5 and all("none" not in arch.ops for arch in best)
    assert prior.entropy(50) == (pytest.approx(math.log(4**6)), pytest.approx(0, abs=1e-12))
    with pytest.raises(ConfigError, match="k: expected a positive integer; received 0"):
        prior.mode(0)


def test_mode_of_erdos_renyi_is_the_best_that_was_drawn():
    space, members = SMALL["randwire"]()
    prior = ErdosRenyi(space, 0.2)
    assert not prior.is_mode_exact
    assert prior.mode(samples=200) == (space.from_edges(()),)
    assert prior.mode(9, samples=1) == tuple(prior.sample(1, 0))
    # 6 free edges: 6 times the entropy of one
    mean, error = prior.entropy(2_000, seed=3)
    assert abs(mean + 6 * (0.2 * math.log(0.2) + 0.8 * math.log(0.8))) < 4.5 * error


def _cumulative(total, least, p):
    """P(at least `least` of `total` succeed), exactly."""
    return sum(math.comb(total, k) * p**k * (1 - p) ** (total - k) for k in range(least, total + 1))


@pytest.mark.parametrize("ends", [(0, 1), (Fraction(1, 10), Fraction(1, 2))])
@pytest.mark.parametrize("edges", [0, 1, 100, 248, 495, 496])
def test_a_range_of_p_gives_the_incomplete_beta_function(ends, edges):
    space = spaces.get("randwire")
    low, high = ends
    pairs = list(itertools.combinations(range(32), 2))
    exact = _cumulative(497, edges + 1, high) - _cumulative(497, edges + 1, low)
    exact /= 497 * math.comb(496, edges) * Fraction(high - low)
    expected = math.log(exact.numerator) - math.log(exact.denominator)
    (found,) = ErdosRenyi(space, (float(low), float(high))).log_prob([space.from_edges(pairs[:edges])])
    assert abs(found - expected) < 1e-10


@pytest.mark.parametrize("edges", [0, 1, 9_950, 19_899, 19_900])
def test_a_range_of_p_over_many_edges(edges):
    space = spaces.get("randwire", nodes=200)
    pairs = list(itertools.combinations(range(200), 2))
    (found,) = ErdosRenyi(space, (0, 1)).log_prob([space.from_edges(pairs[:edges])])
    assert abs(found + math.log(19_901) + math.log(math.comb(19_900, edges))) < 1e-10


def test_a_range_of_p_where_incoming_edges_are_limited():
    space, members = _ghn(2)
    prior = ErdosRenyi(space, (0.1, 0.6))

    def density(p, counts):
        result = 1.0
        for earlier, count in zip((2, 3), counts):
            kept = sum(math.comb(earlier, k) * p**k * (1 - p) ** (earlier - k) for k in (1, 2))
            result *= p**count * (1 - p) ** (earlier - count) / kept / 9
        return result / 0.5

    for arch in members[:: len(members) // 50]:
        counts = [len(parents) for _, parents in space.genes(arch)]
        expected = integrate.quad(density, 0.1, 0.6, args=(counts,), epsabs=0, epsrel=1e-12)[0]
        np.testing.assert_allclose(np.exp(prior.log_prob([arch])), expected, rtol=1e-10)


@pytest.mark.parametrize(("p", "mean", "spread"), [(0.3, 0.3, 0.0), ((0.1, 0.5), 0.3, 0.4**2 / 12)])
def test_mean_degree_of_erdos_renyi(p, mean, spread):
    space = spaces.get("randwire")
    degrees = [2 * len(space.graphs(arch)[0]) / 32 for arch in ErdosRenyi(space, p).sample(500, 5)]
    variance = (2 / 32) ** 2 * (496 * (mean * (1 - mean) - spread) + 496**2 * spread)
    assert abs(np.mean(degrees) - 31 * mean) < 4.5 * math.sqrt(variance / 500)
    assert 0.7 < np.var(degrees) / variance < 1.4


def test_erdos_renyi_keeps_forced_edges():
    space = spaces.get("enas_macro")
    drawn = ErdosRenyi(space, 0.4).sample(400, 0)
    chain = {(k, k + 1) for k in range(13)}
    assert all(chain <= set(arch.edges) for arch in drawn)
    skips = [len(arch.edges) - 13 for arch in drawn]
    assert abs(np.mean(skips) - 0.4 * 66) < 4.5 * math.sqrt(66 * 0.24 / 400)
    operators = Counter(op for arch in drawn for op in arch.ops[1:-1])
    assert _fits(operators, dict.fromkeys(space.op_names[1:-1], 1 / 6))


def test_lengths_stay_uniform_where_cells_are_drawn_again():
    space = spaces.get("nasbench101")
    prior = ErdosRenyi(space, 0.25, nodes=(3, 6))
    drawn = prior.sample(400, 0)
    assert _fits(Counter(len(arch.ops) for arch in drawn), dict.fromkeys((3, 4, 5, 6), 1 / 4))
    small = ErdosRenyi(spaces.get("nasbench101,max_nodes=5"), 0.25, nodes=(4, 5))
    members = list(small.space.enumerate())
    logs = small.log_prob(members)
    assert all((log == -math.inf) == (len(arch.ops) < 4) for log, arch in zip(logs, members))
    for length in (4, 5):
        total = math.fsum(np.exp(log) for log, arch in zip(logs, members) if len(arch.ops) == length)
        assert abs(total - 1 / 2) < 1e-9


def test_watts_strogatz_has_the_edges_of_its_ring():
    space = spaces.get("randwire,stages=true")
    for k in (2, 4, 6):
        for arch in WattsStrogatz(space, k, 0.5).sample(20, 0):
            space.validate(arch)
            assert all(2 * len(graph) == 32 * k for graph in space.graphs(arch))
    (ring,) = set(WattsStrogatz(space, 2, 0.0).sample(5, 0))
    assert set(space.graphs(ring)[0]) == {(k, k + 1) for k in range(31)} | {(0, 31)}


def test_watts_strogatz_draws_its_parameters():
    space = spaces.get("randwire")
    prior = WattsStrogatz(space, (2, 6), (0.2, 0.8))
    drawn = prior.sample(600, 0)
    assert drawn == prior.sample(600, 0) and drawn[:20] != prior.sample(20, 1)
    edges = Counter(len(space.graphs(arch)[0]) for arch in drawn)
    assert _fits(edges, {32: 1 / 3, 64: 1 / 3, 96: 1 / 3})
    degrees = [2 * len(space.graphs(arch)[0]) / 32 for arch in drawn]
    assert abs(np.mean(degrees) - 4) < 4.5 * math.sqrt(8 / 3 / 600)
    # An edge of the ring stays with probability 1 - p, or comes back by rewiring: rarely, with 31 places.
    ring = {(k, k + 1) for k in range(31)} | {(0, 31)}
    kept = [len(ring & space.graphs(arch)[0]) / 32 for arch in drawn if len(space.graphs(arch)[0]) == 32]
    assert 0.48 < np.mean(kept) < 0.58 and np.std(kept) > 0.15


def test_barabasi_albert_has_its_edges():
    space = spaces.get("randwire")
    for m in (1, 5, 31):
        drawn = BarabasiAlbert(space, m).sample(20, 0)
        for arch in drawn:
            space.validate(arch)
            (graph,) = space.graphs(arch)
            assert len(graph) == m * (32 - m)
            assert Counter(target for _, target in graph) == {node: m for node in range(m, 32)}
        assert drawn == BarabasiAlbert(space, m).sample(20, 0)
    degrees = Counter(node for arch in BarabasiAlbert(space, 1).sample(200, 0) for e in arch.edges for node in e)
    assert degrees[1] > 3 * degrees[32]  # the oldest node has many edges, the newest one


@pytest.mark.parametrize("make", [lambda s: WattsStrogatz(s, 2, 0.5), lambda s: BarabasiAlbert(s, 2)])
def test_random_graphs_say_what_they_cannot_do(make):
    prior = make(spaces.get("randwire"))
    assert not prior.has_log_prob and not prior.is_mode_exact
    for call in (lambda: prior.log_prob(prior.sample(1, 0)), lambda: prior.entropy(5), lambda: prior.mode(samples=5)):
        with pytest.raises(ConfigError, match=f"log_prob of {type(prior).__name__}"):
            call()
    for name in ("nasbench101", "nasbench201", "enas_macro", "darts", "ghn_block"):
        with pytest.raises(ConfigError, match=f"{type(prior).__name__}: expected a space of fixed length.*{name}"):
            make(spaces.get(name))


@pytest.mark.parametrize("shared", [False, True])
def test_distinct_predecessors(shared):
    space = spaces.get("darts", shared=shared)
    prior = DistinctPredecessors(space)
    assert prior.num_members == (1 * 3 * 6 * 10 * 7**8) ** (1 if shared else 2)
    drawn = prior.sample(2_000, 0)
    assert drawn == prior.sample(2_000, 0) and prior.is_mode_exact
    assert set(prior.log_prob(drawn).tolist()) == {-math.log(prior.num_members)}
    cells = [space.cells(arch)[-1] for arch in drawn]
    assert _fits(
        Counter((cell[6][1], cell[7][1]) for cell in cells), dict.fromkeys(itertools.combinations(range(5), 2), 1 / 10)
    )
    operators = set(space.op_names) & {operator for cell in cells for operator, _ in cell}
    assert len(operators) == 7 and "none" not in operators
    assert _fits(Counter(cell[0][0] for cell in cells), dict.fromkeys(operators, 1 / 7))


def test_members_that_distinct_predecessors_cannot_draw():
    space = spaces.get("darts,shared=true")
    (cell,) = space.cells(DistinctPredecessors(space).sample(1, 0)[0])
    changed = [
        (("none", cell[0][1]), *cell[1:]),
        ((cell[0][0], cell[1][1]), *cell[1:]),  # one predecessor twice
        (cell[1], cell[0], *cell[2:]),  # the later one first
    ]
    logs = DistinctPredecessors(space).log_prob([space.from_cells(other) for other in changed])
    assert logs.tolist() == [-math.inf] * 3
    uniform = Uniform(space).log_prob([space.from_cells(other) for other in changed])
    assert uniform.tolist() == [-math.log(space.size)] * 3


def test_erdos_renyi_reads_each_predecessor_equally_often_where_one_is_read():
    space = spaces.get("darts,shared=true")
    for p in (0.05, (0.1, 0.9)):
        prior = ErdosRenyi(space, p)
        drawn = prior.sample(1_000, 0)
        assert _fits(Counter(space.cells(arch)[0][7][1] for arch in drawn), dict.fromkeys(range(5), 1 / 5))
        np.testing.assert_allclose(prior.log_prob(drawn[:20]), -math.log(space.size), rtol=1e-12)


def test_no_member_in_many_draws_is_an_error(monkeypatch):
    monkeypatch.setattr(choices, "_ATTEMPTS", 50)
    prior = ErdosRenyi(spaces.get("nasbench101"), 1e-6, nodes=(7, 7))
    with pytest.raises(SearchError, match="prior over nasbench101: .* received 50 draws that break one. Give another"):
        prior.sample(1, 0)


def test_members_of_other_spaces_have_no_probability():
    arch = spaces.get("nasbench201").sample(np.random.default_rng(0))
    for prior in (Uniform(spaces.get("randwire")), ErdosRenyi(spaces.get("randwire"), 0.5)):
        with pytest.raises(InvalidArchitectureError, match="expected a member of 'randwire'"):
            prior.log_prob([arch])
    broken = dataclasses.replace(arch, ops=("input", *["none"] * 5, "shrug", "output"))
    with pytest.raises(InvalidArchitectureError):
        Uniform(spaces.get("nasbench201")).log_prob([broken])
    assert Uniform(spaces.get("nasbench201")).log_prob([]).shape == (0,)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Uniform("nasbench201"), ConfigError, "space of a prior: expected a search space"),
        (
            lambda: Uniform(spaces.get("nasbench201"), ["conv"]),
            UnknownNameError,
            "operator of nasbench201: expected one of input, .* received 'conv'",
        ),
        (lambda: Uniform(spaces.get("nasbench201"), "none"), ConfigError, "exclude_ops: expected a sequence"),
        (lambda: Uniform(spaces.get("nasbench201"), ["input"]), ConfigError, "an operator left at node 0 of .*'cell'"),
        (lambda: ErdosRenyi(spaces.get("randwire"), 0), ConfigError, "p: expected above 0 and below 1"),
        (lambda: ErdosRenyi(spaces.get("randwire"), 1.0), ConfigError, "p: expected above 0 and below 1"),
        (lambda: ErdosRenyi(spaces.get("randwire"), (0.5, 0.1)), ConfigError, "p: expected a probability, or"),
        (lambda: ErdosRenyi(spaces.get("randwire"), (0.1, 0.5, 0.9)), ConfigError, "p: expected a probability, or"),
        (lambda: ErdosRenyi(spaces.get("randwire"), float("nan")), ConfigError, "p: expected a probability, or"),
        (lambda: ErdosRenyi(spaces.get("randwire"), "0.5"), ConfigError, "p: expected a probability, or"),
        (lambda: ErdosRenyi(spaces.get("randwire"), 0.5, nodes=(3, 7)), ConfigError, "nodes: expected None"),
        (lambda: ErdosRenyi(spaces.get("nasbench101"), 0.5, nodes=(3, 8)), ConfigError, "nodes: .* from 2 to 7"),
        (lambda: ErdosRenyi(spaces.get("nasbench101"), 0.5, nodes=(5, 4)), ConfigError, "nodes: .* from 2 to 7"),
        (lambda: ErdosRenyi(spaces.get("nasbench101"), 0.5, nodes=5), ConfigError, "nodes: .* from 2 to 7"),
        (lambda: WattsStrogatz(spaces.get("randwire"), 3, 0.5), ConfigError, "k: expected an even number"),
        (lambda: WattsStrogatz(spaces.get("randwire"), (2, 32), 0.5), ConfigError, "k: .* from 2 to 31"),
        (lambda: WattsStrogatz(spaces.get("randwire"), (6, 2), 0.5), ConfigError, "k: expected an even number"),
        (lambda: WattsStrogatz(spaces.get("randwire"), 2, 1.5), ConfigError, "p: expected a probability"),
        (lambda: BarabasiAlbert(spaces.get("randwire"), 0), ConfigError, "m: expected an integer from 1 to 31"),
        (lambda: BarabasiAlbert(spaces.get("randwire"), 32), ConfigError, "m: expected an integer from 1 to 31"),
        (lambda: DistinctPredecessors(spaces.get("randwire")), ConfigError, "expected the space darts; received randw"),
        (lambda: Uniform(spaces.get("randwire")).sample(0, 0), ConfigError, "n: expected a positive integer"),
        (lambda: ErdosRenyi(spaces.get("randwire"), 0.5).sample(-1, 0), ConfigError, "n: expected a positive"),
        (lambda: WattsStrogatz(spaces.get("randwire"), 2, 0.5).sample(1.5, 0), ConfigError, "n: expected a positive"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()
