"""Made-up files of NAS-Bench-101 in the published format, byte by byte: TFRecord, JSON, base64, protobuf.

Nothing here comes from the reader, from TensorFlow's writer or from a protobuf library (but for `write_fast`).
"""

from __future__ import annotations

import base64
import functools
import json
import pathlib
import struct
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Iterable, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.spaces import NASBench101

IMAGES = 9984
"""Images that an accuracy was measured on: 39 batches of 256."""

SPACE = NASBench101()
_EVALUATION = struct.Struct("<" + "Bd" * 5)
_TAGS = tuple(number << 3 | 1 for number in range(1, 6))  # wire type 1: 64 bits


@functools.cache
def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), reflected, as in RFC 3720."""
    table, crc = _crc_table(), 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    """A checksum as TFRecords store it: rotated right by 15 bits, plus a constant."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(content: bytes) -> bytes:
    """A TFRecord: length, its masked checksum, content, its masked checksum."""
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", masked(crc32c(length))) + content + struct.pack("<I", masked(crc32c(content)))


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the highest bit says that more follow."""
    digits = bytearray()
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes((*digits, number))


def evaluation(epoch: float, seconds: float, train: float, valid: float, test: float) -> bytes:
    """An EvaluationData message: fields 1 to 5, doubles."""
    return _EVALUATION.pack(*sum(zip(_TAGS, (epoch, seconds, train, valid, test)), ()))


def metrics(evaluations: Iterable[bytes], parameters: int, total_seconds: float) -> bytes:
    """A ModelMetrics message: evaluations as field 1, parameters as field 2, total time as field 3."""
    nested = b"".join(b"\x0a" + varint(len(message)) + message for message in evaluations)
    return nested + b"\x10" + varint(parameters) + b"\x19" + struct.pack("<d", total_seconds)


def content(key: str, epochs: int, adjacency: str, operations: str, message: bytes) -> bytes:
    """The JSON list of a record; its base64 text is broken into lines of 76 characters, each with its end."""
    return json.dumps([key, epochs, adjacency, operations, base64.encodebytes(message).decode("ascii")]).encode("utf-8")


@dataclass(frozen=True, eq=False)
class Made:
    """Made-up trainings of R cells at E budgets, K of each.

    Attributes:
        archs: The cells.
        keys: Their hashes.
        parameters: Positive. Shape [R].
        budgets: Epochs, ascending. Length E.
        accuracies: At the start, half-way and at the end, on training, validation and test images:
            fractions of `IMAGES`, rounded to 32 bits. Float64, shape [R, E, K, 3, 3].
        seconds: At the same moments, rounded to 32 bits. Float64, shape [R, E, K, 3].
    """

    archs: Sequence[Architecture]
    keys: Sequence[str]
    parameters: np.ndarray
    budgets: tuple[int, ...]
    accuracies: np.ndarray
    seconds: np.ndarray

    def content(self, module: int, budget: int, repeat: int) -> bytes:
        """The record of one training."""
        epochs = self.budgets[budget]
        times = self.seconds[module, budget, repeat].tolist()
        values = self.accuracies[module, budget, repeat].tolist()
        messages = [
            evaluation(epoch, time, *three) for epoch, time, three in zip((0.0, epochs / 2, epochs), times, values)
        ]
        message = metrics(messages, int(self.parameters[module]), times[-1] * 1.5)
        adjacency, _, operations = SPACE.to_native(self.archs[module]).partition(":")
        return content(self.keys[module], epochs, adjacency, operations, message)

    def contents(self, seed: int = 0) -> Iterator[bytes]:
        """All records; those of one cell stand in separate places, its repeats in their order."""
        rng = np.random.default_rng(seed)
        for repeat in range(self.seconds.shape[2]):
            for place in rng.permutation(len(self.keys) * len(self.budgets)).tolist():
                yield self.content(*divmod(place, len(self.budgets)), repeat)

    def api(self) -> Any:
        """An object with the attributes that ``nasbench.api.NASBench`` has after reading."""
        fixed, computed = {}, {}
        for module, (arch, key) in enumerate(zip(self.archs, self.keys)):
            adjacency, operations = SPACE.to_matrix(arch)
            fixed[key] = {
                "module_adjacency": adjacency,
                "module_operations": operations,
                "trainable_parameters": int(self.parameters[module]),
            }
            computed[key] = {
                epochs: [self._data_point(module, budget, repeat) for repeat in range(self.seconds.shape[2])]
                for budget, epochs in enumerate(self.budgets)
            }
        return SimpleNamespace(fixed_statistics=fixed, computed_statistics=computed)

    def _data_point(self, module: int, budget: int, repeat: int) -> dict[str, float]:
        point = {}
        for moment, name in ((1, "halfway"), (2, "final")):
            train, valid, test = self.accuracies[module, budget, repeat, moment].tolist()
            point[f"{name}_training_time"] = float(self.seconds[module, budget, repeat, moment])
            point[f"{name}_train_accuracy"] = train
            point[f"{name}_validation_accuracy"] = valid
            point[f"{name}_test_accuracy"] = test
        return point


def make(archs: Sequence[Architecture], budgets: tuple[int, ...] = (108,), repeats: int = 3, seed: int = 0) -> Made:
    """Draws numbers for cells."""
    rng = np.random.default_rng(seed)
    shape = (len(archs), len(budgets), repeats)
    return Made(
        archs,
        [SPACE.canonical_key(arch) for arch in archs],
        rng.integers(227_274, 49_979_275, len(archs)),
        budgets,
        (rng.integers(0, IMAGES + 1, (*shape, 3, 3)) / IMAGES).astype(np.float32).astype(np.float64),
        np.cumsum(rng.random((*shape, 3)) * 1000, axis=-1).round(3).astype(np.float32).astype(np.float64),
    )


def sampled(count: int, seed: int = 0, **options: Any) -> Made:
    """Numbers for cells that are drawn, no two of them isomorphic."""
    rng = np.random.default_rng(seed)
    cells: dict[str, Architecture] = {}
    while len(cells) < count:
        arch = SPACE.sample(rng)
        cells.setdefault(SPACE.canonical_key(arch), arch)
    return make(list(cells.values()), seed=seed, **options)


def write(path: pathlib.Path, contents: Iterable[bytes]) -> pathlib.Path:
    """Writes records with the checksums of this module."""
    path.write_bytes(b"".join(map(frame, contents)))
    return path


def write_fast(path: pathlib.Path, contents: Iterable[bytes]) -> pathlib.Path:
    """Writes records with TensorFlow, for files of full size."""
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in contents:
            writer.write(record)
    return path
