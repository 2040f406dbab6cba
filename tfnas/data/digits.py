"""The embedded default data: 1,797 handwritten digits of 8x8 grey pixels, shipped with scikit-learn."""

from __future__ import annotations

from tfnas.data.images import Examples, ImageData
from tfnas.data.splitting import complete_splits
from tfnas.trial import Split


def digits(*, seed: int = 0, validation: float = 0.2, test: float = 0.2) -> ImageData:
    """Returns the digits, split with equal class shares. No download.

    Pixels have 17 grey levels and are scaled to [0, 1], float32.

    Args:
        seed: Seed of the split.
        validation: Fraction of the examples that a search chooses by.
        test: Fraction that is read once, at the end.

    Raises:
        DataError: If the fractions cannot be used.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (bunch.images / 16.0).astype("float32")[..., None]
    return complete_splits(
        {Split.TRAIN: Examples(images, bunch.target.astype("int64"), Split.TRAIN)},
        class_names=tuple(str(name) for name in bunch.target_names),
        name="digits",
        provenance={"source": "scikit-learn load_digits"},
        seed=seed,
        validation=validation,
        test=test,
    )
