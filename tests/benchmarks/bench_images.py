"""Folders of JPEG files: decoding them, against ``tf.data`` on the same cores."""

from __future__ import annotations

import os
import pathlib
import tempfile
import time
from typing import Any, Callable

import numpy as np
from PIL import Image

from tests.benchmarks.line import Line
from tfnas.data import from_folder

_FILES, _CLASSES = 1_000, 10
_RUNS = 5
"""Both sides take turns this many times, and the best of each counts."""
_CASES = (
    # height and width of the files, side to resize to
    ((32, 32), None),
    ((32, 32), 16),
    ((64, 64), None),
    ((375, 500), None),
    ((375, 500), 64),
    ((375, 500), 224),
)


def measure() -> list[Line]:
    """Measures on made-up photographs, in the page cache."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        folders: dict[tuple[int, int], pathlib.Path] = {}
        for shape, side in _CASES:
            if shape not in folders:
                folders[shape] = pathlib.Path(scratch) / "x".join(map(str, shape))
                _write(folders[shape], shape)
            lines.extend(_compare(folders[shape], shape, side))
        lines.extend(_cached(folders[(375, 500)], pathlib.Path(scratch) / "data"))
    return lines


def _compare(folder: pathlib.Path, shape: tuple[int, int], side: int | None) -> list[Line]:
    ways: dict[str, Callable[[], Any]] = {
        "ours": lambda: from_folder(folder, image_size=side, cache=False),
        "tf.data": lambda: _iterate(folder, side, antialias=False),
        "tf.data, into one array": lambda: np.concatenate(list(_batches(folder, side, False).as_numpy_iterator())),
    }
    if side is not None:
        ways["tf.data, antialiased as ours"] = lambda: _iterate(folder, side, antialias=True)
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(_RUNS):
        for way, run in ways.items():
            start = time.perf_counter()
            run()
            best[way] = min(best[way], time.perf_counter() - start)
    title = f"{_FILES:,} JPEG files of {shape[0]}x{shape[1]}" + (f" to {side}x{side}" if side else "")
    ours = best.pop("ours")
    return [
        Line(f"from_folder, {title}", ours, "s", "ratio at most 1", ours / other, f"{way} ({other:.3f} s)")
        for way, other in best.items()
    ]


def _cached(folder: pathlib.Path, data: pathlib.Path) -> list[Line]:
    """Measures opening a folder that was decoded before."""
    before = os.environ.get("TFNAS_DATA_DIR")
    os.environ["TFNAS_DATA_DIR"] = str(data)
    try:
        times = []
        for _ in range(3):
            start = time.perf_counter()
            from_folder(folder, image_size=224)
            times.append(time.perf_counter() - start)
    finally:
        os.environ.pop("TFNAS_DATA_DIR")
        if before is not None:
            os.environ["TFNAS_DATA_DIR"] = before
    again = min(times[1:])
    return [Line("from_folder, 375x500 to 224x224, decoded before", again, "s", "", again / times[0], "the first time")]


def _batches(folder: pathlib.Path, side: int | None, antialias: bool) -> Any:
    import tensorflow as tf

    def decoded(path: Any) -> Any:
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        if side is None:
            return image
        return tf.cast(tf.image.resize(image, (side, side), antialias=antialias), tf.uint8)

    paths = [str(path) for path in sorted(folder.rglob("*.jpg"))]
    return tf.data.Dataset.from_tensor_slices(paths).map(decoded, num_parallel_calls=tf.data.AUTOTUNE).batch(100)


def _iterate(folder: pathlib.Path, side: int | None, antialias: bool) -> None:
    for batch in _batches(folder, side, antialias):
        len(batch)


def _write(folder: pathlib.Path, shape: tuple[int, int]) -> None:
    """Writes photographs: smooth colours with some noise, of about the size in bytes that real ones have."""
    rng = np.random.default_rng(0)
    height, width = shape
    for label in range(_CLASSES):
        (folder / f"class{label}").mkdir(parents=True)
        for number in range(_FILES // _CLASSES):
            coarse = rng.integers(0, 256, (max(2, height // 16), max(2, width // 16), 3), np.uint8)
            smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), int)
            noisy = (smooth + rng.normal(0, 12, smooth.shape)).clip(0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / f"class{label}" / f"{number:03d}.jpg", quality=90)
