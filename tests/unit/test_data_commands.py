"""``tfnas data ...`` as a user meets it."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import zipfile
from itertools import product

import click
import numpy as np
import pytest
from click.testing import CliRunner

from tests.keras_home import set_keras_home
from tfnas.cli import errors_in_words, main
from tfnas.data import catalogue, fetching, keras_datasets, load, store
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
    assert re.search(r"^mine +ready +\d.*\n  your own table; space nasbench_macro$", text, re.M)
    assert re.search(r"^nats_tss +not here +by hand\n  NATS-Bench", text, re.M)
    assert re.search(r"^digits +embedded$", text, re.M) and re.search(
        r"^nasbench201_analog +ready +5.6 MB$", text, re.M
    )
    assert str(data_home) in text.replace("\n", "")


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_the_list_breaks_no_words_and_ends_no_line_in_spaces(mine, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    run("import", mine, "--space", "nasbench_macro")
    *lines, place = run("list").output.splitlines()
    assert place.startswith("Kept in ")  # one path, which is never broken
    assert max(map(len, lines)) <= columns and not [line for line in lines if line.endswith(" ")]
    words = {word for name in catalogue.names() for word in catalogue.get(name).title.split()}
    assert words <= set(re.split(r"[\s;]+", "\n".join(lines)))


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b"\xff"])
def test_one_damaged_table_does_not_end_the_list(mine, data_home, damage):
    for name in ("first", "second"):
        run("import", mine, "--space", "nasbench_macro", "--name", name)
    (data_home / "tables" / "first" / "manifest.json").write_bytes(damage)
    done = run("list")
    assert done.exit_code == 0, done.output
    assert re.search(r"^first +damaged +[\d.]+ \w+ +import$", done.output, re.M)
    assert re.search(r"^second +ready", done.output, re.M)


def test_a_csv_table_from_import_to_removal(mine, data_home):
    mine.write_text(CSV.replace("loss", "loss,note").replace("2.5", "2.5,a").replace("2.0", "2.0,b"))
    done = run("import", mine, "--space", "nasbench_macro", "--split", "loss=train", "--name", "other")
    folder = data_home / "tables" / "other"
    assert done.exit_code == 0 and done.output.splitlines() == [
        f"other: {folder}",
        "other: 2 rows, 2 columns",
        "  validation, taken from the name: valid",
        "  train, declared: loss",
        "  left out, no numbers in them: note",
        "Search it with: tfnas search --space nasbench_macro --evaluator table --table other --signal valid",
    ]
    assert store.table("other").splits["loss"].value == "train"
    assert run("path", "other").output.strip() == str(folder)
    checked = run("check", "other")
    assert checked.exit_code == 0 and "right  other: 2 rows" in checked.output
    assert "  validation: valid\n  train: loss\nSearch it with: tfnas search" in checked.output
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert run("remove", "other").output == f"removed {folder}: {size:,} bytes\n" and not folder.exists()
    assert run("remove", "other").exit_code == 2


@pytest.mark.parametrize(
    ("column", "split", "options"),
    [
        ("accuracy", "validation", "accuracy"),
        ("accuracy", "test", "accuracy --benchmark-study"),
        ("valid_loss", "validation", "valid_loss --signal-direction min"),
        ("my accuracy", "validation", "'my accuracy'"),
    ],
)
def test_the_search_that_is_advised_runs_as_it_is_printed(tmp_path, column, split, options):
    path = tmp_path / "mine.csv"
    cells = "".join(f"{''.join(digits)},0.{index + 1}\n" for index, digits in enumerate(product("012", repeat=8)))
    path.write_text(f"arch,{column}\n{cells}")
    done = run("import", path, "--space", "nasbench_macro", "--split", f"{column}={split}")
    assert "mine: 6,561 rows, 1 column\n" in done.output
    advice = done.output.splitlines()[-1].removeprefix("Search it with: ")
    assert advice.endswith(f"--table mine --signal {options}")
    command = [*shlex.split(advice)[1:], "--trials", "3", "--strategy", "random", "-o", str(tmp_path / "run")]
    searched = CliRunner().invoke(main, command)
    assert searched.exit_code == 0, searched.output


def test_what_is_asked_of_the_columns(mine):
    done = run("import", mine, "--space", "nasbench_macro", "--columns", "valid")
    assert list(store.table("mine").columns) == ["valid"] and "left out, not in --columns: loss" in done.output
    assert "2 rows, 1 column\n" in done.output
    done = run("import", mine, "--space", "nasbench_macro", "--replace", "--columns", "valid, vlaid")
    assert done.exit_code == 2 and "'vlaid'" in done.output and list(store.table("mine").columns) == ["valid"]


def test_a_table_of_ones_own_is_not_replaced_unasked(mine):
    command = ["import", mine, "--space", "nasbench_macro"]
    assert run(*command).exit_code == 0
    mine.write_text(CSV.replace("0.6", "0.7"))
    refused = run(*command)
    assert refused.exit_code == 2 and "--replace" in refused.output
    assert store.table("mine").column("valid")[1] == 0.6
    assert run(*command, "--replace").exit_code == 0 and store.table("mine").column("valid")[1] == 0.7


def test_a_table_of_a_package_is_imported_again(data_home):
    assert run("import", "nasbench201_analog").exit_code == 0
    (column,) = (data_home / "tables" / "nasbench201_analog").glob("column_0*")
    column.write_bytes(b"damaged")
    assert re.search(r"^nasbench201_analog +damaged", run("list").output, re.M)
    done = run("import", "nasbench201_analog")
    assert done.exit_code == 0 and "15,625 rows" in done.output
    assert done.output.endswith("--space nasbench201 --evaluator table --table nasbench201_analog\n")
    column = next((data_home / "tables" / "nasbench201_analog").glob("column_0*"))
    column.write_bytes(bytes(column.stat().st_size))
    assert run("fetch", "nasbench201_analog").exit_code == 0 and run("check", "nasbench201_analog").exit_code == 0


def test_another_column_of_architectures(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(CSV.replace("arch", "network"))
    assert run("import", path, "--space", "nasbench_macro").exit_code == 2
    assert run("import", path, "--space", "nasbench_macro", "--architecture", "network").exit_code == 0


def test_check_of_all_names_what_is_wrong(mine, data_home):
    assert run("check").output == "nothing is imported\n"
    assert run("check", "nasbench201_analog").output.startswith("right  nasbench201_analog: not imported yet")
    assert run("check", "digits").output.startswith("not checked  digits: ")
    assert not list(data_home.iterdir()), "a check writes nothing"
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
        (["fetch", "nasbench_macro", "--offline"], "--offline.*raw.githubusercontent.com.*mkdir -p"),
        (["fetch", "imagenet"], "image-net.org.*mkdir -p .*downloads/ && mv imagenet .*downloads/ && tfnas search"),
        (["path", "nope"], "expected one of"),
        (["path", "nasbench_macro"], "Run: tfnas data fetch nasbench_macro"),
        (["path", "digits"], "embedded"),
        (["check", "nope"], "expected one of"),
        (["import", "mine.csv"], "FILE.csv --space SPACE"),
        (["import", "none.csv", "--space", "nasbench201"], "none.csv: expected a file"),
        (["import", __file__, "--space", "nope"], "received 'nope'"),
        (["import", __file__, "--space", "nasbench201", "--split", "loss"], "COLUMN=SPLIT.*'loss'"),
        (["import", "nope", __file__], "expected one of"),
        (["import", "mnist", __file__], "table of the catalogue.*'mnist', images"),
        (["import", "nasbench_macro"], "NAME FILE"),
        (["import", ".", "--space", "nasbench201", "--name", "x"], "a CSV file; received a folder"),
        (["import", __file__, "--space", "nasbench201", "--name", "x.csv"], "no end in .csv or .gz"),
        (["remove", "nope"], "table: expected one of"),
        (["remove", "nats_tss"], "an imported table; received none"),
        (
            ["import", "nasbench_macro", __file__, "--name", "x", "--space", "y", "--split", "a=test", "--replace"],
            "--name, --space, --split, --replace: expected none",
        ),
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
    monkeypatch.setattr(fetching, "import_csv", interrupted)
    given = ["import", "my own.csv", "--space", "nasbench201", "--split", "a=test", "--split", "b b=train", "--replace"]
    done = run(*given)
    assert done.exit_code == 130
    assert shlex.split(done.output.partition("with: ")[2]) == ["tfnas", "data", *given]
    monkeypatch.setattr(store, "import_known", interrupted)
    done = run("import", "nats_tss", "the folder")
    assert done.output.endswith("Go on with: tfnas data import nats_tss 'the folder'\n")


def test_a_path_of_what_is_not_ready(data_home):
    (data_home / "downloads").mkdir()
    (data_home / "downloads" / "nas-bench-macro_cifar10.json").touch()
    done = run("path", "nasbench_macro")
    assert done.exit_code == 2 and "received downloaded. Run: tfnas data fetch nasbench_macro" in done.output


def test_offline_nothing_heavy_is_loaded(tmp_path, data_home):
    program = (
        "import sys\nfrom tfnas.cli import main\n"
        "try:\n    main()\nfinally:\n    print({'tensorflow', 'keras', 'jax'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", program, "data", "fetch", "cifar10"]
    environment = {**os.environ, "KERAS_HOME": str(tmp_path), "TFNAS_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 2 and done.stdout == "set()\n"
    assert done.stderr.startswith("Error: images 'cifar10': ") and len(done.stderr.splitlines()) == 1


def test_offline_list_fetch_and_load_agree(tmp_path, monkeypatch):
    set_keras_home(monkeypatch, tmp_path)
    monkeypatch.setenv("TFNAS_OFFLINE", "1")
    for name in keras_datasets.wanted("fashion_mnist"):
        count = 60 if "train" in name else 10
        values = np.arange(count) % 10 if "labels" in name else np.zeros((count, 28, 28))
        path = tmp_path / "datasets" / name
        assert re.search(r"^fashion_mnist +not here", run("list").output, re.M)
        assert run("fetch", "fashion_mnist").exit_code == 2
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(bytes(8 if "labels" in name else 16) + values.astype(np.uint8).tobytes()))
    assert re.search(r"^fashion_mnist +ready", run("list").output, re.M)
    assert run("fetch", "fashion_mnist").output == f"fashion_mnist: {path.parent}\n"
    data = load("fashion_mnist")
    assert sum(map(len, data.splits)) == 70 and len(data.test) == 10


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
