"""`DGMGNetwork`: encoder and decoder with messages both ways at once."""

from __future__ import annotations

from typing import Any

from tfnas.models.autoencoder.graph_form import GraphForm
from tfnas.models.autoencoder.growing_decoder import GrowingDecoder
from tfnas.models.autoencoder.growing_encoder import GrowingEncoder
from tfnas.models.autoencoder.growing_messages import TOGETHER, unconverted
from tfnas.models.autoencoder.growing_network import GrowingNetwork
from tfnas.models.autoencoder.growing_rules import growth_rules
from tfnas.models.autoencoder.network import AutoencoderNetwork
from tfnas.models.dgmg.config import DGMGConfig


class DGMGNetwork(AutoencoderNetwork):
    """An encoder and a decoder; all of a state receives messages along the edges and against them.

    Args:
        form: Of the graphs.
        config: Sizes and forms.
    """

    def __init__(self, form: GraphForm, config: DGMGConfig) -> None:
        super().__init__(form, config)
        operators = len(form.operators)
        self._encoder = GrowingEncoder(operators, config, TOGETHER)
        self._growing = GrowingNetwork(form.nodes, operators, config, TOGETHER)
        self._growth = growth_rules(form, backward=False, grammar=config.grammar)

    @property
    def latent_shape(self) -> tuple[int, ...]:
        return (self._config.latent,)

    @unconverted
    def posterior(self, adjacency, ops, *, training: bool) -> Any:
        return self._encoder(adjacency, ops)

    def decoder(self, z, *, training: bool = False, seed: Any = None) -> GrowingDecoder:
        return GrowingDecoder(self._growing, z, self._growth, backward=False, weighting=self._config.objective)
