"""Sentences that the Markdown and the HTML report share."""

from __future__ import annotations

import math

from tfnas.plotting import short_count
from tfnas.report.data import Entry, Likely, ReportData, Size
from tfnas.report.values import Scale

ROWS = 20
"""Networks in the table of the leaderboard."""

LIKELY = 4
"""Most probable networks of a learned distribution that are shown."""

LONG_NATIVE = 200
"""Characters up to which a published form is written out in tables and on the screen."""

LIKELY_NOTE = "The most probable ones that came up in a few hundred further draws."

SETTINGS_NOTE = (
    "The same settings, versions and thread counts give the same trials, as far as the evaluator is deterministic."
)


def leaderboard_note(data: ReportData) -> str:
    """Returns a sentence on how to read the leaderboard."""
    fresh = any(entry.row.fresh for entry in data.entries)
    parts = ["All values here are validation values."] if "validation" in data.scale.quantity else []
    if fresh:
        parts.append(
            "Networks that were measured again come first, by the mean of the fresh measurements alone; the others "
            "have the search's own value, which tends to be too good near the top."
        )
    if data.entries[0].row.interval:
        parts.append("A tie is a network whose difference to the first may be nothing but noise.")
    else:
        parts.append("No intervals are known, so only equal values are called ties.")
    return " ".join(parts)


def shortened(native: str) -> str:
    """Returns a published form as it fits into a table or a line; it is whole elsewhere in the report."""
    return native if len(native) <= LONG_NATIVE else f"{native[: LONG_NATIVE // 2]}... ({len(native)} characters)"


def network_title(entry: Entry, scale: Scale) -> str:
    """Returns rank, trial and value of a network."""
    return f"Rank {entry.row.rank}, trial {entry.trial}: {scale.text(entry.row.value)}"


def likely_title(likely: Likely) -> str:
    """Returns probability and measured value of one of the most probable networks."""
    chance = 100 * math.exp(likely.log_prob)
    share = f" ({chance:.2g} %)" if chance >= 0.01 else ""
    return f"Log-probability {likely.log_prob:.2f}{share}; {likely.measured or 'not measured'}"


def params_text(size: Size | None) -> tuple[str, str]:
    """Returns the parameters of what is built and, if they differ, of the published network."""
    if size is None:
        return "", ""
    built, published = f"{size.params:,}", f"{size.published_params:,}"
    return built, published if published != built else ""


def macs_text(size: Size | None) -> tuple[str, str]:
    """Returns the multiply-accumulates of what is built and, if they differ, of the published network."""
    if size is None:
        return "", ""
    built, published = short_count(size.macs), short_count(size.published_macs)
    return built, published if published != built else ""


def beside(texts: tuple[str, str]) -> str:
    """Returns a text with the published one behind it, where there is one."""
    built, published = texts
    return f"{built} (published {published})" if published else built


def size_sentence(size: Size) -> str:
    """Returns parameters and multiply-accumulates as a sentence."""
    built = f"{size.params:,} parameters and {size.macs:,} multiply-accumulates."
    if not size.differs:
        return built
    return (
        f"{built} Built as published, with the operators that reach no output, it would have "
        f"{size.published_params:,} and {size.published_macs:,}."
    )
