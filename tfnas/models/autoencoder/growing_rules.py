"""What graphs that grow node by node, from one end to the other, are bound to."""

from __future__ import annotations

import numpy as np

from tfnas.errors import ConfigError
from tfnas.models.autoencoder.graph_form import GraphForm
from tfnas.models.autoregressive.rules import Rules


def growth_rules(form: GraphForm, *, backward: bool, grammar: bool) -> Rules:
    """Returns the rules of graphs of up to N nodes in the order of their growth.

    Growth begins at the first node, or backward at the last one, with all edges turned round. It ends with the
    operator in `Rules.ends`: with `GraphForm.end`, or backward with that of the first node, if no other node has
    it. Whatever the grammar:

    * The operator that growth begins with is given, if there is only one.
    * The N-th node has the operator that ends growth, if there is one.
    * The edge between the first two nodes is there, where graphs begin and end with operators of their own and may
      have that edge at all, since then every node has one from an earlier one.

    With the grammar, growth keeps `GraphForm.rules`; backward only the operators and the edges that these allow at
    some length, and the edges that they force at any, not the numbers of edges into a node. They do not bind nodes
    past their own.

    Args:
        form: Of the graphs.
        backward: Whether growth begins at the last node.
        grammar: Whether the rules of the form hold.

    Raises:
        ConfigError: If graphs are of several lengths, and nothing ends growth backward.
    """
    rules, size = form.rules, form.nodes
    first = _only(rules.allowed[0])
    varied = bool(rules.ends.any()) or size > rules.nodes
    if backward:
        last = None if varied else _only(rules.allowed[-1])
        start = last if form.end is None else form.end
        end = None if first is None or rules.allowed[1:, first].any() else first
        if varied and form.end is not None and end is None:
            raise ConfigError(
                f"graphs of {form.space.name} that grow backward",
                expected="a first node with an operator of its own, or graphs of one length",
                received="neither",
                remedy="Use DGMG, which grows graphs forward alone.",
            )
    else:
        start, end = first, form.end
    allowed, forced, possible, low, high = _backward(rules, size, form.end) if backward else _forward(rules, size)
    joined = first is not None and form.end is not None and size > 1 and possible[1, 0]
    if not grammar:
        allowed, forced, possible = np.ones_like(allowed), np.zeros_like(forced), np.tri(size, k=-1, dtype=bool)
        low, high = np.zeros_like(low), np.full_like(high, size)
    operators = np.arange(rules.operators)
    if start is not None:
        allowed[0] = operators == start
    if end is not None:
        allowed[-1] = operators == end
    if joined:
        forced[1, 0] = True
    free = possible & ~forced
    count = free.sum(1).astype(np.int32)
    return Rules(
        rules.name, allowed, forced, free, np.minimum(low, count), np.minimum(high, count), 1, operators == end
    )


def _only(allowed: np.ndarray) -> int | None:
    """Returns the operator that is allowed, if it is one."""
    found = np.flatnonzero(allowed)
    return int(found[0]) if len(found) == 1 else None


def _forward(rules: Rules, size: int) -> tuple[np.ndarray, ...]:
    """Returns what is allowed, forced and possible, and how many of the free edges there may be."""
    more = size - rules.nodes
    square = [(0, more), (0, more)]
    return (
        np.pad(rules.allowed, [(0, more), (0, 0)], constant_values=True),
        np.pad(rules.forced, square),
        np.pad(rules.free | rules.forced, square),
        np.pad(rules.low, (0, more)),
        np.pad(rules.high, (0, more)),
    )


def _backward(rules: Rules, size: int, end: int | None) -> tuple[np.ndarray, ...]:
    """Returns the same of reversed graphs: what is allowed at some length, and what is forced at all of them."""
    allowed = np.zeros((size, rules.operators), bool)
    allowed[rules.nodes :] = True
    possible, forced = np.zeros((size, size), bool), np.ones((size, size), bool)
    for length in range(1, rules.nodes + 1):
        ops = rules.allowed[:length].copy()
        if rules.ends.any():
            ops[:-1, end] = False
            ops[-1] &= np.arange(rules.operators) == end
        elif length < rules.nodes:
            continue
        if not ops.any(1).all():
            continue
        allowed[:length] |= ops[::-1]
        square = slice(length), slice(length)
        possible[square] |= (rules.free | rules.forced)[square][::-1, ::-1].T
        forced[square] &= rules.forced[square][::-1, ::-1].T
    nothing = np.zeros(size, np.int32)
    return allowed, forced & possible, possible, nothing, np.full(size, size, np.int32)
