"""Every registered space keeps its contract, and the kit notices when one does not."""

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.spaces import ComponentGrammar, Grammar
from tfnas.testing import TinySpace, check_networks, check_space, check_super_network

SMALL_SKELETON = {
    "nasbench101": {"stem_channels": 8, "modules_per_stack": 1},
    "nasbench201": {"cells_per_stage": 1, "channels": 4},
    "nasbench_macro": {"channels": 4, "stem_channels": 3, "head_channels": 8},
    "fairnas": {"width": 4, "head_channels": 8, "squeeze_excite": True},
    "enas_macro": {"channels": 4},
    "darts": {"cells": 3, "channels": 4, "auxiliary": False, "drop_path": 0.2},
    "randwire": {"channels": 4, "head_channels": 8},
    "ghn_block": {"channels": 4, "blocks": 3, "auxiliary": True},
    "ghn_anytime": {"channels": 3},
}
"""So that a test can build networks by the dozen."""

VARIANTS = (
    *spaces.names(),
    "nasbench101,max_nodes=5,max_edges=6",
    "nasbench101,max_nodes=8,max_edges=16",
    "enas_macro,layers=6",
    "darts,shared=True",
    "randwire,nodes=5",
    "randwire,nodes=8,stages=True",
    "ghn_block,nodes=3",
    "ghn_block,nodes=7,max_inputs=3",
    "ghn_anytime,nodes1=2,nodes2=1,nodes3=1,exits=2",
)

QUICKLY_BUILT = ("nasbench101", "nasbench201", "nasbench_macro")

WITH_SUPER_NETWORK = ("nasbench201", "nasbench_macro", "fairnas")


@pytest.mark.parametrize("name", VARIANTS)
def test_registered_space(name):
    space = spaces.get(name)
    assert space.name == name
    check_space(space, samples=40)


def test_the_kits_own_space():
    check_space(TinySpace())


@pytest.mark.parametrize("name", spaces.names())
def test_networks_of_registered_space(name):
    space = spaces.get(name)
    rng = np.random.default_rng(0)
    count = 50 if name in QUICKLY_BUILT else 6
    check_networks(space, [space.sample(rng) for _ in range(count)], **SMALL_SKELETON[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in spaces.names() if name not in QUICKLY_BUILT])
def test_fifty_networks_of_registered_space(name):
    space = spaces.get(name)
    rng = np.random.default_rng(0)
    check_networks(space, [space.sample(rng) for _ in range(50)], **SMALL_SKELETON[name])


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in spaces.names()])
def test_networks_of_variants(name):
    space = spaces.get(name)
    rng = np.random.default_rng(0)
    members = [space.sample(rng) for _ in range(4)]
    check_networks(space, members, **SMALL_SKELETON[name.partition(",")[0]])


@pytest.mark.parametrize("name", ["nasbench201", "nasbench_macro", pytest.param("fairnas", marks=pytest.mark.slow)])
def test_super_network(name):
    assert name in WITH_SUPER_NETWORK
    space = spaces.get(name)
    rng = np.random.default_rng(1)
    check_super_network(space, [space.sample(rng) for _ in range(20)], **SMALL_SKELETON[name])


@pytest.mark.parametrize("name", [name for name in spaces.names() if name not in WITH_SUPER_NETWORK])
def test_spaces_whose_wiring_varies_have_no_super_network(name):
    with pytest.raises(ConfigError, match="differ in their wiring"):
        spaces.get(name).super_blueprint()


@pytest.mark.parametrize(
    "native",
    [
        "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|none~2|",  # both convolutions are dead
        "|none~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|",  # two of three are
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|none~0|none~1|none~2|",  # no path at all
    ],
)
def test_networks_with_dead_operators(native):
    space = spaces.get("nasbench201")
    check_networks(space, [space.from_native(native)], **SMALL_SKELETON["nasbench201"])


CHAIN = frozenset({(0, 1), (1, 2), (2, 3)})
TINY_OPS = (("input",), ("a", "b", "c"), ("a", "b", "c"), ("output",))


def broken(**members):
    return type("Broken", (TinySpace,), members)()


@pytest.mark.parametrize(
    "space, sentence",
    [
        (broken(size=9.0), "exact positive int"),
        (broken(size=10), "enumerate gives 9 members, size is 10"),
        (broken(num_networks=8), "9 canonical keys"),
        (broken(size=4, num_networks=None), "have 9 members, size is 4"),
        (broken(canonical_key=lambda self, arch: arch.ops[1]), "num_networks is size, but 9 members have 3"),
        (
            broken(grammar=Grammar((ComponentGrammar("chain", (("input",), ("a",), ("a",), ("output",)), CHAIN),))),
            "is not in the grammar at node",
        ),
        (
            broken(grammar=Grammar((ComponentGrammar("chain", TINY_OPS, CHAIN - {(1, 2)}),))),
            "that the grammar has otherwise: ..1, 2..",
        ),
        (broken(sample=lambda self, rng: self.from_native("ab")), "all the same member"),
        (broken(sample=lambda self, rng: TinySpace.sample(self, np.random.default_rng())), "depend on rng alone"),
        (broken(op_names=("input", "a", "b", "output")), "op_names lacks: \\['c'\\]"),
        (broken(max_nodes=3), "has 4 nodes, max_nodes is 3"),
        (broken(to_native=lambda self, arch: "ab"), "from_native\\(to_native\\(arch\\)\\) is not arch"),
        (broken(neighbors=lambda self, arch: [arch]), "its own neighbour"),
        (broken(neighbors=lambda self, arch: [self.from_native("ab")]), "."),
        (broken(validate=lambda self, arch: None), "another space should raise"),
        (broken(mutate=lambda self, arch, rng: arch), "mutate left"),
        (broken(canonical_key=lambda self, arch: 3), "not stable text"),
    ],
)
def test_the_kit_notices(space, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_space(space)
