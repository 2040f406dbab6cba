"""A study in a space of 97 cells with made-up accuracies, for tests."""

import zlib

from tfnas import spaces
from tfnas.evaluators import Evaluator
from tfnas.job import SearchConfig
from tfnas.protocol import Line, Retraining, Row, Study, Table, columns
from tfnas.protocol.figures import Clouds, Curves, Drawings
from tfnas.protocol.sources import BestOf, Drawn, Given, Top
from tfnas.protocol.tables import Column
from tfnas.trial import Failure, Measurement

SPACE = "nasbench101,max_nodes=4"
SKELETON = {"stem_channels": 8, "modules_per_stack": 1}
TRAINED = SearchConfig(space=SPACE, final_epochs=2, skeleton=SKELETON)


def made_up(native, salt=""):
    return zlib.crc32((native + salt).encode()) / 2**32


def write_table(path):
    space = spaces.get(SPACE)
    lines = ["arch,valid,test"]
    for arch in space.enumerate():
        native = space.to_native(arch)
        lines.append(f'"{native}",{made_up(native)!r},{made_up(native, "test")!r}')
    path.write_text("\n".join(lines) + "\n")
    return path


class StubEvaluator(Evaluator):
    """Measures at once, by a checksum of network and seed; may be interrupted, and may fail."""

    space = spaces.get(SPACE)
    interruption = KeyboardInterrupt

    def __init__(self, interrupt_at=None, fail_at=None):
        self.calls = []
        self.interrupt_at, self.fail_at = interrupt_at, fail_at

    def value(self, arch, seed, kind):
        return made_up(self.space.to_native(arch), f"{kind}{seed}")

    def _measure(self, arch, seed, kind):
        if len(self.calls) == self.interrupt_at:
            raise self.interruption
        self.calls.append((kind, self.space.to_native(arch), seed))
        if len(self.calls) == self.fail_at:
            return Failure("out of luck")
        value = self.value(arch, seed, kind)
        return Measurement(value, {f"{kind}_accuracy": value})

    def stream(self, proposals, *, seeds):
        for index, (proposal, seed) in enumerate(zip(proposals, seeds)):
            yield index, self._measure(proposal.architecture, seed, "val")

    def finalize(self, architecture, *, seed, directory=None):
        return self._measure(architecture, seed, "test")

    def config(self):
        return {"input_shape": [8, 8, 3], "num_classes": 10, "skeleton": SKELETON}


def make_study(table, trials=12, seeds=2):
    search = SearchConfig(
        space=SPACE, strategy="random", trials=trials, evaluator="table", table=str(table), signal="valid",
        test_columns=("test",), distribution_samples=0,
    )  # fmt: skip
    evolution = SearchConfig(
        space=SPACE, strategy="regularized_evolution", trials=trials, evaluator="table", table=str(table),
        signal="valid", test_columns=("test",), seed=5,
    )  # fmt: skip
    given = spaces.get(SPACE).to_native(next(spaces.get(SPACE).enumerate()))
    return Study(
        "made-up",
        (Row("random", search, seeds), Row("evolution", evolution)),
        (
            Retraining("short", "random", Top("random", 3), TRAINED, 1, held_back=False),
            Retraining("top", "random", BestOf("short", 2), TRAINED, 3),
            Retraining("drawn", "drawn", Drawn("uniform", 2), TRAINED, 1),
            Retraining("given", "given", Given((given,)), TRAINED, 2),
        ),
        (
            Table(
                "table1",
                "Table 1",
                (
                    Column("chosen by", columns.chosen_by()),
                    Column("accuracy (%)", columns.retrained(), 1),
                    Column("best error (%)", columns.best_mean(error=True)),
                    Column("all (%)", columns.every()),
                    Column("best (%)", columns.best()),
                    Column("parameters (M)", columns.parameters(), 4),
                ),
                (Line("Top", "random", "top", {"accuracy (%)": "12.3 ± 0.4"}), Line("Given", None, "given")),
                "A note.",
            ),
            Table(
                "table2",
                "Table 2",
                (Column("error", columns.looked_up("test", 9, error=True, scale=10.0), 3),),
                (Line("Random", "random"), Line("Evolution", "evolution"), Line("Other", paper={"error": "5"})),
            ),
        ),
        (
            Curves("curves", ("random", "evolution"), "test", "test value"),
            Clouds("clouds", ("random",), 5),
            Drawings("best", {"random": Top("random", 2)}, SPACE),
        ),
    )
