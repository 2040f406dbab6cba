"""`ReportData` as Markdown (GitHub flavour)."""

from __future__ import annotations

import re
from typing import Iterable, Mapping, Sequence

from tfnas.report import wording
from tfnas.report.data import Entry, Fact, Learned, ReportData
from tfnas.report.pictures import Picture, cell_name, likely_name, top_cells
from tfnas.report.values import Scale, listed

_MARKS = re.compile(r"([\\`*_\[\]{}|~#])")


def render(data: ReportData, files: Mapping[str, str], pictures: Mapping[str, Picture]) -> str:
    """Returns the report.

    Args:
        data: What to say.
        files: Path of each picture, relative to the report.
        pictures: The pictures, for their captions.
    """
    lines: list[str] = []
    if data.warning:
        lines += [f"**{text(data.warning)}**", ""]
    lines += [f"# {text(data.title)}", "", text(data.status), ""]
    lines += _facts(data.facts)
    lines += ["## What was found", ""]
    if data.best is not None:
        lines += [code(data.best.native), ""]
    lines += [*_sentences(data.found)]
    if data.best is not None and data.best.size is not None:
        lines += [text(wording.size_sentence(data.best.size)), ""]
    lines += [*_sentences(data.notes), *_picture(cell_name(1), files, pictures)]
    lines += ["## Test", "", *_sentences(data.test_notes)]
    if data.test:
        lines += _facts(data.test)
    if data.entries:
        lines += ["## Course of the search", "", *_picture("best_so_far", files, pictures)]
        lines += _runs(data) if len(data.runs) > 1 else []
        lines += ["## Leaderboard", "", text(wording.leaderboard_note(data)), ""]
        lines += [*_picture("leaderboard", files, pictures), *_leaderboard(data.entries[: wording.ROWS], data.scale)]
        if len(data.entries) > wording.ROWS:
            lines += [f"{len(data.entries) - wording.ROWS:,} more are in events.jsonl.", ""]
        lines += _picture("value_against_size", files, pictures)
    for place, entry in enumerate(top_cells(data)[1:], start=2):
        lines += ["## The other top networks", ""] if place == 2 else []
        lines += [text(wording.network_title(entry, data.scale)), "", code(entry.native), ""]
        lines += _picture(cell_name(place), files, pictures)
    if data.learned is not None:
        lines += _learned(data.learned, files, pictures)
    if data.failures:
        lines += ["## Failures", ""]
        rows = [(len(group.trials), group.stage, text(group.reason), listed(group.trials)) for group in data.failures]
        lines += _table(("count", "when", "reason", "trials"), rows)
    lines += ["## What was searched, and how", "", *_facts(data.setup), *_facts(data.machine)]
    lines += ["## Using the result", ""]
    if not data.artefacts:
        lines += ["No network was saved in this folder.", ""]
    for artefact in data.artefacts:
        lines += [f"{code(artefact.name)}: {text(artefact.what)}", "", "```python", artefact.snippet, "```", ""]
    lines += ["## Settings", "", text(wording.SETTINGS_NOTE), "", *_fenced(data.settings, "json"), ""]
    return "\n".join(lines)


def text(value: str) -> str:
    """Returns plain text so that Markdown shows it as it is, on one line."""
    escaped = " ".join(value.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", escaped)


def code(value: str, *, in_table: bool = False) -> str:
    """Returns a code span that holds any text."""
    value = " ".join(value.split())
    fence = "`" * (max((len(run) for run in re.findall("`+", value)), default=0) + 1)
    pad = " " if value.startswith("`") or value.endswith("`") else ""
    return f"{fence}{pad}{value.replace('|', chr(92) + '|') if in_table else value}{pad}{fence}"


def _learned(learned: Learned, files: Mapping[str, str], pictures: Mapping[str, Picture]) -> list[str]:
    lines = ["## Learned distribution", "", *_sentences(learned.notes)]
    lines += _facts(learned.facts) if learned.facts else []
    lines += [*_picture("entropy", files, pictures), *_picture("graphs", files, pictures)]
    lines += ["### The most probable networks", "", text(wording.LIKELY_NOTE), ""] if learned.likely else []
    for place, likely in enumerate(learned.likely, start=1):
        lines += [text(wording.likely_title(likely)), "", code(likely.native), ""]
        lines += _picture(likely_name(place), files, pictures)
    return lines


def _leaderboard(entries: Sequence[Entry], scale: Scale) -> list[str]:
    head = ("rank", "trial", "network", scale.axis, "95 % interval", "fresh", "parameters", "MACs", "source", "tie")
    rows = []
    for entry in entries:
        row = entry.row
        rows.append(
            (
                row.rank,
                entry.trial,
                code(wording.shortened(entry.native), in_table=True),
                scale.number(row.value),
                scale.interval(row.interval),
                row.fresh or "",
                wording.beside(wording.params_text(entry.size)),
                wording.beside(wording.macs_text(entry.size)),
                text(entry.source),
                "chosen" if entry.chosen else "tie" if entry.tied else "",
            )
        )
    return _table(tuple(text(name) for name in head), rows)


def _runs(data: ReportData) -> list[str]:
    rows = [(text(run.name), len(run.curve), run.best, run.chosen) for run in data.runs]
    head = ("run", "trials", "best single value", "choice, measured again")
    return [*_table(head, rows), *_sentences(data.run_notes)]


def _facts(facts: Sequence[Fact]) -> list[str]:
    return _table(("", "", ""), [(f"**{text(fact.name)}**", text(fact.value), text(fact.note)) for fact in facts])


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [*(f"| {' | '.join(map(str, cells))} |" for cells in lines), ""]


def _sentences(sentences: Sequence[str]) -> list[str]:
    return [" ".join(text(sentence) for sentence in sentences), ""] if sentences else []


def _picture(name: str, files: Mapping[str, str], pictures: Mapping[str, Picture]) -> list[str]:
    return [f"![{text(pictures[name].caption)}]({files[name]})", ""] if name in files else []


def _fenced(value: str, language: str) -> list[str]:
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", value)), default=0) + 1)
    return [f"{fence}{language}", value, fence]
