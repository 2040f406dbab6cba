"""The NAS-Bench-201 table from PyPI beside the published accuracies, which need a file (see `tests.realdata`)."""

from __future__ import annotations

from scipy.stats import pearsonr, spearmanr

from tests.benchmarks.line import Line
from tests.realdata import find_real_data, real_table
from tfnas.data import Table
from tfnas.spaces import NASBench201

PUBLISHED = "nasbench201.csv.gz"
COLUMNS = ("baseline_accuracy", "ptq_accuracy", "qat_accuracy", "noisy_accuracy", "analog_accuracy")


def measure() -> list[Line]:
    """Correlates its columns with the accuracies after 200 epochs; nothing where these are absent."""
    path = find_real_data(PUBLISHED)
    if path is None:
        print(f"pypi_table: {PUBLISHED} is absent; set TFNAS_TEST_DATA to the folder that has it")
        return []
    published, ours = Table.from_csv(path, NASBench201()), real_table()
    rows = ours.rows.find(published.rows.natives)
    lines = [Line("cells that both have", int((rows >= 0).sum()), "cells", "15,625")]
    reference = published.column("cifar10_test_200ep")
    targets = {"baseline_accuracy": (".9994", ".991")}
    for column in COLUMNS:
        values = ours.column(column)[rows]
        for k, (name, measure) in enumerate((("Pearson", pearsonr), ("Spearman", spearmanr))):
            figure = float(measure(values, reference)[0])
            lines.append(Line(f"{column}, {name}'s correlation", figure, "", targets.get(column, ("", ""))[k]))
    return lines
