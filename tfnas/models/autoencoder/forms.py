"""`form_of`: the graphs that autoencoders read of a space."""

from __future__ import annotations

from tfnas.models.autoencoder.darts_form import DARTSForm
from tfnas.models.autoencoder.graph_form import GraphForm
from tfnas.models.autoencoder.node_form import NodeForm
from tfnas.spaces.base import SearchSpace


def form_of(space: SearchSpace, nodes: int | None = None) -> GraphForm:
    """Returns the form of a space.

    Args:
        space: A space of one component; of DARTS that with one cell, ``darts,shared=True``.
        nodes: Size of the largest graph that a model should read; that of the space's members by default.

    Raises:
        ConfigError: If the space has several components, or `nodes` is too small.
    """
    return DARTSForm(space, nodes) if space.name == "darts,shared=True" else NodeForm(space, nodes)
