"""Image files to one uint8 array, in parallel."""

from __future__ import annotations

import math
import pathlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Sequence

import numpy as np

from tfnas.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "BMP", "GIF")

Progress = Callable[[int, int], None]
"""Called with the number of images decoded so far and their total."""


@dataclass(frozen=True, slots=True)
class Form:
    """What all images of a data set are decoded to.

    Attributes:
        height: Pixels.
        width: Pixels.
        channels: 1 if all files are grey, else 3.
        resized: How many of the files have another size.
    """

    height: int
    width: int
    channels: int
    resized: int


def common_form(
    files: Sequence[pathlib.Path], image_size: tuple[int, int] | None, memory_limit: int, name: str
) -> Form:
    """Reads the headers of all files and settles what to decode them to.

    Args:
        files: Image files.
        image_size: ``(height, width)``, or None for the size that all files have.
        memory_limit: Largest number of bytes of decoded pixels.
        name: The data set's name, for messages.

    Raises:
        DataError: If a file is no image, sizes differ and none is given, or the pixels would take
            more memory than the limit.
    """
    with ThreadPoolExecutor() as pool:
        headers = list(pool.map(_header, files))
    if image_size is None:
        odd = next((k for k, (size, _) in enumerate(headers) if size != headers[0][0]), None)
        if odd is not None:
            raise DataError(
                f"image sizes of {name}",
                expected="one size, or a size to resize to",
                received=" and ".join(f"{'x'.join(map(str, headers[k][0]))} pixels in {files[k]}" for k in (0, odd)),
                remedy="Give image_size, on the command line --image-size.",
            )
    height, width = image_size or headers[0][0]
    channels = 1 if all(grey for _, grey in headers) else 3
    needed = len(files) * height * width * channels
    if needed > memory_limit:
        side = math.isqrt(memory_limit // (len(files) * channels))
        raise DataError(
            f"images of {name}",
            expected=f"at most {_size(memory_limit)} of decoded pixels",
            received=f"{_size(needed)} ({len(files)} images of {height}x{width} pixels, {channels} bytes each)",
            remedy="Give a smaller image_size, on the command line --image-size"
            + (f" ({side} would fit)." if side else "; or take fewer images."),
        )
    return Form(height, width, channels, sum(size != (height, width) for size, _ in headers))


def decode(files: Sequence[pathlib.Path], form: Form, on_image: Callable[[], None]) -> np.ndarray:
    """Decodes images, resized with an antialiasing bilinear filter where their size differs.

    Transparency is dropped, an animation gives its first frame, 16-bit grey its upper 8 bits, and
    an orientation in the EXIF data is not applied.

    Args:
        files: Image files.
        form: What to decode them to.
        on_image: Called in this thread after each image.

    Returns:
        Pixels, uint8. Shape [B, height, width, channels].

    Raises:
        DataError: Naming the first file that cannot be decoded.
    """
    pixels = np.empty((len(files), form.height, form.width, form.channels), np.uint8)

    def fill(index: int) -> None:
        pixels[index] = _pixels(files[index], form)

    with ThreadPoolExecutor() as pool:  # Pillow lets go of the interpreter while it decodes
        for _ in pool.map(fill, range(len(files))):
            on_image()
    return pixels


def _header(file: pathlib.Path) -> tuple[tuple[int, int], bool]:
    """Returns ``(height, width)`` of an image file and whether it is grey, without decoding it."""

    def read(image: Image) -> tuple[tuple[int, int], bool]:
        return (image.height, image.width), image.mode in ("1", "L", "LA") or image.mode.startswith("I")

    return _with_image(file, read)


def _pixels(file: pathlib.Path, form: Form) -> np.ndarray:
    from PIL import Image

    def read(image: Image.Image) -> np.ndarray:
        if image.mode.startswith("I"):  # Pillow's own conversion would clip at 255
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        image = image.convert("L" if form.channels == 1 else "RGB")
        if image.size != (form.width, form.height):
            image = image.resize((form.width, form.height), Image.Resampling.BILINEAR)
        return np.asarray(image).reshape(form.height, form.width, form.channels)

    return _with_image(file, read)


def _with_image(file: pathlib.Path, read: Callable[[Any], Any]) -> Any:
    from PIL import Image

    try:
        with Image.open(file, formats=FORMATS) as image:
            return read(image)
    except Exception as error:  # damaged files raise errors of many kinds, also struct.error or SyntaxError
        raise DataError(
            f"image {file}",
            expected=f"a complete {', '.join(FORMATS[:-1])} or {FORMATS[-1]} file",
            received=f"{type(error).__name__}: {error}",
            remedy="Replace or remove the file.",
        ) from error


def _size(count: int) -> str:
    """Returns a number of bytes for people."""
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.2f} MiB"
