"""`TrainingEvaluator`: measures architectures by training their Keras networks."""

from __future__ import annotations

import os
import pathlib
import tempfile
import time
from typing import Any, Iterator, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import available_cores, check_positive
from tfnas.data.images import Examples, check_labels
from tfnas.errors import ConfigError, DataError
from tfnas.evaluators.base import Evaluator, Outcome
from tfnas.evaluators.training.arguments import (
    OBJECTS,
    as_examples,
    described,
    find_input_shape,
    find_num_classes,
    fingerprint,
    name_and_direction,
    normalization,
    specifications,
    stays_inprocess,
    value_range,
)
from tfnas.evaluators.training.objects import CannotTravel, importable
from tfnas.evaluators.training.pool import ProcessDied, WorkerPool
from tfnas.evaluators.training.recipe import TrainingRecipe
from tfnas.runlog import outcome_of
from tfnas.spaces.base import SearchSpace
from tfnas.trial import Failure, Proposal, Split


class TrainingEvaluator(Evaluator):
    """Trains each candidate and reports its validation value.

    Candidates are trained in processes of their own, which are replaced now and then: a crash, a
    hang or TensorFlow's growing memory does not reach the search. What cannot be sent to another
    process (a ``tf.data`` pipeline, a ``PyDataset``, a callback object, a lambda) is trained in this
    one instead, with a warning: then a crash ends the search, nothing runs in parallel, and memory
    grows by some 30 MB a candidate.

    Args:
        space: The space whose members are trained.
        train: Training examples: `tfnas.data.Examples`, ``(x, y)`` arrays, a batched
            ``tf.data.Dataset``, or a Keras ``PyDataset``. Images are [B, height, width, channels].
        validation: Validation examples, in any of these forms.
        test: Test examples, used once, by `finalize`; None if there are none.
        objective: Name of the value to optimise, or ``(name, "max" or "min")``, or an object with
            ``name`` and ``direction``, such as a keras-tuner ``Objective``.
        loss: Keras loss, name, function, or specification (`tfnas.evaluators.training.objects`).
        metrics: Keras metrics in the same forms.
        optimizer: Keras optimizer in the same forms.
        callbacks: Keras callbacks: names, configurations or specifications travel, objects do not.
        head: ``"classification"``, ``"regression"``, or a function from features to outputs.
        num_classes: Classes or outputs; taken from arrays by default.
        class_names: Names of the classes, for logs and reports.
        provenance: Where the examples come from and how they were split, for logs and reports, as
            `tfnas.data.ImageData.provenance`.
        input_shape: ``(height, width, channels)``; taken from arrays and ``tf.data`` by default.
        skeleton: Sizes of the network around the cells, see `tfnas.networks.build`.
        normalize: Whether the network standardises its input channels by the mean and standard
            deviation of the training images (arrays only). It travels with the saved network.
        workers: Training processes at once. Default: two, or one on a single core.
        threads: Threads of each process. Default: the cores divided among the workers. Results
            depend on it in the last digits, so it is recorded.
        timeout_s: Time limit for one candidate, in seconds.
        recycle_after: Candidates after which a process is replaced.
        isolation: ``"subprocess"``, ``"inprocess"``, or ``"auto"`` (the former where it is possible).
        **recipe: Further fields of `TrainingRecipe`: epochs, batch_size, learning_rate, ...

    Raises:
        ConfigError: If an argument cannot work.
        DataError: If the examples cannot be trained on.
    """

    def __init__(
        self,
        space: SearchSpace,
        train: Any,
        validation: Any,
        test: Any = None,
        *,
        objective: Any = "val_accuracy",
        loss: Any = "sparse_categorical_crossentropy",
        metrics: Sequence[Any] = ("accuracy",),
        optimizer: Any = "sgd",
        callbacks: Sequence[Any] = (),
        head: Any = "classification",
        num_classes: int | None = None,
        class_names: Sequence[str] = (),
        provenance: Mapping[str, Any] | None = None,
        input_shape: Sequence[int] | None = None,
        skeleton: Mapping[str, Any] | None = None,
        normalize: bool = True,
        workers: int | None = None,
        threads: int | None = None,
        timeout_s: float | None = None,
        recycle_after: int = 25,
        isolation: str = "auto",
        **recipe: Any,
    ) -> None:
        self.space = space
        self._train = as_examples(train, Split.TRAIN)
        self._validation = as_examples(validation, Split.VALIDATION)
        self._test = None if test is None else as_examples(test, Split.TEST)
        self._input_shape = find_input_shape(self._train, input_shape)
        self._provenance = dict(provenance or {})
        self._class_names = tuple(str(class_name) for class_name in class_names)
        self._normalization = normalization(self._train) if normalize else None
        name, direction = name_and_direction(objective)
        given = {"loss": loss, "metrics": tuple(metrics), "optimizer": optimizer, "callbacks": tuple(callbacks)}
        specs, obstacle = specifications({**given, "head": head})
        unknown = sorted(set(recipe) - set(TrainingRecipe.__dataclass_fields__))
        if unknown:
            raise ConfigError(
                "arguments of TrainingEvaluator",
                expected=f"fields of TrainingRecipe ({', '.join(TrainingRecipe.__dataclass_fields__)})",
                received=", ".join(unknown),
            )
        self.recipe = TrainingRecipe(
            **specs,
            objective=name,
            direction=direction,
            num_classes=find_num_classes(self._train, num_classes, head),
            skeleton=dict(skeleton or {}),
            **recipe,
        )
        self._check_examples(head)
        if not all(isinstance(split, Examples) for split in self._splits()):
            obstacle = "data that is not arrays"
        self._extensions: dict[str, str] = {}
        try:
            self._extensions = {"space": importable(type(space))}
        except CannotTravel as error:
            obstacle = f"the search space's own code, {error},"
        self._inprocess = stays_inprocess(isolation, obstacle)
        cores = available_cores()
        self.parallelism = 1 if self._inprocess else min(2, cores) if workers is None else workers
        check_positive(workers=self.parallelism, threads=1 if threads is None else threads)
        if self._inprocess and threads is not None:
            raise ConfigError(
                "threads",
                expected="None where candidates are trained in this process",
                received=repr(threads),
                remedy="Set tf.config.threading before TensorFlow starts.",
            )
        self.threads = None if self._inprocess else threads or max(1, cores // self.parallelism)
        check_positive(recycle_after=recycle_after)
        if timeout_s is not None and not timeout_s > 0:
            raise ConfigError("timeout_s", expected="a positive number of seconds or None", received=repr(timeout_s))
        self._timeout_s = timeout_s
        self._recycle_after = recycle_after
        if "accuracy" in name and isinstance(self._validation, Examples):
            self.validation_size = len(self._validation)
        # any member will do: a wrong skeleton should show here
        probe = space.sample(np.random.default_rng(0))
        space.cost(probe, self._input_shape, self.recipe.num_classes, **self.recipe.skeleton)
        self._probe = probe
        self._pool: WorkerPool | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._checked = False

    def stream(self, proposals: Sequence[Proposal], *, seeds: Sequence[int]) -> Iterator[tuple[int, Outcome]]:
        self.check()
        jobs = [
            {
                "kind": "measure",
                "architecture": proposal.architecture.to_dict(),
                "seed": int(seed),
                "epochs": proposal.fidelity,
                "timeout_s": self._timeout_s,
            }
            for proposal, seed in zip(proposals, seeds)
        ]
        if self._inprocess:
            from tfnas.evaluators.training import jobs as local

            for index, (proposal, job) in enumerate(zip(proposals, jobs)):
                limit = float("inf") if self._timeout_s is None else time.monotonic() + self._timeout_s
                yield (
                    index,
                    local.measure(
                        proposal.architecture,
                        self._task_data(),
                        self.recipe,
                        seed=job["seed"],
                        epochs=job["epochs"],
                        deadline=limit,
                    ),
                )
            return
        for index, reply in self._workers().run(jobs, limit_s=self._timeout_s):
            if isinstance(reply, ProcessDied):
                yield index, Failure(str(reply), reply.seconds)
            else:
                yield index, outcome_of(reply)

    def finalize(
        self, architecture: Architecture, *, seed: int, directory: pathlib.Path | None = None
    ) -> Outcome | None:
        """Trains the winner once more, measures it on the test examples and saves it.

        With arrays and a test split, training and validation examples are trained on together.
        Without a test split, the measurement is a validation one.

        Args:
            architecture: The winner.
            seed: Seed of the training.
            directory: Gets ``best.keras`` and ``best_savedmodel/``; None to save nothing.

        Raises:
            RunFolderError: If the directory cannot be written.
        """
        self.check()
        if directory is not None:
            directory = pathlib.Path(directory).absolute()
        if self._inprocess:
            from tfnas.evaluators.training import jobs as local

            return local.finish(architecture, self._task_data(), self.recipe, seed=seed, directory=directory)
        job = {
            "kind": "finish",
            "architecture": architecture.to_dict(),
            "seed": int(seed),
            "directory": None if directory is None else str(directory),
        }
        limit = self._timeout_s
        if limit is not None:  # the last training may be longer, and sees more examples
            limit *= 2 * max(1.0, (self.recipe.final_epochs or self.recipe.epochs) / self.recipe.epochs)
        ((_, reply),) = self._workers().run([job], limit_s=limit)
        return Failure(str(reply), reply.seconds) if isinstance(reply, ProcessDied) else outcome_of(reply)

    def config(self) -> dict[str, Any]:
        recipe = self.recipe.to_dict()
        for name in OBJECTS:  # objects that stay in this process have no JSON form
            recipe[name] = described(recipe[name])
        return {
            "name": "training",
            "space": self.space.name,
            "objective": {"name": self.recipe.objective, "direction": self.recipe.direction},
            "input_shape": list(self._input_shape),
            "input_range": value_range(self._train),
            "num_classes": self.recipe.num_classes,
            "class_names": list(self._class_names),
            "skeleton": dict(self.recipe.skeleton),
            "validation_size": self.validation_size,
            "recipe": recipe,
            "normalized": self._normalization is not None,
            "data": {split: fingerprint(examples) for split, examples in self._named_splits()},
            "provenance": self._provenance,
            "workers": self.parallelism,
            "threads": self.threads,
            "timeout_s": self._timeout_s,
            "isolation": "inprocess" if self._inprocess else "subprocess",
        }

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _splits(self) -> list[Any]:
        return [examples for _, examples in self._named_splits()]

    def _named_splits(self) -> list[tuple[str, Any]]:
        named = (("train", self._train), ("validation", self._validation), ("test", self._test))
        return [(name, examples) for name, examples in named if examples is not None]

    def _check_examples(self, head: Any) -> None:
        for examples in self._splits():
            if not isinstance(examples, Examples):
                continue
            if examples.x.shape[1:] != self._input_shape:
                raise DataError(
                    f"{examples.split.value} images",
                    expected=f"shape {self._input_shape}",
                    received=str(examples.x.shape[1:]),
                    remedy="Resize the images to one shape first.",
                )
            if head == "classification" and "sparse" in str(self.recipe.loss).lower():
                check_labels(examples, self.recipe.num_classes)

    def check(self) -> None:
        """Carries the recipe out on two examples, once, so that a mistake in it shows early.

        Raises:
            ConfigError: If loss, metrics, objective, head, callbacks and data do not fit together.
        """
        if self._checked:
            return
        if self._inprocess:
            from tfnas.evaluators.training import jobs as local

            local.check(self._probe, self._task_data(), self.recipe)
        else:
            ((_, reply),) = self._workers().run([{"kind": "check", "architecture": self._probe.to_dict()}])
            if isinstance(reply, ProcessDied):
                raise ConfigError("training process", expected="one that starts", received=str(reply))
        self._checked = True

    def _task_data(self) -> Any:
        from tfnas.evaluators.training.trainer import TaskData

        splits = {name: (e.x, e.y) if isinstance(e, Examples) else e for name, e in self._named_splits()}
        return TaskData(
            splits["train"], splits["validation"], splits.get("test"), self._input_shape, self._normalization
        )

    def _workers(self) -> WorkerPool:
        if self._pool is None:
            paths = self._write_arrays()
            setup = {
                "threads": self.threads,
                "extensions": self._extensions,
                "recipe": self.recipe.to_dict(),
                "arrays": paths,
                "input_shape": list(self._input_shape),
                "normalization": self._normalization,
            }
            self._pool = WorkerPool(setup, count=self.parallelism, recycle_after=self._recycle_after)
        return self._pool

    def _write_arrays(self) -> dict[str, list[str]]:
        """Writes the examples where training processes map them into memory; returns the paths."""
        paths: dict[str, list[str]] = {}
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="tfnas-")
            for name, examples in self._named_splits():
                paths[name] = []
                for part, array in (("x", examples.x), ("y", examples.y)):
                    path = os.path.join(self._folder.name, f"{name}_{part}.npy")
                    np.save(path, array, allow_pickle=False)
                    paths[name].append(path)
        except OSError as error:
            raise DataError(
                "examples for the training processes",
                expected=f"room in {tempfile.gettempdir()}",
                received=str(error),
                remedy="Free some space, or set TMPDIR to another folder.",
            ) from error
        return paths
