"""`Architecture`: the frozen value that every layer of the library passes around."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Mapping

from tfnas.errors import InvalidArchitectureError


@dataclass(frozen=True, slots=True)
class Architecture:
    """A labelled directed acyclic graph, or a disjoint union of several (one a component).

    The value knows nothing about what its operators mean; whether it is a member of a space is
    decided by ``SearchSpace.validate``. It only holds what makes it a graph: edges ascend, nodes
    exist, components do not touch.

    Attributes:
        space: Name of the search space.
        ops: One operator a node, in topological order inside each component. Length N.
        edges: Sorted pairs ``(source, target)`` with ``source < target``.
        components: Pairs ``(name, number of nodes)`` that add up to N.
        attrs: Named per-node attributes, each a tuple of length N.

    Raises:
        InvalidArchitectureError: If the fields do not describe such a graph.
    """

    space: str
    ops: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    components: tuple[tuple[str, int], ...] = ()
    attrs: tuple[tuple[str, tuple[Any, ...]], ...] = field(default=())

    def __post_init__(self) -> None:
        total = len(self.ops)
        if not self.components:
            object.__setattr__(self, "components", (("cell", total),))
        if sum(size for _, size in self.components) != total or any(size < 0 for _, size in self.components):
            raise InvalidArchitectureError(
                "components",
                expected=f"sizes from 0 that add up to the {total} nodes",
                received=repr(self.components),
                remedy="Give one (name, number of nodes) pair for each component.",
            )
        component_of = [k for k, (_, size) in enumerate(self.components) for _ in range(size)]
        previous = (-1, -1)
        for edge in self.edges:
            source, target = edge
            if not 0 <= source < target < total:
                raise InvalidArchitectureError(
                    "edges",
                    expected=f"pairs (source, target) with 0 <= source < target < {total}",
                    received=repr(edge),
                    remedy="Number the nodes in topological order.",
                )
            if component_of[source] != component_of[target]:
                raise InvalidArchitectureError(
                    "edges",
                    expected="edges inside one component",
                    received=f"{edge}, which joins two components of {self.components}",
                )
            if edge <= previous:
                raise InvalidArchitectureError(
                    "edges",
                    expected="sorted edges, each once",
                    received=f"{edge} after {previous}",
                    remedy="Pass tuple(sorted(set(edges))).",
                )
            previous = edge
        if len(dict(self.attrs)) != len(self.attrs):
            raise InvalidArchitectureError(
                "attributes", expected="distinct names", received=", ".join(name for name, _ in self.attrs)
            )
        for name, values in self.attrs:
            if len(values) != total:
                raise InvalidArchitectureError(
                    f"attribute {name!r}",
                    expected=f"one value for each of the {total} nodes",
                    received=f"{len(values)} values",
                )

    def __str__(self) -> str:
        return f"{self.space}:{','.join(self.ops)}"

    def to_dict(self) -> dict[str, Any]:
        """Returns plain JSON values; `from_dict` is the exact inverse."""
        return {
            "space": self.space,
            "ops": list(self.ops),
            "edges": [list(edge) for edge in self.edges],
            "components": [list(component) for component in self.components],
            "attrs": {name: list(values) for name, values in self.attrs},
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Architecture":
        """Builds an architecture from what `to_dict` returned.

        Raises:
            InvalidArchitectureError: If a field is missing or of a wrong kind.
        """
        try:
            return cls(
                space=str(value["space"]),
                ops=tuple(str(op) for op in value["ops"]),
                edges=tuple((int(source), int(target)) for source, target in value["edges"]),
                components=tuple((str(name), int(size)) for name, size in value["components"]),
                attrs=tuple((str(name), tuple(values)) for name, values in value.get("attrs", {}).items()),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, InvalidArchitectureError):
                raise
            raise InvalidArchitectureError(
                "architecture",
                expected="the fields space, ops, edges, components and optionally attrs",
                received=f"{value!r:.200}",
                remedy="Write it with Architecture.to_dict().",
            ) from error

    def to_json(self) -> str:
        """Returns one line of JSON; attributes keep their order."""
        return json.dumps(self.to_dict(), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Architecture":
        """Inverse of `to_json`.

        Raises:
            InvalidArchitectureError: If the text is not JSON or not an architecture.
        """
        try:
            value = json.loads(text)
        except ValueError as error:
            raise InvalidArchitectureError("architecture", expected="JSON text", received=f"{text!r:.120}") from error
        return cls.from_dict(value)
