"""`TrainingJob`: which autoencoder is trained, on which graphs, and how."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
from dataclasses import dataclass, field
from typing import Any, Mapping

from tfnas import spaces
from tfnas.autoencoding.splits import check_split
from tfnas.checks import check_positive, check_seed
from tfnas.errors import ConfigError
from tfnas.models import autoencoders
from tfnas.models.autoencoder import AutoencoderConfig, GraphForm, TrainingConfig
from tfnas.spaces.base import SearchSpace


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """A training of an autoencoder; the arguments of ``tfnas autoencoder train``. Making one loads no TensorFlow.

    Attributes:
        model: One of `tfnas.models.autoencoders.names`.
        space: Its space, see `tfnas.spaces.get`.
        configuration: One of `tfnas.models.autoencoders.configurations`.
        options: What differs from that, JSON values.
        epochs: Passes over the graphs; as `tfnas.models.autoencoders.training_of` has it by default.
        batch: Graphs in a step; the same.
        rate: Learning rate; the same.
        graphs: A file of graphs, see `tfnas.autoencoding.graphs.natives_of`; members of the space by default.
        count: Number of members, drawn at random; all of a small space by default.
        drawn: Number of members, drawn at random, that are trained on besides, after the split; none is of a network
            that is among the other graphs. They need no values, and help where a file has few graphs of a large space.
        split: How graphs are held out, one of `tfnas.autoencoding.splits.SPLITS`.
        held_out: Share of the graphs that is held out.
        split_seed: For the members that are drawn, and for the split.
        seed: For the first weights, and for all that is random in training.

    Raises:
        UnknownNameError: If a name is none that is known.
        ConfigError: If a value cannot work, or the model cannot do the space.
    """

    model: str
    space: str
    configuration: str = autoencoders.PAPER
    options: Mapping[str, Any] = field(default_factory=dict)
    epochs: int | None = None
    batch: int | None = None
    rate: float | None = None
    graphs: str | None = None
    count: int | None = None
    drawn: int | None = None
    split: str = "key"
    held_out: float = 0.1
    split_seed: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        options = {name: list(value) if isinstance(value, tuple) else value for name, value in self.options.items()}
        object.__setattr__(self, "options", options)
        if self.graphs is not None:
            object.__setattr__(self, "graphs", os.fspath(self.graphs))
        config = self.config()
        space = self.make_space()
        autoencoders.form_for(self.model, space, config)
        self.training()
        check_split(self.split, space, self.held_out)
        check_seed(self.split_seed, "split_seed")
        check_seed(self.seed)
        if self.drawn is not None:
            check_positive(drawn=self.drawn)
        if self.count is not None:
            check_positive(count=self.count)
            if self.graphs is not None:
                raise ConfigError("graphs", expected="a file or a count", received="both")

    def make_space(self) -> SearchSpace:
        """Returns the space."""
        return spaces.get(self.space)

    def config(self) -> AutoencoderConfig:
        """Returns sizes and forms."""
        return autoencoders.configure(self.model, self.configuration, **self.options)

    def form(self) -> GraphForm:
        """Returns the graphs that the autoencoder reads, without loading TensorFlow."""
        return autoencoders.form_for(self.model, self.make_space(), self.config())

    def training(self) -> TrainingConfig:
        """Returns how it is trained."""
        given = {"epochs": self.epochs, "batch": self.batch, "rate": self.rate}
        changed = {name: value for name, value in given.items() if value is not None}
        return dataclasses.replace(autoencoders.training_of(self.model, self.configuration), **changed)

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values that make an equal one as keywords."""
        return dataclasses.asdict(self)

    def command(self, directory: str | os.PathLike[str]) -> str:
        """Returns the command that does this job, or goes on with it."""
        words = ["tfnas", "autoencoder", "train"]
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if each.name == "options":
                for name, option in value.items():
                    words += ["--option", f"{name}={option if isinstance(option, str) else json.dumps(option)}"]
            elif value != each.default:
                words += [f"--{each.name.replace('_', '-')}", str(value)]
        return shlex.join([*words, "-o", os.fspath(directory)])
