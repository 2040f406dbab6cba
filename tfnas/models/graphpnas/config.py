"""`GraphGeneratorConfig`: the sizes and forms of a generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Mapping

from tfnas.checks import check_flag, check_positive
from tfnas.models.autoregressive.config import GeneratorConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphGeneratorConfig(GeneratorConfig):
    """Options of a `GraphGenerator`. Where GraphPNAS's paper names a value, it is the default.

    Attributes:
        mixture: K, the number of mixture components (section 4).
        steps: S, the rounds of message passing (section 4).
        hidden: Size of node states and of the hidden layers (section 4); the released code has 24.
        message: Size of messages (section 4); the released code has 24.
        head_layers: Layers of the MLPs of equations 4 to 6: 2 (paper) or 3 (released code).
        messages: ``"prefix"`` is the paper's form: before each node, all earlier nodes and the new one,
            which is joined to all of them, pass messages in both directions. ``"causal"`` lets messages run
            from earlier to later nodes alone, so that all steps share the states of earlier nodes. That is
            another model, and several times faster; it is the default, and results must say which it was.
        pooling: How equation 4 pools over pairs: ``"sum"`` (paper) or ``"mean"`` (released code).
        sees_operators: Whether states start from the operators (paper), or all alike (released code).
        sees_positions: Whether first states also hold a linear map of u, the edges into a node and its position
            (released code), which in the paper enters the attention gate alone.
        shared: Whether the rounds share their weights (paper), or have their own (released code).

    Raises:
        ConfigError: If a value cannot work.
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **GeneratorConfig.choices,
        "messages": ("causal", "prefix"),
        "pooling": ("sum", "mean"),
    }

    mixture: int = 10
    steps: int = 7
    hidden: int = 128
    message: int = 128
    head_layers: int = 2
    messages: str = "causal"
    pooling: str = "sum"
    sees_operators: bool = True
    sees_positions: bool = False
    shared: bool = True

    def __post_init__(self) -> None:
        GeneratorConfig.__post_init__(self)
        check_positive(
            mixture=self.mixture,
            steps=self.steps,
            hidden=self.hidden,
            message=self.message,
            head_layers=self.head_layers,
        )
        check_flag(sees_operators=self.sees_operators, sees_positions=self.sees_positions, shared=self.shared)
