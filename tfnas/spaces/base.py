"""`SearchSpace`: the contract of every search space. NumPy only: no TensorFlow, no training, no tables."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces.grammar import EdgeLabelled, Grammar


@dataclass(frozen=True, slots=True)
class Cost:
    """What a network costs.

    Attributes:
        params: Trainable parameters.
        macs: Multiply-accumulates of convolutions and linear layers for one example; no bias adds,
            no normalisation, no pooling.
    """

    params: int
    macs: int


class SearchSpace(abc.ABC):
    """A set of architectures with a way to draw, vary, name and cost them.

    Subclasses are final. Everything here is free of side effects, and randomness comes in as a
    ``np.random.Generator``.
    """

    name: ClassVar[str]
    """Registered name, also ``Architecture.space`` of every member."""

    num_networks: ClassVar[int | None] = None
    """Number of distinct canonical keys, where it is known."""

    key_can_collide: ClassVar[bool] = False
    """Whether two members with different live networks can share a canonical key."""

    zero_ops: ClassVar[frozenset[str]] = frozenset()
    """Operators whose result is zero: what passes through them is lost."""

    identity_ops: ClassVar[frozenset[str]] = frozenset()
    """Operators that return their input unchanged."""

    @property
    @abc.abstractmethod
    def op_names(self) -> tuple[str, ...]:
        """Operators of all nodes, inputs and outputs included; the vocabulary of encodings. Length V."""

    @property
    @abc.abstractmethod
    def max_nodes(self) -> int:
        """Largest number of nodes of a member, over all its components."""

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """Exact number of members."""

    @property
    @abc.abstractmethod
    def grammar(self) -> Grammar:
        """The local rules of the space."""

    @abc.abstractmethod
    def validate(self, arch: Architecture) -> None:
        """Checks membership.

        Raises:
            InvalidArchitectureError: Naming the rule that is broken.
        """

    @abc.abstractmethod
    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draws a member; the subclass states the distribution."""

    @abc.abstractmethod
    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """Yields every member at edit distance one, in a fixed order."""

    def mutate(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """Returns a neighbour drawn uniformly."""
        candidates = list(self.neighbors(arch))
        return candidates[int(rng.integers(len(candidates)))]

    @abc.abstractmethod
    def canonical_key(self, arch: Architecture) -> str:
        """Returns text that is equal for members whose live networks are isomorphic.

        Caches, duplicate rejection, budgets and resuming go by this key. See `key_can_collide`.
        """

    @abc.abstractmethod
    def cost(
        self,
        arch: Architecture,
        input_shape: Sequence[int],
        num_classes: int,
        *,
        live_only: bool = False,
        **skeleton: Any,
    ) -> Cost:
        """Returns parameters and multiply-accumulates in closed form.

        Args:
            arch: A member.
            input_shape: ``(height, width, channels)``.
            num_classes: Outputs of the classifier.
            live_only: Count what `tfnas.networks.build` builds, which leaves operators out that
                reach no output. By default the published network is counted, dead operators included.
            **skeleton: Sizes of the network around the cells, named as in `tfnas.networks.build`.
        """

    @abc.abstractmethod
    def to_native(self, arch: Architecture) -> str:
        """Returns the published form as text."""

    @abc.abstractmethod
    def from_native(self, native: str) -> Architecture:
        """Inverse of `to_native`.

        Raises:
            InvalidArchitectureError: If the text is not a member's published form.
        """

    def enumerate(self) -> Iterator[Architecture]:
        """Yields every member once, in a fixed order.

        Raises:
            ConfigError: If the space is too large to enumerate.
        """
        raise ConfigError(
            f"enumerating {self.name}",
            expected="a space that is small enough",
            received=f"{self.size} members",
            remedy="Draw members with sample(rng) instead.",
        )

    @property
    def is_enumerable(self) -> bool:
        """Whether `enumerate` works."""
        return type(self).enumerate is not SearchSpace.enumerate

    def to_edge_labelled(self, arch: Architecture) -> tuple[EdgeLabelled, ...]:
        """Returns the edge-labelled view, one value a component.

        Raises:
            ConfigError: If the space has no such view.
        """
        raise self._no_edge_view()

    def from_edge_labelled(self, view: Sequence[EdgeLabelled]) -> Architecture:
        """Inverse of `to_edge_labelled`.

        Raises:
            ConfigError: If the space has no such view.
        """
        raise self._no_edge_view()

    def _no_edge_view(self) -> ConfigError:
        return ConfigError(
            f"edge-labelled view of {self.name}",
            expected="a space with operators on its edges",
            received="a space with operators on its nodes",
            remedy="Use the node-operator form, Architecture.ops and Architecture.edges.",
        )

    def _check_name(self, arch: Architecture) -> None:
        if arch.space != self.name:
            raise InvalidArchitectureError(
                "architecture",
                expected=f"a member of {self.name!r}",
                received=f"a member of {arch.space!r}",
                remedy=f"Use tfnas.spaces.get({arch.space!r}).",
            )
