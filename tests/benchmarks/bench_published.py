"""Published figures of the search spaces beside ours. The tests hold every one of them."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.line import Line
from tests.unit.test_fairnas import FIGURES, IMAGENET
from tests.unit.test_nasbench201 import PUBLISHED as CELLS
from tests.unit.test_nasbench_macro import PUBLISHED as CHAINS
from tfnas import spaces
from tfnas.spaces.fairnas import PUBLISHED as NAMES

_MOBILE, _DRAWN = 100, 1_000
_IMAGENET = ((224, 224, 3), 1000)
INCEPTION = (
    "0111010"
    "0000001"
    "0000001"
    "0000100"
    "0000001"
    "0000001"
    "0000000"
    ":input,conv1x1-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,maxpool3x3,output"
)
DARTS_V2 = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], "
    "normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), "
    "('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
    "reduce_concat=[2, 3, 4, 5])"
)


def measure() -> list[Line]:
    """Computes every figure; the ratio is ours by the published one."""
    lines = []

    def line(name: str, ours: float, published: float, unit: str = "") -> None:
        lines.append(Line(name, ours, unit, f"{published:,}", ours / published, "the published figure"))

    nb101, nb201, macro = (spaces.get(name) for name in ("nasbench101", "nasbench201", "nasbench_macro"))
    line("nasbench101, distinct networks", sum(1 for _ in nb101.unique()), 423_624)
    line("nasbench101, parameters of the Inception-like cell", nb101.cost(nb101.from_native(INCEPTION)).params, 2694282)
    for cell, figures in CELLS.items():
        params, flop = figures["cifar10"]
        arch = nb201.from_native(cell)
        line(f"nasbench201, parameters of {cell[:24]}...", nb201.cost(arch).params, round(1e6 * params))
        line(f"nasbench201, flop of {cell[:24]}...", nb201.published_flops(arch), round(1e6 * flop))
    line("nasbench201, distinct networks", len({nb201.canonical_key(arch) for arch in nb201.enumerate()}), 5_425)
    for digits, (params, flops) in CHAINS.items():
        cost = macro.cost(macro.from_native(digits))
        line(f"nasbench_macro {digits}, parameters", cost.params, params)
        line(f"nasbench_macro {digits}, FLOPs", cost.macs, flops)
    line("nasbench_macro, distinct networks", len({macro.canonical_key(arch) for arch in macro.enumerate()}), 3_969)
    fairnas = spaces.get("fairnas")
    for name, digits in NAMES.items():
        macs, params = FIGURES[digits]
        cost = fairnas.cost(fairnas.from_native(digits), *IMAGENET)
        line(f"{name}, multiply-accumulates", round(cost.macs / 1e6, 2), macs, "M")
        line(f"{name}, parameters", round(cost.params / 1e6, 3), params, "M")
    darts = spaces.get("darts")
    cell = darts.from_native(DARTS_V2)
    line("DARTS_V2, CIFAR, parameters", darts.cost(cell).params, 3_349_342)
    imagenet = darts.cost(cell, (224, 224, 3), 1000, channels=48, cells=14, imagenet=True)
    line("DARTS_V2, ImageNet, parameters", imagenet.params, 4_718_752)
    wired = spaces.get("randwire")
    full = wired.from_edges([(i, j) for j in range(32) for i in range(j)])
    line("RandWire, fully connected base network, parameters", wired.cost(full, (224, 224, 3), 200).params, 3_490_000)
    block = spaces.get("ghn_block")
    rng = np.random.default_rng(0)
    costs = []
    for _ in range(_MOBILE):
        arch = block.sample(rng)
        width = block.mobile_channels(arch)
        costs.append(block.cost(arch, (224, 224, 3), 1000, imagenet=True, channels=width))
    mean = [float(np.mean([getattr(cost, name) for cost in costs])) / 1e6 for name in ("macs", "params")]
    line(f"GHN block, ImageNet mobile, mean of {_MOBILE} random members, multiply-accumulates", mean[0], 569, "M")
    line(f"GHN block, ImageNet mobile, mean of {_MOBILE} random members, parameters", mean[1], 6.1, "M")
    fitting = np.mean([block.cost(block.sample(rng), *_IMAGENET, imagenet=True).macs < 600e6 for _ in range(_DRAWN)])
    lines.append(Line(f"GHN block, ImageNet default, {_DRAWN} members under 600 M", 100 * float(fitting), "%"))
    anytime = spaces.get("ghn_anytime")
    macs = [anytime.cost(anytime.sample(rng)).macs / 1e6 for _ in range(_DRAWN)]
    for quantile in (5, 95):
        figure = float(np.percentile(macs, quantile))
        lines.append(Line(f"GHN anytime, {_DRAWN} members, {quantile} % need less", figure, "M"))
    return lines
