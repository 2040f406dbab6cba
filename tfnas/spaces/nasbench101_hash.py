"""The hash by which NAS-Bench-101 names its cells."""

from __future__ import annotations

import functools
import hashlib
from typing import Iterable, Sequence

from tfnas.blueprints.nasbench101 import INPUT, OPERATORS, OUTPUT

_LABELS = {INPUT: -1, OUTPUT: -2, **{name: label for label, name in enumerate(OPERATORS)}}


def module_hash(ops: Sequence[str], edges: Iterable[tuple[int, int]]) -> str:
    """Returns the published hash of a pruned cell, 32 hexadecimal digits.

    Every vertex starts with the MD5 of its out-degree, in-degree and label. In as many rounds as
    there are vertices, all take at once the MD5 of the sorted hashes before them, those behind them
    and their own; the sorted hashes are hashed once more (Ying et al., ICML 2019, and the
    released ``graph_util.hash_module``, whose text this follows to the letter).

    This is colour refinement: isomorphic cells share a hash, and up to seven vertices no others do.
    Five interior vertices are too few for it: two graphs with the same stable colours need three
    classes of two vertices each, pairwise joined by a perfect matching. With eight vertices and ten
    edges such cells exist.

    Args:
        ops: One operator a vertex, ``"input"`` and ``"output"`` among them.
        edges: Pairs ``(source, target)``, each once, in any order.
    """
    incoming: list[list[int]] = [[] for _ in ops]
    outgoing: list[list[int]] = [[] for _ in ops]
    for source, target in edges:
        outgoing[source].append(target)
        incoming[target].append(source)
    hashes = [_start(len(after), len(before), _LABELS[op]) for after, before, op in zip(outgoing, incoming, ops)]
    for _ in ops:
        hashes = [
            _md5(
                "".join(sorted([hashes[k] for k in before]))
                + "|"
                + "".join(sorted([hashes[k] for k in after]))
                + "|"
                + own
            )
            for before, after, own in zip(incoming, outgoing, hashes)
        ]
    return _md5(str(sorted(hashes)))


@functools.cache
def _start(out_degree: int, in_degree: int, label: int) -> str:
    return _md5(str((out_degree, in_degree, label)))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
