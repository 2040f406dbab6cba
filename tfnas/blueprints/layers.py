"""Primitive layers: what a network is made of, as values that know their shapes, parameters and costs."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from typing import Mapping, Sequence

from tfnas.errors import ConfigError

Shape = tuple[int, ...]
"""Of one example, without the batch: ``(height, width, channels)`` or ``(features,)``."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named array of a layer.

    Attributes:
        shape: Its shape.
        trainable: Whether it is learned; moving statistics are not.
    """

    shape: Shape
    trainable: bool = True

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


class Layer(abc.ABC):
    """A function from one or more tensors to one tensor, with named parameters.

    Layers are frozen dataclasses. `tfnas.networks` says how each is computed.
    """

    __slots__ = ()

    @abc.abstractmethod
    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """Returns the shape that inputs of these shapes give."""

    def parameters(self, inputs: Sequence[Shape]) -> Mapping[str, Parameter]:
        """Returns the parameters by name, named as Keras names them."""
        return {}

    def macs(self, inputs: Sequence[Shape]) -> int:
        """Returns multiply-accumulates an example; convolutions and linear layers alone have any."""
        return 0


class _SameShape(Layer):
    __slots__ = ()

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return inputs[0]


class _OfEqualShapes(_SameShape):
    __slots__ = ()

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        if len(set(inputs)) > 1:
            raise ConfigError(type(self).__name__, expected="tensors of one shape", received=repr(tuple(inputs)))
        return inputs[0]


def _check_odd(kernel: tuple[int, int]) -> None:
    if not all(side % 2 for side in kernel):
        raise ConfigError(
            "kernel", expected="odd sides, to be padded evenly", received=repr(kernel), remedy="Or pad with 'valid'."
        )


def even_padding(layer: Conv | DepthwiseConv) -> tuple[int, int] | None:
    """Returns the rows and columns to pad a convolution with on each side; None where Keras does the same.

    Keras's own ``"same"`` pads even sizes on one side only where the stride is not one.
    """
    if layer.strides == 1 or layer.kernel == (1, 1):
        return None
    rows, columns = (layer.dilation * (side - 1) // 2 for side in layer.kernel)
    return rows, columns


@dataclass(frozen=True, slots=True)
class Conv(Layer):
    """Convolution.

    Attributes:
        filters: Output channels.
        kernel: Height and width of the kernel, odd where the padding is ``"same"``.
        strides: Step in both directions.
        dilation: Distance of the taps.
        bias: Whether a bias is added.
        padding: ``"same"`` pads evenly on both sides, so that the output has ceil(size / strides)
            rows; ``"valid"`` does not pad.
    """

    filters: int
    kernel: tuple[int, int]
    strides: int = 1
    dilation: int = 1
    bias: bool = False
    padding: str = "same"

    def __post_init__(self) -> None:
        if self.padding == "same":
            _check_odd(self.kernel)
        if self.strides > 1 and self.dilation > 1:
            raise ConfigError(
                "convolution",
                expected="strides or dilation of one, as in Keras",
                received=f"strides {self.strides}, dilation {self.dilation}",
            )

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        height, width, _ = inputs[0]
        if self.padding == "same":
            return -(-height // self.strides), -(-width // self.strides), self.filters
        reach = [self.dilation * (side - 1) for side in self.kernel]
        return (
            (height - reach[0] - 1) // self.strides + 1,
            (width - reach[1] - 1) // self.strides + 1,
            self.filters,
        )

    def parameters(self, inputs: Sequence[Shape]) -> Mapping[str, Parameter]:
        kernel = {"kernel": Parameter((*self.kernel, inputs[0][-1], self.filters))}
        return {**kernel, "bias": Parameter((self.filters,))} if self.bias else kernel

    def macs(self, inputs: Sequence[Shape]) -> int:
        return math.prod(self.kernel) * inputs[0][-1] * math.prod(self.output_shape(inputs))


@dataclass(frozen=True, slots=True)
class DepthwiseConv(Layer):
    """Convolution of each channel by itself, without bias; padding ``"same"``, as in `Conv`."""

    kernel: tuple[int, int]
    strides: int = 1
    dilation: int = 1

    def __post_init__(self) -> None:
        _check_odd(self.kernel)

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        height, width, channels = inputs[0]
        return -(-height // self.strides), -(-width // self.strides), channels

    def parameters(self, inputs: Sequence[Shape]) -> Mapping[str, Parameter]:
        return {"kernel": Parameter((*self.kernel, inputs[0][-1], 1))}

    def macs(self, inputs: Sequence[Shape]) -> int:
        return math.prod(self.kernel) * math.prod(self.output_shape(inputs))


@dataclass(frozen=True, slots=True)
class BatchNorm(_SameShape):
    """Batch normalisation over all axes but the last.

    Attributes:
        momentum: Share of the old moving statistics that a step keeps (PyTorch's is one minus this).
        epsilon: Added to the variance.
        affine: Whether a learned scale and shift follow.
    """

    momentum: float = 0.9
    epsilon: float = 1e-5
    affine: bool = True

    def parameters(self, inputs: Sequence[Shape]) -> Mapping[str, Parameter]:
        shape = (inputs[0][-1],)
        learned = {"gamma": Parameter(shape), "beta": Parameter(shape)} if self.affine else {}
        return {**learned, "moving_mean": Parameter(shape, False), "moving_variance": Parameter(shape, False)}


@dataclass(frozen=True, slots=True)
class Dense(Layer):
    """Linear layer with a bias."""

    units: int

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return (*inputs[0][:-1], self.units)

    def parameters(self, inputs: Sequence[Shape]) -> Mapping[str, Parameter]:
        return {"kernel": Parameter((inputs[0][-1], self.units)), "bias": Parameter((self.units,))}

    def macs(self, inputs: Sequence[Shape]) -> int:
        return math.prod(inputs[0]) * self.units


@dataclass(frozen=True, slots=True)
class Relu(_SameShape):
    """max(x, 0), and at most `maximum` where one is given (6 gives ReLU6)."""

    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Sigmoid(_SameShape):
    """1 / (1 + exp(-x))."""


@dataclass(frozen=True, slots=True)
class Pool(Layer):
    """Largest or mean value of each window; padded positions count in neither.

    Attributes:
        kind: ``"max"`` or ``"average"``.
        size: Side of the window.
        strides: Step in both directions.
        padding: ``"same"``, which pads odd windows evenly on both sides, or ``"valid"``.
    """

    kind: str
    size: int
    strides: int = 1
    padding: str = "same"

    @property
    def is_evenly_padded(self) -> bool:
        """Whether Keras's own ``"same"`` would pad even sizes on one side only."""
        return self.padding == "same" and self.strides > 1 and self.size > 1 and self.size % 2 == 1

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        height, width, channels = inputs[0]
        if self.padding == "same":
            return -(-height // self.strides), -(-width // self.strides), channels
        return (height - self.size) // self.strides + 1, (width - self.size) // self.strides + 1, channels


@dataclass(frozen=True, slots=True)
class GlobalPool(Layer):
    """Mean over height and width.

    Attributes:
        keep: Whether height and width stay, as ones.
    """

    keep: bool = False

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return (1, 1, inputs[0][-1]) if self.keep else inputs[0][-1:]


@dataclass(frozen=True, slots=True)
class Flatten(Layer):
    """All values in one row."""

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return (math.prod(inputs[0]),)


@dataclass(frozen=True, slots=True)
class Upsample(Layer):
    """Repeats rows and columns `factor` times (nearest neighbour)."""

    factor: int

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        height, width, channels = inputs[0]
        return height * self.factor, width * self.factor, channels


@dataclass(frozen=True, slots=True)
class Crop(Layer):
    """Keeps the first rows and columns."""

    height: int
    width: int

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.height, self.width, inputs[0][-1]


@dataclass(frozen=True, slots=True)
class Shift(_SameShape):
    """Moves the image one pixel up and left; zeros come in on the other sides."""


@dataclass(frozen=True, slots=True)
class FirstChannels(Layer):
    """Keeps the first `channels` channels."""

    channels: int

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return (*inputs[0][:-1], self.channels)


@dataclass(frozen=True, slots=True)
class Identity(_SameShape):
    """Returns its input."""


@dataclass(frozen=True, slots=True)
class Zero(_SameShape):
    """Zeros in the shape of its input."""


@dataclass(frozen=True, slots=True)
class Dropout(_SameShape):
    """In training, sets values to zero and scales the rest up.

    Attributes:
        rate: Share of the values.
        whole: Whether whole examples are dropped instead (drop-path, stochastic depth).
    """

    rate: float
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Add(_OfEqualShapes):
    """Sum of tensors of one shape."""


@dataclass(frozen=True, slots=True)
class Mean(_OfEqualShapes):
    """Mean of tensors of one shape."""


@dataclass(frozen=True, slots=True)
class Multiply(_SameShape):
    """Product of a tensor and one that is broadcast over its height and width."""


@dataclass(frozen=True, slots=True)
class GatedSum(_OfEqualShapes):
    """Sum of tensors of one shape, each scaled by the sigmoid of one learned number.

    The numbers are one row of a table, as Keras's ``Embedding`` has it; they start at zero.
    """

    def parameters(self, inputs: Sequence[Shape]) -> Mapping[str, Parameter]:
        return {"embeddings": Parameter((1, len(inputs)))}


@dataclass(frozen=True, slots=True)
class Concat(Layer):
    """Concatenation of the channels."""

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        if len({shape[:-1] for shape in inputs}) > 1:
            raise ConfigError("Concat", expected="tensors of one height and width", received=repr(tuple(inputs)))
        return (*inputs[0][:-1], sum(shape[-1] for shape in inputs))
