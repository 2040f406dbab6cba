"""Generators as SavedModels: what a process with TensorFlow alone reads is what the library says."""

from __future__ import annotations

import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import Callable

import numpy as np
import pytest

import tfnas
from tests.conformance.generators import eagerly, fresh
from tfnas.blueprints.darts import OPERATORS
from tfnas.errors import ConfigError
from tfnas.models.autoregressive import AutoregressiveGenerator, ComponentArrays, GeneratorConfig
from tfnas.models.autoregressive.saved_model import ASSET, describe, tf
from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig
from tfnas.models.independent import IndependentGenerator
from tfnas.models.rnn import RNNGenerator, RNNGeneratorConfig

SMALL = {"mixture": 3, "steps": 1, "hidden": 8, "message": 6}
DARTS = {"labels": OPERATORS[1:], "in_degree": (2, 2)}
PREFIX = GraphGeneratorConfig(**SMALL, messages="prefix")
MODELS = {
    "nasbench201": ("nasbench201", GraphGenerator, GraphGeneratorConfig(**SMALL)),
    "darts": ("darts", IndependentGenerator, GeneratorConfig(**DARTS)),
    "enas": ("enas_macro,layers=3", GraphGenerator, GraphGeneratorConfig(**SMALL)),
    "randwire": ("randwire,nodes=4", RNNGenerator, RNNGeneratorConfig(layers=1, hidden=7, dtype="float64")),
    "nasbench101": ("nasbench101,max_nodes=5", GraphGenerator, PREFIX),
}
SEED = (7, -3)

_READER = """
import json, pathlib, sys
import numpy as np
import tensorflow as tf

for folder in map(pathlib.Path, sys.argv[1:]):
    model = tf.saved_model.load(str(folder))
    asset = model.vocabulary.asset_path.numpy().decode()
    nodes = json.loads(pathlib.Path(asset).read_text("utf-8"))["nodes"]
    given = np.load(folder.with_suffix(".npz"))
    drawn, other = model.sample(16, [7, -3]), model.sample(16, [7, -4])
    values = {**drawn, **model.log_prob(**drawn), "given": model.log_prob(**given)["log_prob"]}
    values |= {"other": other["adjacency"], "other_ops": other["ops"], "asset": asset}
    values["none"] = model.log_prob(drawn["adjacency"][:0], drawn["ops"][:0])["log_prob"]
    if folder.name == "darts":
        signed = model.signatures["sample"](n=tf.constant(16), seed=tf.constant([7, -3]))
        signed |= model.signatures["log_prob"](**drawn)
        values |= {f"signed_{name}": value for name, value in signed.items()}
    for count in (0, -1):
        try:
            model.sample(count, [1, 2])
        except tf.errors.InvalidArgumentError as error:
            assert "n: expected a positive integer" in str(error), error
        else:
            raise AssertionError(count)
    np.savez(folder.with_suffix(".out.npz"), **{name: np.array(value) for name, value in values.items()})
    assert values["adjacency"].shape == (16, nodes, nodes), values["adjacency"].shape
print(*{name.partition(".")[0] for name in sys.modules})
"""


def _noisy(name: str, make: Callable[..., AutoregressiveGenerator], config: GeneratorConfig) -> AutoregressiveGenerator:
    generator = make(tfnas.spaces.get(name), config)
    # Far from the first weights, where biases are zero and mistakes could cancel.
    rng = np.random.default_rng(1)
    generator.set_weights(
        [(array + rng.normal(0, 0.3, array.shape)).astype(array.dtype) for array in generator.get_weights()]
    )
    return generator


@functools.cache
def _generator(model: str) -> AutoregressiveGenerator:
    return _noisy(*MODELS[model])


@functools.cache
def _drawn(model: str) -> tuple[ComponentArrays, ...]:
    with eagerly():
        return _generator(model).sample_arrays(400, (0,))


@functools.cache
def _given(model: str) -> list:
    """Five members of the space, the first of which the generator of DARTS cannot draw, and five that were drawn."""
    rng = np.random.default_rng(0)
    generator, space = _generator(model), _generator(model).space
    archs = [space.sample(rng) for _ in range(5)]
    if model == "darts":
        normal, reduction = space.cells(archs[0])
        archs[0] = space.from_cells((("none", 0), *normal[1:]), reduction)
    return archs + [arch for arch in generator.view.decode(_drawn(model)) if arch is not None][:5]


def _flat(model: str, parts) -> dict[str, np.ndarray]:
    """Arrays of components, rows for targets, as blocks of one array, rows for sources."""
    asset = describe(_generator(model))
    count = len(parts[0].ops)
    adjacency = np.zeros((count, asset["nodes"], asset["nodes"]), np.int32)
    ops = np.full((count, asset["nodes"]), -7, np.int32)
    for component, part in zip(asset["components"], parts):
        first, nodes = component["first"], component["nodes"]
        for target in range(nodes):
            for source in range(nodes):
                adjacency[:, first + source, first + target] = np.asarray(part.edges)[:, target, source]
            ops[:, first + target] = np.asarray(part.ops)[:, target]
    return {"adjacency": adjacency, "ops": ops}


def _parts(model: str, adjacency, ops) -> list[ComponentArrays]:
    """Inverse of `_flat`."""
    blocks = [(part["first"], part["first"] + part["nodes"]) for part in describe(_generator(model))["components"]]
    return [ComponentArrays(adjacency[:, a:b, a:b].transpose(0, 2, 1), ops[:, a:b]) for a, b in blocks]


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as place:
        for model in MODELS:
            generator = _generator(model)
            assert generator.save(pathlib.Path(place) / model) == (pathlib.Path(place) / model).resolve()
            np.savez(pathlib.Path(place) / f"{model}.npz", **_flat(model, generator.view.encode(_given(model))))
        yield pathlib.Path(place)


@pytest.fixture(scope="module")
def read(folder):
    """What a process with TensorFlow and NumPy alone reads, by model."""
    paths = [str(folder / model) for model in MODELS]
    # This process asks TensorFlow for tf_keras; users' do not.
    ours = ("PYTHONPATH", "TF_USE_LEGACY_KERAS")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        [sys.executable, "-c", _READER, *paths], env=environment, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    modules = set(done.stdout.split())
    assert "tensorflow" in modules
    assert not modules & {"tfnas", "tf_keras", "tensorflow_gnn", "tensorflow_probability"}
    return {model: dict(np.load(folder / f"{model}.out.npz")) for model in MODELS}


@pytest.mark.parametrize("model", MODELS)
def test_samples_are_those_of_the_components(model, read):
    generator, found = _generator(model), read[model]
    seeds = [tf.random.experimental.stateless_fold_in(SEED, k) for k in range(len(generator.components))]
    with eagerly():
        parts = [
            ComponentArrays(*(array.numpy() for array in part.sample(16, seed)))
            for part, seed in zip(generator.components, seeds)
        ]
    expected = _flat(model, parts)
    assert found["adjacency"].dtype == found["ops"].dtype == np.int32
    np.testing.assert_array_equal(found["adjacency"], expected["adjacency"])
    np.testing.assert_array_equal(found["ops"], expected["ops"])
    assert not np.array_equal(found["other"], found["adjacency"])
    if len(parts) > 1 and parts[0].edges.shape == parts[1].edges.shape:
        assert not np.array_equal(parts[0].edges, parts[1].edges)


def test_signatures_are_the_functions(read):
    for name in ("adjacency", "ops", "log_prob"):
        np.testing.assert_array_equal(read["darts"][f"signed_{name}"], read["darts"][name])


@pytest.mark.parametrize("model", MODELS)
def test_probabilities_are_those_of_the_library(model, read):
    generator, found = _generator(model), read[model]
    parts = _parts(model, found["adjacency"], found["ops"])
    assert generator.view.drawable(parts).all()
    assert found["log_prob"].dtype == generator.config.dtype
    np.testing.assert_allclose(found["log_prob"], generator.log_prob_tensor(parts).numpy(), rtol=1e-6, atol=1e-5)
    with eagerly():
        expected = generator.log_prob(_given(model))
    assert np.isfinite(expected).tolist() == [model != "darts", *[True] * 9] and np.ptp(expected[5:]) > 0.1
    np.testing.assert_allclose(found["given"], expected, rtol=1e-6, atol=1e-5)
    assert found["none"].shape == (0,)


def _joined(component: dict, edges: set) -> set:
    """Adds the edges that follow from others, by what the file says of them. Original numbers of nodes."""
    nodes = component["original_nodes"] + [each["node"] for each in component["left_out"]]
    place = component["original_nodes"]
    last = max(nodes)
    fed = {place[target] for _, target in component["forced_edges"] + component["free_edges"]}
    if component["open_inputs"]:
        edges |= {(0, node) for node in range(1, last) if node not in {target for _, target in edges}}
        fed |= set(range(1, last))
    if component["open_outputs"]:
        read = {source for source, _ in edges} | (set(nodes) - fed)
        edges |= {(node, last) for node in range(last) if node not in read}
    return edges


def _by_hand(asset: dict, adjacency: list, ops: list) -> tuple[list, list]:
    """Operators and edges of all components of a graph, from the file alone."""
    found, links = [], []
    for component in asset["components"]:
        first, place = component["first"], component["original_nodes"]
        names = {each["node"]: (each["op"], each["attrs"]) for each in component["left_out"]}
        for node in range(component["nodes"]):
            if ops[first + node] >= 0:
                operator = component["operators"][ops[first + node]]
                names[place[node]] = (operator["op"], operator["attrs"])
        edges = {
            (place[source], place[target])
            for source in range(component["nodes"])
            for target in range(component["nodes"])
            if adjacency[first + source][first + target]
        }
        links += sorted((len(found) + a, len(found) + b) for a, b in _joined(component, edges))
        found += [names[node] for node in range(len(names))]
    return found, links


@pytest.mark.parametrize("model", ["randwire", "nasbench101", "enas"])
def test_the_file_turns_arrays_into_operators_and_edges(model, read):
    found, generator = read[model], _generator(model)
    asset = json.loads(pathlib.Path(str(found["asset"])).read_text("utf-8"))
    members = generator.view.decode(_parts(model, found["adjacency"], found["ops"]))
    assert asset["every_draw_is_member"] == (None not in members)
    compared = 0
    for arch, adjacency, ops in zip(members, found["adjacency"].tolist(), found["ops"].tolist()):
        if arch is not None:
            names, edges = _by_hand(asset, adjacency, ops)
            assert tuple(name for name, _ in names) == arch.ops and tuple(edges) == arch.edges
            compared += 1
    assert compared > 2


@pytest.mark.parametrize("model", ["nasbench201", "darts"])
def test_the_file_turns_arrays_into_labels(model, read):
    found, generator = read[model], _generator(model)
    asset = json.loads(pathlib.Path(str(found["asset"])).read_text("utf-8"))
    members = generator.view.decode(_parts(model, found["adjacency"], found["ops"]))
    for arch, adjacency in zip(members, found["adjacency"]):
        views = generator.space.to_edge_labelled(arch)
        for component, grammar, view in zip(asset["components"], generator.space.grammar.edge_labelled, views):
            names = [component["no_edge"], *component["labels"]]
            for (source, target), label in zip(grammar.pairs, view.labels):
                value = adjacency[component["first"] + source, component["first"] + target]
                assert names[value] == label


def test_nasbench201_written_out(read):
    found = read["nasbench201"]
    asset = json.loads(pathlib.Path(str(found["asset"])).read_text("utf-8"))
    (component,) = asset["components"]
    names = [component["no_edge"], *component["labels"]]
    members = _generator("nasbench201").view.decode(_parts("nasbench201", found["adjacency"], found["ops"]))
    for arch, edges in zip(members, found["adjacency"]):
        rows = ["|".join(f"{names[edges[j, i]]}~{j}" for j in range(i)) for i in (1, 2, 3)]
        assert _generator("nasbench201").space.to_native(arch) == "+".join(f"|{row}|" for row in rows)


def test_the_file_in_full(folder):
    asset = json.loads((folder / "darts" / "assets" / ASSET).read_text("utf-8"))
    assert asset == describe(_generator("darts"))
    normal, reduction = asset["components"]
    assert (asset["space"], asset["view"], asset["nodes"], asset["format"]) == ("darts", "edges", 12, 1)
    assert (normal["name"], normal["first"], reduction["name"], reduction["first"]) == ("normal", 0, "reduce", 6)
    assert normal["labels"] == list(OPERATORS[1:]) and normal["no_edge"] is not None
    assert normal["fewest_edges_in"] == normal["most_edges_in"] == [0, 0, 2, 2, 2, 2]
    assert normal["free_edges"] == [[source, target] for target in range(2, 6) for source in range(target)]
    for model, (_, make, config) in MODELS.items():
        written = json.loads((folder / model / "assets" / ASSET).read_text("utf-8"))["generator"]
        assert written["class"] == make.__name__
        fields = {name: tuple(value) if isinstance(value, list) else value for name, value in written["config"].items()}
        assert type(config)(**fields) == config
    graph = (folder / "darts" / "saved_model.pb").read_bytes()
    assert os.fsencode(folder) not in graph  # no path of the machine that wrote it


def _broken(asset: dict, adjacency: np.ndarray, ops: np.ndarray) -> set[str]:
    """Names of the rules that a graph breaks, one entry at a time."""
    kinds = set()
    inside = np.zeros(adjacency.shape, bool)
    for part in asset["components"]:
        first, size = part["first"], part["nodes"]
        inside[first : first + size, first : first + size] = True
        possible = part["free_edges"] + part["forced_edges"]
        is_over = False
        for target in range(size):
            op, number = int(ops[first + target]), 0
            for source in range(size):
                value = int(adjacency[first + source, first + target])
                if value and [source, target] not in possible:
                    kinds.add("below the diagonal" if source >= target else "edge that cannot be")
                if value < 0 or value > len(part["labels"]):
                    kinds.add("unknown label")
                if value and is_over:
                    kinds.add("edge past the end")
                if not value and not is_over and [source, target] in part["forced_edges"]:
                    kinds.add("no forced edge")
                number += value != 0 and [source, target] in part["free_edges"]
            if is_over:
                kinds |= {"operator past the end"} if op != -1 else set()
                continue
            if number < part["fewest_edges_in"][target]:
                kinds.add("too few")
            if number > part["most_edges_in"][target]:
                kinds.add("too many")
            if not 0 <= op < len(part["operators"]):
                kinds.add("early end" if op == -1 else "unknown operator")
            elif op not in part["allowed_operators"][target]:
                kinds.add("operator that cannot be")
            is_over = op in part["end_operators"]
    if adjacency[~inside].any():
        kinds.add("across components")
    return kinds


def test_what_the_rules_refuse_has_minus_infinity(folder):
    rng = np.random.default_rng(0)
    alone = set()
    for model in MODELS:
        asset = describe(_generator(model))
        operators = max(len(part["operators"]) for part in asset["components"])
        labels = max(len(part["labels"]) for part in asset["components"])
        flat = _flat(model, _drawn(model))
        for adjacency, ops in zip(flat["adjacency"], flat["ops"]):
            for _ in range(rng.integers(3)):
                if rng.random() < 0.6:
                    adjacency[tuple(rng.integers(asset["nodes"], size=2))] = rng.integers(-1, labels + 2)
                else:
                    ops[rng.integers(asset["nodes"])] = rng.integers(-2, operators + 1)
        loaded = tf.saved_model.load(str(folder / model))
        found = loaded.log_prob(**flat)["log_prob"].numpy()
        broken = [_broken(asset, *pair) for pair in zip(flat["adjacency"], flat["ops"])]
        fine = np.array([not kinds for kinds in broken])
        assert 100 < fine.sum() < 300
        assert np.isfinite(found[fine]).all() and (found[~fine] == -np.inf).all()
        kept = _parts(model, flat["adjacency"][fine], flat["ops"][fine])
        expected = _generator(model).log_prob_tensor(kept).numpy()
        np.testing.assert_allclose(found[fine], expected, rtol=1e-6, atol=1e-5)
        alone |= {kind for kinds in broken if len(kinds) == 1 for kind in kinds}
    assert alone == {
        "below the diagonal", "edge that cannot be", "unknown label", "edge past the end", "no forced edge",
        "operator past the end", "too few", "too many", "early end", "unknown operator", "operator that cannot be",
        "across components",
    }  # fmt: skip


CLAIMS = (
    ("nasbench201", {}, True),
    ("nasbench201", {"labels": ("skip_connect",), "in_degree": (1, 2)}, True),
    ("nasbench201", {"view": "nodes"}, True),
    ("enas_macro,layers=3", {}, True),
    ("ghn_block,nodes=4", {}, True),
    ("fairnas", {}, True),
    ("darts,shared=True", {"view": "nodes"}, True),
    ("darts,shared=True", {"view": "edges"}, False),
    ("darts,shared=True", DARTS, None),
    ("nasbench101", {}, False),
    ("ghn_anytime,nodes1=3,nodes2=2,nodes3=2,exits=3", {}, True),
)


@pytest.mark.parametrize(("name", "options", "expected"), CLAIMS, ids=str)
def test_the_file_says_whether_every_draw_is_a_member(name, options, expected):
    asset = describe(_noisy(name, IndependentGenerator, GeneratorConfig(**options)))
    assert asset["every_draw_is_member"] is expected and asset["reason"].endswith(".")
    assert json.loads(json.dumps(asset)) == asset


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options", "expected"), [row for row in CLAIMS if row[2] is not None], ids=str)
def test_draws_are_members_where_the_file_says_so(name, options, expected):
    generator = _noisy(name, IndependentGenerator, GeneratorConfig(**options))
    members = generator.view.decode(generator.sample_arrays(300, (0,)))
    assert (None not in members) == expected


def test_a_total_is_named():
    generator = fresh("independent", "ghn_anytime,nodes1=3,nodes2=2,nodes3=2,exits=3")
    for component in describe(generator)["components"]:
        (total,) = component["totals"]
        marked = [component["operators"][number] for number in total["operators"]]
        assert total["nodes"] == 3 and marked == [name for name in component["operators"] if name["attrs"]["exit"] == 1]


def test_what_is_there_stays(tmp_path, folder):
    generator = _generator("nasbench201")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("mine")
    for path, received in ((tmp_path / "model", "a folder with files"), (tmp_path / "model" / "mine.txt", "a file")):
        with pytest.raises(ConfigError, match=f"a new folder or an empty one; received {received}"):
            generator.save(path)
    assert [path.name for path in tmp_path.rglob("*")] == ["model", "mine.txt"]


def test_a_failure_leaves_nothing(tmp_path, monkeypatch):
    def fail(module, path, **options):
        pathlib.Path(path).mkdir()
        raise OSError("disk full")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        fresh("independent").save(tmp_path / "new" / "model")
    assert not list((tmp_path / "new").iterdir())


def test_an_empty_folder_becomes_the_model_of_that_moment(tmp_path):
    generator = fresh("independent", "nasbench201")
    target, arch = tmp_path / "empty", next(generator.space.enumerate())
    target.mkdir()
    generator.save(str(target))
    assert list(tmp_path.iterdir()) == [target]
    files = sorted(path.name for path in target.iterdir())
    assert files == ["assets", "fingerprint.pb", "saved_model.pb", "variables"]
    before = generator.log_prob([arch])
    rng = np.random.default_rng(5)
    generator.set_weights([rng.normal(size=array.shape).astype(array.dtype) for array in generator.get_weights()])
    assert abs(generator.log_prob([arch]) - before) > 1e-2
    (part,) = generator.view.encode([arch])
    loaded = tf.saved_model.load(str(target))
    again = loaded.log_prob(part.edges.transpose(0, 2, 1), part.ops)["log_prob"]
    np.testing.assert_allclose(again, before, atol=1e-5)
