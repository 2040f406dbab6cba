"""Seeded splits: stratified for class labels, plain for float targets."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np

from tfnas.data.images import Examples, ImageData
from tfnas.data.protocols import Protocol
from tfnas.errors import DataError
from tfnas.trial import Split


def stratified_folds(y: np.ndarray, fractions: tuple[float, ...], seed: int) -> list[np.ndarray]:
    """Cuts the examples of each class by the given fractions.

    Args:
        y: Integer labels. Shape [B].
        fractions: Shares of all folds but the first, which takes the rest.
        seed: Seed of the permutation.

    Returns:
        Sorted indices of each fold, the first fold first. Every class is in the first fold; a class
        with at least one example for each fold of a positive fraction, and one more, is in all of
        them.

    Raises:
        DataError: If fractions are outside [0, 1) or leave nothing for the first fold.
    """
    if any(not 0 <= fraction < 1 for fraction in fractions) or sum(fractions) >= 1:
        raise DataError(
            "fractions of the splits",
            expected="numbers in [0, 1) that leave something for training",
            received=repr(fractions),
        )
    rng = np.random.default_rng(seed)
    folds: list[list[np.ndarray]] = [[] for _ in range(len(fractions) + 1)]
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        start = 0
        for fold, count in zip(folds[1:], _counts(len(members), fractions)):
            fold.append(members[start : start + count])
            start += count
        folds[0].append(members[start:])
    return [np.sort(np.concatenate(fold)) if fold else np.zeros(0, int) for fold in folds]


def plain_folds(size: int, fractions: tuple[float, ...], seed: int) -> list[np.ndarray]:
    """Cuts `size` examples by the given fractions, whatever their targets; see `stratified_folds`."""
    return stratified_folds(np.zeros(size, np.int64), fractions, seed)


def _counts(size: int, fractions: tuple[float, ...]) -> list[int]:
    """Returns how many of the `size` examples of a class go to each fold but the first."""
    least = int(size > sum(fraction > 0 for fraction in fractions))
    counts = [max(round(fraction * size), least) if fraction else 0 for fraction in fractions]
    while sum(counts) >= size:  # rounding must not leave training without the class
        counts[counts.index(max(counts))] -= 1
    return counts


def cut_missing(
    y: np.ndarray, given: Mapping[Split, int], *, seed: int, validation: float, test: float
) -> tuple[dict[Split, np.ndarray], dict[str, Any]]:
    """Decides which training examples fill the splits that the data does not bring along.

    Args:
        y: Labels of the examples to train on. Integers of shape [B] are cut with equal class
            shares, anything else regardless of its values.
        given: Sizes of the splits that there are besides.
        seed: Seed of the permutation.
        validation: Fraction of `y` for validation, where that is not given.
        test: Fraction of `y` for the test, where that is not given; 0 for no test.

    Returns:
        Sorted indices into `y` for training and for each split that was cut; and what was done, as
        JSON values for ``ImageData.provenance``.

    Raises:
        DataError: If the fractions cannot be used, or leave a split without examples.
    """
    fractions = {Split.VALIDATION: validation, Split.TEST: test}
    fractions = {split: fraction for split, fraction in fractions.items() if split not in given}
    if fractions.get(Split.VALIDATION) == 0:
        raise DataError(
            "fraction for validation",
            expected="a number above 0",
            received=repr(validation),
            remedy="A search chooses by the validation examples.",
        )
    is_stratified = y.ndim == 1 and y.dtype.kind in "iu"
    shares = tuple(fractions.values())
    folds = stratified_folds(y, shares, seed) if is_stratified else plain_folds(len(y), shares, seed)
    cut = {Split.TRAIN: folds[0]}
    for (split, fraction), fold in zip(fractions.items(), folds[1:]):
        if fraction and not len(fold):
            raise DataError(
                f"{split.value} split",
                expected="at least one example",
                received=f"none of {len(y)} examples, at a fraction of {fraction}",
                remedy="Give more examples of each class, or a larger fraction.",
            )
        if fraction:
            cut[split] = fold
    provenance: dict[str, Any] = {
        "seed": seed,
        "validation": fractions.get(Split.VALIDATION, "given"),
        "test": fractions.get(Split.TEST, "given"),
        "stratified": is_stratified,
        "sizes": {split.value: size for split, size in given.items()}
        | {split.value: len(fold) for split, fold in cut.items()},
    }
    return cut, provenance


def arrange(
    labels: Mapping[Split, np.ndarray], *, seed: int, validation: float, test: float, halve_test: bool = False
) -> tuple[dict[Split, tuple[Split, np.ndarray]], dict[str, Any]]:
    """Decides which examples fill each split.

    Args:
        labels: Labels of the splits there are, at least of the training examples.
        seed: Seed of the permutation.
        validation: See `cut_missing`.
        test: See `cut_missing`.
        halve_test: Whether the test examples are cut into halves, for validation and for the test,
            and all training examples are trained on; `validation` and `test` then count for nothing.

    Returns:
        For each split the one that its examples come from and their sorted indices there; and what was
        done, as JSON values.

    Raises:
        DataError: If the fractions cannot be used, or leave a split without examples.
    """
    y = labels[Split.TRAIN]
    if not halve_test:
        given = {split: len(part) for split, part in labels.items() if split is not Split.TRAIN}
        cut, done = cut_missing(y, given, seed=seed, validation=validation, test=test)
        placed = {split: (split, np.arange(size)) for split, size in given.items()}
        return placed | {split: (Split.TRAIN, index) for split, index in cut.items()}, done
    for_validation, for_test = stratified_folds(labels[Split.TEST], (0.5,), seed)
    if not len(for_test):
        raise DataError(
            "held-out examples",
            expected="at least two of some class, to be cut into halves",
            received=f"{len(for_validation)} examples",
        )
    halves = {Split.VALIDATION: (Split.TEST, for_validation), Split.TEST: (Split.TEST, for_test)}
    sizes = {split.value: len(index) for split, (_, index) in halves.items()}
    done = {
        "seed": seed,
        "validation": "half of the held-out examples",
        "test": "the other half",
        "stratified": True,
        "sizes": {Split.TRAIN.value: len(y)} | sizes,
    }
    return {Split.TRAIN: (Split.TRAIN, np.arange(len(y))), **halves}, done


def complete_splits(
    examples: Mapping[Split, Examples],
    *,
    class_names: tuple[str, ...],
    name: str,
    provenance: Mapping[str, Any],
    seed: int,
    validation: float,
    test: float,
    halve_test: bool = False,
    protocol: Protocol | None = None,
) -> ImageData:
    """Builds an `ImageData`, cutting the splits that are missing from the training examples.

    Args:
        examples: The splits there are, at least the training examples.
        class_names: One name a class; empty for regression.
        name: For reports.
        provenance: Where the examples come from; how they were split is added.
        seed: Seed of the split.
        validation: See `cut_missing`.
        test: See `cut_missing`.
        halve_test: See `arrange`.
        protocol: Decides instead of the fractions and of `halve_test`.

    Raises:
        DataError: If the fractions cannot be used, or leave a split without examples, or the data are
            not what the protocol is for.
    """
    if protocol is not None:
        protocol.check({split: len(part) for split, part in examples.items()})
        validation, test, halve_test = protocol.validation, 0.0, protocol.halve_test
        provenance = {**provenance, "protocol": protocol.to_dict()}
    labels = {split: part.y for split, part in examples.items()}
    placed, done = arrange(labels, seed=seed, validation=validation, test=test, halve_test=halve_test)
    parts = {}
    for split, (source, index) in placed.items():
        part = examples[source]
        is_whole = source is split and len(index) == len(part)  # indexing copies, so spare that
        parts[split] = part if is_whole else Examples(part.x[index], part.y[index], split)
    return ImageData(
        train=parts[Split.TRAIN],
        validation=parts[Split.VALIDATION],
        test=parts.get(Split.TEST),
        class_names=class_names,
        name=name,
        provenance={**provenance, **done},
    )
