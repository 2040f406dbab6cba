"""The published forms of NAS-Bench-101 cells: adjacency and operators, as arrays and as text."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from tfnas.blueprints.nasbench101 import INPUT, OPERATORS, OUTPUT
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces import nasbench101_edits as edits
from tfnas.spaces.parts import as_operator, as_tuple

Edges = tuple[tuple[int, int], ...]

_EXAMPLE = "010001000:input,conv3x3-bn-relu,output"


def check_ops(ops: Sequence[str]) -> None:
    """Raises `InvalidArchitectureError` unless ops are the input, known operators and the output."""
    if len(ops) < 2 or ops[0] != INPUT or ops[-1] != OUTPUT:
        raise InvalidArchitectureError(
            "vertices of a NAS-Bench-101 cell",
            expected=f"{INPUT!r} first and {OUTPUT!r} last",
            received=f"{tuple(ops)!r:.200}",
        )
    for node, op in enumerate(ops[1:-1], start=1):
        as_operator(f"operator of vertex {node}", op, OPERATORS)


def read_matrix(matrix: Any, ops: Sequence[str]) -> tuple[tuple[str, ...], Edges]:
    """Returns the operators and the sorted edges of a cell, pruned or not.

    Args:
        matrix: Adjacency, [N, N] of 0 and 1 above the diagonal.
        ops: N operators.

    Raises:
        InvalidArchitectureError: If the matrix or the operators are anything else.
    """
    names = as_tuple("operators of a NAS-Bench-101 cell", ops, "one name a vertex")
    if not all(isinstance(name, str) for name in names):
        raise InvalidArchitectureError(
            "operators of a NAS-Bench-101 cell", expected="one name a vertex", received=f"{names!r:.120}"
        )
    try:
        array = np.asarray(matrix)
    except (TypeError, ValueError) as error:
        raise _wrong_matrix("a square matrix", f"{matrix!r:.120}") from error
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise _wrong_matrix("a square matrix", f"shape {array.shape}")
    if len(names) != len(array):
        raise _wrong_matrix("one row for each operator", f"{len(array)} rows and {len(names)} operators")
    check_ops(names)
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise _wrong_matrix("entries 0 and 1", f"{array.tolist()!r:.200}")
    edges = tuple((int(source), int(target)) for source, target in np.argwhere(array))
    descending = [edge for edge in edges if edge[0] >= edge[1]]
    if descending:
        raise _wrong_matrix(
            "ones above the diagonal only",
            f"entries {descending}",
            "Number the vertices in topological order; rows are sources, columns are targets.",
        )
    return tuple(map(str, names)), edges


def read_pruned(matrix: Any, ops: Sequence[str]) -> tuple[tuple[str, ...], Edges]:
    """Returns the operators and the sorted edges of a cell without the vertices that lie on no path.

    Raises:
        InvalidArchitectureError: As `read_matrix`, or if no path leads from the input to the output.
    """
    names, edges = read_matrix(matrix, ops)
    cell = edits.pruned(names, edges)
    if cell is None:
        raise no_path(edges)
    return cell


def no_path(edges: Edges) -> InvalidArchitectureError:
    """Returns the error of a cell whose output the input does not reach."""
    return InvalidArchitectureError(
        "edges of a NAS-Bench-101 cell",
        expected="a path from the input to the output",
        received=f"none among {edges}",
    )


def write_matrix(nodes: int, edges: Edges) -> np.ndarray:
    """Returns the adjacency, [nodes, nodes] of int8."""
    matrix = np.zeros((nodes, nodes), dtype=np.int8)
    for source, target in edges:
        matrix[source, target] = 1
    return matrix


def read_text(text: str) -> tuple[tuple[str, ...], Edges]:
    """Inverse of `write_text`; white space around the text does not count.

    Raises:
        InvalidArchitectureError: If the text is anything else.
    """
    if not isinstance(text, str):
        raise _wrong_text("text", f"{type(text).__name__} {text!r:.80}")
    digits, colon, names = text.strip().partition(":")
    if not colon:
        raise _wrong_text("adjacency, colon, operators", f"{text!r:.120}")
    ops = names.split(",")
    if len(digits) != len(ops) ** 2:
        raise _wrong_text(
            f"{len(ops)} * {len(ops)} digits for {len(ops)} operators", f"{len(digits)} characters in {text!r:.120}"
        )
    if not set(digits) <= {"0", "1"}:
        raise _wrong_text("digits 0 and 1 before the colon", f"{digits!r:.120}")
    return read_matrix(np.array([int(digit) for digit in digits]).reshape(len(ops), len(ops)), ops)


def write_text(ops: Sequence[str], edges: Edges) -> str:
    """Returns the adjacency as digits, row by row, a colon, and the operators joined by commas."""
    digits = ["0"] * len(ops) ** 2
    for source, target in edges:
        digits[source * len(ops) + target] = "1"
    return f"{''.join(digits)}:{','.join(ops)}"


def _wrong_matrix(expected: str, received: str, remedy: str = "") -> InvalidArchitectureError:
    return InvalidArchitectureError(
        "matrix of a NAS-Bench-101 cell", expected=expected, received=received, remedy=remedy
    )


def _wrong_text(expected: str, received: str) -> InvalidArchitectureError:
    return InvalidArchitectureError(
        "text of a NAS-Bench-101 cell", expected=expected, received=received, remedy=f"For example {_EXAMPLE!r}."
    )
