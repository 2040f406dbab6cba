"""A search space as a user would bring one: it is registered by a test, and not where it is defined."""

from tfnas.testing import TinySpace


class ChainSpace(TinySpace):
    name = "chain"
