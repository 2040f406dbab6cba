"""The layers of the networks that are made of cells or blocks, written down from the papers."""

from __future__ import annotations

import pytest

from tests.unit.test_network_layers import MEAN, NORM, RELU, conv, depthwise, pool, relu_factorized, table
from tfnas.blueprints.darts import OPERATORS as DARTS_OPERATORS
from tfnas.blueprints.layers import Add, Concat, Conv, Crop, Dropout, Flatten, Pool, Upsample, Zero
from tfnas.spaces.darts import DARTS
from tfnas.spaces.ghn_anytime import GHNAnytime
from tfnas.spaces.ghn_block import GHNBlock

NONE, MAX, AVERAGE, SKIP, SEP3, SEP5, DIL3, DIL5 = DARTS_OPERATORS
NORMAL = ((MAX, 0), (AVERAGE, 1), (SKIP, 0), (SEP3, 2), (SEP5, 1), (DIL3, 3), (DIL5, 0), (NONE, 4))
REDUCE = ((MAX, 0), (AVERAGE, 1), (SKIP, 0), (SEP3, 1), (SEP5, 0), (DIL3, 1), (DIL5, 0), (NONE, 1))
REDUCE_INSIDE = ((SEP3, 0), (MAX, 1), (SEP5, 2), (AVERAGE, 2), (DIL3, 3), (SKIP, 2), (DIL5, 4), (MAX, 3))

AUXILIARY_HEADS = {  # for ImageNet with another stride, and without the last normalisation
    False: [
        *[RELU, Pool("average", 5, 3, "valid"), conv(128, 1), NORM],
        *[RELU, Conv(768, (2, 2), padding="valid"), NORM, RELU, Flatten()],
    ],
    True: [
        *[RELU, Pool("average", 5, 2, "valid"), conv(128, 1), NORM],
        *[RELU, Conv(768, (2, 2), padding="valid"), RELU, Flatten()],
    ],
}


def darts_cell(name: str, sources: tuple[str, str], c: int, strides: int) -> dict[str, list]:
    """`NORMAL` with stride 1, `REDUCE` with stride 2; steps are written in the order of the branches."""
    skip = {f"{name}.branch3.skip_connect < {name}.input0": relu_factorized(c)} if strides == 2 else {}
    skipped = f"{name}.branch3.skip_connect" if strides == 2 else f"{name}.input0"
    sep3, dil3, none = ("sum1", "sum2", "sum3") if strides == 1 else ("input1", "input1", "input1")
    sep5 = "input1" if strides == 1 else "input0"
    return skip | {
        f"{name}.input1 < {sources[1]}": [RELU, conv(c, 1), NORM],
        f"{name}.branch1.max_pool_3x3 < {name}.input0": [pool("max", 3, strides)],
        f"{name}.branch2.avg_pool_3x3 < {name}.input1": [pool("average", 3, strides)],
        f"{name}.sum1 < {name}.branch1.max_pool_3x3, {name}.branch2.avg_pool_3x3": [(Add(), 0, 1)],
        f"{name}.branch4.sep_conv_3x3 < {name}.{sep3}": [
            *[RELU, depthwise(3, strides), conv(c, 1), NORM],
            *[RELU, depthwise(3), conv(c, 1), NORM],
        ],
        f"{name}.sum2 < {skipped}, {name}.branch4.sep_conv_3x3": [(Add(), 0, 1)],
        f"{name}.branch5.sep_conv_5x5 < {name}.{sep5}": [
            *[RELU, depthwise(5, strides), conv(c, 1), NORM],
            *[RELU, depthwise(5), conv(c, 1), NORM],
        ],
        f"{name}.branch6.dil_conv_3x3 < {name}.{dil3}": [RELU, depthwise(3, strides, dilation=2), conv(c, 1), NORM],
        f"{name}.sum3 < {name}.branch5.sep_conv_5x5, {name}.branch6.dil_conv_3x3": [(Add(), 0, 1)],
        f"{name}.branch7.dil_conv_5x5 < {name}.input0": [RELU, depthwise(5, strides, dilation=2), conv(c, 1), NORM],
        f"{name}.branch8.none < {name}.{none}": [Zero()] if strides == 1 else [Pool("max", 1, 2), Zero()],
        f"{name}.sum4 < {name}.branch7.dil_conv_5x5, {name}.branch8.none": [(Add(), 0, 1)],
        f"{name}.concat < {name}.sum1, {name}.sum2, {name}.sum3, {name}.sum4": [(Concat(), 0, 1, 2, 3)],
    }


@pytest.mark.parametrize("imagenet", [False, True], ids=["cifar", "imagenet"])
def test_darts(imagenet):
    """Liu et al., ICLR 2019, and its code, retraining: no ReLU behind the stem, no normalisation behind pools."""
    space = DARTS()
    arch = space.from_cells(NORMAL, REDUCE)
    size = (224, 224, 3) if imagenet else (32, 32, 3)
    skeleton = {"channels": 4, "cells": 3, "auxiliary": True, "imagenet": imagenet}
    blueprint = space.blueprint(arch, size, live_only=False, **skeleton)
    if imagenet:
        stems = ("stem0", "stem1")
        expected = {
            "stem0 < image": [conv(2, 3, 2), NORM, RELU, conv(4, 3, 2), NORM],
            "stem1 < stem0": [RELU, conv(4, 3, 2), NORM],
            "cell1.input0 < stem0": relu_factorized(4),
        }
    else:
        stems = ("stem", "stem")
        expected = {"stem < image": [conv(12, 3), NORM], "cell1.input0 < stem": [RELU, conv(4, 1), NORM]}
    expected |= {
        **darts_cell("cell1", stems, 4, strides=1),
        f"cell2.input0 < {stems[1]}": [RELU, conv(8, 1), NORM],
        **darts_cell("cell2", (stems[1], "cell1.concat"), 8, strides=2),
        "cell3.input0 < cell1.concat": relu_factorized(16),
        **darts_cell("cell3", ("cell1.concat", "cell2.concat"), 16, strides=2),
        "auxiliary_features < cell3.concat": AUXILIARY_HEADS[imagenet],
        "last < cell3.concat": [MEAN],
        "output auxiliary < auxiliary_features": [],
        "output head < last": [],
    }
    assert table(blueprint) == expected
    dropped = table(space.blueprint(arch, size, live_only=False, drop_path=0.2, **skeleton))
    drop = Dropout(0.2, whole=True)
    assert dropped == {
        name: [*layers, drop] if ".branch" in name.partition(" <")[0] and ".none <" not in name else layers
        for name, layers in expected.items()
    }


def test_darts_branches_inside_a_reduction_cell_have_stride_one():
    space = DARTS()
    arch = space.from_cells(NORMAL, REDUCE_INSIDE)
    nodes = table(space.blueprint(arch, (32, 32, 3), channels=4, cells=3))
    assert {name: layers for name, layers in nodes.items() if name.startswith("cell2.branch")} == {
        "cell2.branch1.sep_conv_3x3 < cell2.input0": [
            *[RELU, depthwise(3, 2), conv(8, 1), NORM],
            *[RELU, depthwise(3), conv(8, 1), NORM],
        ],
        "cell2.branch2.max_pool_3x3 < cell2.input1": [pool("max", 3, 2)],
        "cell2.branch3.sep_conv_5x5 < cell2.sum1": [
            *[RELU, depthwise(5), conv(8, 1), NORM],
            *[RELU, depthwise(5), conv(8, 1), NORM],
        ],
        "cell2.branch4.avg_pool_3x3 < cell2.sum1": [pool("average", 3)],
        "cell2.branch5.dil_conv_3x3 < cell2.sum2": [RELU, depthwise(3, dilation=2), conv(8, 1), NORM],
        "cell2.branch7.dil_conv_5x5 < cell2.sum3": [RELU, depthwise(5, dilation=2), conv(8, 1), NORM],
        "cell2.branch8.max_pool_3x3 < cell2.sum2": [pool("max", 3)],
    }


def test_ghn_block():
    """Zhang et al., ICLR 2019, section 5.1: an operator is applied to each input and the results are added up."""
    space = GHNBlock(nodes=11)
    arch = space.from_genes(
        [
            ("identity", (0, 1)),
            ("conv_1x1", (0,)),
            ("sep_conv_3x3", (1, 2)),
            ("sep_conv_5x5", (2,)),
            ("dil_conv_3x3", (0, 3)),
            ("dil_conv_5x5", (1,)),
            ("conv_1x7_7x1", (2, 5)),
            ("max_pool_3x3", (0, 6)),
            ("avg_pool_3x3", (1, 7)),
            ("max_pool_3x3", (3,)),
            ("avg_pool_3x3", (4,)),
        ]
    )
    skeleton = {"channels": 4, "blocks": 3, "auxiliary": True}
    nodes = table(space.blueprint(arch, (32, 32, 3), **skeleton))
    two = [(RELU, 0), (RELU, 1), (Add(), 2, 3)]
    leaves = [
        f"node{k}" for k in ("7.conv_1x7_7x1", "8.max_pool_3x3", "9.avg_pool_3x3", "10.max_pool_3x3", "11.avg_pool_3x3")
    ]
    block = {
        "node1.identity < input_prev_prev, input_prev": [(Add(), 0, 1)],
        "node2.conv_1x1 < input_prev_prev": [RELU, conv(4, 1), NORM],
        "node3.sep_conv_3x3 < input_prev, node1.identity": [*two, depthwise(3), conv(4, 1), NORM],
        "node4.sep_conv_5x5 < node1.identity": [RELU, depthwise(5), conv(4, 1), NORM],
        "node5.dil_conv_3x3 < input_prev_prev, node2.conv_1x1": [*two, depthwise(3, dilation=2), conv(4, 1), NORM],
        "node6.dil_conv_5x5 < input_prev": [RELU, depthwise(5, dilation=2), conv(4, 1), NORM],
        "node7.conv_1x7_7x1 < node1.identity, node4.sep_conv_5x5": [*two, Conv(4, (1, 7)), Conv(4, (7, 1)), NORM],
        "node8.max_pool_3x3 < input_prev_prev, node5.dil_conv_3x3": [
            (pool("max", 3), 0),
            (pool("max", 3), 1),
            (Add(), 2, 3),
        ],
        "node9.avg_pool_3x3 < input_prev, node6.dil_conv_5x5": [(Add(), 0, 1), pool("average", 3)],
        "node10.max_pool_3x3 < node2.conv_1x1": [pool("max", 3)],
        "node11.avg_pool_3x3 < node3.sep_conv_3x3": [pool("average", 3)],
        f"concat < {', '.join(leaves)}": [(Concat(), 0, 1, 2, 3, 4)],
    }
    own = {name: layers for name, layers in nodes.items() if name.startswith(("block1.node", "block1.concat"))}
    assert {name.replace("block1.", ""): layers for name, layers in own.items()} == block
    around = {name: layers for name, layers in nodes.items() if ".node" not in name and ".concat <" not in name}
    assert around == {
        "stem < image": [conv(4, 3), NORM],
        "block1.input_prev_prev < stem": [RELU, conv(4, 1), NORM],
        "block1.input_prev < stem": [RELU, conv(4, 1), NORM],
        "block2.input_prev_prev < stem": relu_factorized(8),
        "block2.input_prev < block1.concat": relu_factorized(8),
        "block3.input_prev_prev.before1 < block1.concat": relu_factorized(16),
        "block3.input_prev_prev < block3.input_prev_prev.before1": relu_factorized(16),
        "block3.input_prev < block2.concat": relu_factorized(16),
        "auxiliary_features < block2.concat": [
            *[RELU, pool("average", 5, 3), conv(128, 1), NORM],
            *[RELU, conv(768, 3), NORM, RELU, MEAN],
        ],
        "last < block3.concat": [RELU, MEAN],
        "output auxiliary < auxiliary_features": [],
        "output head < last": [],
    }
    imagenet = table(space.blueprint(arch, (224, 224, 3), imagenet=True, channels=4))
    assert imagenet["stem < image"] == [conv(4, 3, 2), NORM]
    dropped = table(space.blueprint(arch, (32, 32, 3), drop_path=0.4, **skeleton))
    assert dropped == {
        name: [*layers, Dropout(0.4, whole=True)]
        if ".node" in name.partition(" <")[0] and ".identity <" not in name
        else layers
        for name, layers in nodes.items()
    }


def test_ghn_anytime():
    """Zhang et al., ICLR 2019, sections 3.2 and 5.1: bring to one scale, concatenate, bottleneck, operator."""
    space = GHNAnytime(nodes1=4, nodes2=2, nodes3=1, exits=2)
    arch = space.from_genes(
        [
            [
                ["conv_3x3", 1, 0, [0]],
                ["conv_1x1", 4, 1, [1]],
                ["conv_5x5", 2, 0, [1, 2]],
                ["max_pool_3x3", 1, 0, [2, 3]],
            ],
            [["avg_pool_3x3", 4, 0, [0]], ["conv_1x1", 2, 1, [0]]],
            [["conv_5x5", 4, 0, [0]]],
        ]
    )
    nodes = table(space.blueprint(arch, (9, 9, 1), channels=2))
    assert {name: layers for name, layers in nodes.items() if not name.startswith("output")} == {
        "stem < image": [conv(2, 3), NORM, RELU],
        "cell1.node1.bottleneck < stem": [conv(2, 1), NORM, RELU],
        "cell1.node1.conv_3x3 < cell1.node1.bottleneck": [conv(2, 3), NORM, RELU],
        "cell1.node1.scale4 < cell1.node1.conv_3x3": [pool("average", 4, 4)],
        "cell1.node2.bottleneck < cell1.node1.scale4": [conv(8, 1), NORM, RELU],
        "cell1.node2.conv_1x1 < cell1.node2.bottleneck": [conv(8, 1), NORM, RELU],
        "cell1.node2.exit < cell1.node2.conv_1x1": [MEAN],
        "cell1.node1.scale2 < cell1.node1.conv_3x3": [pool("average", 2, 2)],
        "cell1.node2.scale2 < cell1.node2.conv_1x1": [Upsample(2), Crop(5, 5)],
        "cell1.node3.concat < cell1.node1.scale2, cell1.node2.scale2": [(Concat(), 0, 1)],
        "cell1.node3.bottleneck < cell1.node3.concat": [conv(4, 1), NORM, RELU],
        "cell1.node3.conv_5x5 < cell1.node3.bottleneck": [conv(4, 5), NORM, RELU],
        "cell1.node2.scale1 < cell1.node2.conv_1x1": [Upsample(4), Crop(9, 9)],
        "cell1.node3.scale1 < cell1.node3.conv_5x5": [Upsample(2), Crop(9, 9)],
        "cell1.node4.concat < cell1.node2.scale1, cell1.node3.scale1": [(Concat(), 0, 1)],
        "cell1.node4.bottleneck < cell1.node4.concat": [conv(2, 1), NORM, RELU],
        "cell1.node4.max_pool_3x3 < cell1.node4.bottleneck": [pool("max", 3)],
        "cell1.node4.scale2 < cell1.node4.max_pool_3x3": [pool("average", 2, 2)],
        "cell2.node0.scale4 < cell1.node4.scale2": [pool("average", 2, 2)],
        "cell2.node1.bottleneck < cell2.node0.scale4": [conv(8, 1), NORM, RELU],
        "cell2.node1.avg_pool_3x3 < cell2.node1.bottleneck": [pool("average", 3)],
        "cell2.node2.bottleneck < cell1.node4.scale2": [conv(4, 1), NORM, RELU],
        "cell2.node2.conv_1x1 < cell2.node2.bottleneck": [conv(4, 1), NORM, RELU],
        "cell2.node2.exit < cell2.node2.conv_1x1": [MEAN],
        "cell2.node2.scale4 < cell2.node2.conv_1x1": [pool("average", 2, 2)],
        "cell2.concat < cell2.node1.avg_pool_3x3, cell2.node2.scale4": [(Concat(), 0, 1)],
        "cell3.node1.bottleneck < cell2.concat": [conv(8, 1), NORM, RELU],
        "cell3.node1.conv_5x5 < cell3.node1.bottleneck": [conv(8, 5), NORM, RELU],
        "last < cell3.node1.conv_5x5": [MEAN],
    }
    exits = [name.partition("< ")[2] for name in nodes if name.startswith("output")]
    assert sorted(exits) == ["cell1.node2.exit", "cell2.node2.exit", "last"] and exits[-1] == "last"
