"""The catalogue of known data, what is here of it, and how it gets here. The tables are made up."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import sys
import types
import zipfile

import numpy as np
import pytest

from tfnas import spaces
from tfnas.data import catalogue, download, fetching, store
from tfnas.data.catalogue import Entry, RemoteFile
from tfnas.data.tables import Table
from tfnas.errors import ConfigError, DataError, UnknownNameError
from tfnas.registry import imported
from tfnas.trial import Split

FILE = b"published"
SHA256 = hashlib.sha256(FILE).hexdigest()


def small_table(path=None, *, on_progress=None) -> Table:
    """A reader that reads nothing: three networks with made-up values."""
    if path is not None and path.is_file() and path.read_bytes() == b"unreadable":
        raise DataError(str(path), expected="a published table", received="something else")
    if on_progress is not None:
        on_progress(3, 3)
    space = spaces.get("nasbench_macro")
    natives = tuple(f"0000000{digit}" for digit in range(3))
    values = {"valid": np.array([0.1, 0.5, 0.9]), "test": np.array([0.2, 0.4, 0.8])}
    return Table(space, "made-up", natives, values, {"valid": Split.VALIDATION, "test": Split.TEST})


@pytest.fixture
def known(monkeypatch):
    """Puts entries into the catalogue."""

    def add(name="toy", **changes):
        entry = Entry(
            name,
            "table",
            "a toy",
            "none",
            space="nasbench_macro",
            reader=f"{__name__}:small_table",
            file=RemoteFile("toy.bin", ("http://127.0.0.1:9/toy.bin",), SHA256),
        )
        monkeypatch.setitem(catalogue._BY_NAME, name, dataclasses.replace(entry, **changes))

    add()
    return add


@pytest.fixture
def downloads(monkeypatch):
    """Replaces the network: a download writes these bytes; none is a broken network."""
    site = types.SimpleNamespace(content=FILE, calls=0)

    def fetch(urls, target, *, sha256, size, offline=None, on_progress=None):
        site.calls += 1
        if site.content is None:
            raise DataError("download", expected="a network", received="none")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(site.content)
        return hashlib.sha256(site.content).hexdigest()

    monkeypatch.setattr(download, "fetch", fetch)
    return site


def test_entries_are_consistent():
    for name in catalogue.names():
        entry = catalogue.get(name)
        assert entry.name == name and entry.title and entry.licence and entry.kind in ("table", "images")
        assert (entry.space is None) == (entry.reader is None) == (entry.kind == "images")
        if entry.space:
            assert spaces.get(entry.space).name == entry.space
        if entry.file is not None:
            assert bool(entry.file.urls) != bool(entry.manual), "downloaded, or explained"
            assert all(url.startswith(("https://", "http://")) for url in entry.file.urls)
            assert entry.file.sha256 is None or len(bytes.fromhex(entry.file.sha256)) == 32
        assert not (entry.keras and entry.file)


def test_readers_exist():
    for name in catalogue.names():
        if reader := catalogue.get(name).reader:
            assert callable(imported(reader))


def test_the_package_brings_the_file_that_was_published():
    entry = catalogue.get("nasbench201_analog")
    path = store.published_file(entry)
    assert (store.source_checksum(path), path.stat().st_size) == (entry.file.sha256, entry.file.size)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("nasbench_macr", "Did you mean 'nasbench_macro'"),
        ("zzz", "tfnas data list"),
        ("nasbench201", "torch objects.*nats_tss.*nasbench201_analog"),
        ("nats_sss", "no search space"),
    ],
)
def test_unknown_names(name, hint):
    with pytest.raises(UnknownNameError, match=f"nasbench101_only108.*{hint}"):
        catalogue.get(name)


@pytest.mark.parametrize("function", [store.table, store.status, store.check, fetching.fetch])
@pytest.mark.parametrize("name", ["nope", "../tables/toy", "", "."])
def test_names_do_not_lead_out_of_the_folder(function, name, known, downloads):
    fetching.fetch("toy")
    with pytest.raises(UnknownNameError):
        function(name)


def test_from_download_to_table(known, downloads, data_home):
    assert store.status("toy") == store.Status("not here")
    with pytest.raises(DataError, match="not here. Run: tfnas data fetch toy"):
        store.table("toy")
    seen = []
    folder = fetching.fetch("toy", on_read=lambda *step: seen.append(step))
    assert folder == data_home / "tables" / "toy" and seen
    assert store.status("toy").state == "ready" and store.status("toy").size > 100
    table = store.table("toy")
    assert len(table) == 3 and table.column("valid").tolist() == [0.1, 0.5, 0.9]
    assert dict(table.splits) == {"valid": Split.VALIDATION, "test": Split.TEST}
    assert store.check("toy").startswith("3 rows, 2 columns, all checksums right; so is its source")
    assert fetching.fetch("toy") == folder and downloads.calls == 1


def test_the_source_is_recorded(known, downloads, data_home):
    from tfnas.data.tables import cache

    fetching.fetch("toy")
    source = cache.manifest(data_home / "tables" / "toy")["source"]
    assert source == {
        "path": str(data_home / "downloads" / "toy.bin"),
        "sha256": SHA256,
        "size": len(FILE),
        "reader": f"{__name__}:small_table",
    }


def test_a_download_that_cannot_be_read_leaves_nothing(known, downloads, data_home):
    known(file=RemoteFile("toy.bin", ("http://127.0.0.1:9/toy.bin",)))
    downloads.content = b"unreadable"
    with pytest.raises(DataError, match="something else"):
        fetching.fetch("toy")
    assert store.status("toy").state == "not here"
    (data_home / "downloads" / "toy.bin").write_bytes(b"unreadable")
    with pytest.raises(DataError, match="something else"):
        fetching.fetch("toy")
    assert store.status("toy").state == "downloaded", "what people put there is theirs"


def test_a_begun_download_is_told(known, data_home):
    (data_home / "downloads").mkdir()
    (data_home / "downloads" / "toy.bin.part").write_bytes(bytes(77))
    assert store.status("toy").state == "partly downloaded" and store.status("toy").size == 77


def test_import_of_ones_own_download(known, tmp_path):
    path = tmp_path / "mine.bin"
    path.write_bytes(FILE)
    store.import_known("toy", path)
    assert len(store.table("toy")) == 3
    path.unlink()
    assert store.check("toy").endswith(f"its source {path} is no longer there")


def test_import_of_another_file_is_refused_before_it_is_read(known, tmp_path):
    path = tmp_path / "mine.bin"
    path.write_bytes(b"unreadable")
    with pytest.raises(DataError, match=f"SHA-256 {SHA256}; received SHA-256 .*tfnas data fetch toy"):
        store.import_known("toy", path)
    with pytest.raises(DataError, match="none.bin: expected a file or folder"):
        store.import_known("toy", tmp_path / "none.bin")
    with pytest.raises(DataError, match="name of a table.*images"):
        store.import_known("mnist", path)


def test_import_of_a_folder(known, tmp_path):
    known(file=RemoteFile("many"), manual="Get it.")
    folder = tmp_path / "many"
    (folder / "b").mkdir(parents=True)
    (folder / "a").write_bytes(b"1")
    (folder / "b" / "c").write_bytes(b"2")
    store.import_known("toy", folder)
    assert "so is its source" in store.check("toy")
    (folder / "b" / "c").rename(folder / "b" / "d")
    with pytest.raises(DataError, match="import it again"):
        store.check("toy")


def test_a_changed_source_is_found(known, downloads, data_home):
    fetching.fetch("toy")
    (data_home / "downloads" / "toy.bin").write_bytes(b"changed")
    with pytest.raises(DataError, match=f"toy.bin: expected SHA-256 {SHA256}.*whole.*source has changed"):
        store.check("toy")
    assert len(store.table("toy")) == 3


def test_a_damaged_cache_is_found_and_fetched_again(known, downloads, data_home):
    fetching.fetch("toy")
    for path in sorted((data_home / "tables" / "toy").iterdir()):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(DataError):
            store.check("toy")
        path.write_bytes(whole)
    assert store.check("toy")
    (data_home / "tables" / "toy" / "manifest.json").unlink()
    assert store.status("toy").state == "damaged"
    fetching.fetch("toy")
    assert store.status("toy").state == "ready" and store.check("toy")


def test_what_people_must_get_themselves(known):
    known(file=RemoteFile("toy-folder"), manual="Get toy.tar from https://example.org/toy and unpack it.")
    with pytest.raises(DataError) as caught:
        fetching.fetch("toy")
    message = str(caught.value)
    assert "cannot be downloaded automatically" in message and "https://example.org/toy" in message
    assert message.endswith("Then run: tfnas data import toy toy-folder")


def test_what_people_put_into_the_downloads_is_imported(known, data_home):
    known(file=RemoteFile("toy.bin"), manual="Get it.")
    (data_home / "downloads").mkdir()
    (data_home / "downloads" / "toy.bin").write_bytes(FILE)
    assert store.status("toy").state == "downloaded"
    fetching.fetch("toy")
    assert len(store.table("toy")) == 3


def test_a_file_that_a_package_brings(known, tmp_path, monkeypatch):
    known(file=RemoteFile("data.bin", sha256=SHA256), manual="Run: pip install toys", package="toy_package")
    with pytest.raises(DataError, match="package that is installed.*\n.*pip install toys\n.*tfnas data fetch toy"):
        fetching.fetch("toy")
    package = tmp_path / "toy_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "data.bin").write_bytes(FILE)
    monkeypatch.syspath_prepend(str(tmp_path))
    fetching.fetch("toy")
    assert store.status("toy").state == "ready" and "toy_package" not in sys.modules


def csv(tmp_path, name="mine.csv"):
    path = tmp_path / name
    path.write_text("arch,valid,loss\n00000000,0.5,2.5\n00000001,0.6,2.0\n")
    return path


def test_a_csv_table_of_ones_own(tmp_path):
    folder = store.import_csv(csv(tmp_path, "mine.v1.csv"), "nasbench_macro", splits={"loss": "test"})
    assert folder.name == "mine" and store.own_tables() == ("mine",)
    table = store.table("mine")
    assert table.space.name == "nasbench_macro" == store.space_of("mine")
    assert table.column("loss").tolist() == [2.5, 2.0] and table.splits["loss"] is Split.TEST
    assert store.check("mine").startswith("2 rows") and store.status("mine").state == "ready"
    (folder / "manifest.json").unlink()
    with pytest.raises(DataError, match="received damaged.*tfnas data import"):
        store.table("mine")


@pytest.mark.parametrize("name", ["nasbench_macro", "digits", "a/b", "..", ".hidden", "-x"])
def test_names_that_a_csv_table_cannot_have(tmp_path, name):
    with pytest.raises(ConfigError, match="--name"):
        store.import_csv(csv(tmp_path), "nasbench_macro", name=name)
    assert store.own_tables() == ()


def test_images_are_no_table():
    with pytest.raises(UnknownNameError, match="a table.*received 'mnist', images"):
        store.table("mnist")


def _zip(path, *members):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, member)


def _pictures(known, data_home, *members, sha256=None):
    archive = data_home / "downloads" / "pictures.zip"
    _zip(archive, *members)
    sha256 = sha256 or hashlib.sha256(archive.read_bytes()).hexdigest()
    known("pictures", kind="images", space=None, reader=None, file=RemoteFile("pictures.zip", ("http://x",), sha256))
    return archive


def test_images_in_an_archive(known, downloads, data_home):
    archive = _pictures(known, data_home, "pictures/train/a.txt", "pictures/b.txt")
    downloads.content = archive.read_bytes()
    archive.unlink()
    assert store.status("pictures").state == "not here"
    folder = fetching.fetch("pictures")
    assert (folder / "train" / "a.txt").read_text() == "pictures/train/a.txt" and (folder / "b.txt").exists()
    assert store.status("pictures") == store.Status("ready", 0, folder)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["pictures", "pictures.zip"]
    assert store.check("pictures") == "the archive's checksum is right"
    archive.write_bytes(b"x")
    with pytest.raises(DataError, match="Delete it"):
        store.check("pictures")
    archive.unlink()
    assert store.check("pictures").startswith("ready; there is no archive")


@pytest.mark.parametrize("member", ["../evil", "/evil", "other/file", "pictures/../../evil", "pictures_2/file"])
def test_names_that_leave_the_folder_are_refused(known, downloads, data_home, member):
    archive = _pictures(known, data_home, "pictures/fine", member)
    downloads.content = archive.read_bytes()
    with pytest.raises(DataError, match="files in pictures/ only"):
        fetching.fetch("pictures")
    assert [path.name for path in (data_home / "downloads").iterdir()] == ["pictures.zip"]


def test_an_archive_that_is_none(known, downloads, data_home):
    archive = _pictures(known, data_home, "pictures/fine")
    downloads.content = archive.read_bytes()[:-10]
    with pytest.raises(DataError, match="complete zip archive"):
        fetching.fetch("pictures")
    assert store.status("pictures").state == "downloaded"


def test_images_that_keras_downloads(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert store.status("mnist").state == "not here"
    with pytest.raises(DataError, match="network is switched off.*tfnas data fetch mnist"):
        fetching.fetch("mnist", offline=True)
    with pytest.raises(DataError, match="Run: tfnas data fetch mnist"):
        store.check("mnist")

    def load(name):
        (tmp_path / "datasets").mkdir()
        (tmp_path / "datasets" / f"{name}.npz").write_bytes(b"images")

    monkeypatch.setattr(sys.modules["tfnas.data.load"], "load", load)
    assert fetching.fetch("mnist") == tmp_path / "datasets" / "mnist.npz"
    assert store.status("mnist").size == 6
    assert store.check("mnist").startswith("ready")
    shutil.rmtree(tmp_path / "datasets")

    def fail(name):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(sys.modules["tfnas.data.load"], "load", fail)
    with pytest.raises(DataError, match="URL fetch failure"):
        fetching.fetch("mnist")


def test_embedded_images():
    assert store.status("digits") == store.Status("embedded") and fetching.fetch("digits") is None
    assert store.check("digits").startswith("embedded")


def test_manifests_are_plain_json(known, downloads, data_home):
    fetching.fetch("toy")
    json.loads((data_home / "tables" / "toy" / "manifest.json").read_text())
