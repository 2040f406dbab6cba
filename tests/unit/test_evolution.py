"""Regularised evolution: ageing, tournaments, new children, sizes, failures, resuming."""

import itertools
import json

import numpy as np
import pytest

from tfnas import strategies
from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, StateError
from tfnas.spaces import ComponentGrammar, Grammar, NASBench201, SearchSpace
from tfnas.strategies import RandomSearch, RegularizedEvolution
from tfnas.trial import Failure, Measurement, Proposal, Trial


class Bits(SearchSpace):
    """Chains of a few nodes of two operators; a neighbour differs in one node."""

    name = "bits"
    op_names = ("0", "1")

    def __init__(self, length):
        self.max_nodes = length

    max_nodes = 0

    @property
    def size(self):
        return 2**self.max_nodes

    @property
    def grammar(self):
        chain = frozenset((k, k + 1) for k in range(self.max_nodes - 1))
        return Grammar((ComponentGrammar("cell", (self.op_names,) * self.max_nodes, chain),))

    def member(self, bits):
        return Architecture("bits", tuple(bits), tuple((k, k + 1) for k in range(self.max_nodes - 1)))

    def validate(self, arch):
        self._check_name(arch)

    def sample(self, rng):
        return self.member(str(bit) for bit in rng.integers(2, size=self.max_nodes))

    def neighbors(self, arch):
        for k, op in enumerate(arch.ops):
            yield self.member((*arch.ops[:k], "01"[op == "0"], *arch.ops[k + 1 :]))

    def canonical_key(self, arch):
        return self.to_native(arch)

    def _blueprint(self, arch, input_shape, *, live_only):
        raise NotImplementedError

    def to_native(self, arch):
        return "".join(arch.ops)

    def from_native(self, native):
        return self.member(native)

    def enumerate(self):
        return map(self.member, itertools.product("01", repeat=self.max_nodes))


BITS = Bits(40)


def distance(one, other):
    return sum(a != b for a, b in zip(one.ops, other.ops, strict=True))


def told(number, proposal, value):
    outcome = Failure("made to fail") if value is None else Measurement(value)
    return Trial(number, proposal, outcome)


def play(strategy, value_of, count):
    """Asks and tells one at a time; returns (proposal, value) of every trial."""
    history = []
    for number in range(count):
        proposals = strategy.ask()
        if not proposals:
            break
        value = value_of(proposals[0].architecture, number)
        strategy.tell([told(number, proposals[0], value)])
        history.append((proposals[0], value))
    return history


def noise(arch, number):
    """A value that has nothing to do with the architecture, another one every time."""
    return float(np.random.default_rng(number).random())


def test_children_are_mutations_of_the_best_of_the_last_population():
    # 500 draws from 8 leave none out, so the parent is the best one alive
    history = play(RegularizedEvolution(BITS, population=8, tournament=500, seed=1), noise, 120)
    assert [proposal.source for proposal, _ in history] == ["random"] * 8 + ["mutation"] * 112
    overtaken = 0
    for number in range(8, 120):
        alive = history[number - 8 : number]
        parent, _ = max(alive, key=lambda trial: trial[1])
        assert distance(history[number][0].architecture, parent.architecture) == 1
        best_ever, _ = max(history[:number], key=lambda trial: trial[1])
        overtaken += distance(history[number][0].architecture, best_ever.architecture) != 1
    assert overtaken > 50  # the best ever died of age most of the time


def test_a_tournament_of_one_takes_any_parent_that_lives():
    history = play(RegularizedEvolution(BITS, population=6, tournament=1, seed=2), noise, 200)
    ages = set()
    for number in range(6, 200):
        child = history[number][0].architecture
        near = [age for age in range(1, 7) if distance(child, history[number - age][0].architecture) == 1]
        assert near
        if len(near) == 1:
            ages.add(near[0])
    assert ages == {1, 2, 3, 4, 5, 6}


def test_a_tournament_draws_with_replacement():
    # of two parents, two draws with replacement miss the better one in a quarter of the cases
    low, high = BITS.member("0" * 40), BITS.member("1" * 40)
    missed = 0
    for seed in range(400):
        strategy = RegularizedEvolution(BITS, population=2, tournament=2, seed=seed)
        strategy.tell([told(0, Proposal(low), 0.0), told(1, Proposal(high), 1.0)])
        (child,) = strategy.ask()
        missed += distance(child.architecture, low) == 1
    assert 100 - 3 * 75**0.5 < missed < 100 + 3 * 75**0.5  # binomial, three deviations


def test_no_network_twice_until_the_space_is_exhausted():
    space = Bits(6)
    history = play(RegularizedEvolution(space, population=4, tournament=4), noise, 100)
    assert len({space.to_native(proposal.architecture) for proposal, _ in history}) == len(history) == 64


def test_children_are_found_further_away_when_all_neighbours_are_known():
    space = Bits(10)
    strategy = RegularizedEvolution(space, population=2, tournament=50, seed=3)
    parent = space.member("0" * 10)
    known = [Trial(k, Proposal(arch)) for k, arch in enumerate(space.neighbors(parent))]  # unfinished: no parents
    strategy.tell([*known, told(20, Proposal(parent), 1.0), told(21, Proposal(parent), 1.0)])
    children = [proposal.architecture for proposal in strategy.ask(20)]
    assert all(distance(child, parent) > 1 for child in children)
    assert sum(distance(child, parent) <= 3 for child in children) >= 10


def test_repeats_are_allowed_on_request():
    strategy = RegularizedEvolution(Bits(3), population=2, tournament=2, dedupe="none")
    assert len(play(strategy, noise, 60)) == 60


def test_many_can_be_asked_before_any_is_told():
    strategy = RegularizedEvolution(BITS, population=4, tournament=2)
    asked = strategy.ask(9)
    assert [proposal.source for proposal in asked] == ["random"] * 9  # nobody can be a parent yet
    assert len({proposal.architecture for proposal in asked}) == 9
    strategy.tell([told(0, asked[0], 1.0)])
    (child,) = strategy.ask()
    assert child.source == "mutation" and distance(child.architecture, asked[0].architecture) == 1
    several = strategy.ask(5)
    assert {distance(child.architecture, asked[0].architecture) for child in several} == {1}


def test_failures_have_their_turn_but_no_children():
    def fails(arch, number):
        return None if number % 2 else noise(arch, number)

    history = play(RegularizedEvolution(BITS, population=6, tournament=200, seed=4), fails, 60)
    for number in range(6, 60):
        parent, _ = max((trial for trial in history[number - 6 : number] if trial[1] is not None), key=lambda t: t[1])
        assert distance(history[number][0].architecture, parent.architecture) == 1
    barren = play(RegularizedEvolution(BITS, population=3, tournament=2), lambda arch, number: None, 20)
    assert {proposal.source for proposal, _ in barren} == {"random"}


def test_the_first_value_of_a_network_counts():
    strategy = RegularizedEvolution(BITS, population=3, tournament=200)
    good, lucky = BITS.member("0" * 40), BITS.member("1" * 40)
    strategy.tell([told(0, Proposal(lucky), 1.0), told(1, Proposal(good), 5.0), told(2, Proposal(lucky), 9.0)])
    assert distance(strategy.ask()[0].architecture, good) == 1


@pytest.mark.parametrize(
    ("budget", "sizes"), [(1, (6, 6)), (16, (6, 6)), (24, (8, 8)), (50, (17, 17)), (90, (30, 30)), (5000, (30, 30))]
)
def test_sizes_follow_the_budget_unless_given(budget, sizes):
    strategy = RegularizedEvolution(BITS)
    assert (strategy.population, strategy.tournament) == (30, 10)
    strategy.start(budget)
    assert (strategy.population, strategy.tournament) == sizes
    given = RegularizedEvolution(BITS, population=12)
    given.start(budget)
    assert (given.population, given.tournament) == (12, 4)
    drawn = RegularizedEvolution(BITS, tournament=3)
    drawn.start(budget)
    assert (drawn.population, drawn.tournament) == (sizes[0], 3)


@pytest.mark.parametrize("budget", [16, 24, 50, 150])
def test_a_small_budget_is_no_random_search_in_disguise(budget):
    strategy = RegularizedEvolution(BITS)
    strategy.start(budget)
    history = play(strategy, noise, budget)
    assert sum(proposal.source == "mutation" for proposal, _ in history) >= budget / 2


def test_it_beats_random_search():
    space = Bits(30)  # the number of ones: a child of a good parent is good

    def ones(arch, number):
        return float(arch.ops.count("1"))

    def best(strategy):
        return max(value for _, value in play(strategy, ones, 80))

    evolved = [best(RegularizedEvolution(space, population=10, seed=seed)) for seed in range(20)]
    drawn = [best(RandomSearch(space, seed=seed)) for seed in range(20)]
    gains = np.subtract(evolved, drawn)
    mean, error = np.mean(gains), np.std(gains, ddof=1) / 20**0.5
    assert mean - 3 * error > 0


def test_states_are_exact_and_plain_json():
    def some_fail(arch, number):
        return None if number % 5 == 0 else noise(arch, number)

    whole = RegularizedEvolution(BITS, seed=5)
    whole.start(20)
    for count in (0, 3, 25):
        play(whole, some_fail, count)
        pending = whole.ask(4)
        text = json.dumps(whole.get_state())
        twin = RegularizedEvolution(BITS, seed=5)
        twin.set_state(json.loads(text))
        assert json.dumps(twin.get_state()) == text
        for strategy in (whole, twin):
            strategy.tell([told(90, pending[0], 0.5)])
        assert twin.ask(2) == whole.ask(2)
        assert play(twin, some_fail, 40) == play(whole, some_fail, 40)
        assert json.dumps(twin.get_state()) == json.dumps(whole.get_state()) != text
    with pytest.raises(StateError, match="population"):
        RegularizedEvolution(BITS, seed=5, population=7).set_state(json.loads(text))


def test_a_saved_state_does_not_change_afterwards():
    strategy = RegularizedEvolution(BITS)
    play(strategy, noise, 5)
    state = strategy.get_state()
    text = json.dumps(state)
    play(strategy, noise, 50)
    assert json.dumps(state) == text


def test_equal_seeds_give_equal_searches_and_config_rebuilds_them():
    first = RegularizedEvolution(NASBench201(), population=5, seed=7, dedupe="native")
    again = strategies.from_config(json.loads(json.dumps(first.config())))
    other = RegularizedEvolution(NASBench201(), population=np.int64(5), seed=8, dedupe="native")
    histories = [play(strategy, noise, 30) for strategy in (first, again, other)]
    assert histories[0] == histories[1] != histories[2]
    json.dumps(other.config())  # sizes are plain integers
    assert strategies.get("regularized_evolution") is RegularizedEvolution


@pytest.mark.parametrize(
    "sizes", [{"population": 0}, {"population": 1}, {"population": 2.5}, {"tournament": 0}, {"tournament": True}]
)
def test_impossible_sizes_are_refused(sizes):
    (name,) = sizes
    with pytest.raises(ConfigError, match=name):
        RegularizedEvolution(BITS, **sizes)
    with pytest.raises(ConfigError, match="budget"):
        RegularizedEvolution(BITS).start(0)
