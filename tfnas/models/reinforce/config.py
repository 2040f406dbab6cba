"""`LearningConfig`: how a generator is fitted to a replay buffer."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from tfnas.checks import check_flag, check_positive
from tfnas.errors import ConfigError
from tfnas.models.reinforce.rewards import SHAPES


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningConfig:
    """Options of a `Learner`. Defaults are those of GraphPNAS for its small spaces (appendix G).

    Attributes:
        rate: Learning rate of Adam.
        epochs: Passes over the replay buffer in each fit.
        batch: Graphs in a step; all of the buffer where it has fewer.
        clip: Largest norm of all gradients together, larger ones are scaled; None for no limit.
        beta: Weight of graphs below the mean (equation 12); 0 leaves them out.
        rewards: ``"standardised"`` (equation 11), or ``"ranks"``, as in the released code.
        shares: Weights in log P of what is known of operators, edges and labels. The paper has none. The released code
            divides the three by their numbers and weights them .5, 1 and 1/8, which comes to other weights in each
            space.
        restart: Whether each fit begins with new weights (released code) or goes on with those of the last.
        xla: Whether XLA compiles fits where it can, see `Learner`. It takes some seconds, and steps are then ten
            times as fast.

    Raises:
        ConfigError: If a value cannot work.
    """

    rate: float = 1e-3
    epochs: int = 70
    batch: int = 2
    clip: float | None = None
    beta: float = 0.05
    rewards: str = "standardised"
    shares: tuple[float, float, float] = (1.0, 1.0, 1.0)
    restart: bool = True
    xla: bool = True

    def __post_init__(self) -> None:
        check_positive(epochs=self.epochs, batch=self.batch)
        check_flag(restart=self.restart, xla=self.xla)
        for name, least in (("rate", math.ulp(0.0)), ("clip", math.ulp(0.0)), ("beta", 0.0)):
            value = getattr(self, name)
            if value is None and name == "clip":
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < math.inf:
                raise ConfigError(
                    name, expected=f"a finite number, {'from' if least == 0 else 'above'} 0", received=repr(value)
                )
        if (
            not isinstance(self.shares, tuple)
            or len(self.shares) != 3
            or not all(
                isinstance(share, (int, float)) and not isinstance(share, bool) and 0 <= share < math.inf
                for share in self.shares
            )
        ):
            raise ConfigError("shares", expected="three finite numbers from 0", received=repr(self.shares))
        if self.rewards not in SHAPES:
            raise ConfigError("rewards", expected=" or ".join(map(repr, SHAPES)), received=repr(self.rewards))

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values that make an equal one as keywords."""
        return {**dataclasses.asdict(self), "shares": list(self.shares)}
