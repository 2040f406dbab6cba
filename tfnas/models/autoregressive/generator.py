"""`AutoregressiveGenerator`: a learned distribution over a space that grows graphs node by node."""

from __future__ import annotations

import abc
import functools
import itertools
import operator
import pathlib
from typing import Any, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive, check_seed
from tfnas.errors import SearchError, StateError
from tfnas.models.autoregressive.config import GeneratorConfig
from tfnas.models.autoregressive.rules import Rules
from tfnas.models.autoregressive.view import ComponentArrays
from tfnas.models.autoregressive.views import view_of
from tfnas.models.autoregressive.weights import WEIGHTS
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.spaces.base import SearchSpace

_PATIENCE = 20_000
"""Draws in a row that may all break a rule before sampling gives up."""

_ENTRIES = 2**15
"""Entries of adjacency matrices that are worked on at once."""


class AutoregressiveGenerator(ArchitectureDistribution, abc.ABC):
    """A distribution with weights over the members of any space with a grammar. Equation 1 of GraphPNAS.

    Nodes come in the order of the grammar. Each draws, given all earlier ones, its operator from a categorical
    distribution and its incoming edges from a mixture of Bernoullis, and edges their labels where they have
    any (`NodeDistribution`). What the grammar forbids has probability zero and the rest is renormalised, so that
    where rules are local every draw is a member; limits of incoming edges condition each component of the
    mixture by itself, exactly (`EdgesIn`). Components of a space, such as DARTS's two cells, are independent, and
    each has a network of its own. Where so many nodes of all components must have some operator
    (`Grammar.totals`), each node may choose what keeps that possible.

    Where a space has rules that are not local (`Grammar.is_local`), draws that break one are
    rejected and counted in `rejections`. `log_prob` is then that of the process without rejection: the
    probability of a member is higher by one and the same factor, the inverse of the share of draws that are
    members, and `entropy` is too high by the logarithm of that factor.

    Subclasses are final and say which network maps the nodes so far to the parameters of the next one.

    Args:
        space: Space to draw from.
        config: Sizes and forms.
        seed: For the first weights.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    config: GeneratorConfig
    """Sizes and forms."""

    def __init__(self, space: SearchSpace, config: GeneratorConfig, *, seed: int = 0) -> None:
        self.space = space
        self.config = config
        self.view = view_of(space, config)
        self.rejections = 0
        check_seed(seed)
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.autoregressive.component import ComponentGenerator

        self._components = [ComponentGenerator(rules, self._network(rules)) for rules in self.view.rules]
        self._chunk = max(1, _ENTRIES // max(rules.nodes**2 for rules in self.view.rules))
        self.set_weights(self.first_weights(seed))

    @abc.abstractmethod
    def _network(self, rules: Rules) -> Any:
        """Returns the `NodeNetwork` of a component."""

    @property
    def components(self) -> tuple[Any, ...]:
        """The `ComponentGenerator` of each component of the space."""
        return tuple(self._components)

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """The TensorFlow variables of all components."""
        return tuple(itertools.chain.from_iterable(part.network.trainable_variables for part in self._components))

    def first_weights(self, seed: int) -> list[np.ndarray]:
        """Draws weights for `set_weights` that know nothing yet; see `tfnas.models.autoregressive.weights`.

        Raises:
            ConfigError: If the seed is none.
        """
        check_seed(seed)
        draw = WEIGHTS[self.config.first_weights]
        return draw(self.trainable_variables, np.random.default_rng(seed))

    def get_weights(self) -> list[np.ndarray]:
        """Returns copies of the values of `trainable_variables`."""
        return [variable.numpy() for variable in self.trainable_variables]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Sets what `get_weights` returned, bit for bit.

        Raises:
            StateError: If the number of arrays, a shape or a type differs. Nothing is set then.
        """
        variables = self.trainable_variables
        expected = [(tuple(variable.shape), variable.dtype.as_numpy_dtype) for variable in variables]
        received = [(np.shape(array), np.asarray(array).dtype.type) for array in weights]
        if expected != received:
            wrong = [k for k, pair in enumerate(zip(expected, received)) if pair[0] != pair[1]]
            raise StateError(
                f"weights of a generator for {self.space.name}",
                expected=f"{len(expected)} arrays" + (f", number {wrong[0]}: {expected[wrong[0]]}" if wrong else ""),
                received=f"{len(received)} arrays" + (f", number {wrong[0]}: {received[wrong[0]]}" if wrong else ""),
                remedy="Give those of a generator with the same space and configuration.",
            )
        for variable, array in zip(variables, weights):
            variable.assign(array)

    def sample(self, n: int, seed: int) -> list[Architecture]:
        check_positive(n=n)
        check_seed(seed)
        found: list[Architecture] = []
        in_vain = chunks = rejected = 0
        while len(found) < n:
            # The more were rejected, the more draws the missing ones are likely to need.
            count = min(self._chunk, max(n - len(found), rejected))
            for arch in self.view.decode(self.sample_arrays(count, (seed, chunks))):
                if len(found) == n:
                    break
                if arch is None:
                    self.rejections += 1
                    rejected += 1
                    in_vain += 1
                else:
                    found.append(arch)
                    in_vain = 0
            if in_vain >= _PATIENCE:
                raise SearchError(
                    f"samples of {self.space.name}",
                    expected=f"a member among {_PATIENCE} draws in a row",
                    received="none: all broke a rule that is not local",
                    remedy="Fit the generator to members first; for an edge-labelled view give labels= and in_degree=, "
                    "or view='nodes'.",
                )
            chunks += 1
        return found

    def sample_arrays(self, n: int, seed: Sequence[int]) -> tuple[ComponentArrays, ...]:
        """Draws `n` graphs without rejection, as arrays; see `ComponentArrays`.

        Args:
            n: Number of graphs.
            seed: Integers; other ones give other draws.
        """
        states = np.random.SeedSequence(list(seed)).generate_state(2 * len(self._components)).view(np.int32)
        found, used = [], None
        for part, state in zip(self._components, states.reshape(-1, 2)):
            edges, ops = part.sample(n, state, used)
            used = part.used(ops, used)
            found.append(ComponentArrays(edges.numpy(), ops.numpy()))
        return tuple(found)

    def log_prob(self, archs: Sequence[Architecture]) -> np.ndarray:
        for arch in archs:
            self.space.validate(arch)
        found = np.full(len(archs), -np.inf)
        for start in range(0, len(archs), self._chunk):
            arrays = self.view.encode(archs[start : start + self._chunk])
            drawable = self.view.drawable(arrays)
            arrays = [ComponentArrays(*(array[drawable] for array in part)) for part in arrays]
            used, parts = None, []
            for part, array in zip(self._components, arrays):
                parts.append(part.log_prob(*array, used).numpy())
                used = part.used(array.ops, used)
            found[start : start + self._chunk][drawable] = np.sum(parts, axis=0, dtype=np.float64)
        return found

    def log_prob_tensor(self, arrays: Sequence[ComponentArrays], shares: Sequence[float] = (1.0, 1.0, 1.0)) -> Any:
        """Returns the logarithm of the probability of B graphs as a tensor, for gradients. Float, shape [B].

        Inside a ``tf.function`` it is part of that; each new static shape of the arrays is traced once.

        Args:
            arrays: One a component, NumPy arrays or tensors, that keep the rules; see `View.drawable`.
            shares: Weights of what operators, edges and labels contribute; see `NodeDistribution.log_prob`.
        """
        used, parts = None, []
        for part, (edges, ops) in zip(self._components, arrays):
            parts.append(part.log_prob_tensor(edges, ops, used, shares))
            used = part.used(ops, used)
        return functools.reduce(operator.add, parts)

    def save(self, directory: pathlib.Path | str) -> pathlib.Path:
        """Writes a SavedModel that loads with TensorFlow alone; see `tfnas.models.autoregressive.saved_model.save`.

        Args:
            directory: Becomes the SavedModel; a new folder or an empty one.

        Returns:
            The absolute path of the SavedModel.

        Raises:
            ConfigError: If there is a file of that name, or a folder that is not empty.
        """
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.autoregressive.saved_model import save

        return save(self, directory)
