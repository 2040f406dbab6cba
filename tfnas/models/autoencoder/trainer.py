"""`Trainer`: fits a network to graphs."""

from __future__ import annotations

import hashlib
import math
import pathlib
from typing import Any, Callable, Mapping, NamedTuple, Sequence

import numpy as np

from tfnas._keras import tensorflow
from tfnas.errors import StateError
from tfnas.models.autoencoder.config import TrainingConfig
from tfnas.models.autoencoder.flat_adam import FlatAdam
from tfnas.state import load_state, pack, save_state, unpack

tf = tensorflow()

_STEPS = 64
"""Steps in one call of TensorFlow; Ctrl-C and progress wait for its end."""

_FALL = 0.1
"""Factor of the learning rate after epochs without a better loss."""


class Epoch(NamedTuple):
    """What an epoch did.

    Attributes:
        number: Its number, from 1.
        loss: Mean of what the steps minimised.
        rate: Learning rate that it had.
    """

    number: int
    loss: float
    rate: float


class Trainer:
    """Minimises ``network.loss_of(*batch, seed)`` over batches of graphs, in another order each epoch.

    An epoch depends on nothing but the state after the last one, the graphs and the seed, so that a run that goes on
    from `get_state` equals one that was not stopped.

    Args:
        network: What is trained, in place; it must have its variables.
        config: How.
        seed: For the order, the points that are drawn, and dropout.
    """

    def __init__(self, network: Any, config: TrainingConfig, *, seed: int = 0) -> None:
        self.network, self.config, self._seed = network, config, seed
        self._optimizer = FlatAdam(network.trainable_variables, config.rate, config.clip)
        self._epochs = 0
        self._best: float | None = None
        self._waited = 0
        self._run: Any = None

    def fit(
        self,
        arrays: Sequence[np.ndarray],
        *,
        what: Mapping[str, Any] | None = None,
        directory: pathlib.Path | str | None = None,
        on_epoch: Callable[[Epoch], Any] | None = None,
    ) -> list[Epoch]:
        """Trains until `TrainingConfig.epochs` epochs are done, and returns those of this call.

        Args:
            arrays: What the batches are of; a row is a graph's.
            what: What a saved training must have in common with this one beside data, seed and configuration; JSON.
            directory: A folder where the state is saved after each epoch, and read before the first.
            on_epoch: Called after each epoch.

        Raises:
            StateError: If the folder has the state of another training, or a damaged one.
        """
        save = self._resume(arrays, what or {}, pathlib.Path(directory)) if directory is not None else None
        tensors = [tf.constant(array) for array in arrays]
        if self._run is None:
            specs = [tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in tensors]
            self._run = tf.function(
                self._steps, autograph=False, input_signature=[specs, tf.TensorSpec([None, None], tf.int32)]
            )
        done = []
        while self._epochs < self.config.epochs:
            number = self._epochs + 1
            if self.config.cosine:
                self._optimizer.rate.assign(self.config.rate * _cosine(self._epochs / self.config.epochs))
            rate = float(self._optimizer.rate.numpy())
            order = np.random.default_rng([self._seed, number]).permutation(len(arrays[0])).astype(np.int32)
            epoch = Epoch(number, self._train(tensors, order), rate)
            self._epochs = number
            self._adapt(epoch.loss)
            done.append(epoch)
            for act in (save, on_epoch):
                if act is not None:
                    act(epoch)
        return done

    def get_state(self) -> dict[str, Any]:
        """Returns for `set_state` what the next epoch depends on, as `tfnas.state.save_state` takes it."""
        return {
            "epochs": self._epochs,
            "best": self._best,
            "waited": self._waited,
            "optimizer": pack([np.asarray(variable.numpy()) for variable in self._optimizer.state]),
            "weights": pack([np.asarray(variable.numpy()) for variable in self.network.variables]),
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Continues from a state of a trainer of such a network, bit for bit."""
        self._epochs, self._best, self._waited = state["epochs"], state["best"], state["waited"]
        for variable, array in zip(self.network.variables, unpack(state["weights"])):
            variable.assign(array)
        for variable, array in zip(self._optimizer.state, unpack(state["optimizer"])):
            variable.assign(array)
        self._optimizer.read()

    def _resume(
        self, arrays: Sequence[np.ndarray], what: Mapping[str, Any], folder: pathlib.Path
    ) -> Callable[[Epoch], None]:
        """Takes over the state in a folder, if there is one; returns what saves one there."""
        path = folder / "training.json"
        digest = hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays))
        training = self.config.to_json()
        if not self.config.cosine:  # then a training of fewer epochs is the first part of this one
            training["epochs"] = None
        asked = {**what, "training": training, "seed": self._seed, "data": digest.hexdigest()}
        if path.exists():
            saved = load_state(path)
            if saved["what"] != asked:
                different = ", ".join(name for name in asked if saved["what"].get(name) != asked[name])
                raise StateError(
                    f"training in {folder}",
                    expected=f"the same {different} as before",
                    received="another",
                    remedy="Give another folder, or delete this one.",
                )
            self.set_state(saved["state"])
        return lambda epoch: save_state(path, {"what": asked, "state": self.get_state()})

    def _adapt(self, loss: float) -> None:
        """Lowers the rate where the loss has not become better for a while."""
        if self._best is None or loss < self._best:
            self._best, self._waited = loss, 0
            return
        self._waited += 1
        if self.config.patience is not None and self._waited > self.config.patience:
            self._optimizer.rate.assign(self._optimizer.rate * _FALL)
            self._waited = 0

    def _train(self, tensors: list[Any], order: np.ndarray) -> float:
        """Makes the steps of an epoch; returns the mean of their losses."""
        batch = self.config.batch
        whole = len(order) // batch
        losses = []
        for start in range(0, whole, _STEPS):
            rows = order[start * batch : min(start + _STEPS, whole) * batch].reshape(-1, batch)
            losses.append((len(rows), self._run(tensors, tf.constant(rows))))
        if whole * batch < len(order):
            losses.append((1, self._run(tensors, tf.constant(order[None, whole * batch :]))))
        return sum(count * float(loss) for count, loss in losses) / sum(count for count, _ in losses)

    def _steps(self, tensors, rows):
        """Makes a step for each row of numbers of graphs; returns the mean of the losses."""

        def body(index, total):
            return index + 1, total + self._step([tf.gather(tensor, rows[index]) for tensor in tensors])

        count = tf.shape(rows)[0]
        start = tf.constant(0), tf.constant(0.0, self.network.dtype)
        _, total = tf.while_loop(lambda index, _: index < count, body, start)
        return total / tf.cast(count, total.dtype)

    def _step(self, batch):
        seed = tf.stack([tf.constant(self._seed, tf.int64), self._optimizer.steps])
        with tf.GradientTape() as tape:
            loss = self.network.loss_of(*batch, tf.cast(seed, tf.int32))
        self._optimizer.apply(tape.gradient(loss, self.network.trainable_variables))
        return loss


def _cosine(share: float) -> float:
    """Returns what is left of the rate after a share of the epochs."""
    return (1 + math.cos(math.pi * share)) / 2
