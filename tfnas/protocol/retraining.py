"""`Retraining`: networks that are trained again after a search, each result kept in a file of its own."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Mapping

from tfnas import job, spaces
from tfnas.checks import check_positive
from tfnas.errors import ConfigError, RunFolderError
from tfnas.evaluators import Evaluator
from tfnas.job import SearchConfig
from tfnas.protocol.sources import Chosen, Source
from tfnas.runlog import outcome_fields, outcome_of
from tfnas.spaces.base import SearchSpace
from tfnas.state import write_text
from tfnas.trial import Failure, Measurement, Proposal

if TYPE_CHECKING:
    from tfnas.protocol.results import Results

FOLDER = "retrained"

_ELSEWHERE = (
    *("strategy", "strategy_options", "trials", "finalists", "finalist_seeds", "distribution_samples", "baseline"),
    *("workers", "threads", "timeout"),
)
"""Fields of `SearchConfig` that decide nothing of how a network is trained."""


@dataclass(frozen=True, slots=True)
class Retraining:
    """Networks to train, each with several seeds.

    Attributes:
        name: Its name, also of its folder.
        row: The row that it belongs to, or a name of its own.
        source: Which networks.
        config: How they are trained: the fields of `SearchConfig` that say so.
        seeds: Trainings of each network.
        held_back: Whether a network is trained on all labelled examples for ``config.final_epochs`` and measured on
            the test examples, as the winner of a search. Otherwise it is trained as a candidate and measured on
            validation examples, for example to choose some.
        training: Further arguments of `tfnas.evaluators.TrainingEvaluator`.
    """

    name: str
    row: str
    source: Source
    config: SearchConfig
    seeds: int = 3
    held_back: bool = True
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_positive(seeds=self.seeds)
        if self.config.evaluator != "train":
            raise ConfigError(
                f"retraining {self.name}", expected="evaluator 'train'", received=repr(self.config.evaluator)
            )

    def settings(self) -> dict[str, Any]:
        """Returns what decides the results, as JSON values."""
        config = {key: value for key, value in dataclasses.asdict(self.config).items() if key not in _ELSEWHERE}
        settings = {"config": config, "training": dict(self.training), "held_back": self.held_back}
        return json.loads(json.dumps(settings))


@dataclass(frozen=True, slots=True)
class Retrained:
    """A network and what is known of it.

    Attributes:
        chosen: The network.
        parameters: Number of its trainable parameters, without those of auxiliary heads; None before it is trained.
        outcomes: Its measurements, in the order of the seeds; those that failed or are still to come are missing.
        finished: Number of seeds with an outcome, failures included.
    """

    chosen: Chosen
    parameters: int | None
    outcomes: tuple[Measurement, ...]
    finished: int


def path_of(directory: pathlib.Path, retraining: Retraining, network: int, seed: int) -> pathlib.Path:
    """Returns the file of one result; networks are numbered from 1, seeds from 0."""
    return directory / FOLDER / retraining.name / f"network{network}-seed{seed}.json"


def read_result(path: pathlib.Path, retraining: Retraining, chosen: Chosen) -> dict[str, Any] | None:
    """Returns a result that was kept, None where there is none.

    Raises:
        RunFolderError: If the file is damaged, or of another network or other settings.
    """
    try:
        kept = json.loads(path.read_text("utf-8"))
        wrong = [
            name
            for name, value in (("settings", retraining.settings()), ("architecture", _plain(chosen)))
            if kept[name] != value
        ]
        outcome_of(kept)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFolderError(
            str(path), expected="a result as it was written", received=str(error), remedy="Delete the file."
        ) from error
    if wrong:
        raise RunFolderError(
            str(path),
            expected=f"a result of retraining {retraining.name} as it is asked for now",
            received=f"one of other {' and '.join(wrong)}",
            remedy="Choose another folder with -o, ask for the same again, or delete the file.",
        )
    return kept


def retrain(retraining: Retraining, results: Results, say: Callable[[str], None]) -> None:
    """Trains what is not trained yet, and keeps every result at once. What failed is tried again.

    Args:
        retraining: What to train.
        results: The study's results, read and added to.
        say: Told of each result, and of what is missing.

    Raises:
        RunFolderError: If there are results of other settings, or one cannot be written.
        ConfigError: If the configuration cannot work.
        DataError: If the examples cannot be trained on.
    """
    space = spaces.get(retraining.config.space)
    networks = retraining.source.choose(results, space)
    if not networks:
        waits_for = ", ".join((*retraining.source.rows, *retraining.source.retrainings))
        say(f"{retraining.name}: nothing to train yet; it waits for {waits_for}.")
        return
    missing = []
    for number, chosen in enumerate(networks, start=1):
        for seed in range(retraining.seeds):
            path = path_of(results.directory, retraining, number, seed)
            kept = read_result(path, retraining, chosen)
            if kept is None or "failure" in kept:
                missing.append((number, chosen, seed, path))
    if not missing:
        say(f"{retraining.name}: done.")
        return
    with job.make_evaluator(retraining.config, **retraining.training) as evaluator:
        evaluator.check()
        for number, chosen, seed, path in missing:
            outcome = _measured(retraining, evaluator, chosen, seed)
            fields = {
                "settings": retraining.settings(),
                "architecture": _plain(chosen),
                "native": space.to_native(chosen.architecture),
                "seed": seed,
                "parameters": _parameters(space, chosen, evaluator.config()),
                **outcome_fields(outcome),
            }
            _write(path, fields)
            told = f"{outcome.objective:.4f}" if isinstance(outcome, Measurement) else f"failed: {outcome.reason}"
            say(f"{retraining.name}, network {number} of {len(networks)}, seed {seed}: {told}")


def _measured(retraining: Retraining, evaluator: Evaluator, chosen: Chosen, seed: int) -> Measurement | Failure:
    if not retraining.held_back:
        (outcome,) = evaluator.evaluate([Proposal(chosen.architecture, retraining.name)], seeds=[seed])
        return outcome
    outcome = evaluator.finalize(chosen.architecture, seed=seed)
    return outcome if outcome is not None else Failure("the evaluator holds nothing back")


def _parameters(space: SearchSpace, chosen: Chosen, evaluator: Mapping[str, Any]) -> int:
    skeleton = dict(evaluator["skeleton"])
    if "auxiliary" in skeleton:  # a head that is left away after training
        skeleton["auxiliary"] = False
    sizes = evaluator["input_shape"], evaluator["num_classes"]
    return space.cost(chosen.architecture, *sizes, live_only=True, **skeleton).params


def _plain(chosen: Chosen) -> Any:
    return json.loads(json.dumps(chosen.architecture.to_dict()))


def _write(path: pathlib.Path, fields: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(fields, indent=1) + "\n")
    except OSError as error:
        raise RunFolderError(
            str(path), expected="a place that can be written", received=str(error.strerror or error)
        ) from error
