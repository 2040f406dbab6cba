"""DARTS, judged by published parameter counts, a network counted on demand, and slow isomorphism."""

from __future__ import annotations

import csv
import gzip
import itertools
import math
from collections import Counter

import numpy as np
import pytest

from tests.realdata import real_data
from tfnas import Architecture
from tfnas.blueprints.darts import OPERATORS
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces import Cost, EdgeLabelled
from tfnas.spaces.darts import DARTS
from tfnas.spaces.darts_edges import LABELS, PAIRS
from tfnas.testing import check_space

SPACE, SHARED = DARTS(), DARTS(shared=True)
NONE, MAX, AVG, SKIP, SEP3, SEP5, DIL3, DIL5 = OPERATORS

# The cells that the paper's second-order search found.
NORMAL = ((SEP3, 0), (SEP3, 1), (SEP3, 0), (SEP3, 1), (SEP3, 1), (SKIP, 0), (SKIP, 0), (DIL3, 2))
REDUCE = ((MAX, 0), (MAX, 1), (SKIP, 2), (MAX, 1), (MAX, 0), (SKIP, 2), (SKIP, 2), (MAX, 1))
DARTS_V2 = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], "
    "normal_concat=[2, 3, 4, 5], "
    "reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), "
    "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
    "reduce_concat=[2, 3, 4, 5])"
)
DEAD = ((NONE, 0), (NONE, 1), (SEP3, 2), (NONE, 0), (SKIP, 3), (MAX, 2), (NONE, 0), (NONE, 1))
FIRST_INPUT_ONLY = ((SEP3, 0), (SKIP, 0), (NONE, 1), (MAX, 2), (SKIP, 2), (DIL5, 3), (AVG, 0), (SEP5, 0))


def _any_member(space: DARTS, rng: np.random.Generator) -> Architecture:
    return space.sample(rng, allow_none=True, allow_repeats=True)


def test_published_parameters():
    arch = SPACE.from_native(DARTS_V2)
    assert arch == SPACE.from_cells(NORMAL, REDUCE)
    imagenet = {"channels": 48, "cells": 14, "imagenet": True}
    for live_only in (False, True):
        assert SPACE.cost(arch, live_only=live_only).params == 3_349_342
        assert SPACE.cost(arch, (224, 224, 3), 1000, live_only=live_only, **imagenet).params == 4_718_752


@pytest.mark.parametrize("space", [SPACE, SHARED], ids=["two", "shared"])
def test_keeps_the_contract(space):
    check_space(space, samples=20)


def test_names():
    assert (SPACE.name, SHARED.name) == ("darts", "darts,shared=True")
    assert SPACE.from_native(DARTS_V2).components == (("normal", 15), ("reduce", 15))
    assert SHARED.sample(np.random.default_rng(0)).components == (("cell", 15),)
    with pytest.raises(ConfigError, match="shared: expected true or false; received 1"):
        DARTS(shared=1)


def test_size_counts_what_the_rules_allow():
    allowed = []
    for branch in range(8):
        tried = itertools.product((*OPERATORS, "conv"), range(-1, 9))
        allowed.append(sum(_accepted((*NORMAL[:branch], other, *NORMAL[branch + 1 :])) for other in tried))
    assert allowed == [16, 16, 24, 24, 32, 32, 40, 40]
    assert SHARED.size == math.prod(allowed) and SPACE.size == SHARED.size**2


def _accepted(cell) -> bool:
    try:
        SHARED.validate(SHARED.from_cells(cell))
    except InvalidArchitectureError:
        return False
    return True


def test_the_stored_graph():
    arch = SHARED.from_cells(NORMAL)
    labels = (
        "input_prev_prev",
        "input_prev",
        SEP3,
        SEP3,
        "sum",
        SEP3,
        SEP3,
        "sum",
        SEP3,
        SKIP,
        "sum",
        SKIP,
        DIL3,
        "sum",
    )
    assert arch.ops == (*labels, "output")
    incoming = {node: [source for source, target in arch.edges if target == node] for node in range(15)}
    assert [incoming[node] for node in (2, 3, 5, 6, 8, 9, 11, 12)] == [[0], [1], [0], [1], [1], [0], [0], [4]]
    assert [incoming[node] for node in (4, 7, 10, 13)] == [[2, 3], [5, 6], [8, 9], [11, 12]]
    assert (incoming[0], incoming[1], incoming[14]) == ([], [], [4, 7, 10, 13])
    two = SPACE.from_cells(REDUCE, NORMAL)
    assert two.ops[15:] == arch.ops
    assert [(source - 15, target - 15) for source, target in two.edges if source >= 15] == list(arch.edges)


def test_samples():
    rng = np.random.default_rng(0)
    cells = [cell for _ in range(2_000) for cell in SPACE.cells(SPACE.sample(rng))]
    for step in range(4):
        pairs = [(cell[2 * step], cell[2 * step + 1]) for cell in cells]
        sources = Counter((first[1], second[1]) for first, second in pairs)
        _check_uniform(sources, list(itertools.combinations(range(2 + step), 2)))
        _check_uniform(
            Counter((first[0], second[0]) for first, second in pairs), list(itertools.product(OPERATORS[1:], repeat=2))
        )
    drawn = [cell for _ in range(2_000) for cell in SPACE.cells(_any_member(SPACE, rng))]
    for step in range(4):
        options = list(itertools.product(range(2 + step), repeat=2))
        _check_uniform(Counter((cell[2 * step][1], cell[2 * step + 1][1]) for cell in drawn), options)
        options = list(itertools.product(OPERATORS, range(2 + step)))
        _check_uniform(Counter(cell[2 * step + 1] for cell in drawn), options)


def _check_uniform(counts: Counter, options: list) -> None:
    from scipy.stats import chisquare

    assert set(counts) <= set(options)
    assert len(options) == 1 or chisquare([counts[option] for option in options]).pvalue > 1e-5


@pytest.mark.parametrize("space", [SPACE, SHARED], ids=["two", "shared"])
def test_neighbours_and_mutations(space):
    rng = np.random.default_rng(1)
    arch = _any_member(space, rng)
    neighbours = list(space.neighbors(arch))
    assert len(neighbours) == 76 * len(arch.components)
    changes = Counter()
    for other in neighbours:
        pairs = zip(itertools.chain(*space.cells(arch)), itertools.chain(*space.cells(other)))
        ((old, new),) = [(old, new) for old, new in pairs if old != new]
        changes[old[0] != new[0], old[1] != new[1]] += 1
    assert changes == {(True, False): 56 * len(arch.components), (False, True): 20 * len(arch.components)}
    _check_uniform(Counter(space.mutate(arch, rng) for _ in range(20 * len(neighbours))), neighbours)


def test_crossover():
    rng = np.random.default_rng(2)
    first, second = SPACE.from_cells(NORMAL, REDUCE), SPACE.from_cells(REDUCE, NORMAL)
    taken = Counter()
    for _ in range(200):
        child = SPACE.crossover(first, second, rng)
        SPACE.validate(child)
        for branch, (a, b, c) in enumerate(zip(*(itertools.chain(*SPACE.cells(x)) for x in (first, second, child)))):
            assert c in (a, b)
            taken[branch, c == a] += a != b
    assert all(60 < count < 140 for count in taken.values() if count)
    assert SPACE.crossover(first, first, rng) == first


# Canonical keys.


def _live(cell, reduction: bool):
    """The live network by linear algebra: what each step is as a sum of the inputs and the branches."""
    sums = list(np.eye(10, dtype=int)[:2])
    reads, alive = np.zeros((14, 10), int), [0, 1]
    for branch, (operator, source) in enumerate(cell):
        if branch % 2 == 0:
            sums.append(np.zeros(10, int))
        if operator == SKIP and (source >= 2 or not reduction):
            sums[-1] = sums[-1] + sums[source]
        elif operator != NONE and sums[source].any():
            reads[2 + branch] = sums[source]
            alive.append(2 + branch)
            sums[-1] = sums[-1] + np.eye(10, dtype=int)[2 + branch]
    labels = ["first", "second", *(operator for operator, _ in cell)]
    return [labels[k] for k in alive], reads[np.ix_(alive, alive)], np.array(sums[2:])[:, alive]


def _slow_name(cell, reduction: bool):
    """The smallest of all ways to write the live network down; equal iff isomorphic."""
    labels, reads, slots = _live(cell, reduction)
    groups = [[k for k, label in enumerate(labels) if label == name] for name in sorted(set(labels))]
    names = []
    for parts in itertools.product(*(itertools.permutations(group) for group in groups)):
        order = list(itertools.chain(*parts))
        names.append((reads[np.ix_(order, order)].tolist(), sorted(slots[:, order].tolist())))
    return str((sorted(labels), min(names)))


@pytest.mark.parametrize("reduction", [False, True])
def test_keys_are_equal_iff_live_cells_are_isomorphic(reduction):
    rng = np.random.default_rng(3)
    names: dict[str, set[str]] = {}
    for _ in range(1_500):
        operators = rng.choice([NONE, SKIP, SEP3, MAX], p=[0.45, 0.35, 0.1, 0.1], size=8).tolist()
        cell = tuple((operator, int(rng.integers(2 + k // 2))) for k, operator in enumerate(operators))
        key = SPACE.canonical_key(SPACE.from_cells(*((NORMAL, cell) if reduction else (cell, NORMAL))))
        names.setdefault(key, set()).add(_slow_name(cell, reduction))
    assert all(len(found) == 1 for found in names.values())
    assert len(set().union(*names.values())) == len(names) and 100 < len(names) < 1_300
    assert not SPACE.key_can_collide


def _relabelled(cell, rng: np.random.Generator):
    """Writes a cell's steps in another order that keeps predecessors first, and each step's branches too."""
    steps = [cell[2 * step : 2 * step + 2] for step in range(4)]
    place, result = {0: 0, 1: 1}, []
    while steps_left := [step for step in range(4) if step + 2 not in place]:
        ready = [step for step in steps_left if all(source in place for _, source in steps[step])]
        step = int(rng.choice(ready))
        pair = [(operator, place[source]) for operator, source in steps[step]]
        result += pair if rng.random() < 0.5 else pair[::-1]
        place[step + 2] = len(place)
    return tuple(result)


@pytest.mark.parametrize("space", [SPACE, SHARED], ids=["two", "shared"])
def test_keys_do_not_depend_on_the_order_of_branches_and_steps(space):
    rng = np.random.default_rng(4)
    changed = 0
    for _ in range(200):
        arch = _any_member(space, rng)
        other = space.from_cells(*(_relabelled(cell, rng) for cell in space.cells(arch)))
        assert space.canonical_key(other) == space.canonical_key(arch)
        changed += arch != other
    assert changed > 150


def _normal_key(*cell) -> str:
    return SPACE.canonical_key(SPACE.from_cells(cell, REDUCE))


def test_keys_of_cells_that_look_alike():
    rest = ((SEP3, 0), (SEP5, 1), (DIL3, 2), (DIL5, 3), (MAX, 4), (AVG, 4))
    # The two inputs are different tensors.
    assert _normal_key((SEP3, 0), (SEP5, 1), *NORMAL[2:]) != _normal_key((SEP3, 1), (SEP5, 0), *NORMAL[2:])
    # An identity counts as often as it occurs, and two steps that are one tensor are one.
    assert _normal_key((SKIP, 0), (NONE, 1), *rest) != _normal_key((SKIP, 0), (SKIP, 0), *rest)
    assert _normal_key((SKIP, 0), (SKIP, 1), (SKIP, 2), (NONE, 0), *NORMAL[4:6], (SEP3, 2), (MAX, 4)) == _normal_key(
        (SKIP, 1), (SKIP, 0), (SKIP, 2), (NONE, 1), *NORMAL[4:6], (SEP3, 3), (MAX, 4)
    )
    # What only zeros reach is not there, but its step is a result of its own.
    dead = ((NONE, 0), (NONE, 1), (SEP3, 0), (SEP5, 1), (DIL3, 3), (DIL5, 3))
    assert _normal_key(*dead, (SEP3, 2), (MAX, 3)) == _normal_key(*dead, (NONE, 2), (MAX, 3))
    assert _normal_key(*dead, (SEP3, 2), (SKIP, 2)) != _normal_key(*dead, (SKIP, 3), (SKIP, 2))
    # Two pools of one tensor stay two.
    assert _normal_key((MAX, 0), (MAX, 0), *rest) != _normal_key((MAX, 0), (NONE, 0), *rest)


def test_identities_of_reduction_cells():
    # x and x: in a normal cell two steps are one tensor, in a reduction cell two convolutions.
    same = ((SKIP, 0), (NONE, 0), (SKIP, 0), (NONE, 0), (SEP3, 2), (MAX, 2), (SEP5, 2), (SEP5, 1))
    mixed = (*same[:5], (MAX, 3), *same[6:])
    assert SPACE.canonical_key(SPACE.from_cells(same, NORMAL)) == SPACE.canonical_key(SPACE.from_cells(mixed, NORMAL))
    assert SPACE.canonical_key(SPACE.from_cells(NORMAL, same)) != SPACE.canonical_key(SPACE.from_cells(NORMAL, mixed))
    assert SHARED.canonical_key(SHARED.from_cells(same)) != SHARED.canonical_key(SHARED.from_cells(mixed))
    # From a sum it is an identity in both.
    assert SPACE.canonical_key(SPACE.from_cells(NORMAL, (*NORMAL[:4], (SKIP, 2), (NONE, 0), (MAX, 2), (MAX, 3)))) == (
        SPACE.canonical_key(SPACE.from_cells(NORMAL, (*NORMAL[:4], (SKIP, 2), (NONE, 1), (MAX, 4), (MAX, 3))))
    )


# Costs.


class _Counter:
    """Counts a network on demand, from its output: an operator nobody asks for is not counted."""

    def __init__(self, cells, shape, channels: int, count: int, live: bool) -> None:
        self.params = self.macs = 0
        self.cells, self.live = cells, live
        self.reductions = (count // 3, 2 * count // 3)
        self.made = {}
        height, width, inputs = shape
        self.widths = [channels * 2 ** sum(r <= k for r in set(self.reductions)) for k in range(count)]
        size = (height, width)
        self.sizes = {-2: size, -1: size}
        for k in range(count):
            half = k in self.reductions
            size = tuple(math.ceil(side / 2) for side in size) if half else size
            self.sizes[k] = size
        self.conv(3, inputs, 3 * channels, (height, width))
        self.made[-1] = self.made[-2] = 3 * channels
        if not live:
            for k in range(count):
                self.cell(k)

    def conv(self, kernel, source, target, size, groups=1, norm=True) -> None:
        weights = kernel * kernel * source * target // groups
        self.params += weights + (2 * target if norm else 0)
        self.macs += weights * size[0] * size[1]

    def cell(self, k: int) -> int:
        """Channels of the result of cell k."""
        if k in self.made:
            return self.made[k]
        width, size = self.widths[k], self.sizes[k]
        cell = self.cells[k in self.reductions]
        strides = 2 if k in self.reductions else 1
        done = {}

        def entry(source: int) -> bool:
            if ("in", source) not in done:
                done["in", source] = True
                self.conv(1, self.cell(k - 2 + source), width, self.sizes[k - 1])
            return True

        def step(index: int) -> bool:
            """Counts a predecessor; returns whether it is anything but zero."""
            if index < 2:
                return entry(index)
            if index not in done:
                results = [branch(number) for number in (2 * index - 4, 2 * index - 3)]
                done[index] = any(results)
            return done[index]

        def branch(number: int) -> bool:
            operator, source = cell[number]
            if operator == NONE and self.live:
                return False
            if not step(source):
                return False
            kernel = 5 if operator in (SEP5, DIL5) else 3
            if operator in (SEP3, SEP5, DIL3, DIL5):
                for _ in range(2 if operator in (SEP3, SEP5) else 1):
                    self.conv(kernel, width, width, size, groups=width, norm=False)
                    self.conv(1, width, width, size)
            if operator == SKIP and strides == 2 and source < 2:
                self.conv(1, width, width, size)
            return True

        if not self.live:
            entry(0), entry(1)
        alive = [step(index) for index in (2, 3, 4, 5)]
        if not any(alive):
            self.cell(k - 1)
        self.made[k] = 4 * width
        return 4 * width

    def cost(self, count: int, classes: int) -> Cost:
        features = self.cell(count - 1)
        return Cost(self.params + (features + 1) * classes, self.macs + features * classes)


@pytest.mark.parametrize("live", [False, True])
def test_cost_layer_by_layer(live):
    rng = np.random.default_rng(5)
    pairs = [(DEAD, NORMAL), (NORMAL, DEAD), (DEAD, DEAD), (FIRST_INPUT_ONLY,) * 2, (FIRST_INPUT_ONLY, NORMAL)]
    members = [SPACE.from_cells(*pair) for pair in pairs]
    members += [SPACE.sample(rng) for _ in range(10)] + [_any_member(SPACE, rng) for _ in range(30)]
    for arch in members:
        shape = (int(rng.integers(1, 40)), int(rng.integers(1, 40)), int(rng.integers(1, 4)))
        channels, cells, classes = int(rng.integers(1, 9)), int(rng.integers(1, 10)), int(rng.integers(1, 20))
        expected = _Counter(SPACE.cells(arch), shape, channels, cells, live).cost(cells, classes)
        assert SPACE.cost(arch, shape, classes, live_only=live, channels=channels, cells=cells) == expected


def test_dead_operators_are_not_built():
    rng = np.random.default_rng(6)
    members = [_any_member(SPACE, rng) for _ in range(40)]
    members += [SPACE.from_cells(*pair) for pair in itertools.product((DEAD, FIRST_INPUT_ONLY), repeat=2)]
    for arch in members:
        for skeleton in ({"cells": 8}, {"cells": 7, "auxiliary": True}, {"cells": 3, "imagenet": True}):
            blueprint = SPACE.blueprint(arch, channels=4, **skeleton)
            used = set().union(*(blueprint.ancestors(node) for _, node in blueprint.outputs))
            assert used == set(range(len(blueprint.nodes)))
            for node in blueprint.nodes:
                assert node.place is None or node.name.endswith(f".{arch.ops[node.place]}")
                assert "none" not in node.name


def test_cells_that_skip_every_other_cell():
    blueprint = SPACE.blueprint(SPACE.from_cells(FIRST_INPUT_ONLY, FIRST_INPUT_ONLY), cells=6, channels=4)
    built = {node.name.partition(".")[0] for node in blueprint.nodes}
    assert built == {"stem", "cell2", "cell4", "cell6", "last"}


def test_all_operators_stand_for_their_place():
    arch = SPACE.from_cells(NORMAL, REDUCE)
    whole = SPACE.blueprint(arch, live_only=False, cells=3, channels=4)
    # Identities of stride 1 are no layers: three in the normal cell, three from sums in the reduction cell.
    places = {k for k, op in enumerate(arch.ops) if op in OPERATORS} - {9, 11, 15 + 5, 15 + 9, 15 + 11}
    assert {node.place for node in whole.nodes} - {None} == places
    both = SHARED.blueprint(SHARED.from_cells(REDUCE), live_only=False, cells=3, channels=4)
    assert max(node.place or 0 for node in both.nodes) < 15


@pytest.mark.parametrize(("imagenet", "size", "least", "norm"), [(False, 32, 29, 1536), (True, 224, 193, 0)])
def test_auxiliary_head(imagenet, size, least, norm):
    arch = SPACE.from_native(DARTS_V2)
    skeleton = {"channels": 8, "cells": 6, "imagenet": imagenet}
    plain = SPACE.cost(arch, (size, size, 3), 10, **skeleton)
    blueprint = SPACE.blueprint(arch, (size, size, 3), auxiliary=True, **skeleton)
    assert [name for name, _ in blueprint.outputs] == ["auxiliary", "head"]
    expected = 4 * 32 * 128 + 2 * 128 + 4 * 128 * 768 + norm + 769 * 10
    assert blueprint.costs(10)[0] - plain.params == expected
    SPACE.cost(arch, (least, least, 3), auxiliary=True, **skeleton)
    with pytest.raises(ConfigError, match="auxiliary: expected at least . rows.*leave the head out: auxiliary=False"):
        SPACE.cost(arch, (least - 1, least - 1, 3), auxiliary=True, **skeleton)


def test_drop_path_spares_identities_and_costs_nothing():
    arch = SPACE.from_native(DARTS_V2)
    assert SPACE.cost(arch, drop_path=0.2) == SPACE.cost(arch)
    blueprint = SPACE.blueprint(arch, drop_path=0.2, cells=3, channels=4)
    for node in blueprint.nodes:
        dropped = [step.layer.rate for step in node.operator.steps if type(step.layer).__name__ == "Dropout"]
        assert dropped == ([0.2] if node.place is not None else [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cells": 0}, "cells: expected a positive integer"),
        ({"channels": 2.0}, "channels: expected a positive integer"),
        ({"channels": 1, "imagenet": True}, "channels: expected at least 2 with the stem of ImageNet"),
        ({"drop_path": 1.0}, "drop_path: expected a rate"),
        ({"drop_path": "0.2"}, "drop_path: expected a rate"),
        ({"layers": 20}, "skeleton of darts"),
    ],
)
def test_cost_with_bad_arguments(arguments, message):
    with pytest.raises(ConfigError, match=message):
        SPACE.cost(SPACE.from_native(DARTS_V2), **arguments)


def test_one_cell_for_both_is_the_pair_of_equal_cells():
    one, two = SHARED.from_cells(NORMAL), SPACE.from_cells(NORMAL, NORMAL)
    assert SHARED.cost(one, channels=4, cells=5) == SPACE.cost(two, channels=4, cells=5)
    assert SHARED.canonical_key(one) == SPACE.canonical_key(two)


# Edge-labelled view.


def test_edge_labels_of_examples():
    view = SPACE.to_edge_labelled(SPACE.from_cells(NORMAL, ((MAX, 1), (SEP3, 0), (SKIP, 2), (NONE, 2), *NORMAL[4:])))
    assert PAIRS[:5] == ((0, 2), (1, 2), (0, 3), (1, 3), (2, 3)) and len(PAIRS) == 14 and len(set(LABELS)) == 81
    assert view[0] == EdgeLabelled(
        "normal",
        (SEP3, SEP3, SEP3, SEP3, "no_edge", SKIP, "first:" + SEP3, "no_edge", "no_edge")
        + (SKIP, "no_edge", DIL3, "no_edge", "no_edge"),
    )
    assert view[1].labels[:5] == (SEP3, "first:" + MAX, "no_edge", "no_edge", f"{SKIP}+{NONE}")


@pytest.mark.parametrize("space", [SPACE, SHARED], ids=["two", "shared"])
def test_edge_labelled_view_is_exact_both_ways(space):
    rng = np.random.default_rng(7)
    for _ in range(300):
        arch = _any_member(space, rng)
        assert space.from_edge_labelled(space.to_edge_labelled(arch)) == arch
    plain = {label for _ in range(300) for part in space.to_edge_labelled(space.sample(rng)) for label in part.labels}
    assert plain == {"no_edge", *OPERATORS[1:]}


def test_every_view_of_two_operators_a_step_is_a_member():
    rng = np.random.default_rng(8)
    options = []  # of each step: the labels of its edges, however two branches can be placed
    for step in range(2, 6):
        found = []
        for a, b in itertools.combinations(range(step), 2):
            for first in ("", "first:"):
                found.append({a: SEP3, b: first + MAX})
        found += [{a: f"{SEP3}+{MAX}"} for a in range(step)] + [{a: f"{MAX}+{SEP3}"} for a in range(step)]
        options.append([[labels.get(source, "no_edge") for source in range(step)] for labels in found])
    for _ in range(200):
        labels = tuple(itertools.chain(*(choice[rng.integers(len(choice))] for choice in options)))
        view = (EdgeLabelled("cell", labels),)
        assert SHARED.to_edge_labelled(SHARED.from_edge_labelled(view)) == view


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({(0, 2): "no_edge"}, "edges into step 2 .*received sep_conv_3x3 from 1"),
        ({(0, 2): "no_edge", (1, 2): "no_edge"}, "edges into step 2 .*received no operator"),
        ({(2, 3): SKIP}, "edges into step 3 .*skip_connect from 2"),
        ({(0, 3): f"{SEP3}+{SEP3}"}, "edges into step 3"),
        ({(0, 2): f"first:{SEP3}"}, "edges into step 2"),
        ({(0, 2): "conv"}, r"label of edge \(0, 2\).*received 'conv'"),
    ],
)
def test_malformed_edge_labels(change, message):
    labels = dict(zip(PAIRS, SHARED.to_edge_labelled(SHARED.from_cells(NORMAL))[0].labels))
    with pytest.raises(InvalidArchitectureError, match=message):
        SHARED.from_edge_labelled([EdgeLabelled("cell", tuple({**labels, **change}.values()))])


def test_edge_labels_of_other_components():
    view = SHARED.to_edge_labelled(SHARED.from_cells(NORMAL))
    with pytest.raises(InvalidArchitectureError, match="the components .'normal', 'reduce'."):
        SPACE.from_edge_labelled(view)
    with pytest.raises(InvalidArchitectureError, match="14 labels.*received 13"):
        SHARED.from_edge_labelled([EdgeLabelled("cell", view[0].labels[1:])])
    for other in (None, 3, "cell", ["cell"], [None]):
        with pytest.raises(InvalidArchitectureError, match="the components .'cell'."):
            SHARED.from_edge_labelled(other)
    for labels in (None, (["none"],) * 14, (np.array(["none", SKIP]),) * 14):
        with pytest.raises(InvalidArchitectureError, match="labels|label of edge"):
            SHARED.from_edge_labelled([EdgeLabelled("cell", labels)])


# Genotypes.


def test_genotypes():
    assert SPACE.to_native(SPACE.from_native(DARTS_V2)) == DARTS_V2
    loose = DARTS_V2.replace("[2, 3, 4, 5]", "range(2, 6)").replace(", reduce", ",\n    reduce")
    assert SPACE.to_native(SPACE.from_native(loose)) == DARTS_V2
    both = SHARED.to_native(SHARED.from_cells(NORMAL))
    assert SPACE.from_native(both) == SPACE.from_cells(NORMAL, NORMAL)
    with pytest.raises(InvalidArchitectureError, match="the same branches for normal and reduce"):
        SHARED.from_native(DARTS_V2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Genotype(", "(", "DARTS genotype: expected Genotype"),
        ("reduce_concat=[2, 3, 4, 5]", "reduce_concat=[3, 4, 5]", r"reduce_concat.*all four steps; received \[3,4,5\]"),
        (", ('dil_conv_3x3', 2)", "", "branches of the normal cell: expected 8, two a step; received 7"),
        (
            "('dil_conv_3x3', 2)",
            "('dil_conv_3x3', 5)",
            "predecessor of branch 8 of the normal cell: .*2, 3, 4; received 5",
        ),
        (
            "normal=[('sep_conv_3x3', 0)",
            "normal=[('sep_conv_3x3', 2)",
            "predecessor of branch 1 .*one of 0, 1; received 2",
        ),
        ("('dil_conv_3x3', 2)", "('conv_3x3', 2)", "operator of branch 8 of the normal cell.*received 'conv_3x3'"),
        ("('dil_conv_3x3', 2)", "('dil_conv_3x3', -1)", r"received normal=\["),
        ("('dil_conv_3x3', 2)", "['dil_conv_3x3', 2]", "DARTS genotype"),
        ("('dil_conv_3x3', 2)", "('dil_conv_3x3' 2)", r"received normal=\["),
    ],
)
def test_malformed_genotypes(old, new, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SPACE.from_native(DARTS_V2.replace(old, new, 1))


def test_genotypes_of_the_published_table():
    with gzip.open(real_data("darts_cifar10_1000.csv.gz"), "rt", newline="") as file:
        natives = [row["genotype"] for row in csv.DictReader(file)]
    assert len(natives) == 1_000
    repeats = nones = 0
    for space in (SPACE, SHARED):
        for native in natives:
            arch = space.from_native(native)
            space.validate(arch)
            assert space.to_native(arch) == native
            assert space.from_edge_labelled(space.to_edge_labelled(arch)) == arch
            cell = space.cells(arch)[0]
            repeats += any(cell[k][1] == cell[k + 1][1] for k in range(0, 8, 2))
            nones += any(operator == NONE for operator, _ in cell)
    assert (repeats, nones) == (2 * 811, 2 * 644)


# Rules.


def _changed(*, without=(), extra=(), **fields) -> Architecture:
    arch = SHARED.from_cells(NORMAL)
    edges = tuple(sorted({*arch.edges, *extra} - {*without}))
    return Architecture(
        **{"space": SHARED.name, "ops": arch.ops, "edges": edges, "components": arch.components, **fields}
    )


def _ops(**changes: str) -> tuple[str, ...]:
    ops = list(SHARED.from_cells(NORMAL).ops)
    for node, op in changes.items():
        ops[int(node[1:])] = op
    return tuple(ops)


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        (_changed(space="darts"), "a member of 'darts,shared=True'; received a member of 'darts'"),
        (_changed(components=(("normal", 15),)), "components of darts,shared=True"),
        (_changed(attrs=(("scale", (1,) * 15),)), "without attributes"),
        (Architecture(SHARED.name, ("sum",), (), (("cell", 1),)), "components"),
        (_changed(ops=_ops(n2="conv")), "operator of node 2 of the cell cell: expected one of none, .*received 'conv'"),
        (_changed(ops=_ops(n4=SEP3)), "operator of node 4 .*expected one of sum; received 'sep_conv_3x3'"),
        (_changed(ops=_ops(n0="input_prev")), "operator of node 0 .*expected one of input_prev_prev"),
        (_changed(without=[(2, 4)]), r"each branch to feed its step's sum.*received no edge \(2, 4\)"),
        (_changed(without=[(13, 14)]), r"each sum the output; received no edge \(13, 14\)"),
        (_changed(extra=[(2, 5)]), r"branches to read an input or an earlier sum.*received edge \(2, 5\)"),
        (_changed(extra=[(0, 14)]), r"received edge \(0, 14\)"),
        (_changed(extra=[(0, 1)]), r"received edge \(0, 1\)"),
        (_changed(without=[(0, 2)]), r"node 2 of the cell cell: expected one incoming edge.*received edges from \[\]"),
        (_changed(extra=[(1, 2)]), r"node 2 .*received edges from \[0, 1\]"),
    ],
)
def test_architectures_that_are_no_members(arch, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SHARED.validate(arch)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ((NORMAL,), "cells of darts: expected normal and reduce; received 1 cells"),
        ((NORMAL, REDUCE[:6]), "branches of the reduce cell: expected 8, two a step; received 6"),
        ((NORMAL, (*REDUCE[:7], MAX)), "branch 8 of the reduce cell: expected .operator, predecessor."),
        (((*NORMAL[:7], ("input", 0)), REDUCE), "operator of branch 8 of the normal cell"),
        (((*NORMAL[:7], (SKIP, "0")), REDUCE), "predecessor of branch 8 of the normal cell: expected one of 0, 1, 2"),
        (((*NORMAL[:7], (SKIP, 0.0)), REDUCE), "predecessor of branch 8 of the normal cell: .*received 0.0"),
        (((*NORMAL[:7], (SKIP, True)), REDUCE), "predecessor of branch 8 of the normal cell: .*received True"),
        (((*NORMAL[:7], (SKIP, np.bool_(True))), REDUCE), "predecessor of branch 8 of the normal cell"),
        (((*NORMAL[:7], (SKIP, [0])), REDUCE), r"predecessor of branch 8 .*received \[0\]"),
        (((*NORMAL[:7], ([SKIP], 0)), REDUCE), "operator of branch 8 of the normal cell"),
        (((*NORMAL[:7], (np.array([SKIP, SEP3]), 0)), REDUCE), "operator of branch 8 of the normal cell"),
        ((None, None), "branches of the normal cell: expected 8, two a step; received None"),
        ((NORMAL, 8), "branches of the reduce cell: expected 8, two a step; received 8"),
        ((NORMAL, [None] * 8), "branch 1 of the reduce cell: expected .operator, predecessor.; received None"),
    ],
)
def test_cells_that_are_none(cells, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SPACE.from_cells(*cells)


def test_parts_from_numpy_become_plain():
    cell = np.array([(operator, source) for operator, source in NORMAL], dtype="U20,i8")
    arch = SHARED.from_cells([(operator, source) for operator, source in cell])
    assert arch == SHARED.from_cells(NORMAL) and SHARED.to_native(arch) == SHARED.to_native(SHARED.from_cells(NORMAL))
    assert {type(part) for edge in arch.edges for part in edge} == {int} and {type(op) for op in arch.ops} == {str}
    assert DARTS(shared=np.bool_(True)).name == SHARED.name
