"""The conformance kit of search spaces."""

from __future__ import annotations

import itertools

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import InvalidArchitectureError, TfnasError
from tfnas.spaces.base import Cost, SearchSpace
from tfnas.testing.expect import expect, refused

_NEIGHBORS = 24  # of a member, that are looked at
_LISTED = 50_000  # spaces up to this size are enumerated whole


def check_space(space: SearchSpace, *, samples: int = 100, seed: int = 0) -> None:
    """Checks that a space keeps the contract of `tfnas.spaces.SearchSpace`.

    Args:
        space: The space.
        samples: Number of random members to look at.
        seed: Seed of the draws.

    Raises:
        AssertionError: Saying what is wrong and with which member.
    """
    expect(isinstance(space.name, str) and space.name, "The space has no name.")
    expect(isinstance(space.size, int) and space.size > 0, f"size should be an exact positive int, not {space.size!r}.")
    members = _check_sampling(space, samples, seed)
    for arch in members:
        _check_member(space, arch)
    _check_counts(space, members)
    for arch in members[: max(1, samples // 10)]:
        _check_neighbors(space, arch, seed)
    _check_refusals(space, members[0])
    _check_grammar(space, samples, seed)
    if space.is_enumerable and space.size <= _LISTED:
        _check_enumeration(space, members)


def _check_sampling(space: SearchSpace, samples: int, seed: int) -> list[Architecture]:
    before = np.random.get_state()[1].tolist()
    rng, twin = np.random.default_rng(seed), np.random.default_rng(seed)
    members = [space.sample(rng) for _ in range(samples)]
    expect(
        members == [space.sample(twin) for _ in range(samples)],
        "sample(rng) should depend on rng alone: two equal generators gave different members.",
    )
    expect(np.random.get_state()[1].tolist() == before, "sample(rng) uses NumPy's global generator; use rng.")
    expect(space.size == 1 or len(set(members)) > 1, f"{samples} samples are all the same member.")
    return members


def _check_member(space: SearchSpace, arch: Architecture) -> None:
    native = space.to_native(arch)
    try:
        space.validate(arch)
    except TfnasError as error:
        raise AssertionError(f"sample gave {native}, which validate refuses: {error}") from error
    expect(arch.space == space.name, f"{native} says it is of space {arch.space!r}, not {space.name!r}.")
    unknown = set(arch.ops) - set(space.op_names)
    expect(not unknown, f"{native} has operators that op_names lacks: {sorted(unknown)}.")
    expect(len(arch.ops) <= space.max_nodes, f"{native} has {len(arch.ops)} nodes, max_nodes is {space.max_nodes}.")
    expect(Architecture.from_json(arch.to_json()) == arch, f"{native} changes in its JSON form.")
    expect(space.from_native(native) == arch, f"from_native(to_native(arch)) is not arch for {native}.")
    key = space.canonical_key(arch)
    expect(isinstance(key, str) and key == space.canonical_key(arch), f"canonical_key of {native} is not stable text.")
    published, live = space.cost(arch, (32, 32, 3), 10), space.cost(arch, (32, 32, 3), 10, live_only=True)
    for cost in (published, live):
        expect(
            isinstance(cost, Cost) and isinstance(cost.params, int) and isinstance(cost.macs, int),
            f"cost of {native} should be a Cost of Python ints, not {cost!r}.",
        )
    expect(
        0 <= live.params <= published.params and 0 <= live.macs <= published.macs,
        f"{native} costs more without its dead operators ({live}) than with them ({published}).",
    )


def _check_counts(space: SearchSpace, members: list[Architecture]) -> None:
    distinct = set(members)
    expect(len(distinct) <= space.size, f"{len(members)} samples have {len(distinct)} members, size is {space.size}.")
    keys = len({space.canonical_key(arch) for arch in distinct})
    if space.num_networks is not None:
        expect(
            keys <= space.num_networks,
            f"{len(members)} samples have {keys} canonical keys, num_networks is {space.num_networks}.",
        )
        expect(
            space.num_networks < space.size or keys == len(distinct),
            f"num_networks is size, but {len(distinct)} members have {keys} canonical keys.",
        )


def _check_neighbors(space: SearchSpace, arch: Architecture, seed: int) -> None:
    native = space.to_native(arch)
    neighbors = list(space.neighbors(arch))
    expect(neighbors, f"{native} has no neighbours.")
    expect(arch not in neighbors, f"{native} is its own neighbour.")
    expect(len(set(neighbors)) == len(neighbors), f"neighbors of {native} repeats a member.")
    # a space of wirings may have a thousand neighbours, each with a thousand of its own
    looked_at = np.random.default_rng(seed).permutation(len(neighbors))[:_NEIGHBORS].tolist()
    for other in (neighbors[k] for k in looked_at):
        _check_member(space, other)
        expect(
            any(back == arch for back in space.neighbors(other)),
            f"{space.to_native(other)} is a neighbour of {native}, but not the other way round.",
        )
    rng, twin = np.random.default_rng(seed), np.random.default_rng(seed)
    mutants = [space.mutate(arch, rng) for _ in range(20)]
    expect(mutants == [space.mutate(arch, twin) for _ in range(20)], "mutate(arch, rng) should depend on rng alone.")
    for mutant in mutants:
        space.validate(mutant)
        expect(mutant != arch, f"mutate left {native} as it was.")


def _check_refusals(space: SearchSpace, arch: Architecture) -> None:
    foreign = Architecture("another space", arch.ops, arch.edges, arch.components, arch.attrs)
    with refused(InvalidArchitectureError, "validate of an architecture of another space"):
        space.validate(foreign)
    strange = Architecture(space.name, ("no such operator", *arch.ops[1:]), arch.edges, arch.components, arch.attrs)
    with refused(InvalidArchitectureError, "validate of an architecture with an unknown operator"):
        space.validate(strange)
    for text in ("", "no member", 17):
        with refused(InvalidArchitectureError, f"from_native({text!r})"):
            space.from_native(text)  # type: ignore[arg-type]


def _check_described(space: SearchSpace, arch: Architecture) -> None:
    """Checks that a member is one of those that the grammar describes."""
    native, start = space.to_native(arch), 0
    components = space.grammar.components
    expect(
        [part.name for part in components] == [name for name, _ in arch.components],
        f"the grammar has other components than {native}: {arch.components}.",
    )
    for part, (name, size) in zip(components, arch.components):
        expect(part.min_nodes <= size <= part.max_nodes, f"{name} of {native} has {size} nodes, unlike the grammar.")
        for k in range(size):
            op = arch.ops[start + k]
            expect(op in part.ops[k], f"{op!r} of {native} is not in the grammar at node {k} of {name}.")
        edges = {(a - start, b - start) for a, b in arch.edges if start <= a < start + size}
        whole = part.complete(edges & part.free) if size == part.max_nodes else edges & (part.free | part.forced)
        expect(edges == whole, f"edges of {name} of {native} that the grammar has otherwise: {sorted(edges ^ whole)}.")
        start += size


def _check_grammar(space: SearchSpace, samples: int, seed: int) -> None:
    """Draws members from the local rules alone; where rules are local, all must be valid."""
    rng = np.random.default_rng(seed)
    grammar = space.grammar
    for part in grammar.components:
        unknown = {op for ops in part.ops for op in ops} - set(space.op_names)
        expect(not unknown, f"the grammar of {part.name} has operators that op_names lacks: {sorted(unknown)}.")
    for _ in range(samples):
        _check_described(space, space.sample(rng))
    accepted = 0
    for _ in range(samples):
        drawn = grammar.draw(space.name, rng)
        try:
            space.validate(drawn)
            accepted += 1
        except TfnasError as error:
            expect(not grammar.is_local, f"the grammar says it is local, but validate refuses {drawn}: {error}")
    if not grammar.is_local:
        print(f"{space.name}: {accepted} of {samples} random choices by the local rules are members")
    if grammar.edge_labelled:
        for _ in range(samples):
            arch = space.sample(rng)
            view = space.to_edge_labelled(arch)
            expect(space.from_edge_labelled(view) == arch, f"the edge-labelled view of {arch} does not convert back.")
            for part, rules in zip(view, grammar.edge_labelled, strict=True):
                fits = len(part.labels) == len(rules.pairs) and set(part.labels) <= set(rules.labels)
                expect(fits, f"the edge-labelled view {part} breaks its own grammar.")
    else:
        with refused(TfnasError, "to_edge_labelled of a space without edge labels"):
            space.to_edge_labelled(space.sample(rng))


def _check_enumeration(space: SearchSpace, members: list[Architecture]) -> None:
    listed = list(space.enumerate())
    expect(len(listed) == space.size, f"enumerate gives {len(listed)} members, size is {space.size}.")
    expect(len(set(listed)) == len(listed), "enumerate repeats a member.")
    expect(set(members) <= set(listed), "sample gives members that enumerate does not.")
    if space.num_networks is not None:
        keys = len({space.canonical_key(arch) for arch in listed})
        expect(keys == space.num_networks, f"there are {keys} canonical keys, num_networks is {space.num_networks}.")
    for arch in itertools.islice(listed, 0, None, max(1, len(listed) // 100)):
        space.validate(arch)
