"""Images from NumPy archives, and `load`."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

import tfnas.data
from tfnas.data import from_npz, load
from tfnas.errors import ConfigError, DataError
from tfnas.trial import Split


def _x(count: int, shape: tuple[int, ...] = (4, 5, 3), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


def _save(tmp_path, **arrays):
    path = tmp_path / "toy.npz"
    np.savez(path, **arrays)
    return path


def _pairs(examples):
    return {(image.tobytes(), np.asarray(label).tobytes()) for image, label in zip(examples.x, examples.y)}


def test_all_splits_are_used_as_they_are(tmp_path):
    arrays = {f"x_{name}": _x(10, seed=k) for k, name in enumerate(("train", "valid", "test"))}
    arrays |= {f"y_{name}": np.arange(10) % 3 for name in ("train", "valid", "test")}
    data = from_npz(_save(tmp_path, **arrays))
    for part, name in zip(data.splits, ("train", "valid", "test")):
        assert np.array_equal(part.x, arrays[f"x_{name}"]) and part.x.dtype == np.uint8
        assert np.array_equal(part.y, arrays[f"y_{name}"]) and part.y.dtype == np.int64
    assert data.name == "toy" and data.class_names == ("0", "1", "2")
    assert data.provenance["validation"] == data.provenance["test"] == "given"
    json.dumps(data.provenance)


@pytest.mark.parametrize("spelling", ["valid", "validation", "val"])
def test_spellings_of_validation(tmp_path, spelling):
    path = _save(
        tmp_path,
        x_train=_x(10),
        y_train=np.arange(10) % 2,
        **{f"x_{spelling}": _x(4, seed=1), f"y_{spelling}": np.array([0, 1, 1, 1])},
    )
    data = from_npz(path)
    assert data.validation.y.tolist() == [0, 1, 1, 1] and data.validation.split is Split.VALIDATION
    assert [len(part) for part in data.splits] == [8, 4, 2]


@pytest.mark.parametrize("keys", [("x", "y"), ("x_train", "y_train")])
def test_missing_splits_are_cut_with_equal_class_shares(tmp_path, keys):
    x, y = _x(100), np.repeat([0, 1], [60, 40])
    data = from_npz(_save(tmp_path, **dict(zip(keys, (x, y)))), seed=3, validation=0.2, test=0.1)
    assert [np.bincount(part.y).tolist() for part in data.splits] == [[42, 28], [12, 8], [6, 4]]
    assert set.union(*map(_pairs, data.splits)) == {(image.tobytes(), label.tobytes()) for image, label in zip(x, y)}
    assert data.provenance["sizes"] == {"train": 70, "validation": 20, "test": 10}
    assert data.provenance["seed"] == 3 and data.provenance["stratified"] is True


def test_the_seed_decides(tmp_path):
    path = _save(tmp_path, x=_x(50), y=np.arange(50) % 2)
    assert np.array_equal(from_npz(path, seed=1).test.x, from_npz(path, seed=1).test.x)
    assert not np.array_equal(from_npz(path, seed=1).test.x, from_npz(path, seed=2).test.x)


def test_no_test_split_where_none_is_wanted(tmp_path):
    data = from_npz(_save(tmp_path, x=_x(20), y=np.arange(20) % 2), test=0)
    assert data.test is None and len(data.train) + len(data.validation) == 20


def test_a_given_test_split_is_kept_whatever_the_fraction(tmp_path):
    path = _save(tmp_path, x=_x(20), y=np.arange(20) % 2, x_test=_x(3), y_test=np.array([0, 0, 1]))
    data = from_npz(path, test=0)
    assert len(data.test) == 3 and len(data.train) == 16


def test_grey_images_get_their_channel_axis(tmp_path):
    x = _x(20, (6, 7))
    data = from_npz(_save(tmp_path, x=x, y=np.arange(20) % 2))
    assert data.input_shape == (6, 7, 1)
    assert data.provenance["notes"] == ["x: grey images, channel axis added"]


def test_column_labels_are_flattened(tmp_path):
    data = from_npz(_save(tmp_path, x=_x(20), y=(np.arange(20) % 2)[:, None].astype("uint8")))
    assert data.train.y.ndim == 1
    assert data.provenance["notes"] == ["y: labels of shape (examples, 1) flattened"]


@pytest.mark.parametrize("shape", [(50,), (50, 2)])
def test_float_labels_make_a_regression(tmp_path, shape):
    y = np.random.default_rng(0).normal(size=shape).astype("float32")
    data = from_npz(_save(tmp_path, x=_x(50), y=y))
    assert data.class_names == () and data.num_classes == 0
    assert [len(part) for part in data.splits] == [30, 10, 10]
    assert data.train.y.dtype == np.float32 and data.provenance["stratified"] is False
    assert len(set.union(*map(_pairs, data.splits))) == 50


def test_float_images(tmp_path):
    x = np.random.default_rng(0).random((20, 4, 4, 1), np.float32)
    data = from_npz(_save(tmp_path, x=x, y=np.arange(20) % 2))
    assert data.train.x.dtype == np.float32


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint16", "int8", "bool"])
def test_other_image_dtypes_are_refused_with_the_remedy(tmp_path, dtype):
    path = _save(tmp_path, x=_x(20).astype(dtype), y=np.arange(20) % 2)
    with pytest.raises(DataError, match=rf"train images: expected dtype uint8.*{dtype}.*astype\('uint8'\)"):
        from_npz(path)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 3, 3], r"every class from 0 to 3; received no example of class 2 \(1 classes have none"),
        ([1, 2, 1, 2], "no example of class 0"),
        ([0, 10**15, 0, 0], r"no example of class 1 \(999999999999999 classes"),
        ([0, -1, 1, 1], "train labels: expected integers from 0 to 1; received -1 at position 1"),
        ([0, 0, 0, 0], "classes of toy: expected at least two; received one, '0'"),
    ],
)
def test_class_numbers(tmp_path, labels, message):
    path = _save(tmp_path, x=_x(40), y=np.repeat(labels, 10))
    with pytest.raises(DataError, match=message):
        from_npz(path)


def test_a_class_of_the_test_split_alone(tmp_path):
    path = _save(tmp_path, x=_x(20), y=np.arange(20) % 2, x_test=_x(3), y_test=np.array([0, 1, 2]))
    with pytest.raises(DataError, match="training labels.*from 0 to 2; received no example of class 2"):
        from_npz(path)


@pytest.mark.parametrize("dtype", ["float64", "int64", "bool"])
def test_one_hot_labels(tmp_path, dtype):
    path = _save(tmp_path, x=_x(20), y=np.eye(4, dtype=dtype)[np.arange(20) % 4])
    with pytest.raises(DataError, match=r"labels 'y'.*one-hot rows of shape \(20, 4\).*labels.argmax\(-1\)"):
        from_npz(path)


def test_integer_labels_of_two_axes(tmp_path):
    with pytest.raises(DataError, match=r"train labels: expected integer class labels of shape \(examples,\)"):
        from_npz(_save(tmp_path, x=_x(20), y=np.full((20, 2), 3)))


def test_integers_in_one_split_and_floats_in_another(tmp_path):
    path = _save(tmp_path, x=_x(20), y=np.arange(20) % 2, x_test=_x(3), y_test=np.zeros(3))
    with pytest.raises(DataError, match="integers in all splits, or floats.*train int64, test float64"):
        from_npz(path)


@pytest.mark.parametrize("labels", [np.array(["cat", "dog"] * 10), np.zeros(20, bool)])
def test_labels_that_are_no_numbers(tmp_path, labels):
    with pytest.raises(DataError, match="train labels: expected integer class labels"):
        from_npz(_save(tmp_path, x=_x(20), y=labels))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (("images", "labels"), "no training images. It has images, labels"),
        ((), "no training images. It has no keys"),
        (("x_train",), "no y_train. It has x_train"),
        (("y",), "no x. It has y"),
        (("x", "y", "x_test"), "no y_test"),
        (("x", "y", "x_train", "y_train"), "train examples twice, as x and x_train"),
        (("x", "y", "x_val", "y_valid"), "validation examples twice, as x_valid and x_val"),
        (("x", "y", "x_vaild", "y_vaild"), "unknown x_vaild, y_vaild"),
    ],
)
def test_keys(tmp_path, keys, message):
    path = _save(tmp_path, **{key: _x(4) if key[0] == "x" else np.arange(4) % 2 for key in keys})
    with pytest.raises(DataError, match=rf"keys of .*x_train and y_train.*{message}"):
        from_npz(path)


def test_other_keys_are_no_hindrance(tmp_path):
    path = _save(tmp_path, x=_x(20), y=np.arange(20) % 2, author=np.array("me"))
    assert len(from_npz(path).train) == 12


def test_objects_are_not_unpickled(tmp_path):
    ragged = np.empty(4, object)
    ragged[:] = [_x(1, (k + 1, 2)) for k in range(4)]
    path = tmp_path / "toy.npz"
    np.savez(path, x=ragged, y=np.arange(4) % 2)
    with pytest.raises(DataError, match=r"array 'x' of .*toy.npz.*Arrays of objects are not read"):
        from_npz(path)


def test_a_member_that_is_no_array(tmp_path):
    path = _save(tmp_path, x=_x(4))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("y", b"0 1 0 1")
    with pytest.raises(DataError, match="array 'y' of .*something that is no array"):
        from_npz(path)


def test_files_that_are_no_archives(tmp_path):
    path = tmp_path / "toy.npz"
    for content in (b"", b"hello", np.random.default_rng(0).bytes(5000)):
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"archive .*toy.npz.*{len(content)} bytes that are no complete zip"):
            from_npz(path)
    with open(path, "wb") as file:
        np.save(file, _x(4))
    with pytest.raises(DataError, match="no complete zip archive"):
        from_npz(path)


def test_a_single_array_that_looks_like_an_archive(tmp_path):
    path = tmp_path / "toy.npz"
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("nothing", b"")
    with open(path, "wb") as file:
        np.save(file, np.frombuffer(bundle.getvalue(), np.uint8))
    with pytest.raises(DataError, match="received a single array"):
        from_npz(path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("compressed", [False, True])
def test_damage_anywhere_gives_one_clear_error(tmp_path, compressed):
    path = tmp_path / "toy.npz"
    (np.savez_compressed if compressed else np.savez)(path, x=_x(12, (3, 3, 1)), y=np.arange(12) % 2)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match="no complete zip archive"):
            from_npz(path)
    refused = 0
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x80
        path.write_bytes(damaged)
        try:
            from_npz(path)  # some bytes, such as time stamps, mean nothing
        except DataError as error:
            refused += 1
            assert "toy.npz" in str(error)
    assert refused > len(whole) / 2


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(DataError, match="archive .*none.npz.*No such file"):
        from_npz(tmp_path / "none.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(DataError, match="archive .*folder.npz.*directory"):
        from_npz(tmp_path / "folder.npz")


def test_load_by_name_and_path(tmp_path):
    path = _save(tmp_path, x=_x(20), y=np.arange(20) % 2)
    assert load("digits", seed=1).name == "digits"
    assert np.array_equal(load("digits", seed=1).test.y, tfnas.data.digits(seed=1).test.y)
    for spec in (path, str(path)):
        assert [len(part) for part in load(spec, validation=0.3, test=0.1).splits] == [12, 6, 2]


@pytest.mark.parametrize("spec", ["digit", "none", "none/at/all", 5, None, b"digits"])
def test_load_lists_what_is_accepted(spec):
    with pytest.raises(DataError, match=r"'digits', .*a path that ends in .npz, or a folder"):
        load(spec)


def test_load_tells_a_missing_path_from_a_file_of_another_kind(tmp_path):
    with pytest.raises(DataError, match="pictures', a path that does not exist"):
        load(tmp_path / "pictures")
    (tmp_path / "data.csv").write_text("1,2")
    with pytest.raises(DataError, match="data.csv', a file of another kind"):
        load(tmp_path / "data.csv")
    with pytest.raises(DataError, match="none.npz.*No such file"):
        load(tmp_path / "none.npz")


def test_load_resizes_folders_only(tmp_path):
    path = _save(tmp_path, x=_x(20), y=np.arange(20) % 2)
    for spec in ("digits", path):
        with pytest.raises(ConfigError, match="image_size: expected none, since only folders.*received 8 with"):
            load(spec, image_size=8)
