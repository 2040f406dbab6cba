"""One generator with its compiled functions for all searches that are configured alike."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass, field
from typing import Any, Callable, Sequence

from tfnas.architecture import Architecture
from tfnas.models.autoregressive import AutoregressiveGenerator, GeneratorConfig
from tfnas.models.reinforce import LearningConfig
from tfnas.spaces.base import SearchSpace

Maker = Callable[..., AutoregressiveGenerator]


class Workbench:
    """Fits a generator and samples from it; what a search has learned is put in before and taken out after.

    Tracing and compiling take seconds, many times longer than a fit in a small space. So searches in one process
    share a generator, not its weights.

    Args:
        space: The space.
        make: Class of the generator.
        generator: Its configuration.
        learning: How it is fitted.
    """

    def __init__(self, space: SearchSpace, make: Maker, generator: GeneratorConfig, learning: LearningConfig) -> None:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.reinforce.learner import Learner

        self._learner = Learner(make(space, generator), learning)
        self._lock = threading.Lock()
        self._loaded: Any = None

    def fit(self, state: Any, archs: Sequence[Architecture], objectives: Sequence[float], seed: int) -> Any:
        """Returns the state after a fit; `state` is None for the first one."""
        with self._lock:
            self._load(state)
            if state is None:
                self._learner.reset(seed)
            self._learner.fit(archs, objectives, seed=seed)
            self._loaded = self._learner.get_state()
            return self._loaded

    def sample(self, state: Any, n: int, seed: int) -> list[Architecture]:
        """Draws from the generator that a state holds.

        Raises:
            SearchError: If its draws keep breaking the rules of the space.
        """
        with self._lock:
            self._load(state)
            return self._learner.generator.sample(n, seed)

    def entropy(self, state: Any, n: int, seed: int) -> tuple[float, float]:
        """Returns the entropy of the generator that a state holds, from `n` draws, with its standard error.

        Raises:
            SearchError: If its draws keep breaking the rules of the space.
        """
        with self._lock:
            self._load(state)
            return self._learner.generator.entropy(n, seed)

    def _load(self, state: Any) -> None:
        if state is not None and state is not self._loaded:
            self._learner.set_state(state)
            self._loaded = state


@dataclass(frozen=True)
class _Kind:
    """What searches that share a workbench have in common; spaces of one class and name are one."""

    of_space: type
    name: str
    make: Maker
    generator: GeneratorConfig
    learning: LearningConfig
    space: SearchSpace = field(compare=False)


def workbench(space: SearchSpace, make: Maker, generator: GeneratorConfig, learning: LearningConfig) -> Workbench:
    """Returns the workbench of such searches; the last four kinds are kept."""
    return _kept(_Kind(type(space), space.name, make, generator, learning, space))


@functools.lru_cache(maxsize=4)
def _kept(kind: _Kind) -> Workbench:
    return Workbench(kind.space, kind.make, kind.generator, kind.learning)
