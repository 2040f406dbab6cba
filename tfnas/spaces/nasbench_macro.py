"""NAS-Bench-Macro: eight layers, each an identity or one of two inverted residuals (Su et al., CVPR 2021)."""

from __future__ import annotations

from typing import Any, Sequence

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.blueprints.nasbench_macro import IDENTITY, OPERATORS, STAGES, network
from tfnas.spaces.chain import ChainSpace

_STARTS = tuple(sum(STAGES[:stage]) for stage in range(len(STAGES)))


class NASBenchMacro(ChainSpace):
    """6,561 chains of eight layers in stages of 2, 3 and 3, of which 3,969 are distinct networks.

    The first layer of a stage halves the resolution; there an identity is a 1x1 convolution with
    stride 2. Elsewhere it does nothing, so where it stands in its stage makes no difference.
    """

    name = "nasbench_macro"
    num_networks = 3969

    operators = OPERATORS
    length = sum(STAGES)

    def canonical_key(self, arch: Architecture) -> str:
        """Names the live network: the digits of each stage without the identities behind its first layer. Exact."""
        digits = self.super_choices(arch)
        stages = []
        for start, layers in zip(_STARTS, STAGES):
            behind = [str(digit) for digit in digits[start + 1 : start + layers] if OPERATORS[digit] != IDENTITY]
            stages.append(str(digits[start]) + "".join(behind))
        return "|".join(stages)

    def _blueprint(
        self,
        arch: Architecture,
        input_shape: tuple[int, int, int],
        *,
        live_only: bool,
        channels: int = 64,
        stem_channels: int = 32,
        head_channels: int = 1280,
    ) -> Blueprint:
        return network(
            arch.ops[1:-1],
            input_shape,
            channels=channels,
            stem_channels=stem_channels,
            head_channels=head_channels,
        )

    def quick_skeleton(self, input_shape: Sequence[int]) -> dict[str, Any]:
        return {"channels": 8, "stem_channels": 8, "head_channels": 64}

    def _super_blueprint(self, input_shape: tuple[int, int, int], **skeleton: Any) -> Blueprint:
        return network(None, input_shape, **skeleton)

    def published_flops(
        self, arch: Architecture, input_shape: Sequence[int] = (32, 32, 3), num_classes: int = 10
    ) -> int:
        """Returns the benchmark's FLOPs: multiply-accumulates, no bias adds."""
        return self.cost(arch, input_shape, num_classes).macs
