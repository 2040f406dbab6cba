"""FairNAS: 19 inverted residuals, each with one of six kernels and expansions (Chu et al., ICCV 2021)."""

from __future__ import annotations

from typing import Any, Sequence

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.blueprints.fairnas import LAYERS, OPERATORS, network
from tfnas.spaces.chain import ChainSpace

PUBLISHED = {"FairNAS-A": "2023500551311335354", "FairNAS-B": "1010312031032054534", "FairNAS-C": "1020000003000055334"}
"""The three networks of the paper."""


class FairNAS(ChainSpace):
    """6^19 chains of 19 layers: the space of One-Shot-NAS-GCN (section 4). All are distinct networks."""

    name = "fairnas"
    num_networks = len(OPERATORS) ** len(LAYERS)

    operators = OPERATORS
    length = len(LAYERS)

    def _blueprint(
        self,
        arch: Architecture,
        input_shape: tuple[int, int, int],
        *,
        live_only: bool,
        width: int = 32,
        head_channels: int = 1280,
        dropout: float = 0.2,
        squeeze_excite: bool = False,
    ) -> Blueprint:
        return network(
            arch.ops[1:-1],
            input_shape,
            width=width,
            head_channels=head_channels,
            dropout=dropout,
            squeeze_excite=squeeze_excite,
        )

    def quick_skeleton(self, input_shape: Sequence[int]) -> dict[str, Any]:
        return {"width": 8, "head_channels": 64}

    def _super_blueprint(self, input_shape: tuple[int, int, int], **skeleton: Any) -> Blueprint:
        return network(None, input_shape, **skeleton)
