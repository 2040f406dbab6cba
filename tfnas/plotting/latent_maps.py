"""`latent_map`: points of a plane, a dot a network, coloured by value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfnas.errors import ConfigError
from tfnas.plotting import theme, value_colours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 8.0, 5.2
_FEW = 400  # dots that may be large
_MANY = 500  # dots from which on an SVG has them as one picture
_TICKS = 5


def latent_map(
    places: np.ndarray,
    values: np.ndarray | None = None,
    *,
    label: str = "validation value",
    axis_names: tuple[str, str] | None = None,
) -> Figure:
    """Draws a map of embeddings, a dot a network; arch2vec's figure 4 has means of small areas.

    One unit is equally long on both axes. The best networks lie on top; those whose value is not known are grey,
    below all others. The scale of colours ends where far worse values begin.

    Args:
        places: Float, shape [B, 2].
        values: Values, of which larger ones are better; NaN where one is not known. Shape [B].
        label: What the values are, with their unit.
        axis_names: Names of the axes; None for a plane whose directions and units mean nothing, such as t-SNE's.

    Returns:
        A figure of its own, outside pyplot.

    Raises:
        ConfigError: If there are no points, they are not finite, or values have another length.
    """
    places = np.asarray(places, float)
    known = np.full(len(places), np.nan) if values is None else np.asarray(values, float)
    if places.ndim != 2 or places.shape[1:] != (2,) or not len(places) or not np.isfinite(places).all():
        raise ConfigError("places", expected="finite numbers of shape [B, 2]", received=f"shape {places.shape}")
    if known.shape != (len(places),):
        raise ConfigError("values", expected=f"{len(places)}, one a place", received=f"shape {known.shape}")
    with theme.style():
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        figure, axes = theme.chart(_WIDTH, _HEIGHT)
        there = np.isfinite(known)
        dots = dict(s=26 if len(places) <= _FEW else 9, linewidths=0, rasterized=len(places) > _MANY)
        if not there.all():
            axes.scatter(*places[~there].T, color=theme.SERIES[0] if values is None else theme.LINE, alpha=0.6, **dots)
        if there.any():
            low, high = value_colours.colour_limits(known[there])
            norm, colours = Normalize(low, high, clip=True), value_colours.colour_map()
            order = np.flatnonzero(there)[np.argsort(known[there], kind="stable")]
            axes.scatter(*places[order].T, c=colours(norm(known[order])), **dots)
            bar = figure.colorbar(
                ScalarMappable(norm, colours), ax=axes, label=label, aspect=28, pad=0.02,
                extend="min" if known[there].min() < low else "neither",
            )  # fmt: skip
            bar.outline.set_visible(False)
            bar.solids.set_edgecolor("face")  # or the page shows between the steps
        axes.set_aspect("equal", adjustable="datalim")
        if axis_names is None:
            axes.set_axis_off()
        else:
            axes.grid(True)
            for axis, name in zip((axes.xaxis, axes.yaxis), axis_names):
                axis.get_major_locator().set_params(nbins=_TICKS)
                axis.set_label_text(name)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laying out again would move things by a millionth
        return figure
