"""``tfnas data ...`` as a user meets it."""

from __future__ import annotations

import hashlib
import http.server
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile

import click
import pytest
from click.testing import CliRunner

from tfnas.cli import errors_in_words
from tfnas.data import catalogue, fetching, store
from tfnas.data_commands import data

CSV = "arch,valid,loss\n00000000,0.5,2.5\n00000001,0.6,2.0\n"


class _Program(click.Group):
    """The commands with errors in words, as the whole program has them."""

    def invoke(self, ctx):
        with errors_in_words():
            return super().invoke(ctx)


def run(*arguments):
    return CliRunner().invoke(_Program("data", commands=data.commands), list(map(str, arguments)))


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(CSV)
    return path


@pytest.mark.parametrize("command", sorted(data.commands))
def test_every_option_has_help_and_says_its_default(command):
    assert "Usage" in run(command, "--help").output and data.commands[command].help
    for option in data.commands[command].params:
        if option.param_type_name == "option":
            assert option.help and option.show_default, option.name


def test_the_list_has_all_names_spaces_and_states(mine, data_home):
    run("import", mine, "--space", "nasbench_macro")
    text = run("list").output
    for name in catalogue.names():
        assert re.search(rf"^{name} ", text, re.M), name
    assert re.search(r"^mine +your own table +nasbench_macro +ready +\d", text, re.M)
    assert re.search(r"^nats_tss .* not here +by hand", text, re.M) and re.search(r"^digits .* embedded", text, re.M)
    assert str(data_home) in text.replace("\n", "")


def test_a_csv_table_from_import_to_path(mine, data_home):
    done = run("import", mine, "--space", "nasbench_macro", "--split", "loss=train", "--name", "other")
    assert done.exit_code == 0 and "other: 2 rows, columns valid, loss" in done.output
    assert store.table("other").splits["loss"].value == "train"
    assert run("path", "other").output.strip() == str(data_home / "tables" / "other")
    checked = run("check", "other")
    assert checked.exit_code == 0 and "right  other: 2 rows" in checked.output


def test_another_column_of_architectures(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(CSV.replace("arch", "network"))
    assert run("import", path, "--space", "nasbench_macro").exit_code == 2
    assert run("import", path, "--space", "nasbench_macro", "--architecture", "network").exit_code == 0


def test_check_of_all_names_what_is_wrong(mine, data_home):
    assert run("check").output == "nothing is imported\n"
    for name in ("first", "second"):
        run("import", mine, "--space", "nasbench_macro", "--name", name)
    assert run("check").exit_code == 0
    manifest = data_home / "tables" / "first" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"valid", b"vilad"))
    done = run("check")
    assert done.exit_code == 1
    assert re.search("^wrong  first: .*first.*manifest", done.output, re.M)
    assert re.search("^right  second: ", done.output, re.M)
    mine.write_text(CSV.replace("2.0", "3.0"))
    assert re.search("^wrong  second: .*mine.csv.*SHA-256", run("check", "second").output, re.M)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fetch", "nope"], "expected one of nasbench101_only108"),
        (["fetch", "nats_tss"], "NATS-tss-v1_0-3ffb9-simple.tar.*tfnas data import nats_tss NATS"),
        (["fetch", "nasbench_macro", "--offline"], "raw.githubusercontent.com.*--offline"),
        (["fetch", "imagenet"], "image-net.org.*downloads"),
        (["path", "nope"], "expected one of"),
        (["path", "nasbench_macro"], "Run: tfnas data fetch nasbench_macro"),
        (["path", "digits"], "embedded"),
        (["check", "nope"], "expected one of"),
        (["import", "mine.csv"], "FILE.csv --space SPACE"),
        (["import", "none.csv", "--space", "nasbench201"], "none.csv: expected a file"),
        (["import", __file__, "--space", "nope"], "received 'nope'"),
        (["import", __file__, "--space", "nasbench201", "--split", "loss"], "COLUMN=SPLIT.*'loss'"),
        (["import", "nope", __file__], "expected one of"),
        (["import", "nasbench_macro", __file__, "--name", "x", "--space", "y"], "--space, --name: expected none"),
        (["import", "nasbench101_full", __file__], "SHA-256 3d64db81.*received SHA-256"),
    ],
)
def test_mistakes_are_said_in_words(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2 and re.search(f"Error: .*{message}", done.output, re.S), done.output


def test_check_of_what_is_not_imported_fails():
    done = run("check", "nats_tss")
    assert done.exit_code == 1 and "Run: tfnas data fetch nats_tss" in done.output


def test_fetch_of_embedded_images():
    assert run("fetch", "digits").output == "digits: embedded, nothing to fetch\n"


def test_an_interruption_says_how_to_go_on(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "fetch", interrupted)
    done = run("fetch", "nasbench_macro")
    assert done.exit_code == 130 and done.output == "Interrupted. Go on with: tfnas data fetch nasbench_macro\n"


_PROGRAM = """
import sys
from tfnas.data import catalogue
from tfnas.data.catalogue import Entry, RemoteFile
from tfnas.data_commands import data
url, sha256 = sys.argv[1:3]
file = RemoteFile("toy.zip", (url,), sha256)
catalogue._BY_NAME["toy"] = Entry("toy", "images", "a toy", "none", file=file)
data(sys.argv[3:])
"""


def test_control_c_in_the_middle_of_a_download(tmp_path, data_home):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("toy/pixels", os.urandom(1_000_000))
    content, proceed, starts = packed.getvalue(), threading.Event(), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            start = int(self.headers.get("Range", "bytes=0-")[6:-1])
            starts.append(start)
            self.send_response(206 if start else 200)
            self.send_header("ETag", '"toy"')
            self.send_header("Content-Length", str(len(content) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            self.wfile.write(content[start : start + 500_000])
            self.wfile.flush()
            proceed.wait(60)
            self.wfile.write(content[start + 500_000 :])

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/toy.zip"
    command = [sys.executable, "-c", _PROGRAM, url, hashlib.sha256(content).hexdigest(), "fetch", "toy"]
    part = data_home / "downloads" / "toy.zip.part"
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size > 300_000) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, text = process.communicate(timeout=60)
        assert process.returncode == 130 and "Go on with: tfnas data fetch toy" in text, text
        kept = part.stat().st_size
        proceed.set()
        done = subprocess.run(command, capture_output=True, text=True)
    finally:
        proceed.set()
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr
    assert starts == [0, kept] and kept > 300_000
    assert (data_home / "downloads" / "toy" / "pixels").stat().st_size == 1_000_000
