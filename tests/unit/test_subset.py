"""Random subsets of the classes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tfnas.data import class_subset, digits, from_folder, load
from tfnas.data.subset import choose_classes
from tfnas.errors import ConfigError

_NAMES = tuple(f"n{k:03d}" for k in range(50))


def test_draws_are_sorted_seeded_and_uniform():
    chosen = choose_classes(_NAMES, 10, 3)
    assert chosen == choose_classes(_NAMES, 10, 3) == tuple(sorted(set(chosen))) and len(chosen) == 10
    assert chosen != choose_classes(_NAMES, 10, 4)
    assert choose_classes(_NAMES, 50, 0) == tuple(range(50))
    counts = np.bincount(np.concatenate([choose_classes(_NAMES, 10, seed) for seed in range(1000)]), minlength=50)
    # Each is binomial (1000, 0.2), standard deviation 12.6; five of them hold for all fifty.
    assert abs(counts - 200).max() < 64


@pytest.mark.parametrize("classes", [0, 1, 51, -2, 2.5, True, "3"])
def test_numbers_that_cannot_be(classes):
    with pytest.raises(ConfigError, match="classes: expected an integer from 2 to 50"):
        choose_classes(_NAMES, classes, 0)


def test_arrays_are_renumbered():
    whole = digits()
    part = class_subset(whole, 4, 7)
    assert part.num_classes == 4 and part.class_names == tuple(map(str, choose_classes(whole.class_names, 4, 7)))
    for before, after in zip(whole.splits, part.splits, strict=True):
        wanted = np.isin(before.y, [int(name) for name in part.class_names])
        assert np.array_equal(after.x, before.x[wanted])
        assert [part.class_names[k] for k in after.y] == [str(k) for k in before.y[wanted]]
        assert after.split is before.split
    assert part.provenance["class_subset"] == {"names": list(part.class_names), "of": 10, "class_seed": 7}
    assert part.provenance["sizes"] == {split.split.value: len(split) for split in part.splits}
    assert class_subset(digits(test=0), 3).test is None


def test_load_draws_from_arrays():
    data = load("digits", classes=3, class_seed=5)
    assert data.class_names == class_subset(digits(), 3, 5).class_names


def test_folders_that_are_not_drawn_are_not_looked_into(tmp_path):
    for k in range(12):
        folder = tmp_path / "pictures" / f"c{k:02d}"
        folder.mkdir(parents=True)
        for n in range(5):
            Image.fromarray(np.full((4, 4, 3), 20 * k + n, np.uint8)).save(folder / f"{n}.png")
    data = load(tmp_path / "pictures", classes=5, class_seed=1)
    assert data.num_classes == 5 == len(data.provenance["class_subset"]["names"])
    for part in data.splits:
        assert [data.class_names[y] for y in part.y] == [f"c{x[0, 0, 0] // 20:02d}" for x in part.x]
    for k in range(12):
        if f"c{k:02d}" not in data.class_names:
            (tmp_path / "pictures" / f"c{k:02d}" / "0.png").write_bytes(b"no image")
    assert from_folder(tmp_path / "pictures", classes=5, class_seed=1).class_names == data.class_names
    with pytest.raises(ConfigError, match="from 2 to 12"):
        from_folder(tmp_path / "pictures", classes=13)
