"""`tables`: an evaluation as tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from tfnas.autoencoding.evaluation import Evaluation

if TYPE_CHECKING:
    from rich.table import Table

_RECONSTRUCTION = {
    "reconstruction": "10 x 10 drawn, at means",
    "reconstruction_of_draws": "10 x 10 drawn, at drawn points",
    "most_probable": "most probable, at means",
}
_GENERATION = {
    "generation": "{points:,} points x 10 drawn graphs",
    "independent": "{points:,} points, most probable graphs",
}


def tables(evaluation: Evaluation) -> list[Table]:
    """Returns tables of what was measured, those that have rows."""
    found = {measure.name: measure for measure in evaluation.measures}
    values = {name: measure.values for name, measure in found.items()}
    made = [_reconstruction(values), _space(values)]
    made += [
        _table(
            f"{name}: {title.format(**found[full].settings)}",
            ("prior", "valid by", "valid %", "unique %", "novel %", "distinct"),
            [
                (prior, rule, *(_percent(one[key]) for key in ("validity", "uniqueness", "novelty")), one["distinct"])
                for prior in _priors(values, name)
                for rule, one in values[f"{name} {prior}"].items()
            ],
        )
        for name, title in _GENERATION.items()
        for full in [f"{name} {prior}" for prior in _priors(values, name)[:1]]
    ]
    made.append(
        _table(
            "coverage: independent points, a drawn graph each",
            ("prior", "points", "distinct %", "members %", "agreement %"),
            [
                (prior, one["points"], *(_percent(one[key]) for key in ("distinct", "members", "agreement")))
                for prior in _priors(values, "coverage")
                for one in [values[f"coverage {prior}"]]
            ],
        )
    )
    return [table for table in made if table.row_count]


def _reconstruction(values: Mapping[str, Mapping[str, Any]]) -> Table:
    rows = []
    for name, title in _RECONSTRUCTION.items():
        if name in values:
            one = values[name]
            each = [_percent(one[key]) if key in one else "" for key in ("ops", "edges", "false_edges")]
            rows.append((title, one["graphs"], _percent(one["equal"]), *each))
    columns = ("decoded", "held out", "equal %", "operators %", "edges %", "false edges %")
    return _table("reconstruction of held-out graphs", columns, rows)


def _space(values: Mapping[str, Mapping[str, Any]]) -> Table:
    rows = []
    pairs = values.get("isomorphs", {"pairs": 0})
    if pairs["pairs"]:
        rows.append(("isomorphic pairs with one point", f"{_percent(pairs['equal'])} %", pairs["pairs"]))
    distances = values.get("distances", {})
    if distances:
        for edits, mean, deviation, count in zip(*(distances[key] for key in ("edits", "mean", "deviation", "pairs"))):
            rows.append((f"distance at {edits} edits", f"{mean:.3g} ± {deviation:.2g}", count))
    return _table("latent space", ("", "", "pairs"), rows)


def _priors(values: Mapping[str, Any], name: str) -> list[str]:
    return [key.partition(" ")[2] for key in values if key.startswith(f"{name} ")]


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Table:
    """Returns a table; columns behind the first are numbers where their first entry begins with a digit."""
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        is_number = bool(rows) and str(rows[0][place])[:1].isdigit()
        table.add_column(column, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return table


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f}"
