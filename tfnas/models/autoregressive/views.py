"""`view_of`: the view that a configuration asks for."""

from __future__ import annotations

from tfnas.models.autoregressive.config import GeneratorConfig
from tfnas.models.autoregressive.edge_view import EdgeView, all_labels_are_members
from tfnas.models.autoregressive.node_view import NodeView
from tfnas.models.autoregressive.view import View
from tfnas.spaces.base import SearchSpace


def view_of(space: SearchSpace, config: GeneratorConfig) -> View:
    """Returns the view of a space that a configuration asks for.

    Raises:
        ConfigError: If the space has no such view.
    """
    if config.view == "nodes":
        return NodeView(space)
    is_asked = config.view == "edges" or config.labels is not None or config.in_degree is not None
    if is_asked or all_labels_are_members(space):
        return EdgeView(space, config.labels, config.in_degree)
    return NodeView(space)
