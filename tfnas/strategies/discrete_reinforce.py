"""REINFORCE on independent choices, one sample a step."""

from __future__ import annotations

import functools
import threading
from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_rate
from tfnas.errors import ConfigError, SearchError
from tfnas.models.autoregressive import GeneratorConfig
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.models.independent import IndependentGenerator
from tfnas.spaces.base import SearchSpace
from tfnas.state import pack, unpack
from tfnas.strategies.base import State, Strategy
from tfnas.trial import Proposal, Trial

_ATTEMPTS = 20
"""How often the distribution is asked for a network that was not proposed yet."""


class DiscreteReinforce(Strategy):
    """REINFORCE (Williams, 1992) with a categorical distribution for each choice (Ying et al., 2019, section 5.2).

    The baseline of NAS-Bench-101's study: a network is drawn, measured, and the logits go up its logarithmic
    probability times how much better it is than a moving average of all outcomes so far, its own included. There is no
    buffer, no optimiser beyond that, and no random start: all logits begin at zero. Outcomes are taken as they are, so
    the rate goes with their unit: .1 for accuracies as shares is .001 for percentages.

    The distribution is `IndependentGenerator` on nodes: a softmax for the operator of each node, and for each attribute
    with it; one logit for each free edge, where the published code has a softmax of two, so that the same rate moves an
    edge half as fast. Limits of edges into a node condition the draw, exactly.

    Deviations: draws that were proposed before are drawn again, 20 times at most and ever more at once, and then the
    proposal is random; random proposals, failures, and trials of other sources teach nothing. The published code
    measures repeats again, and counts networks that are none with an error of one.

    Args:
        space: The space to search.
        rate: Learning rate.
        momentum: Weight of the past in the moving average, from 0 to below 1; its start is corrected for.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat; see `Strategy`.

    Raises:
        ConfigError: If an argument cannot work.
    """

    name = "discrete_reinforce"
    is_slow = True
    generator_class = IndependentGenerator
    config_class = GeneratorConfig

    def __init__(
        self,
        space: SearchSpace,
        *,
        rate: float = 0.1,
        momentum: float = 0.9,
        seed: int = 0,
        dedupe: str = "canonical",
    ) -> None:
        check_rate(momentum=momentum)
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate < float("inf"):
            raise ConfigError("rate", expected="a positive number", received=repr(rate))
        super().__init__(space, seed=seed, dedupe=dedupe, rate=rate, momentum=momentum)
        self.rate, self.momentum = rate, momentum
        self._logits: list[np.ndarray] | None = None
        self._average, self._weight = 0.0, 0.0

    def distribution(self) -> ArchitectureDistribution | None:
        """Returns what was learned; None before the first step."""
        if self._logits is None:
            return None
        made = IndependentGenerator(self.space, _CONFIG)
        made.set_weights(self._logits)
        return made

    def _propose(self, n: int) -> list[Proposal]:
        proposals: list[Proposal] = []
        for _ in range(n):
            proposal = self._draw()
            if proposal is None:
                break
            proposals.append(proposal)
        return proposals

    def _draw(self) -> Proposal | None:
        for attempt in range(_ATTEMPTS):
            try:
                drawn = _shared(self.space).sample(self._logits, 1 + 5 * attempt, int(self.rng.integers(2**31)))
            except SearchError:  # where rules are not local, it may no longer draw members
                break
            arch = self.seen.first_new(drawn)
            if arch is not None:
                return Proposal(arch, "policy")
        arch = self._random_unseen()
        return None if arch is None else Proposal(arch, "random")

    def _learn(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            if trial.objective is not None and trial.proposal.source == "policy":
                self._step(trial)

    def _step(self, trial: Trial) -> None:
        self._average = self.momentum * self._average + (1 - self.momentum) * trial.objective
        self._weight = self.momentum * self._weight + 1 - self.momentum
        advantage = trial.objective - self._average / self._weight
        logits, slopes = _shared(self.space).slopes(self._logits, trial.architecture)
        scale = np.float32(self.rate * advantage)
        self._logits = [value + scale * slope for value, slope in zip(logits, slopes)]

    def _state(self) -> State:
        return {
            "average": self._average,
            "weight": self._weight,
            "logits": None if self._logits is None else pack(self._logits),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._average, self._weight = state["average"], state["weight"]
        self._logits = None if state["logits"] is None else unpack(state["logits"])


_CONFIG = GeneratorConfig(view="nodes")


class _Shared:
    """One generator, which takes seconds to trace, for all searches of a space; each brings its logits, None at first.

    Args:
        space: The space.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._generator = IndependentGenerator(space, _CONFIG)
        self._lock = threading.Lock()
        # Imported here: TensorFlow takes seconds to load.
        from tfnas._keras import tensorflow

        tf = tensorflow()

        def gradient(arrays: Any) -> Any:
            variables = list(self._generator.trainable_variables)
            with tf.GradientTape() as tape:
                log_prob = self._generator.log_prob_tensor(arrays)
            return tape.gradient(log_prob, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)

        self._gradient = tf.function(gradient, autograph=False)

    def sample(self, logits: list[np.ndarray] | None, n: int, seed: int) -> list[Architecture]:
        """Draws `n` members.

        Raises:
            SearchError: If draws keep breaking the rules of the space.
        """
        with self._lock:
            self._load(logits)
            return self._generator.sample(n, seed)

    def slopes(self, logits: list[np.ndarray] | None, arch: Architecture) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Returns the logits, and the gradient in them of a member's logarithmic probability."""
        with self._lock:
            self._load(logits)
            found = self._gradient(self._generator.view.encode([arch]))
            return self._generator.get_weights(), [slope.numpy() for slope in found]

    def _load(self, logits: list[np.ndarray] | None) -> None:
        self._generator.set_weights(self._generator.first_weights(0) if logits is None else logits)


@functools.lru_cache(maxsize=4)
def _shared(space: SearchSpace) -> _Shared:
    return _Shared(space)
