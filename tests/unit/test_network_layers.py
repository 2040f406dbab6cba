"""The layers of every network with all their arguments, written down from the papers. First the networks without cells.

Parameters, costs and the agreement of two readings of a blueprint do not see a missing ReLU, another kind of
pooling, a dilation or the momentum of a normalisation; these tables do.
"""

from __future__ import annotations

import pytest

from tfnas import spaces
from tfnas.blueprints import Blueprint, Choice, Layer, Operator, operators
from tfnas.blueprints.layers import (
    Add,
    BatchNorm,
    Concat,
    Conv,
    DepthwiseConv,
    Dropout,
    GatedSum,
    GlobalPool,
    Identity,
    Mean,
    Multiply,
    Pool,
    Relu,
    Shift,
    Sigmoid,
    Zero,
)
from tfnas.spaces import FairNAS, NASBench201, NASBenchMacro
from tfnas.spaces.enas_macro import ENASMacro
from tfnas.spaces.randwire import RandWire

NORM = BatchNorm(momentum=0.9, epsilon=1e-5, affine=True)  # PyTorch: momentum .1 of the new, epsilon 1e-5
RELU, RELU6 = Relu(maximum=None), Relu(maximum=6.0)
MEAN = GlobalPool(keep=False)


def conv(filters: int, kernel: int, strides: int = 1) -> Conv:
    return Conv(filters, (kernel, kernel), strides, dilation=1, bias=False, padding="same")


def depthwise(kernel: int, strides: int = 1, dilation: int = 1) -> DepthwiseConv:
    return DepthwiseConv((kernel, kernel), strides, dilation)


def pool(kind: str, size: int, strides: int = 1) -> Pool:
    return Pool(kind, size, strides, padding="same")


def factorized(filters: int) -> list:
    """Factorised reduction without a ReLU: every second pixel, and every second one of the image moved by one."""
    return [conv(filters // 2, 1, 2), (Shift(), 0), conv(filters // 2, 1, 2), (Concat(), 1, 3), NORM]


def relu_factorized(filters: int) -> list:
    return [RELU, conv(filters // 2, 1, 2), (Shift(), 1), conv(filters // 2, 1, 2), (Concat(), 2, 4), NORM]


def inverted(inputs: int, outputs: int, kernel: int, expansion: int, strides: int, relu: Relu) -> list:
    """Inverted residual (Sandler et al., CVPR 2018): no ReLU behind the last convolution, none after the sum."""
    hidden = [conv(inputs * expansion, 1), NORM, relu, depthwise(kernel, strides), NORM, relu]
    whole = [*hidden, conv(outputs, 1), NORM]
    return [*whole, (Add(), 0, 8)] if strides == 1 and inputs == outputs else whole


def layers_of(operator: Operator) -> list[Layer | tuple]:
    """The layers of an operator, as tuples with what they read where that is not the result just before.

    Numbers are those of `Step.inputs`: the operator's inputs first, then the results.
    """
    found: list[Layer | tuple] = []
    for k, step in enumerate(operator.steps):
        before = (operator.num_inputs + k - 1,)
        found.append(step.layer if step.inputs == before else (step.layer, *step.inputs))
    return found


def table(blueprint: Blueprint) -> dict[str, list]:
    """The nodes as ``"name < inputs"``, with their layers; the last entries are the outputs."""
    names = [*(node.name for node in blueprint.nodes), "image"]
    nodes = {
        f"{node.name} < {', '.join(names[k] for k in node.inputs)}": layers_of(node.operator)
        for node in blueprint.nodes
    }
    return nodes | {f"output {output} < {names[k]}": [] for output, k in blueprint.outputs}


SHARED = {
    operators.layer(MEAN): [MEAN],
    operators.identity(): [Identity()],
    operators.nothing(): [],
    operators.zero(): [Zero()],
    operators.conv_bn(4): [conv(4, 1), NORM],
    operators.conv_bn(4, 3, 2, relu=RELU6): [conv(4, 3, 2), NORM, RELU6],
    operators.relu_conv_bn(4, 5, 2): [RELU, conv(4, 5, 2), NORM],
    operators.pool("max"): [pool("max", 3)],
    operators.pool("average", 2, 2): [pool("average", 2, 2)],
    operators.separable(4, 3): [RELU, depthwise(3), conv(4, 1), NORM],
    operators.separable(4, 5, 2, 2): [RELU, depthwise(5, 2, 2), conv(4, 1), NORM],
    operators.separable_twice(4, 3, 2): [
        *[RELU, depthwise(3, 2), conv(4, 1), NORM],
        *[RELU, depthwise(3, 1), conv(4, 1), NORM],
    ],
    operators.factorized_reduction(4): relu_factorized(4),
    operators.factorized_reduction(4, relu=False): factorized(4),
    operators.inverted_residual(4, 4, 3, 3): inverted(4, 4, 3, 3, 1, RELU),
    operators.inverted_residual(4, 4, 5, 6, 2): inverted(4, 4, 5, 6, 2, RELU),
    operators.inverted_residual(4, 6, 7, 3, 1, RELU6): inverted(4, 6, 7, 3, 1, RELU6),
    operators.inverted_residual(4, 4, 3, 2, 1, RELU6, squeeze=3): [
        *[conv(8, 1), NORM, RELU6, depthwise(3), NORM, RELU6, GlobalPool(keep=True)],
        *[Conv(3, (1, 1), bias=True), RELU, Conv(8, (1, 1), bias=True), Sigmoid(), (Multiply(), 6, 11)],
        *[conv(4, 1), NORM, (Add(), 0, 14)],
    ],
}


@pytest.mark.parametrize("operator", SHARED, ids=range(len(SHARED)))
def test_shared_operators(operator):
    assert layers_of(operator) == SHARED[operator]


def test_nasbench201():
    """Dong & Yang, ICLR 2020: operators are ReLU, convolution, normalisation; none behind the pooling."""
    space = NASBench201()
    arch = space.from_native(
        "|nor_conv_1x1~0|+|skip_connect~0|none~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|",
    )
    skeleton = {"cells_per_stage": 1, "channels": 4}
    expected = {"stem < image": [conv(4, 3), NORM]}
    for stage, x, c in ((1, "stem", 4), (2, "stage2.reduce.sum", 8), (3, "stage3.reduce.sum", 16)):
        cell = f"stage{stage}.cell1"
        expected |= {
            f"{cell}.edge01.nor_conv_1x1 < {x}": [RELU, conv(c, 1), NORM],
            f"{cell}.edge12.none < {cell}.edge01.nor_conv_1x1": [Zero()],
            f"{cell}.node2 < {x}, {cell}.edge12.none": [(Add(), 0, 1)],
            f"{cell}.edge03.avg_pool_3x3 < {x}": [pool("average", 3)],
            f"{cell}.edge13.none < {cell}.edge01.nor_conv_1x1": [Zero()],
            f"{cell}.edge23.nor_conv_3x3 < {cell}.node2": [RELU, conv(c, 3), NORM],
            f"{cell}.node3 < {cell}.edge03.avg_pool_3x3, {cell}.edge13.none, {cell}.edge23.nor_conv_3x3": [
                (Add(), 0, 1, 2)
            ],
        }
    for stage, x, c in ((2, "stage1.cell1.node3", 8), (3, "stage2.cell1.node3", 16)):
        block = f"stage{stage}.reduce"
        expected |= {
            f"{block}.a < {x}": [RELU, conv(c, 3, 2), NORM],
            f"{block}.b < {block}.a": [RELU, conv(c, 3), NORM],
            f"{block}.shortcut < {x}": [pool("average", 2, 2), conv(c, 1)],
            f"{block}.sum < {block}.b, {block}.shortcut": [(Add(), 0, 1)],
        }
    expected |= {"last < stage3.cell1.node3": [NORM, RELU, MEAN], "output head < last": []}
    assert table(space.blueprint(arch, (8, 8, 3), live_only=False, **skeleton)) == expected
    for node in space.super_blueprint((8, 8, 3), **skeleton).nodes:
        if isinstance(node.operator, Choice):
            c = node.shape[-1]
            assert {name: layers_of(operator) for name, operator in node.operator.options.items()} == {
                "none": [Zero()],
                "skip_connect": [Identity()],
                "nor_conv_1x1": [RELU, conv(c, 1), NORM],
                "nor_conv_3x3": [RELU, conv(c, 3), NORM],
                "avg_pool_3x3": [pool("average", 3)],
            }


def test_nasbench_macro():
    """Su et al., CVPR 2021, and its code: plain ReLUs, and none behind the convolution in an identity's place."""
    space = NASBenchMacro()
    arch = space.from_native("01102200")
    blueprint = space.blueprint(arch, (8, 8, 3), channels=4, stem_channels=2, head_channels=7)
    assert table(blueprint) == {
        "stem < image": [conv(2, 3), NORM, RELU],
        "layer1.identity < stem": [conv(4, 1, 2), NORM],
        "layer2.mb_e3_k3 < layer1.identity": inverted(4, 4, 3, 3, 1, RELU),
        "layer3.mb_e3_k3 < layer2.mb_e3_k3": inverted(4, 8, 3, 3, 2, RELU),
        "layer5.mb_e6_k5 < layer3.mb_e3_k3": inverted(8, 8, 5, 6, 1, RELU),
        "layer6.mb_e6_k5 < layer5.mb_e6_k5": inverted(8, 16, 5, 6, 2, RELU),
        "last < layer6.mb_e6_k5": [conv(7, 1), NORM, RELU, MEAN],
        "output head < last": [],
    }


def test_fairnas():
    """Chu et al., ICCV 2021, and its code: ReLU6 everywhere, dropout .2 before the classifier."""
    published = [  # kernel, expansion; input and output channels, stride
        *[(3, 3, 16, 32, 2), (5, 3, 32, 32, 1)],
        *[(7, 3, 32, 40, 2), (3, 6, 40, 40, 1), (5, 6, 40, 40, 1), (7, 6, 40, 40, 1)],
        *[(3, 3, 40, 80, 2), (5, 3, 80, 80, 1), (7, 3, 80, 80, 1), (3, 6, 80, 80, 1)],
        *[(5, 6, 80, 96, 1), (7, 6, 96, 96, 1), (3, 3, 96, 96, 1), (5, 3, 96, 96, 1)],
        *[(7, 3, 96, 192, 2), (3, 6, 192, 192, 1), (5, 6, 192, 192, 1), (7, 6, 192, 192, 1)],
        (3, 3, 192, 320, 1),
    ]
    expected = {
        "stem < image": [conv(32, 3, 2), NORM, RELU6],
        "separable < stem": [depthwise(3), NORM, RELU6, conv(16, 1), NORM],
    }
    x = "separable"
    for k, (kernel, expansion, inputs, outputs, strides) in enumerate(published, start=1):
        name = f"layer{k}.mb_k{kernel}_e{expansion}"
        expected[f"{name} < {x}"] = inverted(inputs, outputs, kernel, expansion, strides, RELU6)
        x = name
    expected |= {
        f"last < {x}": [conv(1280, 1), NORM, RELU6, MEAN, Dropout(0.2, whole=False)],
        "output head < last": [],
    }
    space = FairNAS()
    arch = space.from_native("0123450123450123450")
    assert table(space.blueprint(arch, (224, 224, 3))) == expected
    squeezed = {node.name: node for node in space.blueprint(arch, squeeze_excite=True).nodes}
    squeeze, relu, excite = layers_of(squeezed["layer5.mb_k5_e6"].operator)[7:10]  # a quarter of the block's inputs
    assert (squeeze, relu, excite) == (Conv(10, (1, 1), bias=True), RELU, Conv(240, (1, 1), bias=True))


def test_randwire():
    """GraphPNAS, appendix E.1 and Table 9; Xie et al., ICCV 2019: strides at the nodes that read the stage's input."""
    space = RandWire(nodes=4)
    arch = space.from_native("[[[],[0],[],[0,1]]]")  # nodes 1 to 4: 1 > 2, 1 > 4, 2 > 4; 3 is alone
    expected = {"stem1 < image": [conv(32, 3, 2), NORM], "stem2 < stem1": [RELU, conv(64, 3, 2), NORM]}
    x = "stem2"
    for stage, c in ((1, 64), (2, 128), (3, 256)):
        n1, n2, n3, n4 = (f"stage{stage}.node{k}.sep_conv_3x3" for k in (1, 2, 3, 4))
        expected |= {
            f"{n1} < {x}": [RELU, depthwise(3, 2), conv(c, 1), NORM],
            f"{n2} < {n1}": [RELU, depthwise(3, 1), conv(c, 1), NORM],
            f"{n3} < {x}": [RELU, depthwise(3, 2), conv(c, 1), NORM],
            f"stage{stage}.node4.sum < {n1}, {n2}": [(GatedSum(), 0, 1)],
            f"{n4} < stage{stage}.node4.sum": [RELU, depthwise(3, 1), conv(c, 1), NORM],
            f"stage{stage}.mean < {n3}, {n4}": [(Mean(), 0, 1)],
        }
        x = f"stage{stage}.mean"
    last = [RELU, conv(1280, 1), NORM, RELU, MEAN]
    assert table(space.blueprint(arch, (224, 224, 3))) == expected | {f"last < {x}": last, "output head < last": []}
    large = {node.name: layers_of(node.operator) for node in space.blueprint(arch, (224, 224, 3), large=True).nodes}
    assert [large["stem1"], large["stem2"]] == [[conv(48, 3, 2), NORM], [RELU, conv(96, 3, 2), NORM]]
    assert [large[f"stage{k}.node1.sep_conv_3x3"][1:3] for k in (1, 2, 3, 4)] == [
        [depthwise(3, 2), conv(192, 1)],
        [depthwise(3, 2), conv(288, 1)],
        [depthwise(3, 1), conv(384, 1)],
        [depthwise(3, 2), conv(586, 1)],
    ]
    assert large["last"] == last


@pytest.mark.parametrize("fixed", [False, True], ids=["search", "fixed"])
def test_enas_macro(fixed):
    """Pham et al., ICML 2018, and its code: no ReLU behind sums, in reductions or behind the stem."""
    space = ENASMacro(layers=6)
    arch = space.from_layers(
        ["conv3x3", "sep3x3", "conv5x5", "sep5x5", "avg3x3", "max3x3"],
        [[], [1], [0, 1], [1, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0, 0]],
    )
    c1, c2, c3 = (4, 8, 16) if fixed else (4, 4, 4)  # up to the first reduction, the second, the end

    def first(channels: int) -> list:
        return [conv(channels, 1), NORM, RELU]

    def join(channels: int, count: int) -> list:
        if fixed:
            joined = [(Concat(), *range(count))] if count > 1 else []
            return [*joined, RELU, conv(channels, 1), NORM]
        return [(Add(), *range(count)), NORM] if count > 1 else [NORM]

    expected = {
        "stem < image": [conv(c1, 3), NORM],
        "layer1.conv3x3 < stem": [*first(c1), conv(c1, 3), NORM, RELU],
        "layer2.sep3x3 < layer1.conv3x3": [*first(c1), depthwise(3), conv(c1, 1), NORM, RELU],
        "layer2.join < stem, layer2.sep3x3": join(c1, 2),
        "layer2.reduce0 < stem": factorized(c2),
        "layer2.reduce1 < layer1.conv3x3": factorized(c2),
        "layer2.reduce2 < layer2.join": factorized(c2),
        "layer3.conv5x5 < layer2.reduce2": [*first(c2), conv(c2, 5), NORM, RELU],
        "layer3.join < layer2.reduce1, layer3.conv5x5": join(c2, 2),
        "layer4.sep5x5 < layer3.join": [*first(c2), depthwise(5), conv(c2, 1), NORM, RELU],
        "layer4.join < layer2.reduce0, layer4.sep5x5": join(c2, 2),
        "layer4.reduce1 < layer2.reduce1": factorized(c3),
        "layer4.reduce4 < layer4.join": factorized(c3),
        "layer5.avg3x3 < layer4.reduce4": [*first(c3), pool("average", 3)],
        "layer5.join < layer5.avg3x3": join(c3, 1),
        "layer6.max3x3 < layer5.join": [*first(c3), pool("max", 3)],
        "layer6.join < layer4.reduce1, layer6.max3x3": join(c3, 2),
        "last < layer6.join": [MEAN, Dropout(0.1, whole=False)],
        "output head < last": [],
    }
    assert table(space.blueprint(arch, (8, 8, 3), channels=4, fixed=fixed, dropout=0.1)) == expected


PUBLISHED = {
    "nasbench101": {"stem_channels": 128, "num_stacks": 3, "modules_per_stack": 3},
    "nasbench201": {"cells_per_stage": 5, "channels": 16},
    "nasbench_macro": {"channels": 64, "stem_channels": 32, "head_channels": 1280},
    "fairnas": {"width": 32, "head_channels": 1280, "dropout": 0.2, "squeeze_excite": False},
    "randwire": {"channels": 64, "head_channels": 1280, "large": False},
    "enas_macro": {"fixed": False, "channels": 36, "dropout": 0.0},
    "darts": {"channels": 36, "cells": 20, "auxiliary": False, "drop_path": 0.0, "imagenet": False},
    "ghn_block": {"channels": None, "blocks": None, "auxiliary": False, "drop_path": 0.0, "imagenet": False},
    "ghn_anytime": {"channels": 16},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_sizes_around_the_cells(name):
    assert dict(spaces.get(name).skeleton_defaults()) == PUBLISHED[name]
