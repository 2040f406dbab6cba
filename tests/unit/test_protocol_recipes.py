"""The recipes of GraphPNAS have the values of the paper."""

import dataclasses

import numpy as np
import pytest

from recipes.darts import graphpnas as darts
from recipes.enas_macro import graphpnas as enas_macro
from recipes.nasbench101 import graphpnas as nasbench101
from recipes.nasbench201 import graphpnas as nasbench201
from recipes.randwire import graphpnas as randwire
from tfnas import spaces, strategies
from tfnas.errors import ConfigError
from tfnas.evaluators.training.batches import augment
from tfnas.job import make_evaluator
from tfnas.protocol.sources import BestOf, Drawn, Given, Samples, Top

SGD = {"optimizer": "sgd"}
RECIPES = (randwire, enas_macro, nasbench101, nasbench201, darts)


@pytest.mark.parametrize(
    ("study", "row", "values"),
    [
        # section 4.1, table 10: a tenth of the images is the protocol's
        (
            randwire.STUDIES["tiny_imagenet"],
            "graphpnas",
            {
                "trials": 320, "epochs": 300, "last_epochs": 3, "batch_size": 256, "learning_rate": 0.1,
                "weight_decay": 1e-4, "protocol": "graphpnas_randwire", "image_size": 224, "pad_crop": 4, "flip": True,
                "distribution_samples": 4, "strategy_options": {"configuration": "randwire_paper"}, **SGD,
            },
        ),
        (randwire.STUDIES["tiny_imagenet"], "rnn", {"strategy": "rnn_reinforce", "trials": 320, "epochs": 300}),
        # appendix B
        (
            randwire.STUDIES["nago"],
            "graphpnas",
            {
                "space": "randwire,stages=True", "trials": 600, "epochs": 100, "data": "cifar10",
                "distribution_samples": 8,
            },
        ),
        # section 4.2
        (
            enas_macro.STUDIES["cifar10"],
            "graphpnas",
            {"trials": 300 * 100, "distribution_samples": 8, "strategy_options": {"configuration": "enas_macro_paper"}},
        ),
        # section 4.3
        (
            nasbench101.STUDIES["nasbench101"],
            "graphpnas",
            {"trials": 300, "repeat": "mean", "strategy_options": {"configuration": "nasbench101_paper"}},
        ),
        # appendix A
        (nasbench201.STUDIES["analog"], "graphpnas", {"trials": 150, "evaluator": "table", "table": None}),
        (
            nasbench201.STUDIES["nats_tss"],
            "cifar10-released",
            {"trials": 150, "table": "nats_tss", "strategy_options": {"configuration": "nasbench201_released"}},
        ),
        (nasbench201.STUDIES["nats_tss"], "cifar100-graphpnas", {"trials": 80, "signal": "cifar100:x-valid@200"}),
        (nasbench201.STUDIES["nats_tss"], "imagenet16-graphpnas", {"trials": 60}),
        # appendix C
        (
            darts.STUDIES["cifar10"],
            "graphpnas",
            {
                "trials": 96, "epochs": 50, "learning_rate": 0.025, "weight_decay": 3e-4, "validation": 0.2,
                "strategy_options": {"configuration": "darts_paper"}, **SGD,
            },
        ),
        (darts.STUDIES["cifar100"], "graphpnas", {"trials": 96, "data": "cifar100"}),
    ],
)  # fmt: skip
def test_searches(study, row, values):
    search = study.row(row).search
    assert {name: getattr(search, name) for name in values} == values


@pytest.mark.parametrize(
    ("study", "retraining", "seeds", "source", "values"),
    [
        (randwire.STUDIES["tiny_imagenet"], "graphpnas", 3, Samples("graphpnas"), {"final_epochs": 300}),
        (randwire.STUDIES["tiny_imagenet"], "er-topk", 3, Top("er", 4), {"batch_size": 256, "weight_decay": 1e-4}),
        (
            randwire.STUDIES["tiny_imagenet"],
            "ws-best-low",
            3,
            Drawn({"name": "watts_strogatz", "k": 4, "p": 0.75}, 4),
            {"epochs": 300},
        ),
        (
            randwire.STUDIES["tiny_imagenet"],
            "graphpnas-large",
            3,
            BestOf("graphpnas", 1),
            {"skeleton": {"channels": 64, "head_channels": 1280, "large": True}},
        ),
        (enas_macro.STUDIES["cifar10"], "graphpnas-short", 1, Samples("graphpnas"), {"epochs": 100}),
        (
            enas_macro.STUDIES["cifar10"],
            "graphpnas",
            1,
            BestOf("graphpnas-short", 4),
            {"final_epochs": 600, "learning_rate": 0.1, "batch_size": 256, "weight_decay": 2e-4},
        ),
        (
            darts.STUDIES["cifar10"],
            "graphpnas",
            3,
            Top("graphpnas", 1),
            {"final_epochs": 600, "learning_rate": 0.025, "weight_decay": 3e-4, "pad_crop": 4, "flip": True},
        ),
    ],
)
def test_retrainings(study, retraining, seeds, source, values):
    part = study.retraining(retraining)
    assert (part.seeds, part.source) == (seeds, source)
    assert {name: getattr(part.config, name) for name in values} == values


def test_runs_of_a_row_are_those_of_the_paper():
    for study in (nasbench101.STUDIES["nasbench101"], *nasbench201.STUDIES.values()):
        assert {row.seeds for row in study.rows} == {10}


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_search_can_be_built(recipe):
    for study in recipe.STUDIES.values():
        for row in study.rows:
            make = strategies.get(row.search.strategy)
            made = make(spaces.get(row.search.space), seed=0, **row.search.strategy_options)
            assert made.name == row.search.strategy


def test_random_search_draws_from_its_model_alone():
    study = randwire.STUDIES["tiny_imagenet"]
    for row, prior in (("er", randwire.ER), ("ws", randwire.WS)):
        search = study.row(row).search
        made = strategies.get(search.strategy)(spaces.get(search.space), seed=0, **search.strategy_options)
        assert {proposal.source for proposal in made.ask(12)} == {"explorer"}
        assert made.settings.explorer == prior and made.settings.explore.values == (1.0,)


def test_the_fully_connected_graph_is_the_papers():
    source = randwire.STUDIES["tiny_imagenet"].retraining("fc").source
    assert isinstance(source, Given)
    space = spaces.get("randwire")
    (chosen,) = source.choose(None, space)
    assert space.to_matrix(chosen.architecture).sum() == 32 * 31 // 2
    millions = space.cost(chosen.architecture, (224, 224, 3), 200).params / 1e6
    assert millions == pytest.approx(3.49, rel=0.01)  # table 2


def test_the_large_sizes_are_near_the_papers():
    space = spaces.get("randwire")
    part = randwire.STUDIES["tiny_imagenet"].retraining("ws-best")
    archs = [one.architecture for one in Drawn(randwire.WS_BEST, 4).choose(None, space)]
    for large, wanted in ((False, 3.22), (True, 19.38)):  # table 2, WS-Top1
        sizes = {**part.config.skeleton, "large": large}
        assert np.mean([space.cost(arch, (224, 224, 3), 200, **sizes).params for arch in archs]) / 1e6 == pytest.approx(
            wanted, rel=0.05
        )
    space = spaces.get("enas_macro")
    archs = [one.architecture for one in Drawn({"name": "erdos_renyi", "p": 0.4}, 30).choose(None, space)]
    for config, wanted in ((enas_macro.RETRAINED, 20.47), (enas_macro.LARGE, 37.71)):  # table 3
        costs = [space.cost(arch, (32, 32, 3), 10, **config.skeleton).params for arch in archs]
        assert np.mean(costs) / 1e6 == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_smoke_study_is_a_part_of_a_real_one(recipe, tmp_path):
    small = recipe.smoke(tmp_path)
    studies = recipe.STUDIES.values()
    assert len(small.rows) == 2
    assert any(set(small.names) <= set(study.names) for study in studies)


def test_arguments_that_no_option_has_reach_the_trainings():
    config = dataclasses.replace(enas_macro.SMOKE, epochs=3)
    given = enas_macro.STUDIES["cifar10"].retraining("graphpnas").training
    top5 = randwire.STUDIES["tiny_imagenet"].retraining("graphpnas").training
    with make_evaluator(config, **given, **top5) as evaluator:
        assert (evaluator.recipe.cutout, evaluator.recipe.cutout_probability, evaluator.recipe.epochs) == (2, 0.4, 3)
        assert evaluator.recipe.metrics == ("accuracy", "sparse_top_k_categorical_accuracy")
    with pytest.raises(ConfigError, match="cutout_probability"):
        make_evaluator(config, cutout_probability=0.0)


def test_cutout_reaches_the_share_that_is_asked_for():
    images = np.ones((4000, 6, 6, 1), "float32")
    for share in (0.4, 1.0):
        seen = augment(images, np.random.default_rng(0), cutout=3, cutout_probability=share)
        blanked = (seen == 0).any(axis=(1, 2, 3)).mean()
        assert blanked == pytest.approx(share, abs=0.03)
    plain = augment(images, np.random.default_rng(1), cutout=3)
    again = augment(images, np.random.default_rng(1), cutout=3, cutout_probability=1.0)
    assert np.array_equal(plain, again)
