"""What a job says about training reaches the recipe that its networks are trained by."""

from __future__ import annotations

import dataclasses

from tfnas.evaluators.training.recipe import TrainingRecipe
from tfnas.job import SearchConfig, make_evaluator

VALUES = {
    "epochs": 5,
    "last_epochs": 2,
    "final_epochs": 7,
    "batch_size": 48,
    "optimizer": "adamw",
    "learning_rate": 0.03,
    "weight_decay": 0.002,
    "pad_crop": 1,
    "flip": True,
    "cutout": 4,
    "final_cutout": 3,
    "label_smoothing": 0.15,
    "exit_weight": 0.25,
    "fraction": 0.5,
    "repeats": 3,
    "precision": "mixed_bfloat16",
    "skeleton": {"channels": 6},
}


def test_training_options_of_a_job_reach_the_recipe():
    config = SearchConfig(data="digits", **VALUES)
    shared = {field.name for field in dataclasses.fields(SearchConfig)} & {
        field.name for field in dataclasses.fields(TrainingRecipe)
    }
    assert shared == set(VALUES)
    for kind in (SearchConfig, TrainingRecipe):
        defaults = {field.name: field.default for field in dataclasses.fields(kind)}
        assert all(defaults[name] != value for name, value in VALUES.items())
    with make_evaluator(config) as evaluator:
        received = {name: getattr(evaluator.recipe, name) for name in VALUES}
    assert received == VALUES | {"skeleton": {"cells_per_stage": 1, "channels": 6}}
