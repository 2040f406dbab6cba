"""Imports point down only, and the light parts stay light."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys
from typing import Iterator

import pytest

import tfnas

ROOT = pathlib.Path(tfnas.__file__).parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("_keras",),
    ("checks", "option_texts"),
    ("registry",),
    ("architecture",),
    ("trial",),
    ("state",),
    ("runlog",),
    ("ledger",),
    ("blueprints",),
    ("spaces",),
    ("encodings", "data"),
    ("networks", "models"),
    ("evaluators", "strategies"),
    ("leaderboard",),
    ("plotting",),
    ("export", "report"),
    ("search",),
    ("progress",),
    ("autoencoding",),
    ("tuner",),
    ("describe",),
    ("job",),
    ("doctor",),
    ("autoencoder_commands", "data_commands"),
    ("cli",),
    ("recipe",),
    ("protocol",),
    ("testing",),
    ("__main__",),
)
"""From the bottom to the top. A part imports the parts above its line here; those on one line not each other."""

HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer}

HEAVY = (
    "tensorflow", "keras", "tf_keras", "tensorflow_gnn", "tensorflow_probability", "keras_tuner",
    "scipy", "pandas", "matplotlib", "sklearn",
)  # fmt: skip


def _root_names() -> dict[str, str]:
    """The part that each name of the package itself comes from; it may be imported instead of the part."""
    tree = ast.parse((ROOT / "__init__.py").read_text("utf-8"))
    return {
        alias.asname or alias.name: node.module.split(".")[1]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tfnas.")
        for alias in node.names
    }


ROOT_NAMES = _root_names()


def imported_parts(source: str, package: str) -> Iterator[tuple[int, str]]:
    """Yields the line and the part of ``tfnas`` of every import in a file, wherever it stands.

    ``import tfnas`` alone imports no part, but ``tfnas.search`` after it uses one.

    Args:
        source: Text of the file.
        package: Dotted name of the package that the file is in, for relative imports.
    """
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "tfnas":
            names = [f"tfnas.{node.attr}"]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        for name in names:
            top, _, rest = name.partition(".")
            part = rest.partition(".")[0]
            part = ROOT_NAMES.get(part, part)
            if top == "tfnas" and part and not (part.startswith("__") and part not in HEIGHT):
                yield node.lineno, part


def violations(source: str, module: str, package: str) -> list[str]:
    """Returns what is wrong with the imports of a file, one sentence each."""
    part = module.split(".")[1]
    if part not in HEIGHT:
        remedy = f"Add it to LAYERS in {pathlib.Path(__file__).name}, above all it imports."
        return [f"{module}: tfnas.{part} has no layer. {remedy}"]
    found = []
    for line, target in imported_parts(source, package):
        if target not in HEIGHT:
            found.append(f"{module}, line {line}: imports tfnas.{target}, which has no layer")
        elif target != part and HEIGHT[target] >= HEIGHT[part]:
            way = "sideways" if HEIGHT[target] == HEIGHT[part] else "up"
            found.append(f"{module}, line {line}: imports tfnas.{target}, which points {way}")
    return found


def _modules() -> list[tuple[pathlib.Path, str, str]]:
    modules = []
    for path in sorted(ROOT.rglob("*.py")):
        names = ["tfnas", *path.relative_to(ROOT).with_suffix("").parts]
        package = names[:-1]
        modules.append((path, ".".join(package if names[-1] == "__init__" else names), ".".join(package)))
    return modules


def test_imports_point_down_only():
    wrong = [
        sentence
        for path, module, package in _modules()
        if module != "tfnas"
        for sentence in violations(path.read_text("utf-8"), module, package)
    ]
    assert not wrong, "\n".join(["Imports point down only:", *wrong])


def test_the_package_itself_imports_only_values():
    source = (ROOT / "__init__.py").read_text("utf-8")
    assert {part for _, part in imported_parts(source, "tfnas")} == {"architecture", "trial"}


def test_every_layer_is_named_once():
    parts = [part for layer in LAYERS for part in layer]
    assert len(parts) == len(set(parts))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("from tfnas.search import run", "line 1: imports tfnas.search, which points up"),
        ("import tfnas.search.loop", "line 1: imports tfnas.search, which points up"),
        ("from tfnas import errors, search", "imports tfnas.search, which points up"),
        ("def late():\n    from tfnas import tuner", "line 2: imports tfnas.tuner, which points up"),
        ("import tfnas\n\ntfnas.cli.main()", "line 3: imports tfnas.cli, which points up"),
        ("from ..search import run", "imports tfnas.search, which points up"),
        ("from .. import search", "imports tfnas.search, which points up"),
        ("import importlib\nimportlib.import_module('tfnas.search')", "line 2: imports tfnas.search, which points up"),
        ("if TYPE_CHECKING:\n    from tfnas.job import read", "line 2: imports tfnas.job, which points up"),
        ("from tfnas.strategies.base import Strategy", "imports tfnas.strategies, which points sideways"),
        ("from tfnas.brandnew import x", "imports tfnas.brandnew, which has no layer"),
    ],
)
def test_made_up_violations_are_caught(source, sentence):
    (found,) = violations(source, "tfnas.evaluators.base", "tfnas.evaluators")
    assert sentence in found


@pytest.mark.parametrize(
    "source",
    [
        "import tfnas\nprint(tfnas.__version__)",
        "from tfnas import Architecture, Split, __version__, data",
        "from tfnas.evaluators.training import jobs",
        "from . import base\nfrom .base import Evaluator\nfrom ..trial import Trial",
        "import tensorflow, tfnastic\nfrom tfnastic.search import x",
    ],
)
def test_imports_that_point_down_are_not_blamed(source):
    assert violations(source, "tfnas.evaluators.table", "tfnas.evaluators") == []


def test_values_of_the_package_count_as_their_parts():
    (found,) = violations("from tfnas import Architecture", "tfnas.errors", "tfnas")
    assert "imports tfnas.architecture, which points up" in found


def test_a_module_without_a_layer_is_told_what_to_do():
    (found,) = violations("", "tfnas.brandnew.part", "tfnas.brandnew")
    assert "tfnas.brandnew has no layer. Add it to LAYERS in test_layering.py" in found


def _loaded(statement: str) -> set[str]:
    """Returns the heavy packages that a fresh process has loaded after a statement."""
    script = f"{statement}\nimport sys\nprint(' '.join(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT.parent
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import tfnas; tfnas.spaces; tfnas.strategies; tfnas.data",
        "from tfnas import spaces; space = spaces.get('nasbench201'); space.canonical_key(next(space.enumerate()))",
        "import tfnas.runlog, tfnas.state, tfnas.leaderboard",
    ],
)
def test_light_parts_load_nothing_heavy(statement):
    assert _loaded(statement) == set()


def test_heavy_packages_would_be_seen():
    assert _loaded("import scipy") == {"scipy"}
