"""Seeded, stratified splits."""

from __future__ import annotations

import numpy as np

from tfnas.data.images import Examples, ImageData
from tfnas.errors import DataError
from tfnas.trial import Split


def stratified_folds(y: np.ndarray, fractions: tuple[float, ...], seed: int) -> list[np.ndarray]:
    """Cuts the examples of each class by the given fractions.

    Args:
        y: Integer labels. Shape [B].
        fractions: Shares of all folds but the first, which takes the rest.
        seed: Seed of the permutation.

    Returns:
        Sorted indices of each fold, the first fold first. Every class with at least as many
        examples as folds is in every fold with a positive fraction.

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
        for fold, fraction in zip(folds[1:], fractions):
            count = round(fraction * len(members))
            if fraction and not count and len(members) > len(fractions):
                count = 1
            fold.append(members[start : start + count])
            start += count
        folds[0].append(members[start:])
    return [np.sort(np.concatenate(fold)) if fold else np.zeros(0, int) for fold in folds]


def split_stratified(
    x: np.ndarray,
    y: np.ndarray,
    *,
    class_names: tuple[str, ...],
    name: str,
    source: str,
    seed: int,
    validation: float,
    test: float,
) -> ImageData:
    """Builds an `ImageData` by cutting one set of examples with equal class shares.

    Raises:
        DataError: If a split comes out empty.
    """
    train, valid, held_out = stratified_folds(y, (validation, test), seed)
    return ImageData(
        train=Examples(x[train], y[train], Split.TRAIN),
        validation=Examples(x[valid], y[valid], Split.VALIDATION),
        test=Examples(x[held_out], y[held_out], Split.TEST) if test else None,
        class_names=class_names,
        name=name,
        provenance={"source": source, "seed": seed, "validation": validation, "test": test},
    )
