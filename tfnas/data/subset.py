"""A random subset of the classes."""

from __future__ import annotations

import dataclasses
from typing import Any, Sequence

import numpy as np

from tfnas.checks import is_integer
from tfnas.data.images import Examples, ImageData
from tfnas.errors import ConfigError


def choose_classes(class_names: Sequence[str], classes: int, class_seed: int) -> tuple[int, ...]:
    """Draws classes uniformly, without repeating one.

    Args:
        class_names: Names of all classes.
        classes: How many to draw.
        class_seed: Seed of the draw.

    Returns:
        Sorted positions in `class_names`, so that the order of the classes is kept.

    Raises:
        ConfigError: If there are not that many classes, or fewer than two are wanted.
    """
    if not is_integer(classes) or not 2 <= classes <= len(class_names):
        raise ConfigError(
            "classes", expected=f"an integer from 2 to {len(class_names)}, all there are", received=repr(classes)
        )
    drawn = np.random.default_rng(class_seed).choice(len(class_names), int(classes), replace=False)
    return tuple(sorted(int(k) for k in drawn))


def class_subset(data: ImageData, classes: int, class_seed: int = 0) -> ImageData:
    """Returns the examples of randomly drawn classes, renumbered from zero in their old order.

    Args:
        data: A data set with classes.
        classes: How many classes to draw.
        class_seed: Seed of the draw.

    Raises:
        ConfigError: If there are not that many classes, or fewer than two are wanted.
    """
    chosen = choose_classes(data.class_names, classes, class_seed)
    numbers = np.full(data.num_classes, -1)
    numbers[list(chosen)] = np.arange(len(chosen))
    parts: dict[str, Examples | None] = {"test": None}
    for part in data.splits:
        index = np.flatnonzero(numbers[part.y] >= 0)
        parts[part.split.value] = Examples(part.x[index], numbers[part.y[index]], part.split)
    class_names = tuple(data.class_names[k] for k in chosen)
    sizes = {name: len(part) for name, part in parts.items() if part is not None}
    return dataclasses.replace(
        data,
        **parts,
        class_names=class_names,
        provenance={**data.provenance, **described(class_names, data.num_classes, class_seed), "sizes": sizes},
    )


def described(class_names: Sequence[str], of: int, class_seed: int) -> dict[str, Any]:
    """Returns what a provenance says of drawn classes, as JSON values."""
    return {"class_subset": {"names": list(class_names), "of": of, "class_seed": class_seed}}
