"""The reader of NATS-Bench's topology archive, on made-up files in its layout."""

from __future__ import annotations

import bz2
import copy
import functools
import io
import pathlib
import pickle
import shutil
import tracemalloc
import zipfile

import numpy as np
import pytest

from tests.official import nats_files
from tests.official.nats_files import DATASETS, EVALUATIONS, SEEDS
from tfnas.data.tables import nats
from tfnas.errors import DataError
from tfnas.spaces import NASBench201
from tfnas.trial import Split

SPACE = NASBench201()
INDEXES = (0, 2, 284)


names = functools.cache(nats_files.natives)


@pytest.fixture(scope="module", autouse=True)
def natives_once():
    """Enumerating the space for every file takes longest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nats_files, "natives", names)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    return nats_files.write_folder(tmp_path_factory.mktemp("nats") / "NATS-tss-v1_0-3ffb9-simple", INDEXES)


@pytest.fixture(scope="module")
def table(folder):
    return nats.read(folder)


def entry(path: pathlib.Path, change) -> pathlib.Path:
    """Writes a folder of one architecture, with its content changed; not compressed, which takes longest."""
    meta, whole = seventh()
    content = pickle.loads(whole)
    change(content)
    folder = path / "simple"
    folder.mkdir()
    (folder / "meta.pickle.pbz2").write_bytes(meta)
    (folder / "000007.pickle.pbz2").write_bytes(pickle.dumps(content))
    return folder


@functools.cache
def seventh() -> tuple[bytes, bytes]:
    return pickle.dumps(nats_files.meta([7])), pickle.dumps(nats_files.architecture(7, names()[7]))


def refusal(path: pathlib.Path) -> str:
    with pytest.raises(DataError) as caught:
        nats.read(path)
    return str(caught.value)


def test_columns_have_the_benchmarks_names_and_their_splits(table):
    expected = {}
    for data in DATASETS:
        for hp in (12, 200):
            expected[f"{data}:train@{hp}"] = expected[f"{data}:seconds@{hp}"] = Split.TRAIN
            for evaluation in EVALUATIONS[data]:
                expected[f"{data}:{evaluation}@{hp}"] = Split.VALIDATION if evaluation == "x-valid" else Split.TEST
        expected[f"{data}:parameters"] = expected[f"{data}:flop"] = Split.TRAIN
    assert dict(table.splits) == expected
    assert table.name == "nats_tss" and table.space.name == SPACE.name and "x-valid" in table.note
    assert table.rows.natives == tuple(names()[index] for index in INDEXES)
    assert table.find(SPACE.from_native(names()[2])) == 1 and table.find(SPACE.from_native(names()[1])) is None


def test_every_value_is_the_one_of_its_own_record(table):
    """Read again with nothing of the reader, from records whose values all differ."""
    for row, index in enumerate(INDEXES):
        for data in DATASETS:
            for hp in (12, 200):
                for k, seed in enumerate(SEEDS[hp][data]):
                    record = nats_files.record(index, names()[index], data, hp, seed)
                    last = hp - 1

                    def value(column):
                        return table.column(f"{data}:{column}@{hp}")[row, k]

                    assert value("train") == record["train_acc1es"][last]
                    for evaluation in EVALUATIONS[data]:
                        assert value(evaluation) == record["eval_acc1es"][f"{evaluation}@{last}"]
                    seconds = sum(record["train_times"].values())
                    if data != "cifar10":
                        seconds += np.mean([record["eval_times"][f"x-valid@{epoch}"] for epoch in range(hp)])
                    assert value("seconds") == pytest.approx(seconds, rel=1e-12)
                    if (hp, k) == (12, 0):
                        assert table.column(f"{data}:parameters")[row] == record["params"]
                        assert table.column(f"{data}:flop")[row] == record["flop"]


def test_cifar10_and_its_half_are_different_columns(tmp_path):
    """Others read the accuracy of the network trained on one half where that of the whole is asked for."""

    def change(content):
        for hp in ("12", "200"):
            for (data, _), record in content[hp]["all_results"].items():
                step = f"@{int(hp) - 1}"
                if data == "cifar10":
                    record["eval_acc1es"]["ori-test" + step] = 80 + int(hp) / 100
                elif data == "cifar10-valid":
                    record["eval_acc1es"]["ori-test" + step] = 60 + int(hp) / 100
                    record["eval_acc1es"]["x-valid" + step] = 70 + int(hp) / 100

    found = nats.read(entry(tmp_path, change))
    golden = {
        "cifar10:ori-test@12": 80.12,
        "cifar10:ori-test@200": 82.0,
        "cifar10-valid:ori-test@12": 60.12,
        "cifar10-valid:ori-test@200": 62.0,
        "cifar10-valid:x-valid@12": 70.12,
        "cifar10-valid:x-valid@200": 72.0,
    }
    for column, expected in golden.items():
        assert (found.column(column) == expected).all(), column
    assert "cifar10:x-valid@12" not in found.columns and "cifar10:x-test@200" not in found.columns


def test_swapped_records_of_cifar10_and_its_half_are_refused(tmp_path):
    def change(content):
        records = content["200"]["all_results"]
        records["cifar10", 777], records["cifar10-valid", 777] = records["cifar10-valid", 777], records["cifar10", 777]

    message = refusal(entry(tmp_path, change))
    assert "architecture 7" in message and "cifar10-valid for 200 epochs" in message


def test_seeds_keep_the_order_of_the_file_and_missing_ones_are_nan(tmp_path):
    def change(index, content):
        results = content["200"]
        if index == 0:
            results["dataset_seed"]["cifar100"] = [999, 777]
            del results["all_results"]["cifar100", 888]
        if index == 2:
            results["dataset_seed"]["cifar10"] = [888]
            del results["all_results"]["cifar10", 777], results["all_results"]["cifar10", 999]

    found = nats.read(nats_files.write_folder(tmp_path / "simple", INDEXES, change))
    records = [nats_files.record(0, names()[0], "cifar100", 200, seed) for seed in (999, 777)]
    expected = [*(record["eval_acc1es"]["x-test@199"] for record in records), np.nan]
    np.testing.assert_array_equal(found.column("cifar100:x-test@200")[0], expected)
    assert np.isnan(found.column("cifar100:seconds@200")).tolist()[0] == [False, False, True]
    assert np.isnan(found.column("cifar10:ori-test@200")).tolist()[1] == [False, True, True]
    assert found.column("cifar10-valid:x-valid@12").shape == (3, 2)
    assert found.column("cifar10:ori-test@12").shape == (3, 1)
    assert found.mean("cifar100:x-test@200")[0] == pytest.approx(np.mean(expected[:2]))


def test_the_budgets_of_a_quantity_are_found(table):
    assert table.budgets("cifar10-valid:x-valid@12") == {
        12: "cifar10-valid:x-valid@12",
        200: "cifar10-valid:x-valid@200",
    }


def test_a_column_whose_split_is_not_known_is_none_of_training(folder, monkeypatch):
    monkeypatch.delitem(nats._SPLITS, "x-test")
    with pytest.raises(KeyError, match="x-test"):
        nats.read(folder)


def test_the_single_file_gives_the_same_table(table, tmp_path, monkeypatch):
    monkeypatch.setattr(nats, "_FILE_LIMIT", 1000)
    path = nats_files.write_file(tmp_path / "NATS-tss-v1_0-3ffb9.pickle.pbz2", INDEXES)
    assert nats.read(path).checksum == table.checksum


def test_progress_counts_architectures(folder):
    calls = []
    nats.read(folder, on_progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_memory_stays_small_while_the_single_file_is_read(tmp_path, monkeypatch):
    """The values of every epoch go as soon as a record is whole; a plain reader keeps them to the end."""
    path = nats_files.write_file(tmp_path / "all.pickle.pbz2", range(6))
    data = bz2.decompress(path.read_bytes())
    condense, held = nats.condense, []

    def measure(found) -> None:
        condense(found)
        if found.keys() == {"run"}:
            held.append(tracemalloc.get_traced_memory()[0])

    monkeypatch.setattr(nats, "condense", measure)
    tracemalloc.start()
    try:
        nats.read(path)
        before = tracemalloc.get_traced_memory()[0]
        plain = pickle.loads(data)
        plain_size = (tracemalloc.get_traced_memory()[0] - before) / len(plain["arch2infos"])
    finally:
        tracemalloc.stop()
    records = len(held) // 6  # of one architecture
    growth = (held[-1] - held[records - 1]) / 5
    assert len(held) == 6 * records and growth < 200e3 and growth < plain_size / 5, (growth, plain_size)


# What is refused.


def _with(hp: str, key, field: str, value):
    def change(content):
        content[hp]["all_results"][key][field] = value

    return change


def _without(hp: str, key, field: str, inner=None):
    def change(content):
        record = content[hp]["all_results"][key]
        if inner is None:
            del record[field]
        else:
            del record[field][inner]

    return change


def _inner(hp: str, key, field: str, inner, value):
    def change(content):
        content[hp]["all_results"][key][field][inner] = value

    return change


def _drop(*path):
    def change(content):
        for key in path[:-1]:
            content = content[key]
        del content[path[-1]]

    return change


def _set(*path_and_value):
    *path, last, value = path_and_value

    def change(content):
        for key in path:
            content = content[key]
        content[last] = value

    return change


HALF, WHOLE = ("cifar10-valid", 777), ("cifar10", 777)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_drop("200"), "the key '200'; received none"),
        (_set("12", 5), "received int"),
        (_drop("200", "all_results"), "'all_results'"),
        (_drop("12", "dataset_seed"), "'dataset_seed'"),
        (_drop("12", "dataset_seed", "cifar10"), "seeds of cifar10-valid, cifar10"),
        (_set("12", "dataset_seed", {}), "seeds of cifar10-valid, cifar10"),
        (_set("12", "dataset_seed", 5), "'dataset_seed'"),
        (_set("12", "dataset_seed", "cifar10", []), "a list of seeds for cifar10"),
        (_set("12", "dataset_seed", "cifar10", ["111"]), "a list of seeds for cifar10"),
        (_set("200", "dataset_seed", "cifar10", [777, 777, 888]), "every seed of cifar10 once"),
        (_set("200", "dataset_seed", "cifar10", [777, 888]), "one record for each seed"),
        (_drop("200", "all_results", WHOLE), "('cifar10', 777)"),
        (_set("200", "all_results", []), "received list"),
        (_set("200", "arch_index", 8), "records of this architecture; received those of 8"),
        (
            _set("200", "arch_index", 10**5000),
            "records of this architecture; received those of an integer of 16,610 bits",
        ),
        (_set("200", "arch_str", np.arange(2)), "records of this architecture"),
        (
            _set("200", "dataset_seed", "cifar10", [10**5000]),
            "a list of seeds for cifar10; received [an integer of 16,610 bits]",
        ),
        (
            _set("200", "dataset_seed", "cifar10", [k * (2**61 - 1) for k in range(10**5)]),
            "a list of seeds for cifar10",
        ),
        (_set("200", "dataset_seed", "cifar10", [2**32]), "a list of seeds for cifar10"),
        (_set("200", "dataset_seed", "cifar10", [-1]), "a list of seeds for cifar10"),
        (_set("200", "dataset_seed", "cifar10", [2**32 - 1]), "the key ('cifar10', 4294967295)"),
        (_set("200", "arch_str", "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"), "records of this architecture"),
        (_without("200", HALF, "train_acc1es"), "train_acc1es, train_times in the record ('cifar10-valid', 777)"),
        (_without("200", HALF, "train_acc1es", 199), "train_acc1es[199] in the record ('cifar10-valid', 777)"),
        (_without("200", HALF, "eval_acc1es", "x-valid@199"), "eval_acc1es['x-valid@199']"),
        (_without("200", HALF, "train_times", 5), "train_times[5]"),
        (_without("200", HALF, "eval_times", "x-valid@7"), "eval_times['x-valid@7']"),
        (_with("200", HALF, "train_times", None), "train_times[0]"),
        (_with("200", HALF, "eval_acc1es", [1.0]), "eval_acc1es['x-valid@199']"),
        (_with("200", HALF, "epochs", 90), "12 or 200 'epochs'"),
        (_with("200", HALF, "epochs", 12), "received"),
        (
            lambda content: content["200"]["all_results"].update({HALF: content["12"]["all_results"][HALF]}),
            "cifar10-valid for 200 epochs in the record ('cifar10-valid', 777); received cifar10-valid for 12",
        ),
        (
            lambda content: content["12"]["all_results"].update({HALF: content["200"]["all_results"][HALF]}),
            "cifar10-valid for 12 epochs in the record ('cifar10-valid', 777); received cifar10-valid for 200",
        ),
        (_with("200", HALF, "epochs", "200"), "12 or 200 'epochs'"),
        (_with("200", HALF, "name", "cifar10-test"), "as 'name'"),
        (_with("200", HALF, "name", ["cifar10"]), "as 'name'"),
        (_with("12", HALF, "params", None), "'params'"),
        (_with("12", HALF, "flop", -1.0), "'flop'"),
        (_with("12", HALF, "flop", float("inf")), "'flop'"),
        (_with("12", HALF, "flop", 10**5000), "'flop'"),
        (_with("12", HALF, "flop", np.zeros(2)), "a number as 'flop'"),
        (_inner("200", WHOLE, "eval_acc1es", "ori-test@199", 100.5), "eval_acc1es['ori-test@199'] from 0 to 100"),
        (_inner("200", WHOLE, "eval_acc1es", "ori-test@199", -0.5), "received -0.5"),
        (_inner("200", WHOLE, "eval_acc1es", "ori-test@199", float("nan")), "received nan"),
        (_inner("200", WHOLE, "eval_acc1es", "ori-test@199", "88"), "a number as eval_acc1es['ori-test@199']"),
        (_inner("200", WHOLE, "eval_acc1es", "ori-test@199", True), "a number as eval_acc1es['ori-test@199']"),
        (_inner("200", WHOLE, "train_acc1es", 199, 101), "train_acc1es[199] from 0 to 100"),
        (_inner("12", ("cifar10", 111), "train_times", 3, -1.0), "train_times[3]"),
    ],
)
def test_records_that_are_not_the_benchmarks_are_refused_by_architecture(tmp_path, monkeypatch, change, what):
    monkeypatch.setattr(nats, "_architectures", lambda *_: names())  # checking the names again takes longest
    message = refusal(entry(tmp_path, change))
    assert what in message and f"architecture 7 ({names()[7]})" in message


def test_a_file_of_another_architecture_in_its_place(folder, tmp_path):
    copied = shutil.copytree(folder, tmp_path / "simple")
    shutil.copy(copied / "000002.pickle.pbz2", copied / "000284.pickle.pbz2")
    message = refusal(copied)
    assert f"architecture 284 ({names()[284]})" in message and "received those of 2" in message


def test_missing_files_are_refused_before_any_is_read(folder, tmp_path, monkeypatch):
    copied = shutil.copytree(folder, tmp_path / "simple")
    (copied / "000002.pickle.pbz2").unlink()
    monkeypatch.setattr(nats, "read_row", None)
    assert "3 files" in refusal(copied) and "1 missing, the first 000002.pickle.pbz2" in refusal(copied)
    # The published folder names no evaluated architectures at all: then all must be there.
    nats_files.dump(copied / "meta.pickle.pbz2", nats_files.meta(()))
    assert "15,625 files" in refusal(copied) and "the first 000001.pickle.pbz2" in refusal(copied)


def test_architectures_missing_in_the_single_file(tmp_path):
    path = tmp_path / "all.pickle.pbz2"
    infos = {index: nats_files.architecture(index, names()[index]) for index in (0, 2)}
    nats_files.dump(path, {**nats_files.meta((0, 1, 2)), "arch2infos": infos})
    assert "architecture 1 " in refusal(path)
    nats_files.dump(path, {**nats_files.meta(()), "arch2infos": infos})
    assert "architecture 1 " in refusal(path)
    meta = nats_files.meta((0,))
    nats_files.dump(path, meta)  # the folder's file of names alone
    assert "received NoneType" in refusal(path)
    del meta["arch2infos"]
    nats_files.dump(path, meta)
    assert "'arch2infos'; received none" in refusal(path)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda meta: meta.pop("meta_archs"), "without it"),
        (lambda meta: meta.update(meta_archs="abc"), "'meta_archs'"),
        (lambda meta: meta.update(meta_archs=[1]), "'meta_archs'"),
        (lambda meta: meta["meta_archs"].pop(), "15,624 names"),
        (lambda meta: meta["meta_archs"].__setitem__(1, names()[0]), "15,624 different"),
        (lambda meta: meta["meta_archs"].__setitem__(1, "|none~0|"), "architectures of nasbench201"),
        (
            lambda meta: meta.update(meta_archs=["8:16:24:32:40"] * 4),
            "Get NATS-tss-v1_0-3ffb9-simple.tar. The size space",
        ),
        (lambda meta: meta.pop("total_archs") and meta.pop("evaluated_indexes"), "'evaluated_indexes'"),
        (lambda meta: meta.update(evaluated_indexes={15_625}), "from 0 to 15624"),
        (lambda meta: meta.update(evaluated_indexes={-1}), "from 0 to 15624"),
        (lambda meta: meta.update(evaluated_indexes={"0"}), "from 0 to 15624"),
    ],
)
def test_names_that_are_not_the_benchmarks_are_refused(folder, tmp_path, change, what):
    copied = shutil.copytree(folder, tmp_path / "simple")
    meta = nats_files.meta(INDEXES)
    change(meta)
    nats_files.dump(copied / "meta.pickle.pbz2", meta)
    assert what in refusal(copied)


def test_other_things_than_the_archive(tmp_path):
    assert "No such file" in refusal(tmp_path / "none")
    assert "the folder NATS-tss-v1_0-3ffb9-simple, with meta.pickle.pbz2" in refusal(tmp_path)
    (tmp_path / "empty").touch()
    assert "byte 0" in refusal(tmp_path / "empty")
    nats_files.dump(tmp_path / "list", [1, 2])
    assert "received a list" in refusal(tmp_path / "list")


def test_files_of_torch_are_told_what_to_get(tmp_path):
    path = tmp_path / "NAS-Bench-201-v1_1-096897.pth"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}.")
    legacy = b"".join(pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {}))
    for content in (packed.getvalue(), legacy):
        path.write_bytes(content)
        assert "a file of torch" in refusal(path) and "Get NATS-tss-v1_0-3ffb9-simple.tar" in refusal(path)


def test_the_archive_with_weights_is_told_what_to_get(tmp_path):
    """Weights are rebuilt by functions of torch, which are not called."""
    whole = nats_files.architecture(7, names()[7])
    whole["12"]["all_results"]["cifar10", 111]["net_state_dict"] = "WEIGHTS"
    data = pickle.dumps(whole, protocol=2)
    name = pickle.dumps("WEIGHTS", protocol=2)[2:13]
    assert data.count(name) == 1
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(N" + b"K\x00))\x89}tR"
    path = nats_files.write_folder(tmp_path / "NATS-tss-v1_0-3ffb9-full", [7])
    (path / "000007.pickle.pbz2").write_bytes(bz2.compress(data.replace(name, tensor)))
    message = refusal(path)
    assert "'torch._utils._rebuild_tensor_v2'" in message and "000007.pickle.pbz2" in message
    assert "Get NATS-tss-v1_0-3ffb9-simple.tar" in message and "Nothing of it was executed" in message


def test_a_malicious_file_is_refused_by_name(folder, tmp_path):
    copied = shutil.copytree(folder, tmp_path / "simple")
    canary = tmp_path / "canary"
    evil = f"cos\nsystem\n(S'touch {canary}'\ntR.".encode()
    (copied / "000002.pickle.pbz2").write_bytes(bz2.compress(evil))
    assert "'os.system'" in refusal(copied) and "000002.pickle.pbz2" in refusal(copied)
    assert not canary.exists()


def test_what_the_reader_leaves_in_a_record_cannot_be_forged(tmp_path):
    def change(content):
        content["200"]["all_results"][WHOLE] = {"run": {"data": "cifar10", "epochs": 200}}

    assert "train_times in the record ('cifar10', 777); received {'run'" in refusal(entry(tmp_path, change))


def test_files_that_are_far_too_long_are_refused(folder, tmp_path, monkeypatch):
    packed = bz2.compress(b"\x80\x04B" + (65 * 2**20).to_bytes(4, "little") + bytes(65 * 2**20) + b".")
    copied = shutil.copytree(folder, tmp_path / "simple")
    for name, limit in (("000002.pickle.pbz2", "16,777,216"), ("meta.pickle.pbz2", "67,108,864")):
        (copied / name).write_bytes(packed)
        message = refusal(copied)
        assert name in message and f"more than {limit} bytes" in message
    path = nats_files.write_file(tmp_path / "all.pickle.pbz2", INDEXES)
    monkeypatch.setattr(nats, "_SINGLE_LIMIT", 100_000)
    assert "more than 100,000 bytes" in refusal(path)


def test_a_record_that_contains_itself_is_read(table, tmp_path):
    def change(index, content):
        record = content["200"]["all_results"][WHOLE]
        record["self"] = record

    found = nats.read(nats_files.write_folder(tmp_path / "simple", INDEXES, change))
    assert found.checksum == table.checksum


def test_condensing_a_record_that_contains_itself():
    record = nats_files.record(2, names()[2], "cifar10", 200, 777)
    record["self"] = record
    nats.condense(record)
    assert record.keys() == {"run"}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("000002.pickle.pbz2", 12),
        ("meta.pickle.pbz2", 4),
        pytest.param("000002.pickle.pbz2", 85, marks=pytest.mark.slow),
        pytest.param("meta.pickle.pbz2", 15, marks=pytest.mark.slow),
    ],
)
def test_flipped_bits_give_the_right_table_or_an_error_that_names_the_file(tmp_path, monkeypatch, name, count):
    path = nats_files.write_folder(tmp_path / "simple", [2])
    right, whole = nats.read(path), (path / name).read_bytes()
    if name != "meta.pickle.pbz2":
        monkeypatch.setattr(nats, "_architectures", lambda *_: names())  # checking the names again takes longest
    refused = 0
    for place in np.random.default_rng(0).integers(8 * len(whole), size=count).tolist():
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        (path / name).write_bytes(damaged)
        try:
            assert nats.read(path).checksum == right.checksum, place
        except DataError as error:
            refused += 1
            assert name in str(error) and "byte" in str(error)
    assert refused >= 0.75 * count


@pytest.mark.parametrize("name", ["000284.pickle.pbz2", "meta.pickle.pbz2"])
def test_files_that_are_cut_short(folder, tmp_path, name):
    copied = shutil.copytree(folder, tmp_path / "simple")
    whole = (folder / name).read_bytes()
    for size in (0, 1, 4, len(whole) // 3, len(whole) // 2, len(whole) - 10, len(whole) - 1):
        (copied / name).write_bytes(whole[:size])
        message = refusal(copied)
        assert name in message and "byte" in message


def test_condensing_leaves_other_dictionaries_alone():
    other = {"name": "cifar10", "epochs": 12}
    before = copy.deepcopy(other)
    nats.condense(other)
    assert other == before
