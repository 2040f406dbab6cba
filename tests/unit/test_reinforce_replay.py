"""Schedules, the replay buffer, and the configuration of learning."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.models.reinforce import LearningConfig, ReplayBuffer, Schedule

SPACE = spaces.get("nasbench201")


def networks(count: int) -> list:
    rng = np.random.default_rng(0)
    found = {}
    while len(found) < count:
        arch = SPACE.sample(rng)
        found.setdefault(SPACE.canonical_key(arch), arch)
    return list(found.values())


def test_a_schedule_jumps_or_moves():
    points = ((0, 1.0), (10, 0.5), (20, 0.0))
    steps, line = Schedule(points), Schedule(points, linear=True)
    assert [steps.at(n) for n in (0, 9, 10, 19, 20, 500)] == [1, 1, 0.5, 0.5, 0, 0]
    assert [line.at(n) for n in (0, 5, 10, 15, 20, 500)] == [1, 0.75, 0.5, 0.25, 0, 0]
    assert Schedule.from_json(json.loads(json.dumps(line.to_json()))) == line
    assert Schedule.from_json(15) == Schedule.constant(15) == Schedule(((0, 15),))


@pytest.mark.parametrize(
    "points", [(), ((1, 0.5),), ((0, 1.0), (0, 0.5)), ((0, float("nan")),), ((0, True),), (0, 1), None, ((0, "a"),)]
)
def test_schedules_that_cannot_be(points):
    with pytest.raises(ConfigError, match="growing from 0"):
        Schedule(points)


def test_the_buffer_keeps_the_best_of_distinct_networks():
    archs = networks(10)
    buffer = ReplayBuffer(SPACE, Schedule(((0, 3), (100, 2))))
    values = [0.5, 0.9, 0.1, 0.9, 0.7, 0.2, 0.3, 0.4, 0.6, 0.8]
    assert all(buffer.add(arch, value) for arch, value in zip(archs, values))
    assert not buffer.add(archs[0], 0.99)  # the first value counts
    assert len(buffer) == 10
    assert buffer.kept(0) == [(archs[1], 0.9), (archs[3], 0.9), (archs[9], 0.8)]
    assert buffer.kept(100) == [(archs[1], 0.9), (archs[3], 0.9)]


def test_a_share_follows_what_was_measured():
    archs = networks(21)
    buffer = ReplayBuffer(SPACE, Schedule(((0, 0.3), (100, 0.1)), linear=True))
    for k, arch in enumerate(archs):
        buffer.add(arch, float(k))
    assert [len(buffer.kept(n)) for n in (0, 50, 100)] == [7, 5, 3]  # .3, .2, .1 of 21, rounded up
    assert buffer.kept(100)[0] == (archs[20], 20.0)


def test_isomorphic_networks_are_one():
    one = SPACE.from_native("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|")
    two = SPACE.from_native("|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|")
    assert one != two and SPACE.canonical_key(one) == SPACE.canonical_key(two)
    buffer = ReplayBuffer(SPACE, Schedule.constant(5))
    assert [buffer.add(one, 1.0), buffer.add(two, 2.0)] == [True, False]


def test_the_buffer_travels_as_json():
    archs = networks(4)
    buffer = ReplayBuffer(SPACE, Schedule.constant(3))
    for arch, value in zip(archs, (0.1, 1 / 3, 0.2, 0.25)):
        buffer.add(arch, value)
    other = ReplayBuffer(SPACE, Schedule.constant(3))
    other.set_state(json.loads(json.dumps(buffer.get_state())))
    assert other.kept(9) == buffer.kept(9) and not other.add(archs[0], 1.0)


@pytest.mark.parametrize("keep", [((0, 0),), ((0, 2.5),), ((0, -0.1),)])
def test_impossible_sizes_of_the_buffer(keep):
    with pytest.raises(ConfigError, match="keep"):
        ReplayBuffer(SPACE, Schedule(keep))
    with pytest.raises(ConfigError, match="without linear"):
        ReplayBuffer(SPACE, Schedule(((0, 30), (10, 15)), linear=True))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_rewards_that_are_none_do_not_enter(value):
    buffer = ReplayBuffer(SPACE, Schedule.constant(3))
    with pytest.raises(ConfigError, match="objective.*finite"):
        buffer.add(networks(1)[0], value)
    assert len(buffer) == 0


@pytest.mark.parametrize(
    "options",
    [
        {"rate": 0},
        {"rate": float("nan")},
        {"epochs": 0},
        {"batch": 2.5},
        {"clip": 0},
        {"clip": -1.0},
        {"beta": -0.1},
        {"beta": True},
        {"rewards": "raw"},
        {"restart": 1},
        {"shares": (1.0, 1.0)},
        {"shares": (1.0, -1.0, 1.0)},
    ],
    ids=str,
)
def test_options_of_learning_that_cannot_work(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        LearningConfig(**options)


def test_options_travel_as_json():
    config = LearningConfig(rate=1e-4, clip=1.0, restart=False)
    values = json.loads(json.dumps(config.to_json()))
    assert LearningConfig(**{**values, "shares": tuple(values["shares"])}) == config
