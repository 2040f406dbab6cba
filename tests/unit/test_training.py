"""Training candidates: results, reproducibility, user objects, and everything that can go wrong."""

import math
import os
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from tfnas import data, spaces
from tfnas.errors import ConfigError, DataError, RunFolderError
from tfnas.evaluators import TrainingEvaluator, TrainingRecipe
from tfnas.evaluators.training import pool as pools
from tfnas.evaluators.training.batches import ArrayBatches, augment
from tfnas.trial import Failure, Measurement, Proposal, Split

SPACE = spaces.get("nasbench201")
SMALL = "|skip_connect~0|+|none~0|none~1|+|none~0|nor_conv_1x1~1|none~2|"
CELL = "|nor_conv_3x3~0|+|skip_connect~0|avg_pool_3x3~1|+|nor_conv_1x1~0|none~1|skip_connect~2|"
OBJECTS = "tests.unit.training_objects"
TINY = {"skeleton": {"cells_per_stage": 1, "channels": 4}, "epochs": 2, "workers": 1}


def proposal(native=SMALL, fidelity=None):
    return Proposal(SPACE.from_native(native), "test", fidelity)


@pytest.fixture(scope="module")
def digits():
    whole = data.digits()
    return tuple((split.x[:200], split.y[:200]) for split in (whole.train, whole.validation, whole.test))


def evaluator(digits, **options):
    return TrainingEvaluator(SPACE, digits[0], digits[1], **{**TINY, **options})


def one(digits, native=SMALL, seed=1, **options):
    with evaluator(digits, **options) as made:
        return made.evaluate([proposal(native)], seeds=[seed])[0]


def test_a_candidate_is_trained_and_measured_the_same_each_time(digits):
    with evaluator(digits, workers=2, epochs=6) as made:
        outcomes = made.evaluate([proposal(), proposal(CELL), proposal()], seeds=[1, 2, 1])
    first, other, again = outcomes
    assert isinstance(first, Measurement) and first.split is Split.VALIDATION
    assert first.objective == again.objective == pytest.approx(first.metrics["val_accuracy"])
    assert first.metrics["val_loss"] == again.metrics["val_loss"]
    assert other.metrics["val_loss"] != first.metrics["val_loss"]
    assert first.objective > 0.5  # ten classes
    assert first.fidelity == 6 and first.metrics["epochs"] == 6 and first.cost_s > 0


def test_another_seed_gives_another_training(digits):
    with evaluator(digits) as made:
        a, b = made.evaluate([proposal(), proposal()], seeds=[1, 2])
    assert a.metrics["loss"] != b.metrics["loss"]


def test_the_process_and_this_one_agree(digits):
    """The same arithmetic in both places: only the order of sums may differ."""
    outside = one(digits, isolation="subprocess", threads=1)
    inside = one(digits, isolation="inprocess")
    assert inside.metrics["loss"] == pytest.approx(outside.metrics["loss"], rel=1e-3)


def test_fidelity_sets_the_epochs(digits):
    with evaluator(digits) as made:
        (outcome,) = made.evaluate([proposal(fidelity=3)], seeds=[1])
    assert outcome.fidelity == 3 and outcome.metrics["epochs"] == 3


def test_a_minimised_objective_is_negated_once(digits):
    outcome = one(digits, objective=("val_loss", "min"))
    assert outcome.objective == pytest.approx(-outcome.metrics["val_loss"])
    assert outcome.objective < 0


def test_the_mean_of_the_last_epochs_and_of_several_seeds(digits):
    with evaluator(digits, epochs=4, last_epochs=4, isolation="inprocess") as made:
        (mean,) = made.evaluate([proposal()], seeds=[1])
    from tfnas.evaluators.training.trainer import train

    recipe = TrainingRecipe(epochs=4, last_epochs=4, skeleton=TINY["skeleton"])
    trained = train(proposal().architecture, made._task_data(), recipe, seed=1)
    assert mean.objective == pytest.approx(np.mean([logs["val_accuracy"] for logs in trained.history]))
    several = one(digits, repeats=2)
    assert several.objective == pytest.approx((several.metrics["repeat_0"] + several.metrics["repeat_1"]) / 2)


def test_keras_fit_does_the_same(digits):
    """Our loop against ``fit`` on the same batches in the same order: equal losses, epoch by epoch."""
    import tensorflow as tf

    from tfnas.evaluators.training.trainer import compiled, seeded, train

    batches, valid = (tf.data.Dataset.from_tensor_slices(part).batch(64) for part in digits[:2])
    options = {**TINY, "epochs": 3, "isolation": "inprocess", "num_classes": 10, "last_epochs": 3}
    made = TrainingEvaluator(SPACE, batches, valid, **options)
    arch = SPACE.from_native(CELL)
    ours = train(arch, made._task_data(), made.recipe, seed=4)
    with seeded(4):
        model = compiled(arch, made._task_data(), made.recipe, steps=3 * len(batches))
        theirs = model.fit(batches, validation_data=valid, epochs=3, verbose=0).history
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert theirs[name] == pytest.approx([logs[name] for logs in ours.history], rel=1e-4), name


def test_a_step_is_traced_once(digits, monkeypatch):
    """Three sizes of batches, several epochs, validation in each: one trace of each step."""
    from tfnas.evaluators.training import trainer

    traces = []
    original = trainer.TracedStep.__init__

    def counting(self, step):
        def counted(batch):
            traces.append(step.__name__)
            return step(batch)

        original(self, counted)

    monkeypatch.setattr(trainer.TracedStep, "__init__", counting)
    with evaluator(
        digits,
        isolation="inprocess",
        epochs=5,
        last_epochs=5,
        metrics=["accuracy", "sparse_top_k_categorical_accuracy"],
    ) as made:
        trainer.train(SPACE.from_native(CELL), made._task_data(), made.recipe, seed=1)
    assert sorted(traces) == ["test_step", "train_step"]


def test_weight_decay_is_the_penalty_of_published_recipes():
    """One step of SGD with penalty w against the closed form v - rate * (1 + momentum) * (g + w v)."""
    import keras

    from tfnas.evaluators.training.optimizers import make_optimizer

    optimizer = make_optimizer(TrainingRecipe(learning_rate=0.5, weight_decay=0.1, schedule="constant"), 10)
    variable = keras.Variable([2.0])
    optimizer.apply([keras.ops.convert_to_tensor([3.0])], [variable])
    expected = 2.0 - 0.5 * (1 + 0.9) * (3.0 + 0.1 * 2.0)  # Nesterov's first step looks ahead once
    assert float(variable.numpy()[0]) == pytest.approx(expected)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": f"{OBJECTS}:double_loss"},
        {"metrics": ["accuracy", f"{OBJECTS}:constant"]},
        {"optimizer": f"{OBJECTS}:sgd_of_mine"},
        {"head": f"{OBJECTS}:two_layers"},
        {"callbacks": [f"{OBJECTS}:StopsAfterTwo"], "epochs": 5},
        {"callbacks": [{"class_name": "EarlyStopping", "config": {"patience": 1, "monitor": "loss"}}]},
        {"callbacks": [f"{OBJECTS}:Prints"]},
        {"optimizer": "adamw", "learning_rate": 0.01},
        {"optimizer": "rmsprop"},
        {"precision": "mixed_bfloat16"},
        {"pad_crop": 1, "flip": True, "cutout": 2, "fraction": 0.5},
        {"patience": 1, "epochs": 6, "learning_rate": 1e-6},
    ],
    ids=str,
)
@pytest.mark.slow
def test_user_objects_travel_to_the_process(digits, options):
    outcome = one(digits, isolation="subprocess", **options)
    assert isinstance(outcome, Measurement), outcome
    if "metrics" in options:
        assert outcome.metrics["val_constant"] == pytest.approx(0.25)
    if options.get("callbacks") == [f"{OBJECTS}:StopsAfterTwo"]:
        assert outcome.metrics["epochs"] == 2
    if "patience" in options:
        assert outcome.metrics["epochs"] < 6


def test_keras_objects_travel_as_their_configuration(digits):
    import keras

    made = evaluator(
        digits,
        loss=keras.losses.SparseCategoricalCrossentropy(),
        optimizer=keras.optimizers.Adam(0.01),
        metrics=[keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="top2_accuracy")],
        objective="val_top2_accuracy",
    )
    assert made.config()["isolation"] == "subprocess"
    with made:
        (outcome,) = made.evaluate([proposal()], seeds=[1])
    assert outcome.objective == pytest.approx(outcome.metrics["val_top2_accuracy"])


def test_what_cannot_travel_stays_here_with_a_warning(digits):
    import keras

    seen = []
    with pytest.warns(UserWarning, match="nothing runs in parallel"):
        made = evaluator(
            digits, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: seen.append(e))]
        )
    (outcome,) = made.evaluate([proposal()], seeds=[1])
    assert isinstance(outcome, Measurement) and seen == [0, 1]
    assert made.parallelism == 1 and made.config()["recipe"]["callbacks"] == ["LambdaCallback"]
    with pytest.raises(ConfigError, match="another process"):
        evaluator(digits, loss=lambda y, p: 0.0, isolation="subprocess")


def test_tf_data_and_pydataset_give_what_arrays_give(digits):
    import keras
    import tensorflow as tf

    (x, y), (vx, vy) = digits[0], digits[1]

    class Plain(keras.utils.PyDataset):
        def __init__(self, x, y):
            super().__init__()
            self.x, self.y = x, y

        def __len__(self):
            return math.ceil(len(self.x) / 64)

        def __getitem__(self, index):
            part = slice(64 * index, 64 * (index + 1))
            return self.x[part], self.y[part]

    options = {"num_classes": 10, "isolation": "auto", "normalize": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        streamed = TrainingEvaluator(
            SPACE,
            tf.data.Dataset.from_tensor_slices((x, y)).batch(64),
            tf.data.Dataset.from_tensor_slices((vx, vy)).batch(64),
            **{**TINY, **options},
        )
        listed = TrainingEvaluator(SPACE, Plain(x, y), Plain(vx, vy), input_shape=(8, 8, 1), **{**TINY, **options})
    (a,) = streamed.evaluate([proposal()], seeds=[3])
    (b,) = listed.evaluate([proposal()], seeds=[3])
    assert isinstance(a, Measurement)
    assert a.objective == b.objective and a.metrics["loss"] == pytest.approx(b.metrics["loss"], rel=1e-5)


@pytest.mark.parametrize(
    "callback, reason",
    [
        ("Dies", "SIGKILL, as the system does when memory runs out"),
        ("Raises", "user code has a mistake"),
        ("OutOfMemory", "out of memory"),
    ],
)
def test_what_a_candidate_dies_of_is_a_failure_with_its_reason(digits, callback, reason):
    outcome = one(digits, callbacks=[f"{OBJECTS}:{callback}"])
    assert isinstance(outcome, Failure) and reason in outcome.reason


def test_after_a_crash_the_next_candidate_is_trained(digits):
    with evaluator(digits, callbacks=[f"{OBJECTS}:DiesForSome"]) as made:
        outcomes = made.evaluate([proposal(), proposal(CELL), proposal()], seeds=[1, 2, 3])
    assert [type(outcome).__name__ for outcome in outcomes] == ["Measurement", "Failure", "Measurement"]


def test_a_loss_that_is_not_finite_is_a_failure(digits):
    outcome = one(digits, loss=f"{OBJECTS}:nan_loss", objective=("val_accuracy", "max"))
    assert isinstance(outcome, Failure) and "loss is nan in epoch 1" in outcome.reason


@pytest.mark.slow
def test_the_time_limit_holds_between_steps_and_for_a_process_that_hangs(digits, monkeypatch):
    slow = one(digits, timeout_s=0.05, epochs=500)
    assert isinstance(slow, Failure) and "time limit reached in epoch" in slow.reason
    monkeypatch.setattr(pools, "_GRACE_S", 1.0)
    monkeypatch.setattr(pools, "_START_S", 0.0)
    started = time.monotonic()
    hung = one(digits, timeout_s=3.0, callbacks=[f"{OBJECTS}:Hangs"])
    assert isinstance(hung, Failure) and "time limit: no answer" in hung.reason
    assert time.monotonic() - started < 60


@pytest.mark.slow
def test_processes_are_replaced_and_leave_nothing_behind(digits):
    with evaluator(digits, recycle_after=2) as made:
        seen = set()
        for seed in range(4):
            made.evaluate([proposal()], seeds=[seed])
            seen |= {worker.pid for worker in made._pool._alive}
        folder = made._folder.name
        alive = [worker.pid for worker in made._pool._alive]
    assert len(seen) >= 2
    assert not os.path.exists(folder)
    for pid in alive:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.slow
def test_processes_end_with_the_search_even_when_it_is_killed(digits, tmp_path):
    script = """
import sys, time
import numpy as np
from tests.unit.test_training import *
digits = tuple((s.x[:200], s.y[:200]) for s in (data.digits().train, data.digits().validation, data.digits().test))
made = evaluator(digits, epochs=10000)
made.check()
print(*[w.pid for w in made._pool._alive], flush=True)
made.evaluate([proposal()], seeds=[1])
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pids = [int(word) for word in process.stdout.readline().split()]
    assert pids
    time.sleep(2)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_the_winner_is_saved_for_processes_that_know_nothing_of_this_library(digits, tmp_path):
    with TrainingEvaluator(SPACE, *digits, **TINY, final_epochs=8) as made:
        outcome = made.finalize(SPACE.from_native(CELL), seed=1, directory=tmp_path)
    assert outcome.split is Split.TEST and set(outcome.metrics) == {"test_loss", "test_accuracy", "epochs"}
    np.save(tmp_path / "x.npy", digits[2][0])
    code = f"""
import sys, numpy as np
sys.path = [p for p in sys.path if p not in ("", {os.getcwd()!r})]
x = np.load({str(tmp_path / "x.npy")!r})
import tensorflow as tf
network = tf.saved_model.load({str(tmp_path / "best_savedmodel")!r})
served = network.serve(x).numpy()
import keras
loaded = keras.models.load_model({str(tmp_path / "best.keras")!r}).predict(x, verbose=0)
assert not any(name.startswith("tfnas") for name in sys.modules)
np.save({str(tmp_path / "out.npy")!r}, np.stack([served, loaded]))
"""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    served, loaded = np.load(tmp_path / "out.npy")
    np.testing.assert_allclose(served, loaded, atol=1e-5)
    accuracy = float((served.argmax(-1) == digits[2][1]).mean())
    assert accuracy == pytest.approx(outcome.metrics["test_accuracy"], abs=1e-6)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_without_a_test_split_the_winner_is_measured_on_validation(digits, tmp_path):
    with evaluator(digits) as made:
        outcome = made.finalize(SPACE.from_native(SMALL), seed=1, directory=tmp_path)
    assert outcome.split is Split.VALIDATION and "validation_accuracy" in outcome.metrics


def test_regression_with_a_named_head():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 6, 6, 1)).astype("float32")
    y = x.mean(axis=(1, 2, 3)).astype("float32")
    with TrainingEvaluator(
        SPACE,
        (x, y),
        (x[:40], y[:40]),
        head="regression",
        loss="mse",
        metrics=["mae"],
        objective=("val_mae", "min"),
        **TINY,
    ) as made:
        (outcome,) = made.evaluate([proposal()], seeds=[1])
    assert outcome.objective == pytest.approx(-outcome.metrics["val_mae"])
    assert made.validation_size is None


# ---- bad input: one clear error before any work


def refuse(error, match, digits, **options):
    with pytest.raises(error, match=match):
        evaluator(digits, **options)


def test_bad_arguments_are_refused_before_any_process_starts(digits, monkeypatch):
    monkeypatch.setattr(pools.subprocess, "Popen", None)
    refuse(ConfigError, "epochs: expected a positive integer; received 0", digits, epochs=0)
    refuse(ConfigError, "fields of TrainingRecipe.*received epoch", digits, epoch=3)
    refuse(ConfigError, "last_epochs: expected at most the 2 epochs", digits, last_epochs=3)
    refuse(ConfigError, "learning_rate", digits, learning_rate=float("nan"))
    refuse(ConfigError, "fraction", digits, fraction=0)
    refuse(ConfigError, "precision", digits, precision="half")
    refuse(ConfigError, "objective.*Whether more or less is better", digits, objective="val_wonder")
    refuse(ConfigError, "objective: expected the name of a validation value", digits, objective=("accuracy", "max"))
    refuse(
        ConfigError,
        "skeleton of nasbench201: expected cells_per_stage, channels; received width",
        digits,
        skeleton={"width": 3},
    )
    refuse(ConfigError, "timeout_s", digits, timeout_s=0)
    refuse(ConfigError, "isolation", digits, isolation="docker")
    refuse(ConfigError, "workers", digits, workers=-1)


def test_bad_examples_are_refused(digits):
    (x, y), valid = digits[0], digits[1]
    refuse(DataError, "train images: expected four axes", [(x[..., 0], y), valid])
    refuse(DataError, "train images: expected dtype uint8 or a float", [(x.astype("int32"), y), valid])
    refuse(DataError, "train images: expected at least one", [(x[:0], y[:0]), valid])
    refuse(DataError, "200 labels, one an image; received 150", [(x, y[:150]), valid])
    refuse(
        DataError,
        "validation images: expected shape \\(8, 8, 1\\)",
        [(x, y), (np.zeros((5, 9, 8, 1), "f4"), np.zeros(5, int))],
    )
    refuse(
        DataError,
        "validation labels: expected integers from 0 to 9; received 10 at position 0",
        [(x, y), (valid[0][:2], np.array([10, 0]))],
    )
    refuse(
        DataError, "train labels: expected finite", [(x, np.full(len(y), np.nan)), valid], head="regression", loss="mse"
    )
    refuse(
        DataError,
        "received nan or inf in example 3",
        [(np.where(np.arange(len(x))[:, None, None, None] == 3, np.inf, x).astype("f4"), y), valid],
    )
    refuse(DataError, "integer class labels; received dtype float32.*head='regression'", [(x, y.astype("f4")), valid])
    refuse(DataError, "train examples: expected Examples", [None, valid])


@pytest.mark.parametrize(
    "options, match",
    [
        ({"objective": ("val_f1", "max")}, "objective: expected one of val_accuracy, val_loss; received 'val_f1'"),
        ({"loss": "no_such_loss"}, "loss: expected something that Keras knows"),
        ({"callbacks": ["NoSuchCallback"]}, "callback: expected the name of a class in keras.callbacks"),
        ({"loss": "tests.unit.training_objects:missing"}, "'module:attribute' of a module that can be imported"),
    ],
    ids=str,
)
def test_a_recipe_that_cannot_work_is_refused_before_the_first_candidate(digits, options, match):
    with evaluator(digits, **options) as made, pytest.raises(ConfigError, match=match):
        made.evaluate([proposal()], seeds=[1])


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_said(digits, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with evaluator(digits) as made, pytest.raises(RunFolderError, match="a place that can be written"):
        made.finalize(SPACE.from_native(SMALL), seed=1, directory=tmp_path / "file")


# ---- batches and augmentation


def test_batches_cover_every_example_once_in_a_seeded_order():
    x, y = np.arange(10, dtype="f4").reshape(10, 1, 1, 1), np.arange(10)
    batches = list(ArrayBatches(x, y, 4, np.random.default_rng(0)))
    assert [len(b[1]) for b in batches] == [4, 4, 2]
    order = np.concatenate([b[1] for b in batches])
    assert sorted(order) == list(range(10)) and list(order) != list(range(10))
    assert all((b[0].ravel() == b[1]).all() for b in batches)
    again = np.concatenate([b[1] for b in ArrayBatches(x, y, 4, np.random.default_rng(0))])
    assert (order == again).all()


def test_augmentation_against_a_loop_over_images():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20, 5, 6, 2)).astype("f4")
    shifted = augment(x, np.random.default_rng(1), pad_crop=2)
    offsets = np.random.default_rng(1).integers(5, size=(2, 20))
    for image, (top, left), got in zip(x, offsets.T, shifted):
        padded = np.pad(image, ((2, 2), (2, 2), (0, 0)))
        np.testing.assert_array_equal(got, padded[top : top + 5, left : left + 6])
    flipped = augment(x, np.random.default_rng(2), flip=True)
    same = [np.array_equal(a, b) for a, b in zip(x, flipped)]
    mirrored = [np.array_equal(a[:, ::-1], b) for a, b in zip(x, flipped)]
    assert all(a != b for a, b in zip(same, mirrored)) and 0 < sum(same) < 20
    blanked = augment(np.ones((30, 8, 8, 1), "f4"), np.random.default_rng(4), cutout=3)
    zeros = (blanked == 0).sum(axis=(1, 2, 3))
    assert zeros.max() == 9 and zeros.min() >= 4  # a square in a corner keeps at least 2 by 2


# ---- what users bring along


def test_a_layer_as_head_has_new_weights_for_each_candidate(digits):
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = evaluator(digits, head=keras.layers.Dense(10, activation="softmax"))
    first, second = made.evaluate([proposal(), proposal()], seeds=[1, 1])
    assert first.metrics["loss"] == second.metrics["loss"]


def test_a_loss_keeps_its_arguments_even_without_a_configuration(digits):
    import keras

    class Scaled(keras.losses.Loss):
        def __init__(self, scale=1.0, **arguments):
            super().__init__(**arguments)
            self.scale = scale

        def call(self, y_true, y_pred):
            return self.scale * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

    with pytest.warns(UserWarning, match="cannot be sent"):
        made = evaluator(digits, loss=Scaled(scale=1000.0), learning_rate=1e-6)
    (outcome,) = made.evaluate([proposal()], seeds=[1])
    assert outcome.metrics["loss"] > 500


def test_fewer_examples_are_for_candidates_and_not_for_the_winner(digits, monkeypatch):
    from tfnas.evaluators.training import jobs

    seen = []
    monkeypatch.setattr(jobs, "train", lambda *a, **k: seen.append(a[2].fraction) or (_ for _ in ()).throw(MemoryError))
    made = TrainingEvaluator(SPACE, *digits, **{**TINY, "fraction": 0.25, "isolation": "inprocess"})
    made._checked = True
    made.evaluate([proposal()], seeds=[1])
    made.finalize(proposal().architecture, seed=1)
    assert seen == [0.25, 1.0]


def test_a_data_set_that_does_not_know_its_length_is_refused_at_once(digits):
    import tensorflow as tf

    endless = tf.data.Dataset.from_tensor_slices(digits[0]).batch(64).repeat()
    valid = tf.data.Dataset.from_tensor_slices(digits[1]).batch(64)
    options = {**TINY, "num_classes": 10, "isolation": "inprocess"}
    with pytest.raises(ConfigError, match="finite number of batches"):
        TrainingEvaluator(SPACE, endless, valid, **options).check()
    filtered = valid.filter(lambda x, y: True)
    with pytest.raises(ConfigError, match="assert_cardinality"):
        TrainingEvaluator(SPACE, valid, filtered, **options).check()


def test_an_architecture_that_is_no_member_fails_alone(digits):
    from tfnas.architecture import Architecture

    foreign = Architecture("nasbench201", ("input", "output"), ((0, 1),))
    with evaluator(digits, isolation="inprocess") as made:
        bad, good = made.evaluate([Proposal(foreign), proposal()], seeds=[1, 2])
    assert isinstance(bad, Failure) and "NAS-Bench-201" in bad.reason and isinstance(good, Measurement)


@pytest.mark.parametrize(
    "name, direction",
    [
        ("val_accuracy", "max"),
        ("val_auc", "max"),
        ("val_loss", "min"),
        ("val_cauchy_loss", "min"),
        ("val_mae", "min"),
        ("val_f1_loss", None),
        ("val_auc_error", None),
        ("val_wonder", None),
    ],
)
def test_the_direction_of_an_objective_is_told_by_whole_words_or_not_at_all(name, direction):
    from tfnas.evaluators.training.arguments import name_and_direction

    if direction is None:
        with pytest.raises(ConfigError, match="objective"):
            name_and_direction(name)
    else:
        assert name_and_direction(name) == (name, direction)


def test_labels_in_a_column_are_labels(digits):
    made = evaluator([(digits[0][0], digits[0][1][:, None]), digits[1]])
    assert made.recipe.num_classes == 10


def test_a_space_of_the_users_own_is_trained_in_the_processes(digits):
    """A space that only the test knows: the processes learn of it by its module."""
    from tests.unit.users_space import ChainSpace

    spaces.register(ChainSpace)
    made = TrainingEvaluator(ChainSpace(), *digits[:2], epochs=1, workers=1, isolation="subprocess")
    with made:
        (outcome,) = made.evaluate([Proposal(ChainSpace().from_native("ab"))], seeds=[1])
    assert isinstance(outcome, Measurement), outcome
