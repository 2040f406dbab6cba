"""Figures as files and as text for a page."""

from __future__ import annotations

import io
import os
import pathlib
import re
from typing import TYPE_CHECKING

from tfnas.errors import ConfigError
from tfnas.plotting.theme import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A file of one figure must not depend on the day it was written.
_METADATA = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_PIXELS_PER_INCH = 160


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Writes a figure as PNG, SVG or PDF, by the suffix. The same figure gives the same bytes.

    The file appears whole: it is written under a temporary name and renamed. Folders that are
    missing are made.

    Raises:
        ConfigError: If the suffix is none of the three.
    """
    path = pathlib.Path(path)
    suffix = path.suffix.lower()
    if suffix not in _METADATA:
        raise ConfigError(
            f"picture {path.name!r}",
            expected=f"a name that ends in {', '.join(_METADATA)}",
            received=f"the suffix {path.suffix!r}",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with style(**{"svg.hashsalt": "tfnas"}), open(temporary, "wb") as file:
            figure.savefig(file, format=suffix[1:], dpi=_PIXELS_PER_INCH, metadata=_METADATA[suffix])
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def to_svg(figure: Figure, *, prefix: str = "tfnas") -> str:
    """Returns a figure as an ``<svg>`` element for an HTML page; the same figure gives the same text.

    Its background is transparent and its text is text, in the page's fallback font where DejaVu
    Sans is missing.

    Args:
        figure: The figure.
        prefix: Start of every id in the element; it keeps two pictures of one page apart.
    """
    buffer = io.StringIO()
    with style(**{"svg.hashsalt": prefix}):
        figure.savefig(buffer, format="svg", transparent=True, dpi=_PIXELS_PER_INCH, metadata=_METADATA[".svg"])
    text = buffer.getvalue()
    text = text[text.index("<svg") :].rstrip()
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))

    def rename(match: re.Match[str]) -> str:
        return f' id="{prefix}-{match[1]}"' if match[1] in used else ""

    text = re.sub(r' id="([^"]+)"', rename, text)
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}-", text)
