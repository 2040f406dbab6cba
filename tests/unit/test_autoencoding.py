"""Trainings of autoencoders in folders: graphs, splits, cards, going on, and what is measured."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.unit.test_enas_table import made_up, write
from tfnas import autoencoding, spaces
from tfnas.autoencoding import TrainingJob, evaluate, graphs_of, held_out, measures, read_card, train
from tfnas.autoencoding.splits import split
from tfnas.data.tables import enas
from tfnas.errors import ConfigError, DataError, StateError, UnknownNameError
from tfnas.models import autoencoders, latent_priors
from tfnas.models.autoencoder import GraphArrays, isomorphs, metrics
from tfnas.models.autoencoder.walkback import walked_back
from tfnas.models.svge import COMPACT

TINY = {"hidden": [8], "latent": 4}
JOB = TrainingJob(model="gae", space="nasbench_macro", options=TINY, count=120, epochs=3, split_seed=1, seed=2)
EVALUATED = {"priors": ["scaled", "gaussian"], "points": 20, "independent": 50, "pairs": 10, "limit": 9, "seed": 3}
ENAS = spaces.get("enas_macro,layers=6")


class Stop(KeyboardInterrupt):
    pass


def stop_at(number: int, found: list):
    """Returns an observer that keeps what it sees, and is interrupted by the one of this number."""

    def observe(one):
        found.append(one)
        if len(found) == number:
            raise Stop

    return observe


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a training that was not stopped, and its epochs."""
    folder, epochs = tmp_path_factory.mktemp("whole"), []
    train(JOB, folder, on_epoch=epochs.append)
    return folder, epochs


def _job(**changes) -> TrainingJob:
    return dataclasses.replace(JOB, **changes)


def _enas_job(path, **changes) -> TrainingJob:
    return TrainingJob(model="svge", space=ENAS.name, graphs=path, **changes)


# which graphs


def test_small_spaces_are_taken_whole():
    found = graphs_of(TrainingJob(model="gae", space="nasbench_macro"))
    assert set(found.natives) == {"".join(digits) for digits in itertools.product("012", repeat=8)}
    assert len(found.natives) == 6561


def test_nasbench101_is_taken_one_member_a_network():
    space = spaces.get("nasbench101,max_nodes=5")
    found = graphs_of(TrainingJob(model="gae", space=space.name))
    keys = [space.canonical_key(space.from_native(native)) for native in found.natives]
    assert set(keys) == {space.canonical_key(arch) for arch in space.enumerate()}
    assert len(set(keys)) == len(keys)


def test_counts_draw_members_by_the_seed_of_the_split():
    job = TrainingJob(model="gae", space="nasbench201", count=200)
    one, again = graphs_of(job), graphs_of(job)
    other = graphs_of(dataclasses.replace(job, split_seed=1))
    assert one.natives == again.natives and one.digest == again.digest
    assert one.natives != other.natives and one.digest != other.digest
    assert len(set(one.natives)) == 200
    # uniform: those without `none` are (4/5) ** 6 of all
    many = graphs_of(dataclasses.replace(job, count=3000)).natives
    assert np.mean(["none" not in native for native in many]) == pytest.approx(0.8**6, abs=0.04)


@pytest.mark.parametrize("space", ["enas_macro,layers=6", "darts,shared=True", "fairnas"])
def test_members_of_large_spaces_are_drawn_without_repeats(space):
    found = graphs_of(TrainingJob(model="gae", space=space, count=150))
    keys = {found.space.canonical_key(arch) for arch in found.archs(range(150))}
    assert len(found.natives) == len(keys) == 150


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"space": "nasbench_macro", "count": 6562}, "at most 6,561"),
        ({"space": "nasbench101,max_nodes=3", "count": 8}, "at most 7"),
        ({"space": "enas_macro,layers=1", "count": 7}, "at most 6 networks"),
        ({"space": "nasbench_macro", "count": 6500, "drawn": 4000}, "networks of nasbench_macro"),
        ({"space": "enas_macro"}, "--count N"),
        ({"space": "nasbench_macro", "count": 4}, "leaves groups on both sides"),
        ({"space": "nasbench_macro", "count": 1, "split": "line"}, "leaves graphs on both sides"),
    ],
)
def test_graphs_that_there_are_not_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        graphs_of(TrainingJob(model="gae", **changes))


def test_a_whole_small_space_can_be_drawn():
    assert len(graphs_of(TrainingJob(model="gae", space="enas_macro,layers=1", count=6)).natives) == 6


def test_other_members_are_drawn_to_train_on_and_none_is_of_a_network_that_is_there():
    job = TrainingJob(model="gae", space="nasbench201", count=300, drawn=400)
    found, without = graphs_of(job), graphs_of(dataclasses.replace(job, drawn=None))
    assert found.natives[:300] == without.natives and found.digest != without.digest
    assert found.held_out.tolist() == without.held_out.tolist()
    assert found.trained.tolist() == [*without.trained, *range(300, 700)]
    keys = [found.space.canonical_key(arch) for arch in found.archs(range(700))]
    assert len(set(keys[300:])) == 400 and not set(keys[300:]) & set(keys[:300])


def test_published_lines_are_kept_after_the_burn_in_with_repeats(tmp_path):
    lines = list(made_up())
    lines[5000] = lines[3000]
    found = graphs_of(_enas_job(write(tmp_path, lines), split="line"))
    expected = [line[: line.rindex(",")] for line in lines[enas.BURN_IN :]]
    assert list(found.natives) == expected
    assert (len(found.trained), len(found.held_out)) == (17_118, 1_902)


def test_files_have_one_published_form_a_line(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("4 0 1 3 0 0 1 0 0 0 1 1 1 1 1 1 1 1 1 1 1\n" + "\n".join(made_up_natives(30)) + "\n")
    found = graphs_of(_enas_job(path))
    assert found.natives[0] == str([[4], [0, 1], [3, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]])
    assert list(found.natives[1:]) == made_up_natives(30)
    path.write_text("\n".join([*made_up_natives(3), "nonsense"]))
    with pytest.raises(DataError, match="line 4"):
        graphs_of(_enas_job(path))
    with pytest.raises(DataError, match="No such file"):
        graphs_of(_enas_job(tmp_path / "none.txt"))


def made_up_natives(count: int) -> list[str]:
    return [line[: line.rindex(",")] for line in made_up()[:count]]


# which are held out


def test_lines_are_shuffled_as_published():
    """D-VAE shuffles a list with Python's generator of seed 0, from the end; the last tenth is held out."""
    order, rng = list(range(19_020)), random.Random(0)
    for last in range(len(order) - 1, 0, -1):
        other = rng.randrange(last + 1)
        order[last], order[other] = order[other], order[last]
    training, held = split("line", ENAS, ["x"] * 19_020, held_out=0.1, seed=0)
    assert (len(training), len(held)) == (17_118, 1_902)
    assert set(held.tolist()) == set(order[17_118:]) and set(training.tolist()) == set(order[:17_118])


def _groups(job: TrainingJob, group) -> tuple[set, set]:
    found = graphs_of(job)
    assert sorted([*found.trained.tolist(), *found.held_out.tolist()]) == list(range(len(found.natives)))
    return tuple({group(found.space, arch) for arch in found.archs(rows)} for rows in (found.trained, found.held_out))


def test_isomorphs_stay_together():
    def key(space, arch):
        return space.canonical_key(arch)

    job = TrainingJob(model="gae", space="nasbench201", count=2000)
    training, held = _groups(job, key)
    assert not training & held
    training, held = _groups(dataclasses.replace(job, split="line"), key)
    assert training & held


def test_patterns_of_skips_stay_together():
    job = TrainingJob(model="gae", space="enas_macro,layers=4", count=600)
    training, held = _groups(dataclasses.replace(job, split="skips"), lambda space, arch: space.skips(arch))
    assert not training & held and len(held) == 6  # a tenth of 64 patterns
    training, held = _groups(job, lambda space, arch: space.skips(arch))
    assert training & held


# jobs


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"model": "svg"}, UnknownNameError, "autoencoder"),
        ({"space": "nasbench"}, UnknownNameError, "nasbench201"),
        ({"configuration": "large"}, UnknownNameError, "paper"),
        ({"options": {"layers": 2}}, UnknownNameError, "hidden"),
        ({"options": {"hidden": [0]}}, ConfigError, "positive"),
        ({"options": {"nodes": 5}}, ConfigError, "at least 10"),
        ({"space": "darts"}, ConfigError, "shared=True"),
        ({"model": "dvae", "space": "randwire", "options": {}}, ConfigError, "ends? with an operator|end with"),
        ({"epochs": 0}, ConfigError, "epochs"),
        ({"batch": -1}, ConfigError, "batch"),
        ({"rate": 0.0}, ConfigError, "rate"),
        ({"split": "random"}, UnknownNameError, "key, line, skips"),
        ({"split": "skips"}, ConfigError, "enas_macro"),
        ({"held_out": 1.0}, ConfigError, "held_out"),
        ({"count": 0}, ConfigError, "count"),
        ({"drawn": 0}, ConfigError, "drawn"),
        ({"graphs": "a.txt"}, ConfigError, "both"),
        ({"seed": -1}, ConfigError, "seed"),
        ({"split_seed": 0.5}, ConfigError, "split_seed"),
    ],
)
def test_jobs_that_cannot_work_are_refused(changes, kind, message):
    with pytest.raises(kind, match=message):
        _job(**changes)


def test_configurations_have_names():
    assert autoencoders.configure("svge", "compact") == COMPACT
    assert autoencoders.configure("svge", "compact", hidden=32) == dataclasses.replace(COMPACT, hidden=32)
    assert autoencoders.configure("arch2vec", "no_kl").beta == 0
    assert autoencoders.configure("arch2vec", "symmetric").pairs == "symmetric"
    for name in autoencoders.names():
        assert next(iter(autoencoders.configurations(name))) == autoencoders.PAPER
        assert autoencoders.configure(name) == type(autoencoders.configure(name))()


def test_jobs_come_back_from_json():
    job = _job(options={"hidden": (8, 4)}, rate=0.5)
    again = TrainingJob(**json.loads(json.dumps(job.to_json())))
    assert again == job and again.config().hidden == (8, 4) and again.training().rate == 0.5


def test_nothing_heavy_is_loaded_before_there_is_work(tmp_path):
    script = f"""
import sys
from tfnas import autoencoding
from tfnas.errors import TfnasError
job = autoencoding.TrainingJob(model="svge", space="nasbench_macro", count=5)
autoencoding.catalogue()
for act in (lambda: autoencoding.train(job, {str(tmp_path)!r}), lambda: autoencoding.evaluate({str(tmp_path)!r})):
    try:
        act()
    except TfnasError as error:
        print("refused")
print([name for name in ("tensorflow", "tf_keras", "scipy", "matplotlib", "sklearn") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:3] == ["refused", "refused", "[]"]
    assert not any(tmp_path.iterdir())


# training


def test_the_card_says_what_was_done(trained):
    folder, epochs = trained
    card = read_card(folder)
    entries = json.loads((folder / "card.json").read_text())
    assert (entries["kind"], entries["model"], entries["space"]) == ("autoencoder", "gae", "nasbench_macro")
    assert entries["config"]["hidden"] == [8] and entries["training"]["epochs"] == 3
    assert card.job == JOB and card.command == JOB.command(folder)
    assert [one["number"] for one in card.epochs] == [1, 2, 3]
    assert [one._asdict() for one in epochs] == list(card.epochs)
    assert card.seconds == pytest.approx(sum(one.seconds for one in epochs))
    model = autoencoders.load(folder)
    assert card.parameters == sum(array.size for array in model.get_weights())
    assert model.config == JOB.config()


def test_terms_are_those_of_held_out_graphs(trained):
    """Points are the posteriors' means here, so the first term is the mean log-probability there."""
    folder, epochs = trained
    model, archs = autoencoders.load(folder), held_out(folder)
    graphs = model.form.encode(archs)
    expected = -model.log_prob(graphs, model.means(graphs)).mean()
    assert epochs[-1].reconstruction == pytest.approx(expected, rel=1e-4)
    assert epochs[-1].divergence == 0


def test_held_out_members_come_back_from_the_card(trained):
    folder, _ = trained
    found = graphs_of(JOB)
    assert held_out(folder) == found.archs(found.held_out)
    card = read_card(folder)
    assert (card.trained, card.held_out) == (len(found.trained), len(found.held_out)) == (108, 12)
    with pytest.raises(StateError, match="digest"):
        autoencoding.graphs_again(dataclasses.replace(card, digest="0" * 64))


def test_files_may_move(tmp_path):
    path, there = tmp_path / "here.txt", tmp_path / "there.txt"
    path.write_text("\n".join(made_up_natives(40)))
    job = _enas_job(path)
    found = graphs_of(job)
    card = autoencoding.Card(
        job=job, digest=found.digest, trained=36, held_out=4, parameters=0, weights="", seconds=0.0, epochs=[],
        version="0", command="",
    )  # fmt: skip
    path.rename(there)
    assert autoencoding.graphs_again(card, graphs=there).natives == found.natives
    with pytest.raises(DataError, match="here.txt"):
        autoencoding.graphs_again(card)
    there.write_text("\n".join(made_up_natives(41)))
    with pytest.raises(StateError, match="digest"):
        autoencoding.graphs_again(card, graphs=there)


def test_a_stopped_training_goes_on_as_if_it_had_not_been(trained, tmp_path):
    folder, seen = tmp_path / "run", []
    with pytest.raises(Stop):
        train(JOB, folder, on_epoch=stop_at(2, seen))
    assert not (folder / "card.json").exists()
    with pytest.raises(StateError, match="at least the 2 epochs"):
        train(_job(epochs=1), folder)
    with pytest.raises(StateError, match=r"seed \(2\)"):
        train(_job(seed=7), folder)
    card = train(JOB, folder, on_epoch=seen.append)
    assert [one.number for one in seen] == [1, 2, 3]
    whole = read_card(trained[0])
    assert card.weights == whole.weights
    assert [one["loss"] for one in card.epochs] == [one["loss"] for one in whole.epochs]
    assert train(JOB, folder, on_epoch=seen.append) == read_card(folder)
    assert len(seen) == 3  # what is done is only read
    longer = train(_job(epochs=4), folder, on_epoch=seen.append)
    assert [one.number for one in seen] == [1, 2, 3, 4] and len(longer.epochs) == 4
    assert longer.weights != card.weights
    assert [a.tolist() for a in autoencoders.load(folder).get_weights()] == [
        a.tolist() for a in autoencoders.load(folder / "model").get_weights()
    ]


def test_folders_with_other_files_are_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    for folder in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ConfigError, match="Name another one"):
            train(JOB, folder)
    with pytest.raises(StateError, match="card.json"):
        read_card(tmp_path)


# measures


@pytest.fixture(scope="module")
def evaluated(trained):
    folder, _ = trained
    return folder, evaluate(folder, **EVALUATED)


def test_measures_are_those_of_the_metrics(evaluated):
    folder, found = evaluated
    card, model = read_card(folder), autoencoders.load(folder)
    graphs = autoencoding.graphs_again(card)
    rng = np.random.default_rng([3, 0])
    held = graphs.encode(model.form, np.sort(rng.permutation(graphs.held_out)[:9]))
    own = graphs.encode(model.form, graphs.trained)
    assert found.values("reconstruction") == {"equal": metrics.reconstruction(model, held, seed=3), "graphs": 9}
    assert found.values("most_probable")["equal"] == metrics.exact_reconstruction(model, held)
    each = metrics.elementwise_reconstruction(model, held)
    assert found.values("most_probable")["ops"] == each.ops
    means = model.means(own)
    for name in EVALUATED["priors"]:
        prior = latent_priors.make(name, means, seed=3)
        few, many = (prior.sample(count, 3).astype(np.float32) for count in (20, 50))
        rows = {"generation": (few, 10), "independent": (many, 0)}
        for measure, (points, decodings) in rows.items():
            values = found.values(f"{measure} {name}")
            assert set(values) == {"members", "cells", "labels"}
            for rule, value in values.items():
                assert value == _generation(model, points, own, decodings, rule)
        assert found.values(f"coverage {name}")["members"] == metrics.coverage(model, many, seed=3).members


@pytest.mark.slow
def test_priors_can_be_walked_back(trained, tmp_path):
    folder = shutil.copytree(trained[0], tmp_path / "copy")
    asked = {**EVALUATED, "priors": ["gaussian+walkback"]}
    found = evaluate(folder, **asked).values("coverage gaussian+walkback")
    model, graphs = autoencoders.load(folder), autoencoding.graphs_again(read_card(folder))
    prior = latent_priors.make("gaussian", model.means(graphs.encode(model.form, graphs.trained)), seed=3)
    points = walked_back(model, prior.sample(50, 3).astype(np.float32), seed=3)
    assert found == {**dataclasses.asdict(metrics.coverage(model, points, seed=3)), "points": 50}


def _generation(model, points, own: GraphArrays, decodings: int, rule: str) -> dict:
    """Counts valid graphs one by one."""
    rounds = np.random.SeedSequence(3).generate_state(max(decodings, 1)).tolist()
    known, seen, valid, new, total = set(own.keys()), set(), 0, 0, 0
    for seed in rounds:
        graphs = model.decode_draws(points, seed) if decodings else model.decode_most_probable(points)
        for row in range(len(points)):
            one = graphs.take(np.array([row]))
            total += 1
            if measures.VALIDITY[rule](model.form, one)[0]:
                valid += 1
                seen.add(one.keys()[0])
                new += one.keys()[0] not in known
    return {
        "validity": valid / total,
        "uniqueness": len(seen) / valid if valid else None,
        "novelty": new / valid if valid else None,
        "distinct": len(seen),
        "decoded": total,
    }


def test_finished_measures_are_kept(evaluated):
    folder, whole = evaluated
    (folder / "evaluation.json").unlink()
    seen: list = []
    with pytest.raises(Stop):
        evaluate(folder, **EVALUATED, on_measure=stop_at(4, seen))
    assert len(autoencoding.read_evaluation(folder).measures) == 4
    again = evaluate(folder, **EVALUATED, on_measure=seen.append)
    names = [measure.name for measure in seen]
    assert len(names) == len(set(names)) == 11
    assert [(one.name, one.values) for one in again.measures] == [(one.name, one.values) for one in whole.measures]
    assert autoencoding.read_evaluation(folder) == again
    seen.clear()
    other = evaluate(folder, **{**EVALUATED, "limit": 8, "priors": []}, on_measure=seen.append)
    assert {one.name for one in seen} == {"reconstruction", "reconstruction_of_draws", "most_probable", "distances"}
    assert len(other.measures) == 11 and other.values("reconstruction")["graphs"] == 8
    entries = json.loads((folder / "evaluation.json").read_text())
    (folder / "evaluation.json").write_text(json.dumps({**entries, "weights": "0" * 64}))
    seen.clear()
    with pytest.raises(Stop):
        evaluate(folder, **EVALUATED, on_measure=stop_at(1, seen))
    assert len(autoencoding.read_evaluation(folder).measures) == 1  # those of other weights are gone


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"priors": ["normal"]}, UnknownNameError), ({"points": 0}, ConfigError), ({"limit": 0}, ConfigError)],
)
def test_evaluations_that_cannot_work_are_refused(trained, changes, kind):
    with pytest.raises(kind):
        evaluate(trained[0], **changes)


def test_a_damaged_evaluation_is_refused(tmp_path):
    (tmp_path / "evaluation.json").write_text("{}")
    with pytest.raises(StateError, match="Delete it"):
        autoencoding.read_evaluation(tmp_path)
    with pytest.raises(UnknownNameError, match="none"):
        autoencoding.Evaluation("gae", "nasbench_macro", "", (), "0").values("reconstruction")


class _Posteriors:
    """Stands for an autoencoder whose posteriors have deviations."""

    def __init__(self, space, noise: float) -> None:
        self.form = autoencoders.form_for("gae", space, autoencoders.configure("gae"))
        self.config = dataclasses.replace(autoencoders.configure("svge"), noise=noise)

    def means(self, graphs):
        return np.arange(2.0 * len(graphs.ops)).reshape(-1, 2) ** 2

    def posterior(self, graphs):
        class Posterior:
            def stddev(self):
                class Tensor:
                    def numpy(self):
                        return np.full((len(graphs.ops), 2), 4.0)

                return Tensor()

        return Posterior()


@pytest.mark.parametrize("noise", [0.5, 0.0])
def test_priors_are_of_the_points_that_the_decoder_was_trained_on(monkeypatch, noise):
    found = graphs_of(JOB)
    model = _Posteriors(found.space, noise)
    bench = measures.Bench(model, found, None, 0)
    calls: dict = {}

    def make(name, means, *, deviations, seed):
        calls[name] = (means, deviations)

    monkeypatch.setattr(measures.latent_priors, "make", make)
    for name in ("scaled", "gaussian"):
        bench._prior(name)
    np.testing.assert_array_equal(calls["scaled"][0], model.means(found.encode(model.form, found.trained)))
    assert calls["scaled"][1] is None
    if noise:
        np.testing.assert_array_equal(calls["gaussian"][1], np.full((108, 2), 2.0))
    else:
        assert calls["gaussian"][1] is None


@pytest.mark.parametrize(
    ("space", "rules"),
    [
        ("nasbench101", ("members", "cells", "labels", "pruned")),
        ("nasbench201", ("members", "cells", "labels")),
        ("darts,shared=True", ("members", "labels", "six")),
    ],
)
def test_rules_apply_that_members_keep(space, rules):
    found = graphs_of(TrainingJob(model="gae", space=space, count=50))
    assert measures.Bench(_Posteriors(found.space, 1.0), found, None, 0).rules == rules


@pytest.mark.parametrize("space", ["nasbench101", "enas_macro,layers=6", "nasbench201"])
def test_graphs_that_can_be_written_otherwise_are_known_by_neighbouring_swaps(space):
    job = TrainingJob(model="gae", space=space, count=12 if space == "nasbench201" else 120)
    found = graphs_of(job)
    graphs = found.encode(job.form(), np.arange(len(found.natives)))
    expected = []
    for adjacency, ops in zip(*graphs):
        size = int((ops >= 0).sum())
        arrays = set()
        for middle in itertools.permutations(range(1, size - 1)):
            order = np.array([0, *middle, *range(size - 1, len(ops))])
            moved = adjacency[np.ix_(order, order)]
            if not np.tril(moved).any():
                arrays.add(moved.tobytes() + ops[order].tobytes())
        expected.append(len(arrays) > 1)
    assert isomorphs.written_otherwise(graphs).tolist() == expected
    assert any(expected) == (space != "enas_macro,layers=6")
