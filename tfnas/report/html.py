"""`ReportData` as one HTML page that needs nothing else: no network, no scripts."""

from __future__ import annotations

import importlib.resources
import re
from typing import Mapping

from tfnas.plotting import theme, to_svg
from tfnas.report import wording
from tfnas.report.data import ReportData
from tfnas.report.pictures import Picture, cell_name, likely_name, top_cells
from tfnas.report.values import listed

_TEMPLATE = "report.html.jinja"
_READABLE_PX = 480  # a chart is not made narrower than this; the page scrolls it instead
_VARIABLES = {
    theme.INK: "var(--ink)",
    theme.MUTED: "var(--muted)",
    theme.LINE: "var(--line)",
    theme.GRID: "var(--grid)",
    theme.PAPER: "var(--paper)",
    **{colour: f"var(--series-{index})" for index, colour in enumerate(theme.SERIES)},
}


def render(data: ReportData, pictures: Mapping[str, Picture]) -> str:
    """Returns the page. All text is escaped; only our own drawings go in as markup."""
    import jinja2
    import markupsafe

    def figure(name: str) -> dict[str, object] | None:
        picture = pictures.get(name)
        if picture is None:
            return None
        width = picture.figure.get_figwidth() * 96
        return {
            "svg": markupsafe.Markup(_themed(to_svg(picture.figure, prefix=name))),
            "caption": picture.caption,
            "width": round(width),
            "narrowest": round(max(min(width, _READABLE_PX), 0.6 * width)),
        }

    def network(native: str) -> markupsafe.Markup:
        return markupsafe.Markup(re.sub("[|,]", r"\g<0><wbr>", str(markupsafe.escape(native))))

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    likely = data.learned.likely if data.learned is not None else ()
    source = importlib.resources.files("tfnas.report").joinpath(_TEMPLATE).read_text("utf-8")
    return environment.from_string(source).render(
        data=data,
        figure=figure,
        network=network,
        others=[(cell_name(place), entry) for place, entry in enumerate(top_cells(data)[1:], start=2)],
        likely=[(likely_name(place), one) for place, one in enumerate(likely, start=1)],
        rows=data.entries[: wording.ROWS],
        more=max(0, len(data.entries) - wording.ROWS),
        wording=wording,
        listed=listed,
        best_picture=cell_name(1),
    )


def _themed(svg: str) -> str:
    """Gives a drawing the page's neutral colours, which differ between light and dark."""
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return svg
