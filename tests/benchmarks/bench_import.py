"""How long it takes until the library is there, against TensorFlow's own import."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from tests.benchmarks.line import Line

_RUNS = 7


def measure() -> list[Line]:
    """Times whole processes in turn and subtracts an empty one; medians."""
    commands = {
        "empty": ["-c", "pass"],
        "import tensorflow": ["-c", "import tensorflow"],
        "import tfnas": ["-c", "import tfnas"],
        "tfnas --help": ["-m", "tfnas", "--help"],
        "tfnas.spaces, strategies, data, evaluators": [
            "-c",
            "import tfnas; tfnas.spaces; tfnas.strategies; tfnas.data; tfnas.evaluators",
        ],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(_RUNS):
        for name, arguments in commands.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - started)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    own = {name: value - median["empty"] for name, value in median.items()}
    lines = [Line("import tensorflow", own["import tensorflow"], "s")]
    for name in list(commands)[2:]:
        lines.append(
            Line(name, own[name], "s", "ratio below 0.1", own[name] / own["import tensorflow"], "import tensorflow")
        )
    return lines
