"""`evaluate`: all that is measured on a trained autoencoder, kept beside its card."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import time
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, Sequence

import tfnas
from tfnas.autoencoding.card import Card, graphs_again, read_card
from tfnas.autoencoding.graphs import Observer
from tfnas.autoencoding.training import MODEL
from tfnas.checks import check_positive, check_seed
from tfnas.errors import StateError, UnknownNameError
from tfnas.models import autoencoders, latent_priors
from tfnas.state import write_text

EVALUATION = "evaluation.json"
"""Name of the file in the folder."""

PAIRS = 11_606
"""Isomorphic pairs, at most: as many as SVGe (section III-D) has of NAS-Bench-101."""

WALKED = "+walkback"
"""What stands behind the name of a prior whose points are decoded and encoded once; see `walked_back`."""

PRIORS = (*latent_priors.NAMES, f"gaussian{WALKED}")
"""The priors of an evaluation that names none."""

_KIND, _FORMAT = "autoencoder evaluation", 1


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure that is done.

    Attributes:
        name: A method of `tfnas.autoencoding.measures.Bench`, and the prior behind a space, if it has one.
        settings: What it was asked with, JSON values.
        values: What came out, JSON values.
        seconds: Wall-clock seconds.
    """

    name: str
    settings: Mapping[str, Any]
    values: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured on an autoencoder.

    Attributes:
        model: Its name.
        space: The name of its space.
        weights: `Card.weights`.
        measures: The measures, in the order in which they are made.
        version: Of this library.
    """

    model: str
    space: str
    weights: str
    measures: tuple[Measure, ...]
    version: str

    def values(self, name: str) -> Mapping[str, Any]:
        """Returns the values of a measure.

        Raises:
            UnknownNameError: If it was not made.
        """
        for measure in self.measures:
            if measure.name == name:
                return measure.values
        known = ", ".join(measure.name for measure in self.measures)
        raise UnknownNameError("measure", expected=known or "none", received=repr(name))

    def to_json(self) -> dict[str, Any]:
        """Returns the contents of the file."""
        return {"kind": _KIND, "format": _FORMAT, **dataclasses.asdict(self)}


def read_evaluation(folder: pathlib.Path | str) -> Evaluation | None:
    """Returns what was measured in a folder so far, None if nothing was.

    Raises:
        StateError: If the file is damaged.
    """
    path = pathlib.Path(folder) / EVALUATION
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
        if (found.pop("kind"), found.pop("format")) != (_KIND, _FORMAT):
            raise ValueError("another kind or form")
        return Evaluation(**{**found, "measures": tuple(Measure(**measure) for measure in found["measures"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(
            str(path), expected="what `evaluate` wrote", received=str(error), remedy="Delete it."
        ) from error


def evaluate(
    directory: pathlib.Path | str,
    *,
    priors: Sequence[str] = PRIORS,
    points: int = 1_000,
    independent: int = 10_000,
    pairs: int = PAIRS,
    limit: int | None = None,
    seed: int = 0,
    graphs: str | os.PathLike[str] | None = None,
    on_start: Callable[[str, int, int], Any] | None = None,
    on_measure: Callable[[Measure], Any] | None = None,
    on_progress: Observer | None = None,
) -> Evaluation:
    """Measures a trained autoencoder, and writes ``evaluation.json`` into its folder after each measure.

    A measure that was made there with the same settings, on the same weights, is not made again.

    Priors are fitted to training graphs, 50,000 drawn by the seed where there are more: to points like those that
    the decoder was trained on, drawn from the posteriors with `AutoencoderConfig.noise`; ``"scaled"``, that of the
    papers, to the posteriors' means alone.

    Args:
        directory: Of `tfnas.autoencoding.train`.
        priors: Names of priors, see `tfnas.models.latent_priors.make`; with ``+walkback`` behind one, its points are
            moved by `tfnas.models.autoencoder.walkback.walked_back`.
        points: Points of a prior that are decoded 10 times each.
        independent: Points of a prior that are decoded once each.
        pairs: Isomorphic pairs, at most.
        limit: Held-out graphs, at most, that are measured; all by default.
        seed: Of all draws.
        graphs: Where the file is now that the graphs were read from; where it was by default.
        on_start: Called before each measure that is made, with its name, its number and that of all.
        on_measure: Called after each.
        on_progress: Called while graphs are found.

    Returns:
        All measures of the folder, those of earlier calls too.

    Raises:
        UnknownNameError: If there is no such prior.
        ConfigError: If a number is not positive.
        StateError: If the folder has no trained autoencoder, or its graphs cannot be had again.
        DataError: If the file of its graphs cannot be read.
    """
    for prior in priors:
        if prior.removesuffix(WALKED) not in latent_priors.NAMES:
            known = ", ".join(latent_priors.NAMES)
            raise UnknownNameError("latent prior", expected=f"{known}, or one with {WALKED}", received=repr(prior))
    check_positive(points=points, independent=independent, pairs=pairs, **({} if limit is None else {"limit": limit}))
    check_seed(seed)
    folder = pathlib.Path(directory)
    card = read_card(folder)
    done = _Done(folder, card)
    asked = list(_asked(priors, points, independent, pairs, limit, seed))
    missing = [each for each in asked if not done.has(*each[:2])]
    if not missing:
        return done.evaluation
    found = graphs_again(card, graphs=graphs, on_progress=on_progress)
    # Imported here: TensorFlow takes seconds to load.
    from tfnas.autoencoding.measures import Bench

    bench = Bench(autoencoders.load(folder / MODEL), found, limit, seed)
    for number, (name, settings, arguments) in enumerate(missing, start=1):
        if on_start is not None:
            on_start(name, number, len(missing))
        started = time.perf_counter()
        values = getattr(bench, name.partition(" ")[0])(**arguments)
        measure = Measure(name, settings, values, time.perf_counter() - started)
        done.add(measure, [each[0] for each in asked])
        if on_measure is not None:
            on_measure(measure)
    return done.evaluation


def _asked(
    priors: Sequence[str], points: int, independent: int, pairs: int, limit: int | None, seed: int
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yields names of measures, their settings, and the arguments of the methods of `Bench`."""
    held = {"limit": limit, "seed": seed}
    for name in ("reconstruction", "reconstruction_of_draws", "most_probable", "distances"):
        yield name, held, {}
    yield "isomorphs", {"pairs": pairs, "seed": seed}, {"pairs": pairs}
    for prior in priors:
        for name, count in (("generation", points), ("independent", independent), ("coverage", independent)):
            yield f"{name} {prior}", {"points": count, "seed": seed}, {"prior": prior, "points": count}


class _Done:
    """The measures of a folder; those of other weights are dropped."""

    def __init__(self, folder: pathlib.Path, card: Card) -> None:
        self._path = folder / EVALUATION
        before = read_evaluation(folder)
        measures = before.measures if before is not None and before.weights == card.weights else ()
        self.evaluation = Evaluation(
            card.job.model, card.job.make_space().name, card.weights, measures, tfnas.__version__
        )

    def has(self, name: str, settings: Mapping[str, Any]) -> bool:
        return any(one.name == name and one.settings == settings for one in self.evaluation.measures)

    def add(self, measure: Measure, order: Sequence[str]) -> None:
        """Takes a measure, in place of one of that name, and writes all."""
        kept = [one for one in self.evaluation.measures if one.name != measure.name]
        place = {name: number for number, name in enumerate(order)}
        measures = sorted([*kept, measure], key=lambda one: place.get(one.name, len(place)))
        self.evaluation = dataclasses.replace(self.evaluation, measures=tuple(measures))
        write_text(self._path, json.dumps(self.evaluation.to_json(), indent=1, allow_nan=False) + "\n")
