"""`SearchSpace`: the contract of every search space. NumPy only: no TensorFlow, no training, no tables."""

from __future__ import annotations

import abc
import functools
import inspect
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.checks import check_flag, check_image_shape, check_positive, check_rate
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


def variant_name(name: str, **options: tuple[Any, Any]) -> str:
    """Returns the name of a space with options, by which `tfnas.spaces.get` makes it again.

    Args:
        name: The registered name.
        **options: For each option of the constructor its value, an integer or a truth value, and its
            default.
    """
    given = [f"{key}={value}" for key, (value, default) in options.items() if value != default]
    return ",".join([name, *given])


class SearchSpace(abc.ABC):
    """A set of architectures with a way to draw, vary, name and cost them.

    Subclasses are final, or abstract themselves. Options of a space are integers or truth values, named
    arguments of its constructor with defaults, which sets ``self.name = variant_name(...)``. Everything
    here is free of side effects, and randomness comes in as a ``np.random.Generator``.
    """

    name: str
    """``Architecture.space`` of every member: the registered name and, behind commas, the options that
    differ from their defaults, for example ``"nasbench101,max_nodes=8"``; see `variant_name`."""

    num_networks: int | None = None
    """Number of distinct canonical keys, where it is known."""

    key_can_collide: bool = False
    """Whether two members with different live networks can share a canonical key."""

    zero_ops: frozenset[str] = frozenset()
    """Operators whose result is zero: what passes through them is lost."""

    identity_ops: frozenset[str] = frozenset()
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
    def _blueprint(
        self, arch: Architecture, input_shape: tuple[int, int, int], *, live_only: bool, **skeleton: Any
    ) -> Blueprint:
        """Returns the network of a member, see `blueprint`.

        Name the skeleton's arguments, with defaults; what arrives has their kind: positive integers,
        rates from 0 to below 1, truth values.
        """

    def _super_blueprint(self, input_shape: tuple[int, int, int], **skeleton: Any) -> Blueprint:
        """Returns the network with all choices open, see `super_blueprint`."""
        raise ConfigError(
            f"super-network of {self.name}",
            expected="a space whose members differ in the operators of one fixed wiring",
            received="a space whose members differ in their wiring",
        )

    def super_choices(self, arch: Architecture) -> tuple[int, ...]:
        """Returns, for each slot of `super_blueprint`, the number of the option that a member takes.

        An operator that reaches no output is ``none`` here, as `blueprint` leaves it out.

        Raises:
            ConfigError: If the space has no super-network.
        """
        raise ConfigError(f"choices of {self.name}", expected="a space with a super-network", received=self.name)

    def blueprint(
        self, arch: Architecture, input_shape: Sequence[int] = (32, 32, 3), *, live_only: bool = True, **skeleton: Any
    ) -> Blueprint:
        """Describes the network of a member: operators, wiring, shapes, parameters.

        Args:
            arch: A member.
            input_shape: ``(height, width, channels)``.
            live_only: Leave operators out that reach no output, or that only zeros reach.
            **skeleton: Sizes of the network around the cells; their defaults are the published ones.

        Raises:
            InvalidArchitectureError: If the architecture is of another space.
            ConfigError: If the shape or a skeleton argument is wrong.
        """
        self._check_name(arch)
        shape = check_image_shape(input_shape)
        made = self._blueprint(arch, shape, live_only=bool(live_only), **self._checked(skeleton))
        if not isinstance(made, Blueprint):
            raise ConfigError(
                f"_blueprint of {self.name}",
                expected="a Blueprint",
                received=repr(made),
                remedy="Return what Draft.finish returns.",
            )
        return made

    def super_blueprint(self, input_shape: Sequence[int] = (32, 32, 3), **skeleton: Any) -> Blueprint:
        """Describes the super-network: every operator of every choice, and the choices left open.

        Raises:
            ConfigError: If the space has none, or the shape or a skeleton argument is wrong.
        """
        return self._super_blueprint(check_image_shape(input_shape), **self._checked(skeleton))

    def cost(
        self,
        arch: Architecture,
        input_shape: Sequence[int] = (32, 32, 3),
        num_classes: int = 10,
        *,
        live_only: bool = False,
        **skeleton: Any,
    ) -> Cost:
        """Returns parameters and multiply-accumulates in closed form, by summing over the blueprint.

        Args:
            arch: A member.
            input_shape: ``(height, width, channels)``.
            num_classes: Outputs of the classifier.
            live_only: Count what `tfnas.networks.build` builds, which leaves operators out that
                reach no output. By default the published network is counted, dead operators included.
            **skeleton: Sizes of the network around the cells, named as in `tfnas.networks.build`.

        Raises:
            ConfigError: If a size is not positive or an argument is unknown.
        """
        check_positive(num_classes=num_classes)
        return Cost(*self.blueprint(arch, input_shape, live_only=live_only, **skeleton).costs(int(num_classes)))

    @classmethod
    @functools.cache
    def skeleton_defaults(cls) -> Mapping[str, Any]:
        """Returns the skeleton's arguments and their published values."""
        parameters = inspect.signature(cls._blueprint).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "live_only"}

    def quick_skeleton(self, input_shape: Sequence[int]) -> dict[str, Any]:
        """Returns sizes with which a candidate for such images trains in seconds on a few CPU cores.

        The published sizes, where a space has no others.
        """
        return {}

    def _checked(self, skeleton: Mapping[str, Any]) -> dict[str, Any]:
        """Returns all of the skeleton's arguments, those given as plain values of their defaults' kinds.

        Operators are kept by the sizes they have, where ``np.int8(24)`` and ``24`` are the same.
        """
        defaults = self.skeleton_defaults()
        plain = dict(defaults)
        for name, value in skeleton.items():
            if name not in defaults:
                raise ConfigError(
                    f"skeleton of {self.name}", expected=", ".join(defaults) or "no arguments", received=name
                )
            default = defaults[name]
            if isinstance(default, bool):
                check_flag(**{name: value})
                plain[name] = bool(value)
            elif isinstance(default, float):
                check_rate(**{name: value})
                plain[name] = float(value)
            elif value is None and default is None:
                plain[name] = None
            else:
                check_positive(**{name: value})
                plain[name] = int(value)
        return plain

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
