"""`tfnas doctor`: which Python, TensorFlow, Kerases, devices and data there are, and what is wrong."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass

from tfnas.checks import available_cores

_PACKAGES = (
    "tensorflow",
    "keras",
    "tf-keras",
    "keras-tuner",
    "tensorboard",
    "tensorflow-gnn",
    "tensorflow-probability",
    "numpy",
    "scipy",
    "scikit-learn",
)
_PROBE = """
import json, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from tfnas._keras import graph_keras, keras3
legacy, modern = graph_keras(), keras3()
import tensorflow as tf, tensorflow_gnn, tensorflow_probability
print(json.dumps({
    "keras": modern.__version__, "backend": modern.backend.backend(), "graph keras": legacy.__version__,
    "devices": [device.name.replace("/physical_device:", "") for device in tf.config.list_physical_devices()],
}))
"""
_PROBE_LIMIT_S = 120
_ENOUGH_DISK = 2e9
_ENOUGH_MEMORY = 3e9


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What.
        value: What was found.
        problem: What is wrong with it and what to do; empty if nothing is.
    """

    name: str
    value: str
    problem: str = ""


def examine() -> tuple[str, bool]:
    """Looks at everything and returns the text to print and whether all is well."""
    findings = [_python(), *_packages(), *_probe(), _disk(), _memory(), *_data(), *_environment()]
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{'!!' if finding.problem else 'ok'}  {finding.name:<{width}}  {finding.value}")
        if finding.problem:
            lines.append(f"    {'':<{width}}  {finding.problem}")
    wrong = sum(bool(finding.problem) for finding in findings)
    lines.append("All is well." if not wrong else f"{wrong} of these need attention.")
    return "\n".join(lines), not wrong


def _python() -> Finding:
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding(
        "python",
        f"{platform.python_version()} ({sys.executable})",
        "" if supported else "Supported are Python 3.11 to 3.13: make a virtual environment with one of them.",
    )


def _packages() -> list[Finding]:
    from packaging.requirements import Requirement

    try:
        stated = [Requirement(text) for text in importlib.metadata.requires("tfnas") or ()]
    except importlib.metadata.PackageNotFoundError:
        stated = []
    bounds = {one.name: one.specifier for one in stated if one.marker is None}
    findings = []
    for name in _PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(name, "missing", f"Run: pip install '{name}{bounds.get(name, '')}'"))
            continue
        fits = name not in bounds or bounds[name].contains(version, prereleases=True)
        problem = "" if fits else f"Tested with {bounds[name]}. Run: pip install '{name}{bounds[name]}'"
        findings.append(Finding(name, version, problem))
    return findings


def _probe() -> list[Finding]:
    """Imports the heavy packages in a process of their own: a broken one may hang or abort."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=_PROBE_LIMIT_S,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        found = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return [Finding("import", "hangs", f"TensorFlow did not import within {_PROBE_LIMIT_S} s: reinstall it.")]
    except (ValueError, IndexError):
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return [Finding("import", "fails", last)]
    backend = found["backend"]
    return [
        Finding(
            "keras for networks",
            f"Keras {found['keras']}, backend {backend}",
            "" if backend == "tensorflow" else "Training needs the TensorFlow backend: unset KERAS_BACKEND.",
        ),
        Finding("keras for graph models", f"tf_keras {found['graph keras']}"),
        Finding("devices", ", ".join(found["devices"])),
    ]


def _disk() -> Finding:
    free = shutil.disk_usage(pathlib.Path.cwd()).free
    problem = "" if free >= _ENOUGH_DISK else "A run folder and TensorFlow's temporary files need some 2 GB."
    return Finding("free disk here", f"{free / 1e9:.1f} GB", problem)


def _memory() -> Finding:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # not on this system
        return Finding("memory", "unknown")
    problem = "" if total >= _ENOUGH_MEMORY else "Two training processes need up to 3 GB: use --workers 1."
    return Finding("memory", f"{total / 1e9:.1f} GB, {available_cores()} cores", problem)


def _data() -> list[Finding]:
    has_digits = importlib.util.find_spec("sklearn") is not None
    return [
        Finding(
            "data",
            "digits (embedded)" if has_digits else "none",
            "" if has_digits else "The digits come with scikit-learn. Run: pip install scikit-learn",
        ),
        _tables(),
    ]


def _tables() -> Finding:
    from tfnas.data import store
    from tfnas.data.home import data_dir

    states = {name: store.status(name).state for name in store.tables()}
    ready = [name for name, state in states.items() if state == "ready"]
    damaged = [name for name, state in states.items() if state == "damaged"]
    problem = f"Damaged: {', '.join(damaged)}. Run: tfnas data fetch NAME, or import it again." if damaged else ""
    return Finding("tables", f"{', '.join(ready) or 'none'} ({data_dir()})", problem)


def _environment() -> list[Finding]:
    names = ("KERAS_BACKEND", "TF_USE_LEGACY_KERAS", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "TFNAS_DATA_DIR")
    shown = [f"{name}={os.environ[name]}" for name in names if name in os.environ]
    legacy = os.environ.get("TF_USE_LEGACY_KERAS", "1").lower()
    problem = "" if legacy in ("1", "true") else "TF_USE_LEGACY_KERAS must be 1 or absent for graph models."
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        problem = f"KERAS_BACKEND is {backend}: training needs tensorflow. Unset it."
    return [Finding("environment", ", ".join(shown) or "nothing set that matters", problem)]
