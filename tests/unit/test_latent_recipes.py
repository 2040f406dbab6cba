"""The recipes of SVGe and arch2vec have the papers' values, and count as they say."""

import json
import pathlib

import numpy as np
import pytest
from click.testing import CliRunner

from recipes.darts import latent_search as darts
from recipes.enas_macro import latent_prediction as enas_prediction
from recipes.enas_macro import latent_search as enas_macro
from recipes.nasbench101 import all_data, transfer
from recipes.nasbench101 import extrapolation as nasbench101_extrapolation
from recipes.nasbench101 import latent_prediction as nasbench101_prediction
from recipes.nasbench101 import latent_search as nasbench101
from recipes.nasbench201 import latent_search as nasbench201
from tfnas import spaces, strategies
from tfnas.architecture import Architecture
from tfnas.data import Table
from tfnas.errors import ConfigError, DataError
from tfnas.protocol import command_line, extrapolation
from tfnas.protocol.latent import make_latent_command
from tfnas.protocol.sources import BestOf, Given
from tfnas.state import load_state

STUDIES = {
    f"{module.__name__}-{name}": study
    for module in (darts, enas_macro, nasbench101, nasbench201)
    for name, study in module.studies("FOLDER").items()
}


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_strategies_take_their_options(study):
    for row in study.rows:
        known = strategies.get(row.search.strategy).options()
        assert set(row.search.strategy_options) <= set(known), row.name


@pytest.mark.parametrize(
    ("study", "row", "trials", "options"),
    [
        # arch2vec, appendix A
        (nasbench101.studies("F")["arch2vec"], "latent_bo", 500, {"autoencoder": "F"}),
        (nasbench201.studies("F")["nats_tss"], "cifar10-latent_bo", 200, {"autoencoder": "F", "batch": 1}),
        (nasbench201.studies("F")["nats_tss"], "cifar100-latent_rl", 90, {"autoencoder": "F", "discount": 0.4}),
        (darts.studies("F")["cifar10"], "latent_rl", 100, {"autoencoder": "F", "pool": 600_000}),
        # SVGe, section IV-D
        (nasbench101.studies("F")["svge"], "svge", 1500, {"autoencoder": "F", "initial": 1000, "batch": 50}),
        (enas_macro.studies("F")["cifar10"], "svge", 550, {"autoencoder": "F", "initial": 50, "batch": 50}),
    ],
)
def test_searches(study, row, trials, options):
    search = study.row(row).search
    assert (search.trials, search.strategy_options) == (trials, options)


def test_trainings_of_darts():
    search = darts.CONFIG
    assert (search.epochs, search.last_epochs, search.validation) == (50, 5, 0.1)
    (first, *_) = darts.studies("F")["cifar10"].retrainings
    assert (first.seeds, first.config.final_epochs, first.config.skeleton["cells"]) == (5, 600, 20)
    assert darts.IMAGENET.skeleton["channels"] == 48 and darts.IMAGENET.final_epochs == 250


def test_both_studies_of_darts_share_a_folder():
    assert len({study.name for study in darts.studies("F").values()}) == 1


def test_trainings_of_enas():
    part = enas_macro.studies("F")["cifar10"].retraining("svge")
    assert (part.source.count, part.config.final_epochs, part.config.batch_size) == (15, 310, 100)
    assert part.config.skeleton == {"fixed": True, "channels": 96, "dropout": 0.5}
    assert spaces.get(part.config.space).layers == 6


def test_every_row_of_table_2_is_read_at_its_printed_number_of_queries():
    study = nasbench101.studies("F")["arch2vec"]
    at = {line.row: int(table.name.rpartition("-")[2]) for table in study.tables[:-1] for line in table.lines}
    assert at == {
        "random": 1000, "reinforce": 1000, "evolution": 1000, "bananas": 500, "supervised_rl": 400,
        "supervised_bo": 400, "latent_rl": 400, "latent_bo": 400,
    }  # fmt: skip
    assert all(study.row(row).search.trials >= count for row, count in at.items())


def test_the_cells_are_those_of_the_paper():
    space = spaces.get("nasbench101")
    # SVGe, the published code of the extrapolation: its base, by the benchmark's own hash
    assert space.canonical_key(space.from_native(nasbench101_extrapolation.BASE)) == "ba0a27cafe7d648aa57f7d5dd64c0b48"
    assert transfer.BASE == nasbench101_extrapolation.BASE
    cell = spaces.get(transfer.TRAINED.space).from_native(transfer.ZERO_SHOT)
    rows = {0: range(1, 8), 1: (2, 3, 5, 7), 2: (6,), 3: (4,), 4: (5,), 5: (6,), 6: (7,)}
    assert set(cell.edges) == {(i, j) for i, targets in rows.items() for j in targets}
    assert cell.ops == ("input", *["conv3x3-bn-relu"] * 5, "conv1x1-bn-relu", "output")


class TestPredictionOfENAS:
    SPACE = spaces.get(enas_prediction.SPACE)

    def drawn(self, count):
        rng = np.random.default_rng(0)
        return [self.SPACE.sample(rng) for _ in range(count)]

    def test_ridge_regression_finds_products_of_two_choices(self):
        archs = self.drawn(700)
        skips = np.array([sum(self.SPACE.skips(arch), ()) for arch in archs], float)
        first = np.array([self.SPACE.operators(arch)[0] == self.SPACE.operators(archs[0])[0] for arch in archs])
        y = skips[:, 3] * skips[:, 9] - 2 * skips[:, 0] * first
        train, test = np.arange(600), np.arange(600, 700)
        good = enas_prediction.quality(enas_prediction.ridge(archs, train, test, y), y[test])
        assert good["pearson"] > 0.9
        # of three choices each there are none
        cubic = (2 * skips[:, 3] - 1) * (2 * skips[:, 9] - 1) * (2 * skips[:, 12] - 1)
        bad = enas_prediction.quality(enas_prediction.ridge(archs, train, test, cubic), cubic[test])
        assert abs(bad["pearson"]) < 0.5

    def test_quality(self):
        found = enas_prediction.quality(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0]))
        assert np.isclose(found["rmse"], np.sqrt(5 / 3))
        assert np.isclose(found["pearson"], (3 / 3) / np.sqrt(14 / 3 * 2 / 1) * 1.0, atol=0.1)

    def test_a_table_is_read(self, tmp_path):
        natives = [self.SPACE.to_native(arch) for arch in self.drawn(5)]
        path = tmp_path / "values.csv"
        path.write_text("arch,ws_accuracy\n" + "".join(f'"{native}",0.{k}\n' for k, native in enumerate(natives, 1)))
        labelled = enas_prediction.read(str(path))
        assert labelled.natives == natives and np.allclose(labelled.values, [0.1, 0.2, 0.3, 0.4, 0.5])

    def test_lines_of_the_published_file_that_are_there_twice_stay(self, tmp_path, monkeypatch):
        from tfnas.data.tables import enas

        monkeypatch.setattr(enas, "BURN_IN", 2)
        monkeypatch.setattr(enas, "LINES", 6)
        natives = [self.SPACE.to_native(arch) for arch in self.drawn(4)]
        lines = [f"{natives[k]}, 0.{k}1" for k in (0, 1, 2, 3, 2, 1)]
        (tmp_path / "published.txt").write_text("\n".join(lines) + "\n")
        labelled = enas_prediction.read(str(tmp_path / "published.txt"))
        assert labelled.natives == [natives[k] for k in (2, 3, 2, 1)]
        assert np.allclose(labelled.values, [0.21, 0.31, 0.21, 0.11])


def test_a_process_of_few_points_is_measured_on_others_that_are_good():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(400, 2))
    values = 0.85 + 0.02 * np.sin(points[:, 0])
    values[300:] = 0.3  # left out, for they are not above .8
    good = nasbench101_prediction.of_few(points, values, np.arange(60))
    assert good["rmse"] < 0.002 and good["pearson"] > 0.99
    values[:60] = rng.permutation(values[:60])
    assert nasbench101_prediction.of_few(points, values, np.arange(60))["pearson"] < 0.7


class TestAllData:
    OPTIONS = {
        "batches": 2, "batch": 3, "starts": 20, "iterations": 3, "attempts": 20,
        "surrogate_options": {"method": "optimal_variational_posterior", "inducing": 20},
    }  # fmt: skip

    @pytest.fixture(scope="class")
    def made(self, tmp_path_factory):
        from tfnas import autoencoding
        from tfnas.protocol.latent import train_small

        folder = tmp_path_factory.mktemp("all_data")
        space = "nasbench101,max_nodes=4"
        autoencoder = train_small(folder, space)
        nasbench101.made_up_table(folder / "made_up.csv", space)
        graphs = autoencoding.graphs_again(autoencoding.read_card(pathlib.Path(autoencoder)))
        known = Table.from_csv(folder / "made_up.csv", graphs.space)
        return f"{autoencoder}/model", graphs, known

    def test_what_is_proposed_was_held_out_and_the_best_of_it_is_shown(self, made, tmp_path):
        model, graphs, known = made
        found = all_data.AllData(model, graphs, known, 0, **self.OPTIONS).run(tmp_path / "batches.json")
        chosen = [arch for batch in load_state(tmp_path / "batches.json")["batches"] for arch in batch]
        proposed = [Architecture.from_dict(arch) for arch in chosen]
        held_out = [graphs.space.from_native(graphs.natives[k]) for k in graphs.held_out]
        key, accuracies = graphs.space.canonical_key, known.mean(nasbench101.VALIDATION)
        assert len(proposed) == found["proposals"] == len(set(map(key, proposed))) == 6
        assert set(map(key, proposed)) <= set(map(key, held_out))
        assert found["validation"] == max(accuracies[known.find(arch)] for arch in proposed)
        assert found["held_out_validation"] == max(accuracies[known.find(arch)] for arch in held_out)

    def test_a_run_that_was_stopped_keeps_its_batches(self, made, tmp_path):
        model, graphs, known = made
        path = tmp_path / "batches.json"
        all_data.AllData(model, graphs, known, 0, **{**self.OPTIONS, "batches": 1}).run(path)
        (first,) = load_state(path)["batches"]
        all_data.AllData(model, graphs, known, 0, **self.OPTIONS).run(path)
        batches = load_state(path)["batches"]
        assert batches[0] == first and len(batches) == 2
        assert not [arch for arch in batches[1] if arch in first]

    def test_a_table_must_have_all_cells(self, made, tmp_path):
        model, graphs, known = made
        lines = [f"arch,{nasbench101.VALIDATION},{nasbench101.TEST}"]
        lines += [f'"{native}",0.9,0.9' for native in graphs.natives[:5]]
        (tmp_path / "few.csv").write_text("\n".join(lines) + "\n", "utf-8")
        with pytest.raises(DataError, match="missing"):
            all_data.AllData(model, graphs, Table.from_csv(tmp_path / "few.csv", graphs.space), 0, **self.OPTIONS)


class TestExtrapolation:
    SMALL = extrapolation.Extrapolation("x", "nasbench101,max_nodes=4", transfer.TRAINED, ("95.18", None), count=2)

    def test_the_best_distinct_networks_are_taken(self, monkeypatch):
        from tfnas.models.autoencoder import extrapolation as ranking

        space = spaces.get(self.SMALL.space)
        archs = list(space.unique())[:6]
        worth = np.array([1.0, 5.0, 3.0, 5.0, 4.0, 2.0])
        candidates = [archs[k] for k in (0, 1, 2, 1, 4, 5)]  # the best one twice
        belief = type("Normal", (), {"mean": lambda self: worth})()
        monkeypatch.setattr(ranking, "read", lambda *given: None)
        monkeypatch.setattr(ranking, "rank", lambda *given: ranking.Ranking(np.argsort(-worth, kind="stable"), belief))
        monkeypatch.setattr(
            extrapolation.autoencoders, "load", lambda folder: type("M", (), {"form": space_form(space)})
        )

        class Predictor:
            training = extrapolation.LatentMLP.training

            def __init__(self, model):
                pass

            def fit(self, *given, **options):
                assert options["seed"] == 3

        monkeypatch.setattr(extrapolation, "LatentMLP", Predictor)
        found = extrapolation.most_promising(
            self.SMALL, "F", archs, worth, candidates, seed=3, state=pathlib.Path("state")
        )
        assert found == {"natives": [space.to_native(archs[1]), space.to_native(archs[4])], "predicted": [5.0, 4.0]}

    def test_they_are_ranked_once_and_trained(self, tmp_path, monkeypatch):
        asked = []
        monkeypatch.setattr(extrapolation.command_line, "run", lambda *given: asked.append(given))
        made = []

        def make(state):
            made.append(state)
            return {"natives": ["a", "b"], "predicted": [2.0, 1.0]}

        for _ in range(2):
            extrapolation.run(self.SMALL, tmp_path, {"labelled": 5}, make, 0)
        assert len(made) == 1
        study, folder, stages = asked[-1]
        assert (folder, stages) == (tmp_path, ("retrain", "tables"))
        validated, tested = study.retrainings
        assert validated.source == Given(("a", "b")) and not validated.held_back
        assert tested.source == BestOf("validated", 1) and tested.held_back
        assert [line.paper for line in study.tables[0].lines] == [{"accuracy (%)": "95.18"}, {}]


def space_form(space):
    from tfnas.models.autoencoder import form_of

    return form_of(space)


class TestCommand:
    @pytest.fixture
    def asked(self, monkeypatch):
        calls = []
        monkeypatch.setattr(command_line, "run", lambda *given: calls.append(given))
        return calls

    def invoke(self, *arguments):
        made = make_latent_command("What.", nasbench201.studies, "default", None)
        return CliRunner().invoke(made, arguments)

    def test_an_autoencoder_is_searched_with(self, tmp_path, asked):
        (tmp_path / "model").mkdir()
        result = self.invoke("search", "--row", "latent_bo", "--autoencoder", str(tmp_path), "-o", str(tmp_path / "o"))
        assert result.exit_code == 0, result.output
        ((study, _, stages, rows),) = asked
        assert study.row("latent_bo").search.strategy_options["autoencoder"] == str(tmp_path)
        assert (stages, rows) == (("search",), ("latent_bo",))

    def test_one_that_is_not_there_is_missed_before_anything_is_done(self, tmp_path, asked):
        result = self.invoke("--autoencoder", str(tmp_path))
        assert result.exit_code == 2 and "--autoencoder" in result.output and not asked
        assert self.invoke("tables", "-o", str(tmp_path / "o")).exit_code == 0 and len(asked) == 1


def test_made_up_values_are_of_all_members(tmp_path):
    from tfnas.data import Table

    space = spaces.get("nasbench101,max_nodes=3")
    nasbench101.made_up_table(tmp_path / "t.csv", space.name)
    assert len(Table.from_csv(tmp_path / "t.csv", space)) == space.size


def test_a_ranking_of_other_settings_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(extrapolation.command_line, "run", lambda *given: None)
    small = TestExtrapolation.SMALL
    extrapolation.run(small, tmp_path, {"labelled": 5}, lambda state: {"natives": [], "predicted": []}, 0)
    assert json.loads((tmp_path / "results" / "ranking" / "seed0.json").read_text())["settings"] == {"labelled": 5}
    with pytest.raises(Exception, match="Choose another folder"):
        extrapolation.run(small, tmp_path, {"labelled": 6}, lambda state: {}, 0)


def test_options_are_checked():
    with pytest.raises(ConfigError):
        extrapolation.Extrapolation("x", "nasbench101", transfer.TRAINED, (None, None), count=0)
