"""FairNAS, judged by published figures."""

from __future__ import annotations

import pytest

from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces import FairNAS
from tfnas.spaces.fairnas import PUBLISHED

SPACE = FairNAS()
IMAGENET = ((224, 224, 3), 1000)

FIGURES = {  # millions of multiply-accumulates and of parameters
    PUBLISHED["FairNAS-A"]: (388.12, 4.651),
    PUBLISHED["FairNAS-B"]: (345.30, 4.506),
    PUBLISHED["FairNAS-C"]: (321.02, 4.398),
    "0" * 19: (247.13, 3.19),
    "3" * 19: (452.04, 4.68),
    "5" * 19: (557.41, 5.09),
}


@pytest.mark.parametrize("native", FIGURES)
def test_cost_of_published_networks(native):
    macs, params = FIGURES[native]
    cost = SPACE.cost(SPACE.from_native(native), *IMAGENET)
    digits = len(str(params).partition(".")[2])
    assert round(cost.macs / 1e6, 2) == macs and round(cost.params / 1e6, digits) == params


def test_a_smaller_head():
    arch = SPACE.from_native("3" * 19)
    large, small = SPACE.cost(arch, *IMAGENET), SPACE.cost(arch, (224, 224, 3), 100)
    assert large.macs - small.macs == 1280 * 900 and large.params - small.params == 1281 * 900


def test_squeeze_and_excitation_adds_two_convolutions_of_a_pixel_a_layer():
    from tfnas.blueprints.fairnas import EXPANSIONS, KERNELS, LAYERS

    arch = SPACE.from_native(PUBLISHED["FairNAS-A"])
    plain, squeezed = SPACE.cost(arch, *IMAGENET), SPACE.cost(arch, *IMAGENET, squeeze_excite=True)
    params = macs = 0
    inputs = 16
    for (outputs, _), choice in zip(LAYERS, SPACE.super_choices(arch)):
        hidden, reduced = inputs * EXPANSIONS[choice // len(KERNELS)], inputs // 4
        macs += 2 * hidden * reduced
        params += 2 * hidden * reduced + hidden + reduced
        inputs = outputs
    assert (squeezed.params - plain.params, squeezed.macs - plain.macs) == (params, macs)


def test_size_and_key():
    assert SPACE.size == SPACE.num_networks == 6**19
    for native in PUBLISHED.values():
        assert SPACE.canonical_key(SPACE.from_native(native)) == native
    assert SPACE.op_names[1:-1] == ("mb_k3_e3", "mb_k5_e3", "mb_k7_e3", "mb_k3_e6", "mb_k5_e6", "mb_k7_e6")


@pytest.mark.parametrize("native", ["0" * 18, "0" * 20, "6" + "0" * 18, "a" + "0" * 18, None])
def test_strings_that_are_no_member(native):
    with pytest.raises(InvalidArchitectureError, match="fairnas"):
        SPACE.from_native(native)


@pytest.mark.parametrize(
    ("skeleton", "message"),
    [({"width": 30}, "multiple of 4"), ({"width": 0}, "width"), ({"squeeze": True}, "squeeze_excite")],
)
def test_sizes_that_cannot_be(skeleton, message):
    with pytest.raises(ConfigError, match=message):
        SPACE.cost(SPACE.from_native("0" * 19), **skeleton)
