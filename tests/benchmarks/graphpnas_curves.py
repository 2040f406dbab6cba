"""Draws the searches of `graphpnas_study`: ``python -m tests.benchmarks.graphpnas_curves FOLDER FILE.png``."""

from __future__ import annotations

import pathlib
import sys

import numpy as np

from tests.benchmarks.graphpnas_study import STUDIES
from tests.benchmarks.study import half_widths, read
from tfnas.plotting import save, theme

_TITLES = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}
_STYLES = {  # colour, line and marker
    "random": (theme.MUTED, ":", "x"),
    "evolution 30/10": (theme.MUTED, "--", "s"),
    "local search": (theme.SERIES[3], "--", "D"),
    "GP-EI": (theme.SERIES[1], "-", "^"),
    "released, independent": (theme.SERIES[2], "--", "v"),
    "released": (theme.SERIES[0], "-", "o"),
    "best": (theme.MARK, "-", "o"),
}
_NAMES = {
    "released": "GraphPNAS, released settings",
    "released, independent": "the same loop, independent choices",
    "best": "GraphPNAS, screened (ours)",
}


def main(folder: pathlib.Path, target: pathlib.Path) -> None:
    """Draws means with 95 % intervals against queries, a panel a data set."""
    from matplotlib.figure import Figure

    with theme.style():
        figure = Figure(figsize=(9.5, 3.9), layout="constrained")
        panels = figure.subplots(1, len(_TITLES))
        for axes, (name, title) in zip(panels, _TITLES.items()):
            done, queries = read(folder, name), np.array(STUDIES[name].queries)
            for place, (method, (colour, line, marker)) in enumerate(_STYLES.items()):
                rows = np.array([row["reported"] for (other, _), row in done.items() if other == method])
                if len(rows) < 2:
                    continue
                axes.errorbar(
                    queries + 0.7 * (place - len(_STYLES) / 2),
                    rows.mean(0),
                    half_widths(rows),
                    color=colour,
                    linestyle=line,
                    marker=marker,
                    markersize=4.5,
                    linewidth=1.6,
                    elinewidth=1.0,
                    label=_NAMES.get(method, method),
                )
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.tick_params(axis="y", length=0)
            axes.grid(axis="y")
            axes.set_axisbelow(True)
            axes.set_xticks(queries)
            axes.set_xlabel("queries (networks)")
            axes.set_title(title, fontsize=theme.TEXT_SIZE)
        panels[0].set_ylabel("test accuracy of the best by the signal, %")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        save(figure, target)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
