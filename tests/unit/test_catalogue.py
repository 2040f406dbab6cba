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

from tests.keras_home import set_keras_home
from tfnas import spaces
from tfnas.data import catalogue, checking, download, fetching, keras_datasets, places, store
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
    """Replaces the network: a download writes these bytes, or `keeps` what is there; none is a broken network."""
    site = types.SimpleNamespace(content=FILE, calls=0, keeps=False)

    def fetch(urls, target, *, sha256, size, offline=None, on_progress=None):
        if site.keeps and target.is_file():
            return hashlib.sha256(target.read_bytes()).hexdigest()
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
    path = places.published_file(entry)
    assert (places.source_checksum(path), path.stat().st_size) == (entry.file.sha256, entry.file.size)


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


@pytest.mark.parametrize("function", [store.table, store.status, checking.check, fetching.fetch])
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
    found = checking.check("toy")
    assert found.compared and found.line.startswith("3 rows, all checksums right; so is its source")
    assert found.table.columns.keys() == {"valid", "test"}
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


def test_a_download_that_cannot_be_read_is_put_aside(known, downloads, data_home):
    known(file=RemoteFile("toy.bin", ("http://127.0.0.1:9/toy.bin",)))
    downloads.content = b"unreadable"
    aside = data_home / "downloads" / "toy.bin.unreadable"
    with pytest.raises(DataError, match=f"something else.*{aside}.*tfnas data import toy toy.bin"):
        fetching.fetch("toy")
    assert store.status("toy").state == "not here" and aside.read_bytes() == b"unreadable"
    downloads.content = FILE
    assert store.table(fetching.fetch("toy").name).column("valid")[0] == 0.1


def test_a_file_that_cannot_be_read_is_downloaded_again(known, downloads, data_home):
    known(file=RemoteFile("toy.bin", ("http://127.0.0.1:9/toy.bin",)))
    there = data_home / "downloads" / "toy.bin"
    there.parent.mkdir()
    there.write_bytes(b"unreadable")
    downloads.keeps = True
    with pytest.raises(DataError, match="something else"):
        fetching.fetch("toy", offline=True)
    assert there.exists(), "without a network there is nothing better"
    fetching.fetch("toy")
    assert store.status("toy").state == "ready" and there.read_bytes() == FILE


def test_a_download_stays_where_the_table_cannot_be_written(known, downloads, data_home):
    known(file=RemoteFile("toy.bin", ("http://127.0.0.1:9/toy.bin",)))
    (data_home / "tables").write_text("a file")
    with pytest.raises(DataError, match="can be written"):
        fetching.fetch("toy")
    assert (data_home / "downloads" / "toy.bin").read_bytes() == FILE
    assert store.status("toy").state == "downloaded"


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
    assert checking.check("toy").line.endswith(f"its source {path} is no longer there")


def test_import_of_another_file_is_refused_before_it_is_read(known, tmp_path):
    path = tmp_path / "mine.bin"
    path.write_bytes(b"unreadable")
    with pytest.raises(DataError, match=f"SHA-256 {SHA256}; received SHA-256 .*tfnas data fetch toy"):
        store.import_known("toy", path)
    with pytest.raises(DataError, match="none.bin: expected a file or folder"):
        store.import_known("toy", tmp_path / "none.bin")
    with pytest.raises(UnknownNameError, match="table of the catalogue: expected one of nasb.*'mnist', images"):
        store.import_known("mnist", path)


def test_import_of_a_folder(known, tmp_path):
    known(file=RemoteFile("many"), manual="Get it.")
    folder = tmp_path / "many"
    (folder / "b").mkdir(parents=True)
    (folder / "a").write_bytes(b"1")
    (folder / "b" / "c").write_bytes(b"2")
    store.import_known("toy", folder)
    assert "so is its source" in checking.check("toy").line
    (folder / "b" / "c").rename(folder / "b" / "d")
    with pytest.raises(DataError, match="import it again"):
        checking.check("toy")


def test_a_changed_source_is_found(known, downloads, data_home):
    fetching.fetch("toy")
    (data_home / "downloads" / "toy.bin").write_bytes(b"changed")
    with pytest.raises(DataError, match=f"toy.bin: expected SHA-256 {SHA256}.*whole.*source has changed"):
        checking.check("toy")
    assert len(store.table("toy")) == 3


def _flip(path):
    """Changes the last byte of a file."""
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))


def test_a_damaged_cache_is_found_and_fetched_again(known, downloads, data_home):
    folder = fetching.fetch("toy")
    for pattern in ("manifest.json", "column_0*", "rows*"):
        (path,) = folder.glob(pattern)
        _flip(path)
        with pytest.raises(DataError):
            checking.check("toy")
        assert fetching.fetch("toy") == folder
        assert store.status("toy").state == "ready" and checking.check("toy").compared
    for pattern in ("manifest.json", "column_1*"):
        (path,) = folder.glob(pattern)
        path.unlink()
        assert store.status("toy").state == "damaged"
        fetching.fetch("toy")
        assert store.status("toy").state == "ready" and len(store.table("toy")) == 3


@pytest.mark.parametrize("damage", [b"{}", b"", b"[1]"])
def test_a_cheap_look_sees_manifests_and_sizes(known, downloads, damage):
    folder = fetching.fetch("toy")
    (path,) = folder.glob("column_0*")
    with open(path, "ab") as file:
        file.write(b"more")
    assert store.status("toy").state == "damaged"
    fetching.fetch("toy")
    (folder / "manifest.json").write_bytes(damage)
    assert store.status("toy").state == "damaged" and store.space_of("toy") == ""


def test_a_damaged_table_is_mended_from_where_it_was_imported(known, downloads, tmp_path):
    downloads.content = None
    path = tmp_path / "mine.bin"
    path.write_bytes(FILE)
    folder = store.import_known("toy", path)
    (column,) = folder.glob("column_0*")
    _flip(column)
    fetching.fetch("toy")
    assert checking.check("toy").line.endswith(f"so is its source {path}")
    (column,) = folder.glob("column_0*")
    _flip(column)
    path.write_bytes(b"other")
    downloads.content = FILE
    fetching.fetch("toy")
    assert checking.check("toy").compared and downloads.calls == 1


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
    assert store.status("toy") == store.Status("ready", len(FILE), package / "data.bin")
    found = checking.check("toy")
    assert found.compared and "not imported yet" in found.line and not places.table_dir("toy").exists()
    fetching.fetch("toy")
    assert store.status("toy").state == "ready" and "toy_package" not in sys.modules
    assert store.status("toy").path == places.table_dir("toy")
    (package / "data.bin").write_bytes(b"changed")
    with pytest.raises(DataError, match="source has changed.*tfnas data import toy "):
        checking.check("toy")
    store.remove("toy")
    with pytest.raises(DataError, match="Install toy_package again"):
        checking.check("toy")


def test_a_table_of_a_package_needs_no_folder_that_can_be_written(known, tmp_path, monkeypatch):
    known(file=RemoteFile("data.bin"), manual="Run: pip install toys", package="toy_package")
    package = tmp_path / "toy_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "data.bin").write_bytes(FILE)
    monkeypatch.syspath_prepend(str(tmp_path))
    cached = store.table("toy")
    assert places.table_dir("toy").is_dir()
    (tmp_path / "file").touch()
    monkeypatch.setenv("TFNAS_DATA_DIR", str(tmp_path / "file" / "data"))
    assert store.table("toy").checksum == cached.checksum
    assert not places.table_dir("toy").exists() and store.status("toy").state == "ready"
    (package / "data.bin").write_bytes(b"unreadable")
    with pytest.raises(DataError, match="something else"):
        store.table("toy")


def csv(tmp_path, name="mine.csv"):
    path = tmp_path / name
    path.write_text("arch,valid,loss\n00000000,0.5,2.5\n00000001,0.6,2.0\n")
    return path


def test_a_csv_table_of_ones_own(tmp_path):
    folder = fetching.import_csv(csv(tmp_path, "mine.v1.csv"), "nasbench_macro", splits={"loss": "test"})
    assert folder.name == "mine" and store.own_tables() == ("mine",) and store.tables()[-1] == "mine"
    table = store.table("mine")
    assert table.space.name == "nasbench_macro" == store.space_of("mine")
    assert table.column("loss").tolist() == [2.5, 2.0] and table.splits["loss"] is Split.TEST
    assert checking.check("mine").line.startswith("2 rows") and store.status("mine").state == "ready"
    with pytest.raises(DataError, match="a table of your own.*tfnas data import .*--replace"):
        fetching.fetch("mine")
    (folder / "manifest.json").unlink()
    with pytest.raises(DataError, match="received damaged.*tfnas data import FILE.csv --space SPACE --name mine --r"):
        store.table("mine")


def test_a_table_whose_source_nobody_recorded(known, tmp_path):
    from tfnas.data.tables import cache

    cache.save(small_table(), places.table_dir("mine"), {})
    assert checking.check("mine").line.endswith("its source is not known")
    assert store.recorded_source("mine") is None


def test_what_to_run_after_a_change_of_the_source(tmp_path):
    path = csv(tmp_path, "my own.csv")
    fetching.import_csv(path, "nasbench_macro", name="own")
    path.write_text("changed")
    with pytest.raises(DataError) as caught:
        checking.check("own")
    assert str(caught.value).endswith(f"tfnas data import '{path}' --space nasbench_macro --name own --replace")


@pytest.mark.parametrize(
    "name", ["nasbench_macro", "digits", "a/b", "..", ".hidden", "-x", "mine.csv", "mine.gz", "mine.CSV"]
)
def test_names_that_a_csv_table_cannot_have(tmp_path, name):
    with pytest.raises(ConfigError, match="--name"):
        fetching.import_csv(csv(tmp_path), "nasbench_macro", name=name)
    assert store.own_tables() == ()


def test_a_table_of_ones_own_is_replaced_only_when_asked(tmp_path):
    path = csv(tmp_path)
    fetching.import_csv(path, "nasbench_macro")
    path.write_text("arch,valid\n00000002,0.7\n")
    with pytest.raises(ConfigError, match="a name that is free.*--replace"):
        fetching.import_csv(path, "nasbench_macro")
    assert len(store.table("mine")) == 2
    fetching.import_csv(path, "nasbench_macro", replace=True)
    assert len(store.table("mine")) == 1


def test_columns_of_a_csv_table(tmp_path):
    fetching.import_csv(csv(tmp_path), "nasbench_macro", columns=["loss"])
    assert list(store.table("mine").columns) == ["loss"]


def test_removal(known, downloads, tmp_path, data_home):
    path = csv(tmp_path)
    sizes = {fetching.import_csv(path, "nasbench_macro"): "mine", fetching.fetch("toy"): "toy"}
    for folder, name in sizes.items():
        size = sum(file.stat().st_size for file in folder.iterdir())
        assert store.remove(name) == size and not folder.exists()
    assert path.exists() and store.status("toy").state == "downloaded"
    assert not list((data_home / "tables").iterdir())
    with pytest.raises(DataError, match="imported table"):
        store.remove("toy")
    for name in ("mine", "mnist", "..", ""):
        with pytest.raises(UnknownNameError):
            store.remove(name)


def test_unknown_tables_are_told_of_tables_only(tmp_path):
    fetching.import_csv(csv(tmp_path), "nasbench_macro")
    for function in (store.table, store.columns, store.remove):
        with pytest.raises(UnknownNameError, match="enas_dvae, mine; received 'mime'. Did you mean 'mine'") as caught:
            function("mime")
        assert "mnist" not in str(caught.value)
    with pytest.raises(UnknownNameError, match="imagenet, mine; .*Did you mean 'mine'"):
        store.status("mime")


def test_images_are_no_table():
    with pytest.raises(UnknownNameError, match="^table.*enas_dvae; received 'mnist', images"):
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
    found = checking.check("pictures")
    assert found.compared and found.line == f"{archive} has its published checksum"
    archive.write_bytes(b"x")
    with pytest.raises(DataError, match="Delete it"):
        checking.check("pictures")
    archive.unlink()
    assert not checking.check("pictures").compared


def test_an_empty_folder_is_not_ready(known, downloads, data_home):
    archive = _pictures(known, data_home, "pictures/a.txt")
    downloads.content = archive.read_bytes()
    archive.unlink()
    (data_home / "downloads" / "pictures").mkdir()
    (data_home / "downloads" / "imagenet").mkdir()
    assert store.status("pictures").state == store.status("imagenet").state == "not here"
    with pytest.raises(DataError, match="tfnas data fetch imagenet"):
        store.published_folder("imagenet")
    with pytest.raises(DataError, match="image-net.org"):
        fetching.fetch("imagenet")
    assert (fetching.fetch("pictures") / "a.txt").exists()


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


def _by_keras(home):
    for name in keras_datasets.wanted("fashion_mnist"):
        (home / "datasets" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "datasets" / name).write_bytes(b"images")


def test_images_that_keras_downloads(monkeypatch, tmp_path):
    set_keras_home(monkeypatch, tmp_path)
    folder = tmp_path / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    assert store.status("fashion_mnist").state == "not here", "the folder is empty"
    with pytest.raises(DataError, match="t10k-labels.*network is switched off.*tfnas data fetch fashion_mnist"):
        fetching.fetch("fashion_mnist", offline=True)
    with pytest.raises(DataError, match="Run: tfnas data fetch fashion_mnist"):
        checking.check("fashion_mnist")
    monkeypatch.setattr(sys.modules["tfnas.data.load"], "load", lambda name: _by_keras(tmp_path))
    assert fetching.fetch("fashion_mnist") == folder
    assert store.status("fashion_mnist").size == 4 * len(b"images")
    assert not checking.check("fashion_mnist").compared
    assert fetching.fetch("fashion_mnist", offline=True) == folder
    shutil.rmtree(folder)

    def fail(name):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(sys.modules["tfnas.data.load"], "load", fail)
    with pytest.raises(DataError, match="URL fetch failure"):
        fetching.fetch("fashion_mnist")


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_what_an_older_keras_kept_does_not_count(monkeypatch, tmp_path, name):
    set_keras_home(monkeypatch, tmp_path)
    (wanted,) = keras_datasets.wanted(name)
    older = tmp_path / "datasets" / wanted.replace("-target", "")
    older.mkdir(parents=True)
    (older / "data").touch()
    assert store.status(name).state == "not here"
    with pytest.raises(DataError, match=wanted):
        fetching.fetch(name, offline=True)


def test_embedded_images():
    assert store.status("digits") == store.Status("embedded") and fetching.fetch("digits") is None
    assert not checking.check("digits").compared


def test_manifests_are_plain_json(known, downloads, data_home):
    fetching.fetch("toy")
    json.loads((data_home / "tables" / "toy" / "manifest.json").read_text())
