"""Every registered strategy keeps its contract, and the kit notices when one does not."""

import pytest

from tests.conformance.quick import AUTOENCODED, MANY_FITS, ONE_GRAPH, autoencoder, maker
from tests.realdata import real_table
from tfnas import spaces, strategies
from tfnas.strategies import RandomSearch
from tfnas.testing import check_beats_random, check_strategy
from tfnas.trial import Proposal

SPACE = spaces.get("nasbench201")
NO_BETTER_THAN_RANDOM = {
    "random": "it is random search",
    "latent_rl": "it learns once an episode, far too seldom to show in so few trials and an encoder that knows nothing",
    "supervised_rl": "it learns once an episode, far too seldom to show in so few trials",
    "continuous_bo": "an untrained decoder decodes most points to no member",
}
OF_NODES = {
    "latent_bo": "points of an untrained encoder hardly tell which node has an operator; accuracies need it less"
}


def better_than_random(slow, exempt=()):
    return [
        pytest.param(name, marks=pytest.mark.slow if name in slow else ())
        for name in strategies.names()
        if name not in NO_BETTER_THAN_RANDOM and name not in exempt
    ]


@pytest.mark.parametrize(
    "name",
    # each makes a dozen strategies, and tracing their networks takes seconds
    [pytest.param(name, marks=pytest.mark.slow if name in ONE_GRAPH else ()) for name in strategies.names()],
)
def test_registered_strategy(name):
    check_strategy(maker(name), SPACE)


@pytest.mark.parametrize("name", better_than_random(MANY_FITS, OF_NODES))
def test_registered_strategy_beats_random(name):
    check_beats_random(maker(name), SPACE)


@pytest.mark.parametrize("name", better_than_random((*MANY_FITS, "independent_reinforce", "discrete_reinforce")))
def test_registered_strategy_beats_random_on_real_accuracies(name):
    table = real_table()
    values = table.column("qat_accuracy")
    # its rate goes with the unit of the values, here percentages whose worst are 80 below the best
    options = {"rate": 0.02} if name == "discrete_reinforce" else {}
    check_beats_random(
        maker(name, **options), SPACE, objective=lambda arch: values[table.find(arch)], budget=100, seeds=25
    )


@pytest.mark.parametrize("name", strategies.names())
def test_configuration_rebuilds_the_strategy(name, tmp_path):
    saved = {"autoencoder": str(autoencoder(SPACE).save(tmp_path / "model"))} if name in AUTOENCODED else {}
    made = maker(name, **saved)(SPACE, 7)
    again = strategies.from_config(made.config())
    assert type(again) is type(made) and again.config() == made.config()
    assert again.ask(3) == made.ask(3)


def test_random_search_does_not_beat_itself():
    with pytest.raises(AssertionError, match="no better than random"):
        check_beats_random(lambda space, seed: RandomSearch(space, seed=seed + 500), SPACE, seeds=10)


class Forgetful(RandomSearch):
    """Restores nothing."""

    def set_state(self, state):
        pass


class Repeating(RandomSearch):
    def _propose(self, n):
        return [Proposal(self.space.from_native("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"))] * n


@pytest.mark.parametrize(
    "kind, sentence", [(Forgetful, "differs from the uninterrupted one"), (Repeating, "was proposed twice")]
)
def test_the_kit_notices(kind, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_strategy(lambda space, seed: kind(space, seed=seed), SPACE)
