"""What counts as a valid graph, by the names of the protocols that papers use."""

from __future__ import annotations

from typing import Callable, Mapping

import numpy as np

from tfnas.errors import InvalidArchitectureError, UnknownNameError
from tfnas.models.autoencoder.darts_form import DARTSForm
from tfnas.models.autoencoder.graph_form import GraphArrays, GraphForm
from tfnas.spaces.nasbench101 import NASBench101


def are_members(form: GraphForm, graphs: GraphArrays) -> np.ndarray:
    """Members of the space. That is SVGe's rule for ENAS and NAS-Bench-101, and the one that coverage counts by."""
    return form.are_members(graphs)


def are_cells(form: GraphForm, graphs: GraphArrays) -> np.ndarray:
    """Graphs with the first node as only input, the last as only output, and no node that leads nowhere.

    SVGe's rule for NAS-Bench-201, whose edges it does not compare with those of the space.
    """
    labelled = have_labels(form, graphs)
    there = graphs.ops >= 0
    place = np.arange(form.nodes)
    last = there.sum(1) - 1
    is_read = graphs.adjacency.any(2) | (place == last[:, None]) | ~there
    reads = graphs.adjacency.any(1) | (place == 0) | ~there
    return labelled & is_read.all(1) & reads.all(1)


def have_labels(form: GraphForm, graphs: GraphArrays) -> np.ndarray:
    """Graphs whose operators can be, whatever their edges are: arch2vec's rule for NAS-Bench-201."""
    size = form.rules.nodes
    ops = graphs.ops[:, :size]
    allowed = form.rules.allowed[np.arange(size), np.maximum(ops, 0)] | (ops < 0)
    return form.are_whole(graphs.ops) & allowed.all(1) & (graphs.ops[:, size:] < 0).all(1)


def are_pruned_members(form: GraphForm, graphs: GraphArrays) -> np.ndarray:
    """Graphs that are members of NAS-Bench-101 once what leads nowhere is cut off: arch2vec's rule there.

    The benchmark's own reader cuts it off. In other spaces these are the members.
    """
    if not isinstance(form.space, NASBench101):
        return form.are_members(graphs)
    found = np.zeros(len(graphs.ops), bool)
    whole = form.are_whole(graphs.ops)
    for row in np.flatnonzero(whole):
        size = int((graphs.ops[row] >= 0).sum())
        names = [form.operators[op] for op in graphs.ops[row, :size]]
        try:
            matrix, kept = form.space.prune(graphs.adjacency[row, :size, :size], names)
            form.space.from_matrix(matrix, kept)
        except InvalidArchitectureError:
            continue
        found[row] = True
    return found


def keep_six_rules(form: GraphForm, graphs: GraphArrays) -> np.ndarray:
    """DARTS cells that keep the six rules of arch2vec's appendix B; in other spaces these are the members.

    The inputs come first (1) and the output last (2), everything but the inputs reads something (3) and everything but
    the output is read (4), an intermediate node has two edges (5), and edges go forward (6). Of a graph whose nodes are
    branches, (5) says that each branch reads one node, an input or a step, and a step is two branches, of which the
    rules do not say that they are of one step. Members that leave an input unread break (4).
    """
    if not isinstance(form, DARTSForm):
        return form.are_members(graphs)
    size = form.rules.nodes
    edges = graphs.adjacency[:, :size, :size] > 0
    into = edges[:, :, 2:-1]
    inputs, others = into[:, :2].sum(1), into[:, 2:].sum(1)
    reads_one = ((inputs == 1) & (others == 0)) | ((inputs == 0) & (others == 2))
    goes_forward = ~np.tril(graphs.adjacency).any((1, 2))
    is_connected = edges[:, :-1].any(2).all(1) & edges[:, :, 2:].any(1).all(1)
    return have_labels(form, graphs) & is_connected & reads_one.all(1) & goes_forward


VALIDITY: Mapping[str, Callable[[GraphForm, GraphArrays], np.ndarray]] = {
    "members": are_members,
    "cells": are_cells,
    "labels": have_labels,
    "pruned": are_pruned_members,
    "six": keep_six_rules,
}
"""The rules, by name; each returns which of B graphs are valid, bool [B]."""


def validity(name: str) -> Callable[[GraphForm, GraphArrays], np.ndarray]:
    """Returns a rule by its name.

    Raises:
        UnknownNameError: If there is none of that name.
    """
    if name not in VALIDITY:
        raise UnknownNameError("validity", expected=", ".join(VALIDITY), received=repr(name))
    return VALIDITY[name]
