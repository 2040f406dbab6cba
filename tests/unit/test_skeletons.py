"""Sizes around the cells: what is taken, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.own import SPACES
from tfnas import spaces
from tfnas.checks import check_flag, check_rate
from tfnas.errors import ConfigError, InvalidArchitectureError


@pytest.mark.parametrize("name", SPACES)
def test_numbers_of_numpy_are_numbers(name):
    """Also afterwards: operators are kept by their sizes, and must not keep the numbers' type."""
    space = spaces.get(name)
    arch = space.sample(np.random.default_rng(0))
    sizes = {key: value for key, value in space.skeleton_defaults().items() if isinstance(value, int)}
    plain = {key: value + 4 if type(value) is int else value for key, value in sizes.items()}
    narrow = {key: np.int16(value) if type(value) is int else np.bool_(value) for key, value in plain.items()}
    given = space.cost(arch, (32, 32, 3), np.int16(10), **narrow)
    after = space.cost(arch, (160, 160, 3), 10, **plain)
    assert given == space.cost(arch, (32, 32, 3), 10, **plain)
    assert {type(value) for cost in (given, after) for value in (cost.params, cost.macs)} == {int}
    assert after.macs > given.macs


@pytest.mark.parametrize("name", SPACES)
def test_values_of_a_wrong_kind_are_refused_by_name(name):
    space = spaces.get(name)
    arch = space.sample(np.random.default_rng(0))
    for key, default in space.skeleton_defaults().items():
        if isinstance(default, bool):
            wrong = (1, "true", None, 0.0)
        elif isinstance(default, float):
            wrong = (1, -0.1, float("nan"), "a", True, [1])
        else:
            wrong = (0, -1, 2.5, "8", True, [1])
        for value in wrong:
            with pytest.raises(ConfigError, match=rf"^{key}: "):
                space.cost(arch, **{key: value})
    with pytest.raises(ConfigError, match=f"skeleton of {name}: expected .*; received no_such_size"):
        space.cost(arch, no_such_size=3)


@pytest.mark.parametrize("name", SPACES)
def test_members_of_another_space_have_no_network_here(name):
    space = spaces.get(name)
    other = spaces.get("nasbench201" if name != "nasbench201" else "fairnas")
    foreign = other.sample(np.random.default_rng(0))
    for ask in (space.cost, space.blueprint):
        with pytest.raises(InvalidArchitectureError, match=f"expected a member of '{name}'"):
            ask(foreign)


def test_members_of_another_variant_have_no_network_here():
    small, large = spaces.get("randwire,nodes=4"), spaces.get("randwire,nodes=5")
    with pytest.raises(InvalidArchitectureError, match="a member of 'randwire,nodes=4'"):
        large.cost(small.sample(np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nasbench101,foo=1", "options of space 'nasbench101': expected max_nodes, max_edges; received 'foo'"),
        ("nasbench101,", "option: expected NAME=VALUE"),
        ("nasbench101,=3", "option: expected NAME=VALUE"),
        ("nasbench101,max_nodes", "option: expected NAME=VALUE"),
        ("nasbench101,max_nodes=many", "option: expected NAME=VALUE"),
        ("nasbench101,max_nodes=6,max_nodes=7", "option max_nodes: expected one value; received 6 and 7"),
        ("nasbench101,max_nodes=99", "max_nodes"),
        ("nasbench201,max_nodes=6", "options of space 'nasbench201': expected none; received 'max_nodes'"),
    ],
)
def test_options_of_a_space_that_cannot_be(text, message):
    with pytest.raises(ConfigError, match=message):
        spaces.get(text)


def test_rates_and_flags():
    check_rate(x=0, y=0.99)
    check_flag(x=True, y=np.False_)
    for value in (1, -0.01, float("nan"), True, None):
        with pytest.raises(ConfigError, match="x: expected a rate, from 0 to below 1"):
            check_rate(x=value)
    for value in (0, 1, "no", None):
        with pytest.raises(ConfigError, match="x: expected true or false"):
            check_flag(x=value)


def test_a_space_in_a_module_of_ones_own_is_found_and_known():
    space = spaces.get("tests.unit.users_space:ChainSpace")
    assert space.name == "chain" and type(spaces.get("chain")) is type(space)
    for name, message in [
        ("tests.unit.users_space:Nothing", "'module:attribute' of a module that can be imported"),
        ("no.such.module:Space", "PYTHONPATH"),
        ("tests.unit.users_space:TinySpace.sample", "expected a subclass of tfnas.spaces.SearchSpace"),
    ]:
        with pytest.raises(ConfigError, match=message):
            spaces.get(name)


def test_names_that_could_not_be_found_again_are_refused():
    from tfnas.testing import TinySpace

    for name in ("my space,x=1", "a:b", "", None):
        with pytest.raises(ConfigError, match="text without commas and colons"):
            spaces.register(type("Mine", (TinySpace,), {"name": name}))


def test_networks_that_are_none_are_said():
    import keras

    from tfnas.blueprints import IMAGE, Draft, layers
    from tfnas.testing import TinySpace

    forgetful = type("Forgetful", (TinySpace,), {"_blueprint": lambda self, arch, input_shape, *, live_only: None})()
    with pytest.raises(ConfigError, match="_blueprint of tiny: expected a Blueprint; received None"):
        forgetful.cost(forgetful.from_native("ab"))
    for operator in (keras.layers.Conv2D(3, 3), layers.GlobalPool()):
        with pytest.raises(ConfigError, match="operator of c: expected an Operator"):
            Draft((8, 8, 3)).add("c", operator, IMAGE)
