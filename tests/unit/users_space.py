"""A search space as a user would bring one: it is registered by a test, and not where it is defined."""

import keras

from tfnas.testing import TinySpace


class ChainSpace(TinySpace):
    name = "chain"


def features(x, arch):
    for op in arch.ops[1:3]:
        x = keras.layers.Conv2D({"a": 2, "b": 3, "c": 4}[op], 3, activation="relu")(x)
    return keras.layers.GlobalAveragePooling2D()(x)
