"""The conformance kit of strategies."""

from __future__ import annotations

import math
import pathlib
import tempfile
import zlib
from typing import Callable, Sequence

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, StateError
from tfnas.spaces.base import SearchSpace
from tfnas.state import load_state, save_state
from tfnas.strategies.base import Strategy
from tfnas.testing.expect import expect, refused
from tfnas.testing.tiny import TinySpace
from tfnas.trial import Failure, Measurement, Proposal, Trial

Maker = Callable[[SearchSpace, int], Strategy]
_LIMIT = 200


def check_strategy(make: Maker, space: SearchSpace, *, trials: int = 40) -> None:
    """Checks that a strategy keeps the contract of `tfnas.strategies.Strategy`.

    Args:
        make: Builds a fresh strategy from a space and a seed.
        space: A space of at least several hundred networks.
        trials: How many trials a check goes through.

    Raises:
        AssertionError: Saying what is wrong.
    """
    _check_proposals(make, space, trials)
    _check_determinism_and_state(make, space, trials)
    _check_failures(make, space, trials)
    _check_exhaustion(make)
    with refused(ConfigError, "ask(0)"):
        make(space, 0).ask(0)


def check_beats_random(
    make: Maker,
    space: SearchSpace,
    *,
    objective: Callable[[Architecture], float] | None = None,
    budget: int = 60,
    seeds: int = 20,
) -> None:
    """Checks statistically that a strategy finds better members than random search does.

    Over `seeds` pairs of runs, a one-sided Wilcoxon signed-rank test of the best values found must reject
    "no better" at the 1 % level.

    Args:
        make: Makes the strategy from a space and a seed.
        space: The space.
        objective: What is maximised, for example a table's values. By default it is made up, anew for every
            pair: how many operators agree with those of a hidden member.
        budget: Trials of a run.
        seeds: Pairs of runs.

    Raises:
        AssertionError: With the p-value, if it does not.
    """
    from scipy.stats import wilcoxon

    from tfnas.strategies.random import RandomSearch

    differences = []
    for seed in range(seeds):
        hidden = RandomSearch(space, seed=10_000 + seed).ask(1)[0].architecture

        def agreement(arch: Architecture) -> float:
            return sum(a == b for a, b in zip(arch.ops, hidden.ops)) / max(len(hidden.ops), len(arch.ops))

        value = objective or agreement
        best = [_best(maker(space, seed), value, budget) for maker in (make, lambda s, n: RandomSearch(s, seed=n))]
        differences.append(best[0] - best[1])
    if any(differences):
        p = float(wilcoxon(differences, alternative="greater").pvalue)
    else:
        p = 1.0
    expect(p < 0.01, f"no better than random search within {budget} trials over {seeds} seeds (p = {p:.3g}).")


def _best(strategy: Strategy, objective: Callable[[Architecture], float], budget: int) -> float:
    strategy.start(budget)
    best = -math.inf
    for number in range(budget):
        (proposal,) = strategy.ask(1)
        value = objective(proposal.architecture)
        best = max(best, value)
        strategy.tell([Trial(number + 1, proposal, Measurement(value))])
    return best


def _value(proposal: Proposal) -> float:
    return zlib.crc32(" ".join(proposal.architecture.ops).encode()) % 1000 / 1000


def _told(proposals: Sequence[Proposal], first: int) -> list[Trial]:
    return [Trial(first + k, proposal, Measurement(_value(proposal))) for k, proposal in enumerate(proposals)]


def _step(strategy: Strategy, count: int, number: int) -> list[Proposal]:
    proposals = strategy.ask(count)
    strategy.tell(_told(proposals, number))
    return proposals


def _check_proposals(make: Maker, space: SearchSpace, trials: int) -> None:
    strategy = make(space, 0)
    strategy.start(trials)
    expect(strategy.space is space, "space should be the space that the strategy was made with.")
    seen: set[str] = set()
    number = 1
    for count in (1, 3, 2):
        for _ in range(max(1, trials // 6)):
            waiting = strategy.ask(count)
            more = strategy.ask(1)  # asked while others are still being measured
            expect(len(waiting) == count and len(more) == 1, f"ask({count}) gave {len(waiting)} of a large space.")
            for proposal in (*waiting, *more):
                space.validate(proposal.architecture)
                key = space.canonical_key(proposal.architecture)
                expect(key not in seen, f"{space.to_native(proposal.architecture)} was proposed twice.")
                seen.add(key)
            strategy.tell(_told([*waiting, *more], number))
            number += count + 1


def _check_determinism_and_state(make: Maker, space: SearchSpace, trials: int) -> None:
    one, twin, other = make(space, 1), make(space, 1), make(space, 2)
    for strategy in (one, twin, other):
        strategy.start(trials)
    log: dict[int, list[Proposal]] = {}
    for number in range(1, trials + 1):
        log[number] = _step(one, 1, number)
        expect(log[number] == _step(twin, 1, number), f"two equal strategies differ at trial {number}.")
        _step(other, 1, number)
    expect(one.get_state()["seen"] != other.get_state()["seen"], "another seed gives the same proposals.")
    with tempfile.TemporaryDirectory() as folder:
        for cut in sorted({1, 2, trials // 3, trials // 2}):
            first = make(space, 1)
            first.start(trials)
            for number in range(1, cut + 1):
                _step(first, 1, number)
            path = pathlib.Path(folder) / "state.json"
            save_state(path, first.get_state())
            second = make(space, 1)
            second.set_state(load_state(path))
            for number in range(cut + 1, trials + 1):
                expect(
                    _step(second, 1, number) == log[number],
                    f"saved after trial {cut} and restored, trial {number} differs from the uninterrupted one.",
                )
    with refused(StateError, "set_state of a strategy with another seed"):
        make(space, 3).set_state(one.get_state())


def _check_failures(make: Maker, space: SearchSpace, trials: int) -> None:
    strategy = make(space, 4)
    strategy.start(trials)
    for number in range(1, trials + 1):
        proposals = strategy.ask(1)
        expect(proposals, f"no proposal after {number} failed trials.")
        strategy.tell([Trial(number, proposals[0], Failure("made to fail"))])
    guest = Proposal(space.sample(strategy.rng), "another strategy")
    strategy.tell([Trial(trials + 1, guest, Measurement(1.0))])  # trials of other sources are welcome
    strategy.tell([Trial(trials + 2, guest, None)])  # and so are unfinished ones
    expect(strategy.ask(1), "no proposal after a trial of another source.")


def _check_exhaustion(make: Maker) -> None:
    space = TinySpace()
    strategy = make(space, 0)
    strategy.start(_LIMIT)
    found: list[Proposal] = []
    for number in range(_LIMIT):
        proposals = _step(strategy, 2, number + 1)
        found += proposals
        if not proposals:
            break
    natives = [space.to_native(proposal.architecture) for proposal in found]
    expect(len(set(natives)) == len(natives), "a small space: a member was proposed twice.")
    expect(len(natives) == space.size, f"a space of {space.size} members ended after {len(natives)} proposals.")
    expect(strategy.ask(1) == [], "an exhausted space should give no proposal.")
