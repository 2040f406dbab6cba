"""`Settings`: everything that a search by REINFORCE can be told, as one frozen value."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Mapping

from tfnas.checks import check_positive, is_integer
from tfnas.errors import ConfigError
from tfnas.models.autoregressive import GeneratorConfig
from tfnas.models.reinforce import LearningConfig, Schedule

_OWN = ("keep", "explorer", "explore", "screen", "screen_explorer", "update_every")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of the loop around a generator. All can be given by their own names, see `replace`.

    Attributes:
        generator: Sizes and forms of the generator.
        learning: How it is fitted.
        keep: Which part of the measured networks it is fitted to; see `ReplayBuffer`.
        explorer: The prior that explores, as `tfnas.models.priors.from_config` reads it.
        explore: Probability that a query comes from the explorer; None for 1 in the first quarter of the
            budget (rounded, from 4 to 30 queries), then 0.
        screen: How many networks the generator draws for a query. One is the paper's. Of several, the one
            that a Gaussian process expects most of is measured; see `Screen`.
        screen_explorer: How many networks of the explorer join those of the generator where there is a screen, so
            that it can leave what the generator has settled on.
        update_every: Number of new measurements after which the generator is fitted again.

    Raises:
        ConfigError: If a value cannot work.
    """

    generator: GeneratorConfig
    learning: LearningConfig = LearningConfig()
    keep: Schedule = Schedule.constant(15)
    explorer: str | Mapping[str, Any] = "uniform"
    explore: Schedule | None = None
    screen: int = 1
    screen_explorer: int = 0
    update_every: int = 1

    def __post_init__(self) -> None:
        check_positive(screen=self.screen, update_every=self.update_every)
        if not is_integer(self.screen_explorer) or self.screen_explorer < 0:
            raise ConfigError("screen_explorer", expected="an integer from 0", received=repr(self.screen_explorer))
        if self.explore is not None and not all(0 <= value <= 1 for value in self.explore.values):
            raise ConfigError("explore", expected="probabilities, from 0 to 1", received=repr(self.explore))

    @classmethod
    def names(cls, generator: type[GeneratorConfig]) -> tuple[str, ...]:
        """Returns the names of all options, those of the parts too."""
        parts = [field.name for part in (generator, LearningConfig) for field in dataclasses.fields(part)]
        return (*_OWN, *parts)

    def replace(self, options: Mapping[str, Any]) -> Settings:
        """Returns these settings with other values, by the names of `names`; JSON values will do.

        Raises:
            ConfigError: If there is no such option, or its value cannot be.
        """
        known = self.names(type(self.generator))
        unknown = [name for name in options if name not in known]
        if unknown:
            raise ConfigError("options", expected=f"some of {', '.join(known)}", received=", ".join(unknown))

        def chosen(part: Any) -> dict[str, Any]:
            fields = {field.name for field in dataclasses.fields(part)}
            return {name: _tuple(value) for name, value in options.items() if name in fields}

        own = {name: value for name, value in options.items() if name in _OWN}
        for name in ("keep", "explore"):
            if own.get(name) is not None and not isinstance(own[name], Schedule):
                own[name] = Schedule.from_json(own[name])
        return dataclasses.replace(
            self,
            generator=dataclasses.replace(self.generator, **chosen(self.generator)),
            learning=dataclasses.replace(self.learning, **chosen(self.learning)),
            **own,
        )


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
