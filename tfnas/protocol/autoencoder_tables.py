"""Tables of autoencoders as SVGe and arch2vec print them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Sequence

from tfnas.protocol.tables import Column, Line, Table

if TYPE_CHECKING:
    from tfnas.protocol.autoencoders import Trainings

PRIOR = "scaled"
"""The papers' prior, see `tfnas.models.latent_priors`."""

_ACCURACY, _VALIDITY, _UNIQUENESS, _NOVELTY = "accuracy (%)", "validity (%)", "uniqueness (%)", "novelty (%)"


def measured(measure: str, key: str, rule: str | None = None) -> Callable[[Any, Line], Sequence[float]]:
    """Returns a column's values: a number of a measure, in percent, one a training.

    Args:
        measure: Its name, see `tfnas.autoencoding.evaluation.Measure`.
        key: Of the number.
        rule: Name of the rule of validity, for the measures that are made by rules.
    """

    def values(trainings: Trainings, line: Line) -> list[float]:
        found = []
        for evaluation in trainings.evaluations(line.row) if line.row else ():
            made = {one.name: one.values for one in evaluation.measures}.get(measure, {})
            number = (made if rule is None else made.get(rule, {})).get(key)
            if number is not None:
                found.append(100 * number)
        return found

    return values


def svge_table(space: str, rule: str, lines: Sequence[tuple[str, str, Sequence[str]]]) -> Table:
    """Returns Table I of SVGe (Lukasik et al., 2021) for a space.

    Args:
        space: The space, as the title has it.
        rule: Name of the rule by which a graph is valid.
        lines: Label, entry, and the four printed figures; none where it has no such line.
    """
    name = f"generation {PRIOR}"
    shown = (
        Column(_ACCURACY, measured("reconstruction", "equal")),
        Column(_VALIDITY, measured(name, "validity", rule)),
        Column(_UNIQUENESS, measured(name, "uniqueness", rule)),
        Column(_NOVELTY, measured(name, "novelty", rule)),
        Column("distinct members (%)", measured(f"coverage {PRIOR}", "distinct")),
    )
    return Table(
        "svge-table1",
        f"SVGe, Table I: {space}",
        shown,
        _lines(lines, (_ACCURACY, _VALIDITY, _UNIQUENESS, _NOVELTY)),
        "Held-out graphs, 10 encodings and 10 decodings each; 1,000 points of the scaled normal distribution, 10 "
        "decodings each. Uniqueness cannot be much above 10 where a decoder is nearly deterministic. Distinct members "
        "are of independent points, one decoding each.",
    )


def arch2vec_table(space: str, rule: str, lines: Sequence[tuple[str, str, Sequence[str]]]) -> Table:
    """Returns Table 1 of arch2vec (Yan et al., 2020) for a space; see `svge_table`. Three figures are printed."""
    name = f"independent {PRIOR}"
    shown = (
        Column(_ACCURACY, measured("most_probable", "equal")),
        Column("operators right (%)", measured("most_probable", "ops")),
        Column(_VALIDITY, measured(name, "validity", rule)),
        Column(_UNIQUENESS, measured(name, "uniqueness", rule)),
        Column("distinct members (%)", measured(f"coverage {PRIOR}", "distinct")),
    )
    return Table(
        "arch2vec-table1",
        f"arch2vec, Table 1: {space}",
        shown,
        _lines(lines, (_ACCURACY, _VALIDITY, _UNIQUENESS)),
        "Accuracy is of whole held-out graphs, as the paper defines it; its published code counts operators. 10,000 "
        "points of the scaled normal distribution, the most probable graph of each.",
    )


def _lines(lines: Sequence[tuple[str, str, Sequence[str]]], titles: Sequence[str]) -> tuple[Line, ...]:
    return tuple(Line(label, entry, paper=dict(zip(titles, figures))) for label, entry, figures in lines)
