"""Downloads from a server that breaks off, lies, and changes its mind."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import types
from dataclasses import dataclass, field

import numpy as np
import pytest

from tfnas.data import download, home
from tfnas.errors import DataError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Site:
    """What the server does: paths are contents, and each request is noted."""

    contents: dict[str, bytes] = field(default_factory=lambda: {"/file": CONTENT})
    requests: list[tuple[str, str | None, int]] = field(default_factory=list)
    """Path, Range header, status."""
    break_after: list[int] = field(default_factory=list)
    """Bytes after which each of the next answers breaks off."""
    statuses: dict[str, int] = field(default_factory=dict)
    ranges: bool = True
    etag: bool = True
    weak: bool = False
    honours_if_range: bool = True
    url: str = ""

    def ranges_asked(self) -> list[str | None]:
        return [asked for _, asked, _ in self.requests]


@pytest.fixture
def site(monkeypatch):
    site = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            asked = self.headers.get("Range")
            content = site.contents.get(self.path, b"")
            tag = f'{"W/" if site.weak else ""}"{hashlib.md5(content).hexdigest()}"'
            status = site.statuses.get(self.path, 200 if self.path in site.contents else 404)
            start = 0
            if status == 200 and asked and site.ranges:
                if not site.honours_if_range or self.headers.get("If-Range") == tag:
                    start = int(asked.removeprefix("bytes=").rstrip("-"))
                    status = 206 if start < len(content) else 416
            body = content[start:] if status in (200, 206) else b""
            site.requests.append((self.path, asked, status))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if site.etag:
                self.send_header("ETag", tag)
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if status == 416:
                self.send_header("Content-Range", f"bytes */{len(content)}")
            self.end_headers()
            limit = site.break_after.pop(0) if site.break_after and body else len(body)
            with contextlib.suppress(ConnectionError):  # an interrupted client hangs up
                self.wfile.write(body[:limit])
            self.close_connection = True

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(download, "_BACKOFF_S", 0.0)
    yield site
    server.shutdown()
    server.server_close()


def get(site, target, *paths, sha256=SHA256, **options):
    urls = [site.url + path for path in paths or ("/file",)]
    return download.fetch(urls, target, sha256=sha256, size=None, **options)


def leftovers(target):
    return sorted(path.name for path in target.parent.iterdir() if path != target)


def test_a_download_is_placed_whole_and_tells_its_progress(site, tmp_path):
    target, seen = tmp_path / "deep" / "file", []
    assert get(site, target, on_progress=lambda *step: seen.append(step)) == SHA256
    assert target.read_bytes() == CONTENT and leftovers(target) == []
    assert seen[0] == (0, len(CONTENT)) and seen[-1] == (len(CONTENT), len(CONTENT)) and seen == sorted(seen)


def test_a_file_that_is_here_is_not_asked_for_again(site, tmp_path):
    target = tmp_path / "file"
    get(site, target)
    assert get(site, target) == SHA256 and get(site, target, offline=True) == SHA256
    assert len(site.requests) == 1


def test_without_a_known_checksum_the_one_that_came_is_returned(site, tmp_path):
    assert get(site, tmp_path / "file", sha256=None) == SHA256


def test_a_broken_connection_goes_on_where_it_was(site, tmp_path):
    site.break_after = [1_500_000, 700_000]
    assert get(site, tmp_path / "file") == SHA256
    assert [status for *_, status in site.requests] == [200, 206, 206]
    starts = [int(asked[6:-1]) for asked in site.ranges_asked()[1:]]
    assert 0 < starts[0] <= 1_500_000 and starts[0] < starts[1] <= 2_200_000
    assert leftovers(tmp_path / "file") == []


def test_after_an_interruption_the_next_call_goes_on(site, tmp_path):
    target = tmp_path / "file"

    def interrupt(done, total):
        if done > 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(site, target, on_progress=interrupt)
    kept = (tmp_path / "file.part").stat().st_size
    assert 1_000_000 < kept < len(CONTENT) and not target.exists()
    assert get(site, target) == SHA256
    assert site.ranges_asked() == [None, f"bytes={kept}-"] and leftovers(target) == []


def test_a_whole_part_that_was_not_checked_yet_is_not_downloaded_again(site, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    target = tmp_path / "file"
    with monkeypatch.context() as patch:
        patch.setattr(download, "source_checksum", interrupted)
        with pytest.raises(KeyboardInterrupt):
            get(site, target)
    assert leftovers(target) == ["file.part", "file.part.json"]
    assert get(site, target) == SHA256
    assert site.requests[-1] == ("/file", f"bytes={len(CONTENT)}-", 416)


def _begun(site, target, paths=("/file",), content=CONTENT):
    """Leaves the beginning of the first path, and returns its number of bytes."""
    site.contents[paths[0]] = content

    def interrupt(done, total):
        if done > 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(site, target, *paths, on_progress=interrupt)
    return target.with_name("file.part").stat().st_size


@pytest.mark.parametrize("sha256", [SHA256, None])
def test_a_file_that_changed_between_the_parts_starts_anew(site, tmp_path, sha256):
    target = tmp_path / "file"
    kept = _begun(site, target, content=bytes(len(CONTENT)))
    site.contents["/file"] = CONTENT
    assert get(site, target, sha256=sha256) == SHA256 and target.read_bytes() == CONTENT
    assert site.requests[-1][1:] == (f"bytes={kept}-", 200)


def test_a_change_that_the_server_conceals_is_found_by_the_checksum(site, tmp_path):
    target = tmp_path / "file"
    _begun(site, target, content=bytes(len(CONTENT)))
    site.contents["/file"], site.honours_if_range = CONTENT, False
    with pytest.raises(DataError, match="hash"):
        get(site, target)
    assert not target.exists() and leftovers(target) == []
    assert get(site, target) == SHA256


@pytest.mark.parametrize("feature", ["ranges", "etag"])
def test_servers_that_cannot_go_on_start_anew(site, tmp_path, feature):
    target = tmp_path / "file"
    setattr(site, feature, False)
    _begun(site, target)
    assert get(site, target) == SHA256 and target.read_bytes() == CONTENT
    assert site.requests[-1][2] == 200


def test_a_weak_tag_does_not_say_that_the_bytes_are_the_same(site, tmp_path):
    target = tmp_path / "file"
    site.weak = True
    _begun(site, target)
    assert get(site, target) == SHA256 and site.ranges_asked() == [None, None]


@pytest.mark.parametrize("other", ["/file", "/second"])
def test_bytes_of_another_file_are_gone_before_the_first_one_comes(site, tmp_path, other):
    """An interruption just then must not leave them as the beginning of the new file."""
    target = tmp_path / "file"
    _begun(site, target, paths=(other,), content=bytes(len(CONTENT)))
    site.contents["/file"] = CONTENT

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(site, target, "/file", sha256=None, on_progress=interrupt)
    assert json.loads((tmp_path / "file.part.json").read_text())["url"] == f"{site.url}/file"
    assert get(site, target, "/file", sha256=None) == SHA256 and target.read_bytes() == CONTENT


def _together(site, target, count, sha256=SHA256):
    """Fetches one file in several threads; the others come while the first is in the middle of it."""
    found = []
    others = [threading.Thread(target=lambda: found.append(get(site, target, sha256=sha256))) for _ in range(count - 1)]

    def begin(done, total):
        if done > 1_000_000 and others[0].ident is None:
            for thread in others:
                thread.start()
            others[0].join(0.5)  # it waits for us

    found.append(get(site, target, sha256=sha256, on_progress=begin))
    for thread in others:
        thread.join()
    return found


@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("sha256", [SHA256, None])
def test_many_who_want_the_same_file_download_it_once(site, tmp_path, sha256, count):
    pytest.importorskip("fcntl")
    target = tmp_path / "file"
    assert _together(site, target, count, sha256) == [SHA256] * count
    assert target.read_bytes() == CONTENT and leftovers(target) == [] and len(site.requests) == 1


def test_two_processes_that_want_the_same_file_download_it_once(site, tmp_path):
    pytest.importorskip("fcntl")
    target = tmp_path / "file"
    code = (
        "import pathlib, sys\nfrom tfnas.data import download\n"
        "import requests\nprint('here', flush=True)\n"
        "print(download.fetch([sys.argv[1]], pathlib.Path(sys.argv[2]), sha256=None, size=None))"
    )
    other = []

    def begin(done, total):
        if done > 1_000_000 and not other:
            command = [sys.executable, "-c", code, f"{site.url}/file", str(target)]
            other.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            assert other[0].stdout.readline() == "here\n"
            with pytest.raises(subprocess.TimeoutExpired):
                other[0].wait(0.7)  # it waits for us

    assert get(site, target, sha256=None, on_progress=begin) == SHA256
    assert other[0].communicate()[0].strip() == SHA256
    assert target.read_bytes() == CONTENT and leftovers(target) == [] and len(site.requests) == 1


def test_who_waited_goes_on_where_the_first_broke_off(site, tmp_path):
    pytest.importorskip("fcntl")
    target, found = tmp_path / "file", []
    other = threading.Thread(target=lambda: found.append(get(site, target)))

    def begin(done, total):
        if done > 1_000_000:
            other.start()
            other.join(0.5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(site, target, on_progress=begin)
    other.join()
    assert found == [SHA256] and [status for *_, status in site.requests] == [200, 206]
    assert leftovers(target) == []


def test_a_lock_that_a_killed_process_left_keeps_nobody_waiting(site, tmp_path):
    (tmp_path / "file.lock").touch()
    assert get(site, tmp_path / "file") == SHA256 and leftovers(tmp_path / "file") == []


@pytest.mark.parametrize("again", [False, True])
def test_a_lock_that_was_removed_meanwhile_is_taken_again(site, tmp_path, monkeypatch, again):
    """Those before us remove it when they are done; others may already wait for a new one of the same name."""
    fcntl = pytest.importorskip("fcntl")
    lock, calls = tmp_path / "file.lock", []

    def removed(*_):
        calls.append(lock.exists())
        if len(calls) == 1:
            lock.unlink()
            if again:
                lock.touch()

    monkeypatch.setattr(fcntl, "flock", removed)
    assert get(site, tmp_path / "file") == SHA256 and calls == [True, True]


def test_a_disk_that_knows_no_locks(site, tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def unknown(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)
    assert get(site, tmp_path / "file") == SHA256 and leftovers(tmp_path / "file") == []


def test_a_system_without_locks(site, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert get(site, tmp_path / "file") == SHA256 and leftovers(tmp_path / "file") == []


def test_the_file_is_no_other_name_of_the_part(site, tmp_path):
    """Whoever still writes into the part must not change the file."""
    target = tmp_path / "file"
    get(site, target)
    assert target.stat().st_nlink == 1


def test_a_server_that_always_breaks_off_is_given_up(site, tmp_path):
    site.etag, site.break_after = False, [1_500_000] * 50
    with pytest.raises(DataError, match="the connection broke off"):
        get(site, tmp_path / "file")
    assert len(site.requests) < 50


def test_mirrors_are_tried_in_turn(site, tmp_path):
    site.contents |= {"/other": b"other content", "/failing": b""}
    site.statuses["/failing"] = 503
    assert get(site, tmp_path / "file", "/missing", "/failing", "/other", "/file") == SHA256
    asked = list(dict.fromkeys(path for path, *_ in site.requests))
    assert asked == ["/missing", "/failing", "/other", "/file"] and leftovers(tmp_path / "file") == []


def test_a_begun_mirror_goes_on_before_the_others(site, tmp_path):
    target = tmp_path / "file"
    _begun(site, target, paths=("/second",))
    assert get(site, target, "/file", "/second") == SHA256
    assert [path for path, *_ in site.requests] == ["/second", "/second"] and site.requests[-1][2] == 206


def test_another_mirror_does_not_go_on_behind_bytes_of_the_first(site, tmp_path):
    target = tmp_path / "file"
    _begun(site, target, paths=("/second",))
    del site.contents["/second"]
    assert get(site, target, "/second", "/file") == SHA256
    assert site.requests[-1] == ("/file", None, 200)


def test_all_reasons_are_told(site, tmp_path):
    site.contents["/other"], site.statuses["/failing"] = b"other content", 500
    target = tmp_path / "file"
    with pytest.raises(DataError) as caught:
        get(site, target, "/missing", "/failing", "/other")
    message = str(caught.value)
    assert f"{site.url}/missing: 404" in message and f"{site.url}/failing: 500" in message
    assert (
        f"{site.url}/other: a file with the SHA256" in message
        and hashlib.sha256(b"other content").hexdigest() in message
    )
    assert str(target) in message and not target.exists() and leftovers(target) == []


def test_no_server(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_BACKOFF_S", 0.0)
    with pytest.raises(DataError, match="127.0.0.1:9/x: no connection"):
        download.fetch(["http://127.0.0.1:9/x"], tmp_path / "x", sha256=None, size=None)


def test_an_older_file_stays_until_the_new_one_is_right(site, tmp_path):
    target = tmp_path / "file"
    target.write_bytes(b"old")
    site.contents["/other"] = b"other content"
    with pytest.raises(DataError):
        get(site, target, "/other")
    assert target.read_bytes() == b"old"
    assert get(site, target) == SHA256 and target.read_bytes() == CONTENT


def test_offline(site, tmp_path, monkeypatch):
    monkeypatch.setenv(home.OFFLINE_VARIABLE, "1")
    with pytest.raises(DataError) as caught:
        get(site, tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value) and SHA256 in str(caught.value)
    assert site.url in str(caught.value) and not site.requests
    commands = [line.strip() for line in str(caught.value).splitlines()[1:]]
    assert commands == [
        f"curl -L -o file {site.url}/file",
        f"mkdir -p {tmp_path}/ && mv file {tmp_path}/",
    ]


def test_the_words_for_a_move_run_as_they_are_printed(tmp_path):
    target = tmp_path / "my folder" / "below" / "a file"
    (tmp_path / target.name).write_bytes(b"content")
    subprocess.run(download.move_words(target), shell=True, check=True, cwd=tmp_path)
    assert target.read_bytes() == b"content"


def test_a_disk_without_room(site, tmp_path, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: types.SimpleNamespace(free=len(CONTENT)))
    with pytest.raises(DataError, match="room for 3,000,000 bytes more.*TFNAS_DATA_DIR"):
        get(site, tmp_path / "file")


def test_a_disk_that_fills_up_keeps_what_came(site, tmp_path):
    target = tmp_path / "file"

    def fill(done, total):
        if done:
            raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match="received No space left on device. .*kept"):
        get(site, target, on_progress=fill)
    assert (tmp_path / "file.part").exists()
    assert get(site, target) == SHA256 and site.requests[-1][2] == 206


def test_a_folder_that_cannot_be_made(site, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(DataError, match="can be written"):
        get(site, tmp_path / "taken" / "file")


@pytest.mark.parametrize("mark", [b"", b"{", b"[1]", b'{"url": 3}', b"\xff"])
def test_damaged_notes_start_anew(site, tmp_path, mark):
    (tmp_path / "file.part").write_bytes(b"what is this")
    (tmp_path / "file.part.json").write_bytes(mark)
    assert get(site, tmp_path / "file") == SHA256


def test_a_part_that_is_longer_than_the_file(site, tmp_path):
    target = tmp_path / "file"
    _begun(site, target)
    part = tmp_path / "file.part"
    assert json.loads((tmp_path / "file.part.json").read_text())["url"] == f"{site.url}/file"
    part.write_bytes(CONTENT + b"more")
    with pytest.raises(DataError, match="another part"):
        get(site, target)
    assert get(site, target) == SHA256


def test_the_folder_of_all_data(monkeypatch, tmp_path):
    monkeypatch.setenv(home.DATA_DIR_VARIABLE, "~/x")
    assert home.data_dir().is_absolute() and home.data_dir().name == "x" and "~" not in str(home.data_dir())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(home.DATA_DIR_VARIABLE, "here")
    assert home.data_dir() == tmp_path / "here" and not home.data_dir().exists()
    monkeypatch.setenv(home.DATA_DIR_VARIABLE, "")
    assert home.data_dir().parts[-2:] == (".cache", "tfnas")


@pytest.mark.parametrize(("text", "is_offline"), [("", False), ("0", False), ("No", False), ("1", True), ("yes", True)])
def test_the_switch_for_the_network(monkeypatch, text, is_offline):
    monkeypatch.setenv(home.OFFLINE_VARIABLE, text)
    assert home.is_offline() is is_offline


def test_tests_and_their_processes_have_a_folder_of_their_own(data_home):
    code = "from tfnas.data.home import data_dir; print(data_dir())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert done.stdout.strip() == str(data_home) == str(home.data_dir())


def test_importing_it_is_light():
    code = (
        "import sys\nimport tfnas.data.download, tfnas.data.catalogue, tfnas.data.store, tfnas.data.fetching\n"
        "import tfnas.data_commands\n"
        "heavy = {'requests', 'rich', 'tensorflow', 'keras', 'scipy', 'pandas'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
