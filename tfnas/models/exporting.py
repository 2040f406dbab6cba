"""`write_saved_model`: a SavedModel with a vocabulary in words, written whole."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
from typing import Any, Mapping

from tfnas._keras import tensorflow
from tfnas.errors import ConfigError


def write_saved_model(
    root: Any, directory: pathlib.Path | str, signatures: Mapping[str, Any], asset: str, description: Mapping[str, Any]
) -> pathlib.Path:
    """Writes a module as a SavedModel whose attribute ``vocabulary`` is a JSON file that says what its numbers mean.

    Args:
        root: A ``tf.Module`` that holds variables and functions, and no layers, which only Keras can load.
        directory: Becomes the SavedModel; a new folder or an empty one.
        signatures: Concrete functions, by name.
        asset: Name of the JSON file, of the folder ``assets``.
        description: Its contents, JSON values.

    Returns:
        The absolute path of the SavedModel.

    Raises:
        ConfigError: If there is a file of that name, or a folder that is not empty.
    """
    tf = tensorflow()
    target = pathlib.Path(directory).resolve()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise ConfigError(
            f"folder {target} for a SavedModel",
            expected="a new folder or an empty one",
            received="a folder with files" if target.is_dir() else "a file",
            remedy="Name another one, or delete it.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        file, partial = pathlib.Path(folder) / asset, pathlib.Path(folder) / "partial"
        file.write_text(_text(description) + "\n", encoding="utf-8")
        root.vocabulary = tf.saved_model.Asset(str(file))
        tf.saved_model.save(root, str(partial), signatures=dict(signatures))
        if target.is_dir():
            target.rmdir()
        os.replace(partial, target)
    return target


def _text(value: Any, indent: int = 0) -> str:
    """Returns JSON in which dictionaries have a line for each entry, and lists of numbers do not."""
    space = " " * (indent + 1)
    if isinstance(value, dict) and value:
        lines = [f"{space}{json.dumps(key)}: {_text(item, indent + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
    if isinstance(value, list) and any(isinstance(item, (dict, str)) for item in value):
        return "[\n" + ",\n".join(space + _text(item, indent + 1) for item in value) + "\n" + " " * indent + "]"
    return json.dumps(value)
