"""Every registered strategy keeps its contract, and the kit notices when one does not."""

import pytest

from tests.conformance.quick import MANY_FITS, maker
from tests.realdata import real_table
from tfnas import spaces, strategies
from tfnas.strategies import RandomSearch
from tfnas.testing import check_beats_random, check_strategy
from tfnas.trial import Proposal

SPACE = spaces.get("nasbench201")
NO_BETTER_THAN_RANDOM = {"random": "it is random search"}


def better_than_random(names):
    return [
        pytest.param(name, marks=pytest.mark.slow if name in names else ())
        for name in strategies.names()
        if name not in NO_BETTER_THAN_RANDOM
    ]


@pytest.mark.parametrize("name", strategies.names())
def test_registered_strategy(name):
    check_strategy(maker(name), SPACE)


@pytest.mark.parametrize("name", better_than_random(MANY_FITS))
def test_registered_strategy_beats_random(name):
    check_beats_random(maker(name), SPACE)


@pytest.mark.parametrize("name", better_than_random((*MANY_FITS, "independent_reinforce")))
def test_registered_strategy_beats_random_on_real_accuracies(name):
    table = real_table()
    values = table.column("qat_accuracy")
    check_beats_random(maker(name), SPACE, objective=lambda arch: values[table.find(arch)], budget=100, seeds=25)


@pytest.mark.parametrize("name", strategies.names())
def test_configuration_rebuilds_the_strategy(name):
    made = maker(name)(SPACE, 7)
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
