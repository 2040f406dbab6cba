"""`Screen`: which of several candidates a Gaussian process expects most of."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.models.gaussian_process import GaussianProcess, ProductRBF, expected_improvement, fit, normal_scores
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.kernel_features import features

_REFIT_EVERY = 10
"""Number of new measurements after which length scales and noise are chosen again."""


class Screen:
    """Chooses the candidate of largest expected improvement, with the process of `GaussianProcessEI`.

    Args:
        space: The space.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._fitted: tuple[int, ProductRBF, float] | None = None

    def choose(
        self, measured: Sequence[tuple[Architecture, float]], candidates: Sequence[Architecture]
    ) -> Architecture:
        """Returns one of the candidates.

        Args:
            measured: Architectures and their objectives, two at least, in the order they came in.
            candidates: One at least.
        """
        archs, objectives = zip(*measured)
        targets = normal_scores(np.array(objectives))
        blocks = features(self._space, [*archs, *candidates])
        known, asked = [block[: len(archs)] for block in blocks], [block[len(archs) :] for block in blocks]
        if self._fitted is None or len(archs) - self._fitted[0] >= _REFIT_EVERY:
            self._fitted = (len(archs), *fit(known, targets))
        _, kernel, noise = self._fitted
        process = GaussianProcess(kernel, noise, known, asked)
        belief = process.predict(targets)
        gains = expected_improvement(belief, process.means_at_inputs(targets).max())
        # far below the best all gains are zero: the larger mean wins then
        return candidates[int(np.lexsort((belief.mean(), gains))[-1])]

    def get_state(self) -> dict[str, Any] | None:
        """Returns JSON values for `set_state`."""
        if self._fitted is None:
            return None
        count, kernel, noise = self._fitted
        return {"count": count, "length_scales": list(kernel.length_scales), "noise": noise}

    def set_state(self, state: Mapping[str, Any] | None) -> None:
        """Continues from a state."""
        self._fitted = state and (state["count"], ProductRBF(tuple(state["length_scales"])), state["noise"])
