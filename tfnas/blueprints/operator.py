"""`Operator`: a small graph of layers, the unit that architectures choose between."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

from tfnas.blueprints.layers import Layer, Parameter, Shape
from tfnas.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Step:
    """One layer of an operator.

    Attributes:
        name: Unique within the operator.
        layer: What is computed.
        inputs: What it reads: 0, 1, ... are the operator's inputs, and behind them come the results
            of the steps before.
    """

    name: str
    layer: Layer
    inputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """What an operator is for inputs of given shapes.

    Attributes:
        shape: Of its result.
        params: Trainable parameters.
        macs: Multiply-accumulates an example.
        parameters: All parameters; ``"step/parameter"`` is the name.
    """

    shape: Shape
    params: int
    macs: int
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, eq=False)
class Operator:
    """A function from `num_inputs` tensors to one, made of layers.

    Two operators are the same only if they are one object: make them once, by a cached function.

    Attributes:
        steps: The layers, in order; the last one's result is the operator's. Without any it is the identity.
        num_inputs: Number of input tensors.
    """

    steps: tuple[Step, ...]
    num_inputs: int = 1
    _traces: dict[tuple[Shape, ...], Trace] = field(default_factory=dict, init=False, repr=False)

    def trace(self, inputs: tuple[Shape, ...]) -> Trace:
        """Returns shape and costs for inputs of these shapes; kept for the next time."""
        known = self._traces.get(inputs)
        if known is None:
            known = self._traces[inputs] = self._trace(inputs)
        return known

    def _trace(self, inputs: tuple[Shape, ...]) -> Trace:
        shapes = list(inputs)
        parameters: dict[str, Parameter] = {}
        macs = 0
        for step in self.steps:
            given = [shapes[k] for k in step.inputs]
            macs += step.layer.macs(given)
            for name, parameter in step.layer.parameters(given).items():
                parameters[f"{step.name}/{name}"] = parameter
            shapes.append(step.layer.output_shape(given))
        params = sum(parameter.size for parameter in parameters.values() if parameter.trainable)
        return Trace(shapes[-1], params, macs, parameters)


def chain(**layers: Layer) -> Operator:
    """Returns the operator that applies layers one after the other, by step name."""
    return Operator(tuple(Step(name, layer, (k,)) for k, (name, layer) in enumerate(layers.items())))


_MERGES: dict[tuple[Layer, int], Operator] = {}


def merge(layer: Layer, count: int) -> Operator:
    """Returns the operator that joins `count` tensors by one layer."""
    key = layer, count
    if key not in _MERGES:
        name = type(layer).__name__.lower()
        _MERGES[key] = Operator((Step(name, layer, tuple(range(count))),), num_inputs=count)
    return _MERGES[key]


@dataclass(frozen=True, eq=False)
class Choice:
    """An operator that is not chosen yet: what a super-network has in the place of one.

    Attributes:
        slot: Number of the choice; choices with one number are made together.
        options: Operators by name. All give results of the same shape.
    """

    slot: int
    options: Mapping[str, Operator]

    @property
    def num_inputs(self) -> int:
        """Number of input tensors."""
        return next(iter(self.options.values())).num_inputs

    def trace(self, inputs: tuple[Shape, ...]) -> Trace:
        """Returns the shape, and parameters and costs of all options together."""
        traces = {name: operator.trace(inputs) for name, operator in self.options.items()}
        if len({trace.shape for trace in traces.values()}) > 1:
            raise ConfigError(
                f"options of slot {self.slot}",
                expected="results of one shape",
                received=", ".join(f"{name} {trace.shape}" for name, trace in traces.items()),
            )
        return Trace(
            next(iter(traces.values())).shape,
            sum(trace.params for trace in traces.values()),
            sum(trace.macs for trace in traces.values()),
            {
                f"{name}.{parameter}": value
                for name, trace in traces.items()
                for parameter, value in trace.parameters.items()
            },
        )
