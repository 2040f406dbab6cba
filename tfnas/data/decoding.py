"""Image files to one uint8 array."""

from __future__ import annotations

import io
import math
import os
import pathlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Iterable, Sequence

import numpy as np

from tfnas.checks import check_positive
from tfnas.data.jpeg import plain_frame
from tfnas.errors import ConfigError, DataError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "BMP", "GIF")
MEMORY_LIMIT = 2 * 2**30
"""Bytes of decoded pixels that are read without asking."""

Progress = Callable[[int, int], None]
"""Called with the number of images decoded so far and their total."""

_SMALL = 4 * 2**10
"""Bytes of a file up to which Python's share of the work outweighs the decoder's: threads would only wait."""
_SCALES = (4, 2)
"""By how much JPEG files are shrunk while they are decoded. By 8, coarse colours would come out visibly different."""
_BLOCK = 16
"""Images that a thread decodes before it asks for more."""


@dataclass(frozen=True, slots=True)
class Form:
    """What all images of a data set are decoded to.

    Attributes:
        height: Pixels.
        width: Pixels.
        channels: 1 if all files are grey, else 3.
        resizes: Whether files of another size are resized. Otherwise they are an error.
    """

    height: int
    width: int
    channels: int
    resizes: bool


def checked_size(value: int | Sequence[int] | None) -> tuple[int, int] | None:
    """Returns ``(height, width)`` for a side or for both, None for None.

    Raises:
        ConfigError: If these are not positive integers.
    """
    if value is None:
        return None
    sides = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(sides) != 2:
        raise ConfigError("image_size", expected="a side or (height, width)", received=repr(value))
    check_positive(**{"height of image_size": sides[0], "width of image_size": sides[1]})
    return int(sides[0]), int(sides[1])


def common_form(
    files: Sequence[pathlib.Path], image_size: tuple[int, int] | None, memory_limit: int, name: str
) -> Form:
    """Settles what to decode files to, before any of them is decoded.

    The first file tells the size where none is given, and whether there is colour; where it is grey,
    the headers of the others are read up to the first coloured one.

    Args:
        files: Image files.
        image_size: ``(height, width)``, or None for the size that all files have.
        memory_limit: Largest number of bytes of decoded pixels.
        name: The data set's name, for messages.

    Raises:
        DataError: If a file is no image, or the pixels would take more memory than the limit.
    """
    first, _ = _header(files[0])
    height, width = image_size or first
    channels = 1 if all(_header(file)[1] for file in files) else 3
    check_memory(len(files), height, width, channels, memory_limit, name)
    return Form(height, width, channels, image_size is not None)


def check_memory(count: int, height: int, width: int, channels: int, memory_limit: int, name: str) -> None:
    """Checks that decoded images do not take more memory than the limit, in bytes.

    Raises:
        DataError: Saying what would fit.
    """
    needed = count * height * width * channels
    if needed > memory_limit:
        side = math.isqrt(memory_limit // (count * channels))
        raise DataError(
            f"images of {name}",
            expected=f"at most {_size(memory_limit)} of decoded pixels",
            received=f"{_size(needed)} ({count} images of {height}x{width} pixels, {channels} bytes each)",
            remedy="Give a smaller image_size, on the command line --image-size"
            + (f" ({side} would fit)." if side else "; or take fewer images."),
        )


def decode(
    files: Sequence[pathlib.Path], form: Form, example: pathlib.Path, on_image: Callable[[], None]
) -> tuple[np.ndarray, int]:
    """Decodes images, resized with an antialiasing bilinear filter where their size differs.

    Transparency is dropped, an animation gives its first frame, 16-bit grey its upper 8 bits, and
    an orientation in the EXIF data is not applied. A JPEG file at least twice too large is shrunk by
    2 or 4 while it is decoded, as far as it stays no smaller than wanted, and by the filter from there;
    its pixels differ by one to three of 255 grey levels from those of the filter alone.

    Args:
        files: Image files. Each is opened once.
        form: What to decode them to.
        example: A file of the form's size, for messages.
        on_image: Called in this thread after each image.

    Returns:
        Pixels, uint8, of shape [B, height, width, channels]; and how many files had another size.

    Raises:
        DataError: Naming the first file that cannot be decoded, or that has another size where the
            form does not resize.
    """
    pixels = np.empty((len(files), form.height, form.width, form.channels), np.uint8)

    def fill(block: range) -> int:
        resized = 0
        for index in block:
            image, (height, width) = _pixels(files[index], form)
            if image is None:
                raise DataError(
                    "image sizes",
                    expected="one size, or a size to resize to",
                    received=f"{form.height}x{form.width} pixels in {example} and "
                    f"{height}x{width} pixels in {files[index]}",
                    remedy="Give image_size, on the command line --image-size.",
                )
            pixels[index] = image
            resized += (height, width) != (form.height, form.width)
        return resized

    blocks = [range(start, min(start + _BLOCK, len(files))) for start in range(0, len(files), _BLOCK)]
    if os.path.getsize(files[0]) <= _SMALL:
        return pixels, _sum(blocks, map(fill, blocks), on_image)
    with ThreadPoolExecutor() as pool:  # Pillow lets go of the interpreter while it decodes
        try:
            return pixels, _sum(blocks, pool.map(fill, blocks), on_image)
        finally:
            pool.shutdown(cancel_futures=True)


def resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Returns an image in another size, by the filter of `decode`.

    Args:
        pixels: One image, uint8. Shape [height, width, channels], with 1 or 3 channels.
        height: Pixels of the result.
        width: Pixels of the result.
    """
    from PIL import Image

    if pixels.shape[:2] == (height, width):
        return pixels
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(height, width, pixels.shape[2])


def _sum(blocks: Sequence[range], counts: Iterable[int], on_image: Callable[[], None]) -> int:
    total = 0
    for block, count in zip(blocks, counts):
        total += count
        for _ in block:
            on_image()
    return total


def _header(file: pathlib.Path) -> tuple[tuple[int, int], bool]:
    """Returns ``(height, width)`` of an image file and whether it is grey, without decoding it."""
    from PIL import Image

    try:
        with Image.open(file, formats=FORMATS) as image:
            return (image.height, image.width), image.mode in ("1", "L", "LA") or image.mode.startswith("I")
    except Exception as error:
        raise _unreadable(file, error) from error


def _pixels(file: pathlib.Path, form: Form) -> tuple[np.ndarray | None, tuple[int, int]]:
    """Returns the decoded image, None where its size is none of the form's, and ``(height, width)`` of the file."""
    from PIL import Image

    try:
        with open(file, "rb", buffering=0) as stream:
            content = stream.read()
        image, size = _open(content, form)
        if image is None:
            return None, size
        if image.mode.startswith("I"):  # Pillow's own conversion would clip at 255
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        mode = "L" if form.channels == 1 else "RGB"
        if image.mode != mode:
            image = image.convert(mode)
        if image.size != (form.width, form.height):
            image = image.resize((form.width, form.height), Image.Resampling.BILINEAR)
        array = np.frombuffer(image.tobytes(), np.uint8)
        return array.reshape(form.height, form.width, form.channels), size
    except Exception as error:
        raise _unreadable(file, error) from error


def _open(content: bytes, form: Form) -> tuple[Image | None, tuple[int, int]]:
    """Returns an image, at the form's size or above where it is a JPEG, and ``(height, width)`` of the file."""
    from PIL import Image

    wanted = (form.height, form.width)
    frame = plain_frame(content)
    if frame is not None and frame[0] * frame[1] < Image.MAX_IMAGE_PIXELS:
        height, width, components = frame
        if not form.resizes and (height, width) != wanted:
            return None, (height, width)
        room = min(height // form.height, width // form.width)
        scale = next((scale for scale in _SCALES if scale <= room), 1)
        mode = "L" if components == 1 else "RGB"
        reduced = (math.ceil(width / scale), math.ceil(height / scale))
        try:
            return Image.frombytes(mode, reduced, content, "jpeg", mode, "", scale, 0), (height, width)
        except ValueError:
            pass  # opened below, a damaged file tells what is wrong with it
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    size = (image.height, image.width)
    if size != wanted:
        if not form.resizes:
            return None, size
        least = [side // (max(_SCALES) + 1) + 1 for side in size]
        image.draft(None, (max(form.width, least[1]), max(form.height, least[0])))  # type: ignore[arg-type]
    return image, size


def _unreadable(file: pathlib.Path, error: Exception) -> DataError:
    """Returns the error of a damaged file, whatever Pillow raised: that may be a struct.error or SyntaxError too."""
    from PIL import UnidentifiedImageError

    received = f"{type(error).__name__}: {error}"
    if _is_empty(file):
        received = "an empty file"
    elif isinstance(error, UnidentifiedImageError):  # its own text is the address of an object
        received = "something that is not recognised as one"
    return DataError(
        f"image {file}",
        expected=f"a complete {', '.join(FORMATS[:-1])} or {FORMATS[-1]} file",
        received=received,
        remedy="Replace or remove the file.",
    )


def _is_empty(file: pathlib.Path) -> bool:
    try:
        return os.path.getsize(file) == 0
    except OSError:
        return False


def _size(count: int) -> str:
    """Returns a number of bytes for people."""
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.2f} MiB"
