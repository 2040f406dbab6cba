"""Things that a user might pass to a training evaluator, by the name of this module."""

import os
import signal
import time

import keras


def double_loss(y_true, y_pred):
    return 2.0 * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


def nan_loss(y_true, y_pred):
    return keras.ops.sum(y_pred) * float("nan")


def constant(y_true, y_pred):
    return keras.ops.mean(y_pred) * 0.0 + 0.25


def two_layers(features):
    x = keras.layers.Dense(7, activation="relu", name="hidden")(features)
    return keras.layers.Dense(10, activation="softmax", name="classes")(x)


def sgd_of_mine():
    return keras.optimizers.SGD(0.05)


class Dies(keras.callbacks.Callback):
    """Kills its process in the second batch, as the system does when memory runs out."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            os.kill(os.getpid(), signal.SIGKILL)


class DiesForSome(Dies):
    """Kills the process for networks whose cells pool."""

    def on_train_batch_end(self, batch, logs=None):
        if any(".edge" in layer.name and "avg_pool" in layer.name for layer in self.model.layers):
            super().on_train_batch_end(batch, logs)


class Hangs(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        time.sleep(600)


class Raises(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise ValueError("user code has a mistake")


class OutOfMemory(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise MemoryError("made up")


class Prints(keras.callbacks.Callback):
    """Writes to standard output, which the protocol must survive."""

    def on_epoch_end(self, epoch, logs=None):
        print('{"not": "an answer"}', flush=True)
        os.write(1, b"nor this\n")


class StopsAfterTwo(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        assert "val_accuracy" in logs and "loss" in logs
        self.model.stop_training = epoch == 1
