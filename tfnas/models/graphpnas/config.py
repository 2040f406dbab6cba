"""`GeneratorConfig`: the sizes and forms of a generator."""

from __future__ import annotations

from dataclasses import dataclass

from tfnas.checks import check_flag, check_positive, is_integer
from tfnas.errors import ConfigError

_CHOICES = {
    "messages": ("causal", "prefix"),
    "pooling": ("sum", "mean"),
    "view": ("auto", "edges", "nodes"),
    "dtype": ("float32", "float64"),
}


@dataclass(frozen=True, slots=True)
class GeneratorConfig:
    """Options of a `GraphGenerator`. Where GraphPNAS's paper names a value, it is the default.

    Attributes:
        mixture: K, the number of mixture components (section 4).
        steps: S, the rounds of message passing (section 4).
        hidden: Size of node states and of the hidden layers (section 4); the released code has 24.
        message: Size of messages (section 4).
        messages: ``"prefix"`` is the paper's form: before each node, all earlier nodes and the new one,
            which is joined to all of them, pass messages in both directions. ``"causal"`` lets messages run
            from earlier to later nodes alone, so that all steps share the states of earlier nodes. That is
            another model, and several times faster; it is the default, and results must say which it was.
        pooling: How equation 4 pools over pairs: ``"sum"`` (paper) or ``"mean"`` (released code).
        sees_operators: Whether states start from the operators (paper), or all alike (released code).
        shared: Whether the rounds share their weights (paper), or have their own (released code).
        view: ``"edges"`` draws operators on the edges of the space's edge-labelled view, as the released code
            does, ``"nodes"`` those of nodes. ``"auto"`` is the first where `labels` or `in_degree` are given, or
            where every choice of labels is a member, as in NAS-Bench-201.
        labels: Labels that edges may carry in the edge-labelled view; all of the space's by default.
        in_degree: Smallest and largest number of edges into each node of the edge-labelled view that any can
            enter; no limit by default. With ``labels=OPERATORS[1:], in_degree=(2, 2)``, where the operators
            are those of `tfnas.blueprints.darts`, DARTS's cells are drawn as in the released code.
        dtype: ``"float32"`` or ``"float64"``.

    Raises:
        ConfigError: If a value cannot work.
    """

    mixture: int = 10
    steps: int = 7
    hidden: int = 128
    message: int = 128
    messages: str = "causal"
    pooling: str = "sum"
    sees_operators: bool = True
    shared: bool = True
    view: str = "auto"
    labels: tuple[str, ...] | None = None
    in_degree: tuple[int, int] | None = None
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_positive(mixture=self.mixture, steps=self.steps, hidden=self.hidden, message=self.message)
        check_flag(sees_operators=self.sees_operators, shared=self.shared)
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(name, expected=" or ".join(map(repr, allowed)), received=repr(getattr(self, name)))
        if self.labels is not None and not (
            isinstance(self.labels, tuple) and self.labels and all(isinstance(label, str) for label in self.labels)
        ):
            raise ConfigError("labels", expected="a tuple of names, or None", received=repr(self.labels))
        if self.in_degree is not None:
            limits = self.in_degree
            if not (
                isinstance(limits, tuple)
                and len(limits) == 2
                and all(is_integer(limit) for limit in limits)
                and 0 <= limits[0] <= limits[1]
            ):
                raise ConfigError("in_degree", expected="(smallest, largest), or None", received=repr(limits))
        if self.view == "nodes" and (self.labels is not None or self.in_degree is not None):
            raise ConfigError(
                "labels and in_degree",
                expected="None with view='nodes', whose limits are those of the space's grammar",
                received=f"{self.labels!r} and {self.in_degree!r}",
            )
