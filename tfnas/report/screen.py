"""`summary`: the last screen of a run, in plain text."""

from __future__ import annotations

import os
import pathlib

from tfnas.report.data import Entry, ReportData
from tfnas.report.gather import gather
from tfnas.report.values import listed, plural
from tfnas.report.wording import beside, macs_text, params_text, shortened
from tfnas.report.writing import HTML_FILE, MARKDOWN_FILE

_WIDTH = 12


def summary(directory: str | os.PathLike[str]) -> str:
    """Returns what a run found in at most 15 lines of plain text.

    Raises:
        RunFolderError: If the folder has no event log, or a damaged one.
    """
    directory = pathlib.Path(directory)
    data = gather(directory)
    lines = [data.warning] if data.warning else []
    lines += [data.title, data.status]
    lines += _best(data, data.best) if data.best is not None else [_line("found", "nothing with a value")]
    if data.test:
        fact = data.test[0]
        lines.append(_line("test", f"{fact.value} {fact.name}" + (f" ({fact.note})" if fact.note else "")))
    else:
        lines.append(_line("test", data.test_notes[0]))
    facts = {fact.name: fact for fact in data.facts}
    lines.append(_line("trials", f"{facts['Trials'].value}; {facts['Trials'].note}"))
    if data.learned is not None and data.learned.summary:
        lines.append(_line("learned", data.learned.summary))
    if data.failures:
        lines.append(_line("failures", f"most often: {data.failures[0].reason:.100}"))
    lines.append(_line("time", ", ".join(part for part in (facts["Time"].value, facts["Time"].note) if part)))
    reports = [name for name in (HTML_FILE, MARKDOWN_FILE) if (directory / name).exists()]
    files = [*reports, *(artefact.name for artefact in data.artefacts)]
    lines.append(_line("files", f"{directory}: {', '.join([*files, 'events.jsonl'])}"))
    return "\n".join(lines)


def _best(data: ReportData, best: Entry) -> list[str]:
    row, scale = best.row, data.scale
    known = [f"95 % interval {scale.interval(row.interval)}"] if row.interval else []
    known.append(f"mean of {plural(row.fresh, 'fresh measurement')}" if row.fresh else "the search's own value")
    tied = tuple(entry.trial for entry in data.entries if entry.tied)
    ties = f"{plural(len(tied), 'network')} may be as good: {listed(tied, 8)}" if tied else "none"
    lines = [
        _line("found", shortened(best.native)),
        _line("value", f"{scale.text(row.value)} {scale.quantity}; {', '.join(known)}"),
        _line("ties", ties if tied or row.interval else "unknown without intervals"),
    ]
    if best.size is not None:
        params, macs = beside(params_text(best.size)), beside(macs_text(best.size))
        lines.append(_line("size", f"{params} parameters, {macs} multiply-accumulates"))
    return lines


def _line(name: str, value: str) -> str:
    return f"  {name:<{_WIDTH}}{' '.join(value.split())}"
