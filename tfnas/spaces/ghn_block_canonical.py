"""Canonical names of GHN blocks: what a block computes once identities are out of the way."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Sequence

from tfnas.blueprints.ghn_block import AVERAGE_POOL, IDENTITY, INPUTS
from tfnas.spaces.canonical import canonical_form

OUTPUT = "output"

Gene = tuple[str, tuple[int, ...]]
"""An operator node: its operator and the earlier nodes it reads, ascending; 0 and 1 are the block's inputs."""


def block_key(genes: Sequence[Gene]) -> str:
    """Names what the operator nodes of a block compute; equal iff the live networks are isomorphic."""
    labels: list[str] = list(INPUTS)
    edges: Counter[tuple[int, int]] = Counter()
    values: list[Counter[int]] = [Counter({0: 1}), Counter({1: 1})]  # each node as a sum of instances
    sums: dict[frozenset[tuple[int, int]], int] = {}

    def instance(value: Counter[int]) -> int:
        if value.total() == 1:
            return next(iter(value))
        key = frozenset(value.items())
        if key not in sums:
            sums[key] = add("sum", [value])
        return sums[key]

    def add(label: str, terms: Sequence[Counter[int]]) -> int:
        labels.append(label)
        for source, count in sum(terms, Counter()).items():
            edges[source, len(labels) - 1] = count
        return len(labels) - 1

    for operator, parents in genes:
        terms = [values[source] for source in parents]
        if operator == IDENTITY:
            values.append(sum(terms, Counter()))
        elif operator == AVERAGE_POOL:
            values.append(Counter({add(operator, terms): 1}))
        else:
            values.append(Counter({add(operator, [Counter({instance(term): 1}) for term in terms]): 1}))
    read = set(itertools.chain.from_iterable(parents for _, parents in genes))
    leaves = [values[node] for node in range(2, len(values)) if node not in read]
    add(OUTPUT, [Counter({instance(leaf): 1}) for leaf in leaves])
    return canonical_form(labels, edges)
