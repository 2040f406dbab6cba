"""What Gaussian processes see of an architecture."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.encodings import choices, free_edges, most_paths, path_counts
from tfnas.spaces.base import SearchSpace

_MOST_PATHS = 100
"""Largest number of paths of a member for which paths are counted."""


def features(space: SearchSpace, archs: Sequence[Architecture]) -> list[np.ndarray]:
    """Returns the views of the kernel, each of shape [B, features]; at least one of them is not empty.

    The operators at the nodes where the space leaves a choice (`encodings.choices`), and the counts of
    live paths (`encodings.path_counts`) or, where these could be too many, which of the free edges there are
    (`encodings.free_edges`).
    """
    # where all operators compute and the wiring is fixed, paths say nothing that the operators do not
    varied = space.zero_ops or space.identity_ops or any(part.free for part in space.grammar.components)
    counted = varied and most_paths(space) <= _MOST_PATHS
    wiring = path_counts(space, archs)[0] if counted else free_edges(space, archs)
    views = [choices(space, archs).astype(float), wiring.astype(float)]
    return [view for view in views if view.shape[1]]
