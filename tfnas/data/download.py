"""Downloads: checked by SHA-256, from mirrors, going on where they broke off.

requests talks to the server and tries again. The rest is what it does not do, nor pooch, which was tried:
going on with a broken download, and several processes that want the same file.
"""

from __future__ import annotations

import errno
import json
import os
import pathlib
import re
import shlex
import shutil
from typing import Any, Callable, Sequence

from tfnas.data.home import OFFLINE_VARIABLE, is_offline
from tfnas.data.locking import alone
from tfnas.data.places import source_checksum
from tfnas.errors import DataError

Progress = Callable[[int, int | None], None]
"""Called with the number of bytes that are here so far and their total, None where no one knows it."""

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0
_RETRIES, _BACKOFF_S = 2, 0.5
_RETRY_STATUS = (429, 500, 502, 503, 504)
_CHUNK = 2**16
"""Bytes that are written at once, and lost at most when a connection breaks."""
_SPARE = 64 * 2**20
"""Bytes of the disk that a download leaves free."""


def fetch(
    urls: Sequence[str],
    target: pathlib.Path,
    *,
    sha256: str | None,
    size: int | None,
    offline: bool | None = None,
    on_progress: Progress | None = None,
) -> str:
    """Downloads a file, unless it is here already.

    The addresses are tried in turn; one that answers wrongly, or with other content, is left for the
    next. Bytes are collected in ``TARGET.part``. If the download breaks off or is interrupted, they
    stay, and the next call goes on behind them, if the server says by an ETag or a date that the file
    is still the same (RFC 9110, sections 13.1.5 and 14.2) and serves ranges; otherwise it starts
    anew. The file gets its name only when its content is right.

    Processes and threads that want the same file wait for one another, where the system and the disk know
    locks (``TARGET.lock``, which is gone in the end): the first downloads it, the others find it.

    Args:
        urls: Addresses of the same file, the best first.
        target: Where the file goes. Folders are made.
        sha256: What the content must have; None takes any content, and a file that is here as it is.
        size: Bytes, where known; only for the check of free space when the server does not say it.
        offline: Forbids the network; by default `tfnas.data.home.is_offline` decides.
        on_progress: Called in this thread while bytes arrive.

    Returns:
        SHA-256 of the file, 64 hexadecimal digits.

    Raises:
        DataError: If no address gives the file (each with its reason), the disk has no room, the
            folder cannot be written, or the network is forbidden.
    """
    found = _found(target, sha256)
    if found is not None:
        return found
    if is_offline() if offline is None else offline:
        raise _offline(urls, target, sha256)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with alone(target):
            return _found(target, sha256) or _from_any(urls, target, sha256, size, on_progress or _silent)
    except OSError as error:
        raise _disk_error(error, target) from error


def _found(target: pathlib.Path, sha256: str | None) -> str | None:
    """Returns the checksum of the file that is here, if it is the one that is wanted."""
    found = source_checksum(target) if os.path.isfile(target) else None
    return found if sha256 in (None, found) else None


def _from_any(
    urls: Sequence[str], target: pathlib.Path, sha256: str | None, size: int | None, on_progress: Progress
) -> str:
    """Downloads from the first address that gives the right file, and returns its checksum."""
    import requests

    part, reasons = _part(target), []
    with _session() as session:
        for url in _unfinished_first(urls, part):
            try:
                _receive_all(url, part, session, size, on_progress)
            except requests.RequestException as error:  # also an OSError, which would mean the disk
                reasons.append(f"{url}: {_words(error)}")
                continue
            found = source_checksum(part)
            if sha256 in (None, found):
                os.replace(part, target)
                _forget(part)
                return found
            _forget(part)
            reasons.append(f"{url}: a file with the SHA256 hash {found}")
    kept = f" {part.stat().st_size:,} bytes are kept, and the next try goes on behind them." if part.exists() else ""
    raise DataError(
        f"download of {target.name}",
        expected="an address that gives the file" + (f" with the SHA256 hash {sha256}" if sha256 else ""),
        received="; ".join(reasons) or "no address",
        remedy=f"Try again later, or put the file at {target}.{kept}",
    )


def _receive_all(url: str, part: pathlib.Path, session: Any, size: int | None, on_progress: Progress) -> None:
    """Asks for what is missing of a file until all of it is there, or no more comes."""
    import requests

    while True:
        before = _size(part)
        try:
            _receive(url, part, session, size, on_progress)
            return
        except (requests.exceptions.ChunkedEncodingError, requests.ConnectionError, requests.Timeout):
            if _size(part) <= before:  # as long as bytes arrive, a broken connection is no reason to give up
                raise


def _receive(url: str, part: pathlib.Path, session: Any, size: int | None, on_progress: Progress) -> None:
    """Asks once for what is missing of a file, and appends it to ``part``."""
    import requests

    mark = _read_mark(part)
    start = _size(part) if mark.get("url") == url and mark.get("validator") else 0
    headers = {"Accept-Encoding": "identity"}  # ranges count the bytes of the file itself
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": mark["validator"]}
    with session.get(url, headers=headers, stream=True, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S)) as response:
        span = response.headers.get("Content-Range", "")
        if response.status_code == 416 and span == f"bytes */{start}":
            return  # all of it is here
        if response.status_code == 416 or (response.status_code == 206 and not span.startswith(f"bytes {start}-")):
            _forget(part)
            raise requests.RequestException(f"another part of the file than was asked for ({span or 'no range'})")
        response.raise_for_status()
        done = start if response.status_code == 206 else 0
        length = response.headers.get("Content-Length", "")
        total = done + int(length) if length.isdecimal() else None
        check_space(part.parent, (total or size or 0) - done)
        _write_mark(part, url, _validator(response.headers))
        on_progress(done, total)
        with open(part, "ab" if done else "wb") as file:
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                on_progress(done, total)


def _session() -> Any:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import Retry

    session = requests.Session()
    retry = Retry(
        _RETRIES,
        read=False,
        backoff_factor=_BACKOFF_S,
        status_forcelist=_RETRY_STATUS,
        raise_on_status=False,
        respect_retry_after_header=False,  # the next address is sooner
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _part(target: pathlib.Path) -> pathlib.Path:
    return target.with_name(f"{target.name}.part")


def _mark(part: pathlib.Path) -> pathlib.Path:
    return part.with_name(f"{part.name}.json")


def _read_mark(part: pathlib.Path) -> dict[str, Any]:
    """Returns where a part came from, and what tells whether the file there is still the same."""
    try:
        mark = json.loads(_mark(part).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return mark if isinstance(mark, dict) else {}


def _write_mark(part: pathlib.Path, url: str, validator: str | None) -> None:
    mark = _mark(part)
    new = mark.with_name(f"{mark.name}.new")
    new.write_text(json.dumps({"url": url, "validator": validator}), "utf-8")
    if _read_mark(part) != {"url": url, "validator": validator}:
        part.unlink(missing_ok=True)  # bytes of another file, should we be stopped before they are overwritten
    os.replace(new, mark)


def _validator(headers: Any) -> str | None:
    """Returns what an If-Range header may hold: a strong ETag, else a date."""
    etag = headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified")


def _unfinished_first(urls: Sequence[str], part: pathlib.Path) -> list[str]:
    begun = _read_mark(part).get("url") if part.exists() else None
    return sorted(urls, key=lambda url: url != begun)


def _forget(part: pathlib.Path) -> None:
    part.unlink(missing_ok=True)
    _mark(part).unlink(missing_ok=True)


def _size(part: pathlib.Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _silent(done: int, total: int | None) -> None:
    """The progress that no one watches."""


def check_space(folder: pathlib.Path, needed: int) -> None:
    """Raises `DataError` unless the disk of a folder has room for so many bytes, and some to spare."""
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE:
        raise DataError(
            f"disk of {folder}",
            expected=f"room for {needed:,} bytes more",
            received=f"{free:,} bytes free",
            remedy="Make room, or set TFNAS_DATA_DIR to a folder on another disk.",
        )


def _offline(urls: Sequence[str], target: pathlib.Path, sha256: str | None) -> DataError:
    checksum = f" with SHA-256 {sha256}" if sha256 else ""
    return DataError(
        f"download of {target.name}",
        expected=f"the file at {target}{checksum}",
        received=f"{'another content' if target.exists() else 'no such file'}, and the network is switched off",
        remedy=f"Allow the network (no --offline, no {OFFLINE_VARIABLE}), or get it elsewhere"
        f"{', from any of these addresses' if len(urls) > 1 else ''}, and put it there:"
        + "".join(f"\n  curl -L -o {shlex.quote(target.name)} {shlex.quote(url)}" for url in urls)
        + f"\n  {move_words(target)}",
    )


def move_words(target: pathlib.Path) -> str:
    """Returns the shell command that moves a file or folder of this name to its place."""
    folder = shlex.quote(f"{target.parent}{os.sep}")
    return f"mkdir -p {folder} && mv {shlex.quote(target.name)} {folder}"


def _disk_error(error: OSError, target: pathlib.Path) -> DataError:
    full = error.errno == errno.ENOSPC
    return DataError(
        f"download of {target.name}",
        expected=f"a folder {target.parent} that can be written" + (", and room on its disk" if full else ""),
        received=error.strerror or str(error),
        remedy="What came so far is kept. Make room, and try again."
        if full
        else "Set TFNAS_DATA_DIR to another folder.",
    )


def _words(error: Exception) -> str:
    """Returns the reason of a failed request, for people."""
    import requests

    text = str(error)
    if isinstance(error, requests.HTTPError):
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if re.search("resol|getaddrinfo|nodename|Name or service", text):
        return "its name cannot be resolved; there may be no network"
    if re.search("unreachable|refused", text):
        return "no connection"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    return f"{type(error).__name__}: {text}"[:300]
