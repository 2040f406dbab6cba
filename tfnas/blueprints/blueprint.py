"""`Blueprint`: a whole network as a graph of operators, and `Draft`, by which one is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Mapping, Sequence

from tfnas.blueprints.layers import Add, Concat, Dense, Layer, Parameter, Shape
from tfnas.blueprints.operator import Choice, Operator, Trace, merge
from tfnas.errors import ConfigError

IMAGE = -1
"""The place of the network's input among the inputs of nodes."""

MAIN = "head"
"""The name of a network's last output, the one that counts."""

AUXILIARY = "auxiliary"
"""The name of an output that only helps in training."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operator in its place.

    Attributes:
        name: Unique; what is to be told apart by weights has names of its own.
        operator: What is computed, or the choice that is to be made.
        inputs: The nodes it reads, by number; `IMAGE` is the image.
        trace: What the operator is there: the shape of its result, parameters, costs.
        place: The node of the architecture that it belongs to, as its operator, as the sum of what it
            reads, or as what brings that to its shape; None for the network around the cells.
    """

    name: str
    operator: Operator | Choice
    inputs: tuple[int, ...]
    trace: Trace
    place: int | None = None

    @property
    def shape(self) -> Shape:
        """Shape of the result."""
        return self.trace.shape


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A network up to the features that its heads read: operators, wiring, shapes, parameters, costs.

    It is the one description of a network. `tfnas.networks` makes a Keras model of it, or computes it
    with weights that are given, or, where choices are left open, makes it a super-network.

    Attributes:
        input_shape: ``(height, width, channels)`` of the image.
        nodes: In topological order.
        outputs: Name and node of each output; a linear layer follows each. The last one is `MAIN`.
    """

    input_shape: Shape
    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, int], ...]

    def shapes_into(self, node: Node) -> tuple[Shape, ...]:
        """Returns the shapes that a node reads."""
        return tuple(self.input_shape if k == IMAGE else self.nodes[k].shape for k in node.inputs)

    def parameters(self, num_classes: int) -> dict[str, Parameter]:
        """Returns every parameter, heads included; ``"node.step/parameter"`` is the name."""
        found = {}
        for node in self.nodes:
            for name, parameter in node.trace.parameters.items():
                found[f"{node.name}.{name}"] = parameter
        for output, k in self.outputs:
            for name, parameter in Dense(num_classes).parameters([self._features(k)]).items():
                found[f"{output}/{name}"] = parameter
        return found

    def costs(self, num_classes: int) -> tuple[int, int]:
        """Returns trainable parameters and multiply-accumulates, heads included."""
        params = sum(node.trace.params for node in self.nodes)
        macs = sum(node.trace.macs for node in self.nodes)
        for _, k in self.outputs:
            (features,) = self._features(k)
            params += features * num_classes + num_classes
            macs += features * num_classes
        return params, macs

    def macs_until(self, num_classes: int) -> dict[str, int]:
        """Returns, for each output, the multiply-accumulates of what must run to have it and all before it."""
        needed: set[int] = set()
        heads, totals = 0, {}
        for output, k in self.outputs:
            heads += self._features(k)[0] * num_classes
            needed |= self.ancestors(k)
            totals[output] = heads + self.macs_of(needed)
        return totals

    def macs_of(self, nodes: Iterable[int]) -> int:
        """Returns the multiply-accumulates of some nodes together."""
        return sum(self.nodes[k].trace.macs for k in nodes)

    def ancestors(self, node: int) -> set[int]:
        """Returns the nodes that a node depends on, itself included."""
        found, todo = set(), [node]
        while todo:
            k = todo.pop()
            if k != IMAGE and k not in found:
                found.add(k)
                todo.extend(self.nodes[k].inputs)
        return found

    def _features(self, node: int) -> Shape:
        return self.nodes[node].shape


class Draft:
    """A blueprint in the making: nodes are added in order, and named by the number they get.

    Args:
        input_shape: ``(height, width, channels)`` of the image.
    """

    def __init__(self, input_shape: Sequence[int]) -> None:
        self._input_shape: Shape = tuple(input_shape)
        self._nodes: list[Node] = []
        self._names: set[str] = set()

    def shape(self, node: int) -> Shape:
        """Returns the shape of a node's result."""
        return self._input_shape if node == IMAGE else self._nodes[node].shape

    def add(self, name: str, operator: Operator | Choice, *inputs: int, place: int | None = None) -> int:
        """Adds a node and returns its number. An operator without steps adds none.

        Raises:
            ConfigError: If the name is taken, the inputs do not fit the operator, or nothing is left of
                the image.
        """
        if not isinstance(operator, (Operator, Choice)):
            raise ConfigError(
                f"operator of {name}",
                expected="an Operator of tfnas.blueprints",
                received=repr(operator),
                remedy="Make one of layers with chain(name=layer, ...), or take one of tfnas.blueprints.operators.",
            )
        if name in self._names:
            raise ConfigError("blueprint", expected="names that are given once", received=f"a second {name!r}")
        if len(inputs) != operator.num_inputs or min(inputs) < IMAGE or max(inputs) >= len(self._nodes):
            raise ConfigError(
                f"inputs of {name}",
                expected=f"{operator.num_inputs} of the {len(self._nodes)} nodes there are, or IMAGE",
                received=repr(inputs),
            )
        if isinstance(operator, Operator) and not operator.steps:
            return inputs[0]
        shapes = tuple([self.shape(k) for k in inputs])
        try:
            trace = operator.trace(shapes)
        except (ValueError, IndexError) as error:  # a layer takes a shape apart that has another rank
            raise ConfigError(
                name, expected="inputs of a shape that its layers take", received=f"{shapes} ({error})"
            ) from error
        if min(trace.shape) < 1:
            raise ConfigError(
                name, expected="something left of the image", received=f"a result of shape {trace.shape} from {shapes}"
            )
        self._names.add(name)
        self._nodes.append(Node(name, operator, inputs, trace, place))
        return len(self._nodes) - 1

    def choose(
        self,
        name: str,
        slot: int,
        chosen: str | None,
        options: Mapping[str, Operator],
        *inputs: int,
        place: int | None = None,
    ) -> int:
        """Adds the operator that an architecture chooses, or the open choice where `chosen` is None."""
        if chosen is None:
            return self.add(name, Choice(slot, options), *inputs, place=place)
        return self.add(f"{name}.{chosen}", options[chosen], *inputs, place=place)

    def join(self, name: str, layer: Layer, inputs: Sequence[int], place: int | None = None) -> int:
        """Joins nodes by one layer; a single node is returned as it is.

        Raises:
            ConfigError: If there is no node, or their shapes do not fit.
        """
        if not inputs:
            raise ConfigError(f"inputs of {name}", expected="at least one node", received="none")
        if len(inputs) == 1:
            return inputs[0]
        return self.add(name, merge(layer, len(inputs)), *inputs, place=place)

    def sum(self, name: str, inputs: Sequence[int]) -> int:
        """Adds nodes up."""
        return self.join(name, Add(), inputs)

    def concat(self, name: str, inputs: Sequence[int]) -> int:
        """Concatenates the channels of nodes."""
        return self.join(name, Concat(), inputs)

    def finish(self, features: int, **others: int) -> Blueprint:
        """Returns the blueprint.

        Args:
            features: The node whose result the main head reads, of shape ``(features,)``.
            **others: Further outputs that come before it, by name.

        Raises:
            ConfigError: If an output has height and width.
        """
        for name, node in {**others, MAIN: features}.items():
            if len(self.shape(node)) != 1:
                raise ConfigError(
                    f"output {name}",
                    expected="a node with features alone",
                    received=f"one of shape {self.shape(node)}",
                    remedy="Pool it with tfnas.blueprints.layers.GlobalPool.",
                )
        return Blueprint(self._input_shape, tuple(self._nodes), (*others.items(), (MAIN, features)))
