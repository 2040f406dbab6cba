"""`GrowingConfig`: what autoencoders can be told whose decoder grows a graph node by node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Mapping

from tfnas.checks import check_positive
from tfnas.models.autoencoder.config import AutoencoderConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingConfig(AutoencoderConfig):
    """Options of `SVGe` and `DGMG`. Defaults are those of SVGe's paper (section IV) and of the code published with it.

    Attributes:
        latent: Size of the latent point of a graph, and of the summaries of partial graphs.
        beta: See `AutoencoderConfig`. The published code weighs the divergence by .005, and adds it up over the 32
            graphs of a batch where it takes the mean of the rest.
        noise: See `AutoencoderConfig`.
        hidden: Size of the state of a node.
        rounds: Number of rounds of messages, each with its own weights, in the encoder and after each step of
            the decoder.
        objective: What training maximises: the logarithm of the probability of a graph, where the logarithms of the
            edges into a node are either added up, ``"sum"``, or, as in the published code, averaged over the nodes
            that an edge can come from, ``"mean"``, which is no probability.

    Raises:
        ConfigError: If a value cannot work.
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "dtype": ("float32", "float64"),
        "objective": ("mean", "sum"),
    }

    latent: int = 56
    beta: float = 0.005 * 32
    noise: float = 0.01
    hidden: int = 250
    rounds: int = 2
    objective: str = "mean"

    def __post_init__(self) -> None:
        super(GrowingConfig, self).__post_init__()
        check_positive(hidden=self.hidden, rounds=self.rounds)
