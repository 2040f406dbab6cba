"""`LatentMLPConfig`: what SVGe's performance predictor can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import check_real


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentMLPConfig:
    """Options of `LatentMLP`. Defaults are those of the code published with SVGe.

    Attributes:
        hidden: Sizes of the hidden layers between a point's mean, 56 numbers in SVGe, and its value.
        share: Weight of the autoencoder's loss; that of the squared error is one less this.

    Raises:
        ConfigError: If a value cannot work.
    """

    hidden: tuple[int, ...] = (28, 14, 7)
    share: float = 0.1

    def __post_init__(self) -> None:
        if not isinstance(self.hidden, tuple) or not self.hidden:
            raise ConfigError("hidden", expected="a tuple of sizes", received=repr(self.hidden))
        for size in self.hidden:
            check_positive(hidden=size)
        check_real("share", self.share, 0.0)
        if self.share >= 1:
            raise ConfigError("share", expected="below 1", received=repr(self.share))

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values that make an equal one as keywords."""
        return {"hidden": list(self.hidden), "share": self.share}
