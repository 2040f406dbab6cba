"""Zero-shot extrapolation: architectures that are larger than any that a predictor has seen, and their order.

SVGe, section IV-E. The autoencoder must be able to read the larger graphs: it has `AutoencoderConfig.nodes` for that.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, Iterator, NamedTuple, Sequence

import numpy as np

from tfnas import spaces
from tfnas.architecture import Architecture
from tfnas.checks import check_positive, check_seed
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.forms import form_of
from tfnas.models.autoencoder.graph_form import GraphArrays
from tfnas.models.latent_mlp import LatentMLP
from tfnas.models.predictors import Predictor
from tfnas.spaces.nasbench101 import NASBench101

_IN_VAIN = 10_000
"""Random graphs in a row without a member, after which there is no hope for one."""


class Ranking(NamedTuple):
    """What a predictor makes of B architectures.

    Attributes:
        order: Their numbers, the best first; of equals, the first one first. Int, shape [B].
        belief: A ``tfd.Normal`` with batch shape [B], in the order in which they were given.
    """

    order: np.ndarray
    belief: Any


def rank(archs: Sequence[Architecture], autoencoder: GraphAutoencoder, predictor: Predictor | LatentMLP) -> Ranking:
    """Ranks architectures by what is believed of them, also such as are larger than those that were trained on.

    SVGe ranks cells of 8 vertices with a model of cells of up to 7, and ENAS's networks of 12 layers with a model of
    those of 6; the five best are trained.

    Args:
        archs: B members of one space, which may be another one than the autoencoder's.
        autoencoder: Made with ``nodes`` no smaller than the largest of them.
        predictor: Fitted: a `LatentMLP` of this autoencoder, or a `Predictor` of its embeddings.

    Raises:
        ConfigError: If there are none, they are of several spaces, too large, or of other operators, or if the
            predictor is another one's or not fitted.
        InvalidArchitectureError: If one is no member of its space.
    """
    graphs = read(archs, autoencoder)
    if isinstance(predictor, LatentMLP):
        if predictor.autoencoder is not autoencoder:
            raise ConfigError("predictor", expected="a LatentMLP of this autoencoder", received="one of another")
        belief = predictor.predict(graphs)
    else:
        belief = predictor.predict(autoencoder.embed(graphs))
    return Ranking(np.argsort(-np.asarray(belief.mean()), kind="stable"), belief)


def read(archs: Sequence[Architecture], autoencoder: GraphAutoencoder) -> GraphArrays:
    """Returns members of any space as graphs that an autoencoder reads, which has the same operators.

    Args:
        archs: B members of one space.
        autoencoder: Made with ``nodes`` no smaller than the largest of them.

    Raises:
        ConfigError: If there are none, they are of several spaces, too large, or of other operators.
        InvalidArchitectureError: If one is no member of its space.
    """
    names = sorted({arch.space for arch in archs})
    if len(names) != 1:
        raise ConfigError("architectures", expected="members of one space", received=", ".join(names) or "none")
    size = autoencoder.form.nodes
    form = form_of(spaces.get(names[0]))
    if form.nodes > size:
        raise ConfigError(
            f"members of {names[0]}",
            expected=f"at most {size} nodes, as the autoencoder reads",
            received=f"up to {form.nodes}",
            remedy=f"Make the autoencoder with nodes={form.nodes} before it is trained.",
        )
    if form.operators != autoencoder.form.operators:
        raise ConfigError(
            f"operators of {names[0]}",
            expected=", ".join(autoencoder.form.operators),
            received=", ".join(form.operators),
        )
    return form_of(form.space, size).encode(archs)


def larger_space(nodes: int) -> NASBench101:
    """Returns the space of NAS-Bench-101's cells of up to so many vertices, with as many edges as there can be.

    Raises:
        ConfigError: If the number is out of the range of `NASBench101`.
    """
    return NASBench101(max_nodes=nodes, max_edges=math.comb(nodes, 2))


def expansions(cell: Architecture) -> list[Architecture]:
    """Returns all cells that have one vertex more at their end or at their beginning.

    Of a cell of 7 vertices these are 192 and 192, as in the code published with SVGe, whose base is the cell of the
    best validation accuracy. The paper counts 1,384: with the 1,000 of `random_cells`, which it does not mention.

    Args:
        cell: A member of a space of NAS-Bench-101, of n vertices.

    Returns:
        ``3 * 2 ** (n - 1)`` of `appended` and as many of `prepended`, members of ``larger_space(n + 1)``.

    Raises:
        ConfigError: If the cell is of another space, or as large as cells can be.
        InvalidArchitectureError: If it is no member of its space.
    """
    return [*appended(cell), *prepended(cell)]


def appended(cell: Architecture) -> Iterator[Architecture]:
    """Yields cells whose old output has become an operator that feeds a new output, which any vertex may feed, too.

    See `expansions` for arguments and errors.
    """
    last, space = len(cell.ops), _larger(cell)
    for op, feeds in itertools.product(_interior(space), itertools.product((0, 1), repeat=last - 1)):
        edges = [*cell.edges, *((node, last) for node, is_fed in enumerate((*feeds, 1)) if is_fed)]
        yield _member(space, (*cell.ops[:-1], op, cell.ops[-1]), edges)


def prepended(cell: Architecture) -> Iterator[Architecture]:
    """Yields cells whose old input has become an operator that reads a new input, which any vertex may read, too.

    See `expansions` for arguments and errors.
    """
    space = _larger(cell)
    for op, feeds in itertools.product(_interior(space), itertools.product((0, 1), repeat=len(cell.ops) - 1)):
        edges = [(source + 1, target + 1) for source, target in cell.edges]
        edges += [(0, node) for node, is_fed in enumerate((1, *feeds), start=1) if is_fed]
        yield _member(space, (cell.ops[0], op, *cell.ops[1:]), edges)


def random_cells(count: int = 1000, nodes: int = 8, *, pairs: int = 40, seed: int) -> list[Architecture]:
    """Draws cells of a given number of vertices, as the code published with SVGe does for its extrapolation.

    Operators are uniform. For the edges pairs of vertices are drawn, each vertex uniformly; a pair of two vertices is
    an edge from the lower to the higher. Deviation: cells with a vertex that is on no path from the input to the output
    are drawn again, as they are no members; the published ones stay.

    Args:
        count: Number of cells.
        nodes: Number of vertices.
        pairs: Number of pairs that are drawn for a cell; some are drawn again, or are a vertex with itself.
        seed: Of all draws.

    Returns:
        Members of ``larger_space(nodes)``; some may be equal.

    Raises:
        ConfigError: If a number cannot be, or so few pairs make no member.
    """
    check_positive(count=count, pairs=pairs)
    check_seed(seed)
    space, rng = larger_space(nodes), np.random.default_rng(seed)
    first, *_, last = space.op_names
    found: list[Architecture] = []
    in_vain = 0
    while len(found) < count:
        ops = rng.choice(_interior(space), nodes - 2).tolist()
        edges = {tuple(sorted(pair)) for pair in rng.integers(nodes, size=(pairs, 2)).tolist() if pair[0] != pair[1]}
        try:
            found.append(_member(space, (first, *ops, last), edges))
            in_vain = 0
        except InvalidArchitectureError:
            in_vain += 1
        if in_vain == _IN_VAIN:
            raise ConfigError(
                "pairs", expected=f"enough for cells of {nodes} vertices", received=str(pairs), remedy="Give more."
            )
    return found


def _larger(cell: Architecture) -> NASBench101:
    space = spaces.get(cell.space)
    if not isinstance(space, NASBench101):
        raise ConfigError("cell to expand", expected="a member of nasbench101", received=f"one of {cell.space}")
    space.validate(cell)
    return larger_space(len(cell.ops) + 1)


def _interior(space: NASBench101) -> tuple[str, ...]:
    return space.op_names[1:-1]


def _member(space: NASBench101, ops: Sequence[str], edges: Any) -> Architecture:
    arch = Architecture(space.name, tuple(ops), tuple(sorted(edges)), (("cell", len(ops)),))
    space.validate(arch)
    return arch
