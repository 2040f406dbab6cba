"""Architectures and spaces in words, for the command line."""

from __future__ import annotations

import hashlib
import inspect
import math
import pathlib
import textwrap

import numpy as np

from tfnas import export, spaces
from tfnas.architecture import Architecture
from tfnas.checks import check_image_shape
from tfnas.errors import ConfigError
from tfnas.plotting import kinds
from tfnas.spaces.base import SearchSpace

_LINE = 120
_LONG_KEY, _CUT_KEY = 100, 48


def find(text: str | None, space: str, seed: int) -> Architecture:
    """Reads an architecture from a published string or from the path of an ``architecture.json``.

    Without a text it is a random member, drawn with the seed.

    Raises:
        InvalidArchitectureError: If it is neither.
        UnknownNameError: If there is no such space.
    """
    owner = spaces.get(space)
    if seed < 0:
        raise ConfigError("--seed", expected="zero or a positive integer", received=str(seed))
    if text is None:
        return owner.sample(np.random.default_rng(seed))
    if text.endswith(".json"):
        arch = export.read_architecture(pathlib.Path(text))
        spaces.get(arch.space).validate(arch)
        return arch
    return owner.from_native(text)


def text(arch: Architecture, *, input_shape: str, num_classes: int) -> str:
    """Returns a few lines: published form, key, size of the graph, costs.

    A long key is cut; its digest tells it from others.

    Args:
        arch: A member of a registered space.
        input_shape: ``"height,width,channels"``.
        num_classes: Number of classes.
    """
    owner = spaces.get(arch.space)
    try:
        shape = check_image_shape([int(part) for part in input_shape.split(",")])
    except ValueError:
        raise ConfigError("--input-shape", expected="H,W,C, for example 32,32,3", received=repr(input_shape)) from None
    published = owner.cost(arch, shape, num_classes)
    live = owner.cost(arch, shape, num_classes, live_only=True)
    lines = [
        f"{owner.to_native(arch)}",
        f"space          {owner.name}",
        f"canonical key  {_short(owner.canonical_key(arch))}",
        f"graph          {_counts(arch)}",
        f"published      {published.params:,} parameters, {published.macs:,} multiply-accumulates",
        *(
            [f"without dead   {live.params:,} parameters, {live.macs:,} multiply-accumulates"]
            if live != published
            else []
        ),
        f"for            {'x'.join(map(str, shape))} images, {num_classes} classes, the published skeleton",
    ]
    return "\n".join(lines)


def draw(arch: Architecture, path: pathlib.Path) -> None:
    """Draws an architecture into a file of a folder that exists."""
    from tfnas import plotting

    if not path.parent.is_dir():
        raise ConfigError(str(path), expected="a file in a folder that exists", received=f"no folder {path.parent}")
    plotting.save(plotting.draw(arch), path)


def all_spaces() -> str:
    """Returns a table of the registered spaces: name, members and distinct networks, operators; and their options."""
    rows, options = [("space", "members", "operators")], []
    for name in spaces.names():
        space = spaces.get(name)
        rows.append((name, _members(space), _operators(space)))
        defaults = [f"{key}={value.default}" for key, value in inspect.signature(type(space)).parameters.items()]
        options += [f"{name} ({', '.join(defaults)})"] if defaults else []
    widths = [max(len(row[column]) for row in rows) + 2 for column in (0, 1)]
    lines = []
    for name, members, operators in rows:
        head = f"{name:<{widths[0]}}{members:<{widths[1]}}"
        lines += textwrap.wrap(
            operators, _LINE, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
        )
    note = 'Options and their defaults; they go behind the name, as in "nasbench101,max_nodes=8":'
    return "\n".join([*lines, "", note, *textwrap.wrap(", ".join(options), _LINE, break_on_hyphens=False)])


def _members(space: SearchSpace) -> str:
    size = f"{space.size:,}" if space.size < 10**9 else f"10^{math.log10(space.size):.1f}"
    if space.num_networks is None:
        return f"{size} members"
    networks = "all" if space.num_networks == space.size else f"{space.num_networks:,}"
    return f"{size} members, {networks} distinct networks"


def _operators(space: SearchSpace) -> str:
    """Returns what can be chosen at nodes."""
    values: dict[str, dict[object, None]] = {}
    for component in space.grammar.components:
        for name, allowed in component.attrs.items():
            values.setdefault(name, {}).update(dict.fromkeys(value for some in allowed for value in some))
    attributes = [f"{name} {' or '.join(map(str, found))}" for name, found in values.items()]
    names = kinds.chosen_operators(space)
    if not names:
        first = space.grammar.components[0]
        names = tuple(dict.fromkeys(first.ops[node][0] for node in kinds.junctions(first)))
        attributes = ["members differ in their edges", *attributes]
    return "; ".join([", ".join(names), *attributes])


def _counts(arch: Architecture) -> str:
    """Returns the number of nodes and edges of each component."""
    parts, start = [], 0
    for name, size in arch.components:
        edges = sum(start <= source < start + size for source, _ in arch.edges)
        parts.append((name, f"{size} nodes, {edges} edges"))
        start += size
    return parts[0][1] if len(parts) == 1 else "; ".join(f"{name}: {counts}" for name, counts in parts)


def _short(key: str) -> str:
    if len(key) <= _LONG_KEY:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return f"{key[:_CUT_KEY]}... ({len(key)} characters, SHA-256 {digest})"
