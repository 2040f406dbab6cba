"""`distance_chart`: distances in a latent space by edit distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfnas.models.autoencoder.smoothness import Distances
from tfnas.plotting import theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FEW = 10  # pairs below which a mean says little


def distance_chart(distances: Distances) -> Figure:
    """Draws the mean L2 distance of embeddings by edit distance, with one standard deviation to both sides.

    arch2vec's figure 3, there with 1,000 architectures of a long random walk, here of any pairs. Means of fewer than
    ten pairs are hollow, and the band ends before them.

    Args:
        distances: Of `latent_distances`.

    Returns:
        A figure of its own, outside pyplot.
    """
    with theme.style():
        figure, axes = theme.chart(8.0, 3.2)
        colour, enough = theme.SERIES[0], distances.pairs >= _FEW
        low, high = distances.mean - distances.deviation, distances.mean + distances.deviation
        axes.fill_between(distances.edits, low, high, where=enough, color=colour, alpha=0.18, linewidth=0)
        axes.plot(distances.edits, distances.mean, color=colour, linewidth=2.0)
        for chosen, face in ((enough, colour), (~enough, theme.PAPER)):
            axes.plot(
                distances.edits[chosen], distances.mean[chosen], "o", color=colour, markerfacecolor=face, markersize=5
            )
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_ylim(bottom=0.0)
        axes.grid(axis="y")
        axes.set_xlabel("edit distance")
        axes.set_ylabel("latent distance")
        return figure
