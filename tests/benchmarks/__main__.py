"""Prints the benchmark table: ``python -m tests.benchmarks [--search] [topic ...]``.

Speed topics run by default. ``--search`` adds the search-quality topics, which take many minutes.
Every topic is a module ``bench_<topic>.py`` (speed) or ``study_<topic>.py`` (search quality) in this
folder with a function ``measure() -> list[Line]``.
"""

from __future__ import annotations

import argparse
import importlib
import pathlib
import time


def main() -> None:
    folder = pathlib.Path(__file__).parent
    topics = {
        path.stem.partition("_")[2]: path.stem
        for path in sorted(folder.glob("*_*.py"))
        if path.stem.startswith(("bench_", "study_"))
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", choices=[[], *topics], help="only these (default: all speed topics)")
    parser.add_argument("--search", action="store_true", help="also the search-quality studies")
    arguments = parser.parse_args()
    chosen = arguments.topics or [
        topic for topic, module in topics.items() if arguments.search or module.startswith("bench_")
    ]
    print(f"{'figure':<72}{'value':>14} {'unit':<12}{'ratio':>8}  against / target")
    for topic in chosen:
        start = time.perf_counter()
        for line in importlib.import_module(f"tests.benchmarks.{topics[topic]}").measure():
            ratio = "" if line.ratio is None else f"{line.ratio:.3g}"
            note = "; ".join(part for part in (line.against, line.target and f"target {line.target}") if part)
            figure = f"{line.figure:,}" if isinstance(line.figure, int) else f"{line.figure:.6g}"
            print(f"{line.name:<72}{figure:>14} {line.unit:<12}{ratio:>8}  {note}", flush=True)
        print(f"-- {topic}: {time.perf_counter() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
