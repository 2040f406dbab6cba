"""Local search: first improvement, restarts, several at once, known values, failures, resuming."""

import json

import numpy as np
import pytest

from tests.unit.test_evolution import Bits, distance, noise, play, told
from tfnas import strategies
from tfnas.spaces import NASBench201
from tfnas.strategies import LocalSearch
from tfnas.trial import Proposal

BITS = Bits(10)


def ones(arch, number=0):
    return float(arch.ops.count("1"))


def rugged(arch, number=0):
    """A value with many local optima, the same for an architecture every time."""
    return float(np.random.default_rng(int("".join(arch.ops), 2)).random())


def test_every_step_of_the_first_climb_is_the_first_improvement():
    for seed in range(10):
        history = play(LocalSearch(BITS, seed=seed), rugged, 200)
        sources = [proposal.source for proposal, _ in history]
        end = sources.index("random", 1)
        known = {}
        for proposal, value in history[:end]:
            arch = proposal.architecture
            if not known:
                centre = arch
            assert known == {} or distance(arch, centre) == 1
            known[arch] = value
            if value > known[centre]:
                centre = arch
        # the climb ends where it should: all neighbours are known, and none is better
        assert all(known[arch] <= known[centre] for arch in BITS.neighbors(centre))
        assert set(sources[1:end]) == {"neighbor"}


def test_neighbours_come_in_random_order():
    first = set()
    for seed in range(60):
        (start, _), (second, _) = play(LocalSearch(BITS, seed=seed), lambda arch, number: 0.0, 2)
        first.add(next(k for k in range(10) if start.architecture.ops[k] != second.architecture.ops[k]))
    assert len(first) >= 8  # all ten but for luck


def test_no_network_twice_and_the_end_of_the_space():
    space = Bits(6)
    strategy = LocalSearch(space, seed=1)
    history = play(strategy, rugged, 100)
    assert len({proposal.architecture for proposal, _ in history}) == len(history) == 64
    assert strategy.ask(3) == []


def test_known_values_cost_nothing():
    space = Bits(4)
    strategy = LocalSearch(space, seed=0)
    top = space.member("1111")
    known = [arch for arch in space.enumerate() if distance(arch, top) > 0]
    strategy.tell([told(k, Proposal(arch), ones(arch)) for k, arch in enumerate(known)])
    assert [proposal.architecture for proposal in strategy.ask(5)] == [top]  # nothing else is left to measure


def test_a_climb_passes_through_known_ground():
    # all networks with one to nine ones are known: from the only new start, the other end is reached for free
    strategy = LocalSearch(BITS, seed=0)
    low, high = BITS.member("0" * 10), BITS.member("1" * 10)
    known = [arch for arch in BITS.enumerate() if 0 < ones(arch) < 10]
    strategy.tell([told(k, Proposal(arch), ones(arch)) for k, arch in enumerate(known)])
    (first,) = strategy.ask()
    strategy.tell([told(5000, first, ones(first.architecture))])
    (second,) = strategy.ask()
    assert {first.architecture, second.architecture} == {low, high}
    assert second.source == ("neighbor" if first.architecture == low else "random")


def test_equal_values_are_no_improvement():
    history = play(LocalSearch(BITS, seed=2), lambda arch, number: 1.0, 30)
    sources = [proposal.source for proposal, _ in history]
    assert sources == (["random"] + ["neighbor"] * 10) * 2 + sources[22:]
    assert sources[22] == "random"


def test_failures_are_no_centre():
    def fails_at_start(arch, number):
        return None if number < 3 else ones(arch)

    history = play(LocalSearch(BITS, seed=3), fails_at_start, 5)
    assert [proposal.source for proposal, _ in history] == ["random"] * 4 + ["neighbor"]

    def fails_around(arch, number):
        return 0.0 if number == 0 else None

    history = play(LocalSearch(BITS, seed=3), fails_around, 13)
    assert [proposal.source for proposal, _ in history][:12] == ["random"] + ["neighbor"] * 10 + ["random"]


def drive(strategy, batch, rounds, order):
    """Asks in batches and tells each batch in some order, one trial at a time; returns what was asked."""
    asked = []
    for _ in range(rounds):
        proposals = strategy.ask(batch)
        asked.append(proposals)
        for k in order(len(proposals)):
            strategy.tell([told(k, proposals[k], rugged(proposals[k].architecture))])
    return asked


def test_outcomes_count_in_the_order_of_the_proposals():
    forward = drive(LocalSearch(BITS, seed=4), 4, 40, range)
    backward = drive(LocalSearch(BITS, seed=4), 4, 40, lambda n: reversed(range(n)))
    assert forward == backward
    assert all(len(proposals) == 4 for proposals in forward)


def test_several_at_once_climb_the_path_of_one_at_a_time():
    # from the same start with the same random numbers, the centre after its neighbourhood is the same
    for seed in range(10):
        one, four = LocalSearch(BITS, seed=seed), LocalSearch(BITS, seed=seed)
        (start,) = one.ask()
        assert four.ask() == [start]
        for strategy in (one, four):
            strategy.tell([told(0, start, rugged(start.architecture))])
        batch = four.ask(4)
        better = [p for p in batch if rugged(p.architecture) > rugged(start.architecture)]
        single = []
        while len(single) < 4 and not (single and single[-1] in better):
            (proposal,) = one.ask()
            one.tell([told(1, proposal, rugged(proposal.architecture))])
            single.append(proposal)
        assert single == batch[: len(single)]
        four.tell([told(k, proposal, rugged(proposal.architecture)) for k, proposal in enumerate(batch)])
        centre = better[0].architecture if better else start.architecture
        assert distance(four.ask()[0].architecture, centre) == 1


def test_waiting_for_outcomes_it_asks_for_more_neighbours_then_for_starts():
    strategy = LocalSearch(BITS, seed=5)
    (start,) = strategy.ask()
    strategy.tell([told(0, start, 0.5)])
    asked = [strategy.ask()[0] for _ in range(8)] + strategy.ask(5)
    assert [proposal.source for proposal in asked] == ["neighbor"] * 10 + ["random"] * 3
    assert len({proposal.architecture for proposal in asked}) == 13
    strategy.tell([told(k, proposal, 0.1) for k, proposal in enumerate(asked)])
    # the neighbourhood is done: the first of the random ones is the next start
    for proposal in strategy.ask(3):
        assert distance(proposal.architecture, asked[10].architecture) == 1


@pytest.mark.parametrize("dedupe", ["canonical", "native", "none"])
def test_an_outcome_that_comes_late_still_counts(dedupe):
    strategy = LocalSearch(BITS, seed=9, dedupe=dedupe)
    (start,) = strategy.ask()
    strategy.tell([told(0, start, 0.5)])
    asked = [strategy.ask()[0] for _ in range(4)]
    assert len({proposal.architecture for proposal in asked}) == 4
    twin = LocalSearch(BITS, seed=9, dedupe=dedupe)
    twin.set_state(json.loads(json.dumps(strategy.get_state())))
    for one in (strategy, twin):
        one.tell([told(1, asked[0], 0.4)])
        one.ask()
        one.tell([told(2, asked[1], 0.7)])  # the first improvement, though more were asked since
        assert [distance(proposal.architecture, asked[1].architecture) for proposal in one.ask(3)] == [1, 1, 1]


@pytest.mark.parametrize("dedupe", ["canonical", "native", "none"])
def test_it_finds_the_top_of_a_hill(dedupe):
    history = play(LocalSearch(BITS, seed=6, dedupe=dedupe), ones, 60)
    assert max(value for _, value in history) == 10.0


@pytest.mark.parametrize("dedupe", ["canonical", "native", "none"])
def test_no_neighbour_is_measured_twice(dedupe):
    batches = drive(LocalSearch(Bits(7), seed=6, dedupe=dedupe), 4, 30, range)
    neighbours = [p.architecture for batch in batches for p in batch if p.source == "neighbor"]
    assert len(set(neighbours)) == len(neighbours) > 50


def test_the_first_value_of_a_network_counts():
    strategy = LocalSearch(BITS, seed=7)
    (start,) = strategy.ask()
    strategy.tell([told(0, start, 1.0)])
    batch = strategy.ask(10)
    strategy.tell([told(k, proposal, 0.0) for k, proposal in enumerate(batch)])
    strategy.tell([told(20, batch[3], 9.0)])  # another member of the same network, luckier
    assert strategy.ask()[0].source == "random"


def test_states_are_exact_and_plain_json():
    def some_fail(arch, number):
        return None if number % 5 == 1 else rugged(arch)

    for count in (0, 1, 13, 57):
        whole = LocalSearch(BITS, seed=8)
        play(whole, some_fail, count)
        pending = whole.ask(13)
        text = json.dumps(whole.get_state())
        twin = LocalSearch(BITS, seed=8)
        twin.set_state(json.loads(text))
        assert json.dumps(twin.get_state()) == text
        for strategy in (whole, twin):
            for k in (1, 0, *range(2, 13)):
                strategy.tell([told(k, pending[k], rugged(pending[k].architecture))])
        assert json.dumps(twin.get_state()) == json.dumps(whole.get_state())
        assert play(twin, some_fail, 60) == play(whole, some_fail, 60)


def test_a_saved_state_does_not_change_afterwards():
    strategy = LocalSearch(BITS)
    play(strategy, noise, 5)
    state = strategy.get_state()
    text = json.dumps(state)
    play(strategy, noise, 50)
    assert json.dumps(state) == text


def test_equal_seeds_give_equal_searches_and_config_rebuilds_them():
    first = LocalSearch(NASBench201(), seed=7, dedupe="native")
    again = strategies.from_config(json.loads(json.dumps(first.config())))
    other = LocalSearch(NASBench201(), seed=8, dedupe="native")
    histories = [play(strategy, noise, 30) for strategy in (first, again, other)]
    assert histories[0] == histories[1] != histories[2]
    assert strategies.get("local_search") is LocalSearch
