"""The records of NAS-Bench-101's published files: TFRecords, each a JSON list with a protobuf message in base64."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import struct
from typing import Any, Iterator, Sequence

from tfnas.errors import TableError

FRAME = 16
"""Bytes of a TFRecord around its content: length, its checksum, and that of the content."""

EVALUATIONS, FIELDS = 3, 5
VALUES = EVALUATIONS * FIELDS + 1
"""Numbers of a record: epoch, seconds and three accuracies of each evaluation, and the total time."""

_BATCH = 4096
_BUFFER = 2**22
_HEAD, _TAIL = struct.Struct("<QI"), struct.Struct("<I")
_REMEDY = "Give nasbench_only108.tfrecord or nasbench_full.tfrecord as published."

_MESSAGES = {
    "EvaluationData": (
        ("current_epoch", "double"),
        ("training_time", "double"),
        ("train_accuracy", "double"),
        ("validation_accuracy", "double"),
        ("test_accuracy", "double"),
        ("checkpoint_path", "string"),
    ),
    "ModelMetrics": (
        ("evaluation_data", "EvaluationData"),
        ("trainable_parameters", "int32"),
        ("total_time", "double"),
    ),
}
"""The fields of the messages, numbered from 1, as the benchmark's ``model_metrics.proto`` has them."""

_FIELD_TYPES = (str, int, str, str, str)
_NAMES = "hash, epochs, adjacency, operations and metrics"


def check_start(path: pathlib.Path) -> int:
    """Checks that a file begins as the published ones do, and returns its size in bytes.

    Raises:
        TableError: If it is missing, empty or of another format.
    """
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            start = file.read(13)
    except OSError as error:
        raise TableError(str(path), expected="a file", received=error.strerror or str(error), remedy=_REMEDY) from error
    if not size:
        raise TableError(str(path), expected="TFRecords", received="an empty file", remedy=_REMEDY)
    length = struct.unpack("<Q", start[:8])[0] if len(start) == 13 else size
    if length + FRAME > size or start[12:] != b"[":
        raise TableError(
            str(path),
            expected="a TFRecord at byte 0 that holds a JSON list",
            received=f"a file of {size} bytes that starts with {start!r}",
            remedy=_REMEDY,
        )
    return size


def batches(path: pathlib.Path) -> Iterator[Sequence[bytes]]:
    """Yields the contents of a file's records, many at a time, after both checksums of each have been checked.

    A TFRecord is its length (uint64), the masked CRC-32C of these eight bytes (uint32), the content, and the
    masked CRC-32C of the content (uint32), all little-endian.

    Raises:
        TableError: Naming the record, counted from 1, that is damaged or cut, and the byte at which it starts.
    """
    import google_crc32c

    checksum = google_crc32c.value
    number, start = 1, 0

    def damaged(received: str) -> TableError:
        return TableError(
            f"{path}, record {number} at byte {start}",
            expected="a whole record whose checksums are right",
            received=received,
            remedy="The file is damaged or cut short: download it again.",
        )

    with open(path, "rb", buffering=_BUFFER) as file:
        size = os.fstat(file.fileno()).st_size
        batch: list[bytes] = []
        while head := file.read(_HEAD.size):
            if len(head) < _HEAD.size:
                raise damaged(f"{len(head)} bytes at the file's end")
            length, head_sum = _HEAD.unpack(head)
            if _masked(checksum(head[:8])) != head_sum:
                raise damaged("a length with another checksum")
            if start + length + FRAME > size:
                raise damaged(f"{size - start} bytes of {length + FRAME} at the file's end")
            content = file.read(length)
            if _masked(checksum(content)) != _TAIL.unpack(file.read(_TAIL.size))[0]:
                raise damaged("a content with another checksum")
            batch.append(content)
            number, start = number + 1, start + length + FRAME
            if len(batch) == _BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _masked(crc: int) -> int:
    """A checksum as TFRecords store it, so that checksums of checksums differ from it."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


class RecordParser:
    """Takes records apart."""

    def __init__(self) -> None:
        from google.protobuf.message import DecodeError

        self._message = metrics_message()
        self._errors = (ValueError, DecodeError)

    def parse(self, raw: bytes) -> tuple[str, int, str, str, int, list[float]]:
        """Returns hash, epochs, adjacency, operations, parameters, and `VALUES` numbers.

        Args:
            raw: Content of a record. Its base64 text may have line feeds: the published ones have one after
                every 76 characters and one at the end.

        Raises:
            TableError: If the record or its message is not whole.
        """
        try:
            fields = json.loads(raw)
        except (ValueError, RecursionError):
            raise TableError("content", expected="a JSON list", received=f"{raw[:80]!r}") from None
        if not isinstance(fields, list) or tuple(map(type, fields)) != _FIELD_TYPES:
            count = f"{len(fields)} fields, " if isinstance(fields, list) else ""
            raise TableError("content", expected=f"five fields, {_NAMES}", received=f"{count}{fields!r:.160}")
        key, epochs, adjacency, operations, encoded = fields
        if not 0 < epochs < 2**31:
            raise TableError("epochs", expected="a positive number", received=f"{epochs!r:.40}")
        try:
            metrics = self._message.FromString(base64.b64decode(encoded.replace("\n", ""), validate=True))
        except self._errors as error:
            raise TableError("metrics", expected="a ModelMetrics message in base64", received=str(error)) from None
        return key, epochs, adjacency, operations, metrics.trainable_parameters, _values(metrics)


def metrics_message() -> Any:
    """Returns the class of the protobuf message (proto2) with a record's metrics."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="model_metrics.proto", package="nasbench", syntax="proto2")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields, start=1):
            if kind in _MESSAGES:
                nested = {"type": kinds.TYPE_MESSAGE, "type_name": f".nasbench.{kind}"}
                message.field.add(name=field, number=number, label=kinds.LABEL_REPEATED, **nested)
            else:
                scalar = kinds.Type.Value(f"TYPE_{kind.upper()}")
                message.field.add(name=field, number=number, label=kinds.LABEL_OPTIONAL, type=scalar)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("nasbench.ModelMetrics"))


def _values(metrics: Any) -> list[float]:
    evaluations = metrics.evaluation_data
    if len(evaluations) != EVALUATIONS:
        raise TableError("metrics", expected="three evaluations: start, half-way, end", received=f"{len(evaluations)}")
    for field in ("trainable_parameters", "total_time"):
        if not metrics.HasField(field):
            raise TableError("metrics", expected=f"a field {field}", received="none")
    values = []
    for evaluation in evaluations:
        present = evaluation.ListFields()  # in the order of their numbers, so the fifth tells of those before it
        if len(present) < FIELDS or present[FIELDS - 1][0].number != FIELDS:
            names = ", ".join(descriptor.name for descriptor, _ in present)
            expected = f"{', '.join(name for name, _ in _MESSAGES['EvaluationData'][:FIELDS])} in each evaluation"
            raise TableError("metrics", expected=expected, received=names or "none")
        values += [value for _, value in present[:FIELDS]]
    values.append(metrics.total_time)
    return values
