"""Architectures and spaces in words, for the command line."""

from __future__ import annotations

import math
import pathlib

from tfnas import export, spaces
from tfnas.architecture import Architecture
from tfnas.checks import check_image_shape
from tfnas.errors import ConfigError


def parse(text: str, space: str) -> Architecture:
    """Reads an architecture from a published string or from the path of an ``architecture.json``.

    Raises:
        InvalidArchitectureError: If it is neither.
        UnknownNameError: If there is no such space.
    """
    if text.endswith(".json"):
        arch = export.read_architecture(pathlib.Path(text))
        spaces.get(arch.space).validate(arch)
        return arch
    return spaces.get(space).from_native(text)


def text(architecture: str, *, space: str, input_shape: str, num_classes: int) -> str:
    """Returns a few lines: name, key, size of the live graph, costs.

    Args:
        architecture: Published string or path of a JSON file.
        space: Space of the string.
        input_shape: ``"height,width,channels"``.
        num_classes: Number of classes.
    """
    arch = parse(architecture, space)
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
        f"canonical key  {owner.canonical_key(arch)}",
        f"published      {published.params:,} parameters, {published.macs:,} multiply-accumulates",
        f"without dead   {live.params:,} parameters, {live.macs:,} multiply-accumulates",
        f"for            {'x'.join(map(str, shape))} images, {num_classes} classes, the published skeleton",
    ]
    return "\n".join(lines)


def draw(architecture: str, path: pathlib.Path, *, space: str) -> None:
    """Draws an architecture into a file of a folder that exists."""
    from tfnas import plotting

    if not path.parent.is_dir():
        raise ConfigError(str(path), expected="a file in a folder that exists", received=f"no folder {path.parent}")

    arch = parse(architecture, space)
    plotting.save(plotting.draw(arch), path)


def all_spaces() -> str:
    """Returns one line a registered space: name, members, distinct networks, operators."""
    lines = []
    for name in spaces.names():
        space = spaces.get(name)
        size = f"{space.size:,}" if space.size < 10**9 else f"about 10^{math.log10(space.size):.1f}"
        networks = f", {space.num_networks:,} distinct networks" if space.num_networks else ""
        lines.append(f"{name:<16}{size} members{networks}; operators: {', '.join(space.op_names)}")
    return "\n".join(lines)
