"""Every evaluator keeps its contract, and the kit notices when one does not."""

import numpy as np
import pytest

from tfnas import data, spaces
from tfnas.evaluators import Evaluator, TableEvaluator, TrainingEvaluator
from tfnas.testing import check_evaluator
from tfnas.trial import Measurement, Proposal

SPACE = spaces.get("nasbench201")
NATIVES = (
    "|skip_connect~0|+|none~0|none~1|+|none~0|nor_conv_1x1~1|none~2|",
    "|avg_pool_3x3~0|+|none~0|none~1|+|none~0|nor_conv_1x1~1|none~2|",
)
PROPOSALS = [Proposal(SPACE.from_native(native), "test") for native in NATIVES]


def training(isolation):
    digits = data.digits()
    return TrainingEvaluator(
        SPACE,
        (digits.train.x[:128], digits.train.y[:128]),
        (digits.validation.x[:100], digits.validation.y[:100]),
        epochs=1,
        skeleton={"cells_per_stage": 1, "channels": 4},
        isolation=isolation,
    )


@pytest.mark.parametrize("isolation", ["subprocess", "inprocess"])
def test_training(isolation):
    check_evaluator(training(isolation), PROPOSALS)


def test_table(tmp_path):
    path = tmp_path / "made.csv"
    path.write_text("arch,valid,test\n" + "".join(f"{native},0.{k}5,0.{k}\n" for k, native in enumerate(NATIVES)))
    table = data.Table.from_csv(path, SPACE)
    check_evaluator(TableEvaluator(table, "valid", test=["test"]), PROPOSALS)


class Careless(Evaluator):
    """Ignores which proposal it is asked about when it is asked about several."""

    space = SPACE

    def stream(self, proposals, *, seeds):
        for index in range(len(seeds)):
            yield index, Measurement(float(len(proposals)))

    def config(self):
        return {"name": "careless"}


class Noisy(Careless):
    is_repeatable = True

    def stream(self, proposals, *, seeds):
        for index, seed in enumerate(seeds):
            yield index, Measurement(float(np.random.default_rng(seed).random()))


@pytest.mark.parametrize("kind, sentence", [(Careless, "measured alone"), (Noisy, "seeds do not matter, but they do")])
def test_the_kit_notices(kind, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_evaluator(kind(), PROPOSALS)
