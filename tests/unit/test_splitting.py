"""Seeded splits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnas.data import Examples, ImageData, digits
from tfnas.data.splitting import arrange, complete_splits, cut_missing, plain_folds, stratified_folds
from tfnas.errors import DataError
from tfnas.trial import Split

_FRACTIONS = st.lists(st.floats(0, 0.9), min_size=0, max_size=4).filter(lambda values: sum(values) < 1).map(tuple)


def _images(count: int) -> np.ndarray:
    return np.arange(count * 12, dtype=np.uint8).reshape(count, 2, 2, 3)


@settings(deadline=None)
@given(y=st.lists(st.integers(0, 6), min_size=1, max_size=60), fractions=_FRACTIONS, seed=st.integers(0, 99))
def test_folds_are_a_partition_with_every_class_in_the_first_fold(y, fractions, seed):
    labels = np.array(y)
    folds = stratified_folds(labels, fractions, seed)
    assert len(folds) == len(fractions) + 1
    assert sorted(np.concatenate(folds).tolist()) == list(range(len(y)))
    assert all((np.diff(fold) > 0).all() for fold in folds)
    assert set(labels[folds[0]]) == set(y)
    positive = [fold for fold, fraction in zip(folds[1:], fractions) if fraction > 0]
    assert all(not len(fold) for fold, fraction in zip(folds[1:], fractions) if fraction == 0)
    for label in set(y):
        if y.count(label) > len(positive):
            assert all((labels[fold] == label).any() for fold in positive)


def test_class_shares_follow_the_fractions():
    y = np.repeat([0, 1, 2], [100, 50, 10])
    _, validation, test = stratified_folds(y, (0.2, 0.1), 0)
    assert np.bincount(y[validation]).tolist() == [20, 10, 2]
    assert np.bincount(y[test]).tolist() == [10, 5, 1]


def test_the_seed_decides_and_the_global_generator_does_not():
    y = np.arange(200) % 4
    np.random.seed(1)
    first = stratified_folds(y, (0.2,), 3)
    np.random.seed(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, stratified_folds(y, (0.2,), 3)))
    assert not np.array_equal(first[1], stratified_folds(y, (0.2,), 4)[1])


def test_members_of_a_class_are_drawn_uniformly():
    counts = np.zeros(10)
    for seed in range(2000):
        counts[stratified_folds(np.zeros(10, int), (0.3,), seed)[1]] += 1
    # A count is binomial (2000, 0.3), standard deviation 20.5; five of them hold for all ten.
    assert counts.sum() == 6000
    assert abs(counts - 600).max() < 103


def test_plain_folds_ignore_values():
    train, validation, test = plain_folds(100, (0.25, 0.1), 5)
    assert (len(train), len(validation), len(test)) == (65, 25, 10)
    assert sorted([*train, *validation, *test]) == list(range(100))
    assert not np.array_equal(train, np.arange(65))


@pytest.mark.parametrize("fractions", [(-0.1,), (1.0,), (0.5, 0.5), (0.9, 0.2), (float("nan"),)])
def test_fractions_that_cannot_be_used(fractions):
    with pytest.raises(DataError, match=r"fractions of the splits.*leave something for training"):
        stratified_folds(np.zeros(10, int), fractions, 0)


def test_only_missing_splits_are_cut():
    y = np.arange(100) % 5
    cut, done = cut_missing(y, {Split.VALIDATION: 7}, seed=1, validation=0.2, test=0.1)
    assert set(cut) == {Split.TRAIN, Split.TEST}
    assert done == {
        "seed": 1,
        "validation": "given",
        "test": 0.1,
        "stratified": True,
        "sizes": {"validation": 7, "train": 90, "test": 10},
    }
    cut, done = cut_missing(y, {Split.VALIDATION: 7, Split.TEST: 8}, seed=1, validation=0.2, test=0.1)
    assert cut[Split.TRAIN].tolist() == list(range(100))
    assert done["sizes"] == {"validation": 7, "test": 8, "train": 100}


def test_float_targets_are_cut_plainly():
    y = np.repeat(np.float32([0.0, 1.0]), [97, 3])  # stratified, three ones would be spread out
    cut, done = cut_missing(y, {}, seed=0, validation=0.2, test=0.2)
    assert done["stratified"] is False
    expected = plain_folds(100, (0.2, 0.2), 0)
    assert all(np.array_equal(cut[split], fold) for split, fold in zip(Split, expected))


def test_no_validation_is_refused():
    with pytest.raises(DataError, match="fraction for validation: expected a number above 0"):
        cut_missing(np.zeros(10, int), {}, seed=0, validation=0.0, test=0.2)


def test_a_split_that_comes_out_empty_is_named():
    with pytest.raises(DataError, match=r"validation split: expected at least one example.*fraction of 0.01"):
        cut_missing(np.arange(2), {}, seed=0, validation=0.01, test=0.0)


def test_complete_splits_keeps_images_with_their_labels():
    x, y = _images(20), np.arange(20) % 2
    data = complete_splits(
        {Split.TRAIN: Examples(x, y, Split.TRAIN)},
        class_names=("a", "b"),
        name="toy",
        provenance={"source": "here"},
        seed=0,
        validation=0.2,
        test=0.3,
    )
    assert [len(part) for part in data.splits] == [10, 4, 6]
    for part, split in zip(data.splits, Split):
        assert part.split is split
        for image, label in zip(part.x, part.y):
            (index,) = np.flatnonzero((x == image).all(axis=(1, 2, 3)))
            assert y[index] == label
    assert data.provenance["source"] == "here" and data.provenance["seed"] == 0


def test_complete_splits_copies_nothing_where_nothing_is_cut():
    parts = {split: Examples(_images(4), np.arange(4) % 2, split) for split in Split}
    data = complete_splits(parts, class_names=("a", "b"), name="toy", provenance={}, seed=0, validation=0.2, test=0.2)
    assert isinstance(data, ImageData)
    assert all(part is parts[part.split] for part in data.splits)


def test_digits():
    data = digits()
    assert [len(part) for part in data.splits] == [1079, 359, 359]
    assert data.input_shape == (8, 8, 1) and data.num_classes == 10
    assert data.train.x.dtype == np.float32 and data.train.x.min() == 0 and data.train.x.max() == 1
    assert all((np.bincount(part.y, minlength=10) > 30).all() for part in data.splits)
    assert digits(test=0).test is None
    assert not np.array_equal(digits(seed=1).train.x, data.train.x)


def test_halves_of_the_held_out_examples():
    labels = {Split.TRAIN: np.arange(30) % 3, Split.TEST: np.repeat([0, 1, 2], [4, 6, 10])}
    placed, done = arrange(labels, seed=1, validation=0.3, test=0.3, halve_test=True)
    assert placed[Split.TRAIN][0] is Split.TRAIN and placed[Split.TRAIN][1].tolist() == list(range(30))
    halves = [placed[split] for split in (Split.VALIDATION, Split.TEST)]
    assert all(source is Split.TEST for source, _ in halves)
    assert sorted(np.concatenate([index for _, index in halves]).tolist()) == list(range(20))
    assert [np.bincount(labels[Split.TEST][index]).tolist() for _, index in halves] == [[2, 3, 5]] * 2
    assert done["sizes"] == {"train": 30, "validation": 10, "test": 10} and done["seed"] == 1
    with pytest.raises(DataError, match="held-out examples: expected at least two of some class"):
        arrange({**labels, Split.TEST: np.arange(3)}, seed=1, validation=0.3, test=0.3, halve_test=True)


def test_each_split_says_where_its_examples_come_from():
    labels = {Split.TRAIN: np.arange(20) % 2, Split.TEST: np.zeros(4, int)}
    placed, _ = arrange(labels, seed=0, validation=0.2, test=0.2)
    assert [placed[split][0] for split in Split] == [Split.TRAIN, Split.TRAIN, Split.TEST]
    assert placed[Split.TEST][1].tolist() == [0, 1, 2, 3]
    assert sorted([*placed[Split.TRAIN][1], *placed[Split.VALIDATION][1]]) == list(range(20))
