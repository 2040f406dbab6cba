"""Pictures: architectures, best-so-far curves and leaderboards. Matplotlib is loaded on first use."""

from tfnas.plotting.charts import best_so_far, leaderboard_chart, short_count, tradeoff
from tfnas.plotting.distributions import entropy_curve, graph_clouds
from tfnas.plotting.drawing import draw
from tfnas.plotting.files import save, to_svg

__all__ = [
    "best_so_far",
    "draw",
    "entropy_curve",
    "graph_clouds",
    "leaderboard_chart",
    "save",
    "short_count",
    "to_svg",
    "tradeoff",
]
