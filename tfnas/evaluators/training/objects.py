"""Keras objects as JSON, so that a training process can make its own.

A specification is one of three:

- a Keras name, for example ``"adam"`` or ``"EarlyStopping"``;
- a Keras configuration, ``{"class_name": ..., "config": {...}}``;
- ``"module:attribute"``: something of the user's in a module that can be imported. A class, or a
  function without required arguments where an object is wanted, is called to make a fresh one.
"""

from __future__ import annotations

import inspect
from typing import Any, Mapping

from tfnas._keras import keras3
from tfnas.errors import ConfigError
from tfnas.registry import imported

KINDS = ("loss", "metric", "optimizer", "callback", "head")


class CannotTravel(Exception):
    """An object has no specification; training has to stay in this process."""


def to_spec(value: Any, kind: str) -> Any:
    """Returns a specification of `value`.

    Args:
        value: A specification, a Keras object, or a function or class of an importable module.
        kind: One of `KINDS`.

    Raises:
        CannotTravel: If `value` holds what JSON cannot carry: a callback object, a lambda, or
            something defined in ``__main__``.
    """
    if isinstance(value, (str, Mapping)):
        return dict(value) if isinstance(value, Mapping) else value
    if inspect.isfunction(value) or inspect.isclass(value):
        return importable(value)
    module = type(value).__module__
    if kind in ("callback", "head") or module == "__main__" or not _config_is_whole(type(value)):
        raise CannotTravel(f"{kind} {value!r}")
    if not module.startswith("keras."):
        importable(type(value))
    try:
        spec = keras3().saving.serialize_keras_object(value)
        from_spec(spec, kind)
    except Exception as error:
        raise CannotTravel(f"{kind} {value!r}: {error}") from error
    return spec


def importable(value: Any) -> str:
    """Returns ``"module:attribute"`` of a function or class.

    Raises:
        CannotTravel: If it cannot be imported by that name.
    """
    name = f"{value.__module__}:{value.__qualname__}"
    if value.__module__ == "__main__" or "<" in value.__qualname__ or imported(name) is not value:
        raise CannotTravel(name)
    return name


def from_spec(spec: Any, kind: str) -> Any:
    """Makes the object that a specification describes; any other value is returned as it is.

    Raises:
        ConfigError: If there is no such name, module or attribute, or Keras refuses the configuration.
    """
    keras = keras3()
    if isinstance(spec, str) and ":" in spec:
        value = imported(spec)
        wants_object = kind in ("optimizer", "callback") or inspect.isclass(value)
        return value() if callable(value) and wants_object else value
    if kind == "callback":
        return _callback(spec)
    if kind == "head" or not isinstance(spec, (str, Mapping)):
        return spec
    getter = {"loss": keras.losses.get, "metric": keras.metrics.get, "optimizer": keras.optimizers.get}[kind]
    if kind == "metric" and isinstance(spec, str):
        return spec  # Keras resolves "accuracy" by the loss and the shapes, when it compiles
    try:
        return getter(spec)
    except (ValueError, TypeError) as error:
        raise ConfigError(kind, expected="something that Keras knows", received=f"{spec!r:.200}") from error


def own_copy(value: Any) -> Any:
    """Gives every candidate its own copy of a Keras object of the user's; names and functions as they are.

    Raises:
        ConfigError: If the object has variables and its class inherits a ``get_config`` that does
            not know the class's own arguments.
    """
    if not hasattr(value, "get_config"):
        return value
    if _config_is_whole(type(value)):
        return type(value).from_config(value.get_config())
    if isinstance(value, keras3().losses.Loss):
        return value  # a loss has no state to keep apart
    raise ConfigError(
        f"{type(value).__name__} object",
        expected="a class whose get_config returns all arguments of its __init__",
        received="one with an __init__ of its own and an inherited get_config",
        remedy="Define get_config in the class: every candidate needs its own copy of the object.",
    )


def _config_is_whole(kind: type) -> bool:
    """Whether ``get_config`` is defined at least as far down the classes as ``__init__``."""
    lines = kind.__mro__
    first = {name: next(k for k, base in enumerate(lines) if name in vars(base)) for name in ("__init__", "get_config")}
    return first["get_config"] <= first["__init__"]


def _callback(spec: Any) -> Any:
    callbacks = keras3().callbacks
    if isinstance(spec, str):
        spec = {"class_name": spec, "config": {}}
    if not isinstance(spec, Mapping):
        return spec
    known = getattr(callbacks, str(spec.get("class_name")), None)
    if not (inspect.isclass(known) and issubclass(known, callbacks.Callback)):
        raise ConfigError(
            "callback",
            expected="the name of a class in keras.callbacks, or 'module:attribute'",
            received=repr(spec.get("class_name")),
        )
    try:
        return known(**spec.get("config", {}))
    except TypeError as error:
        raise ConfigError(f"callback {spec['class_name']}", expected="arguments it has", received=str(error)) from error
