"""The size of JPEG images, and the short way to decode them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tfnas.data.decoding import common_form, decode
from tfnas.data.jpeg import plain_frame


def _jpeg(shape: tuple[int, ...], mode: str | None = None, seed: int = 0, **options) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    image = Image.fromarray(pixels)
    out = io.BytesIO()
    (image.convert(mode) if mode else image).save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize("shape", [(7, 9, 3), (300, 5, 3), (16, 16), (1, 1, 3)])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "comment": b"hi"}, {"quality": 1}])
def test_plain_files(shape, options):
    components = shape[2] if len(shape) == 3 else 1
    assert plain_frame(_jpeg(shape, **options)) == (*shape[:2], components)


def test_a_thumbnail_in_the_notes_is_passed_over():
    thumbnail = _jpeg((4, 4, 3))
    whole = _jpeg((40, 50, 3), exif=b"Exif\0\0" + thumbnail)
    assert thumbnail in whole and plain_frame(whole) == (40, 50, 3)


def test_what_is_not_plain_is_left_to_the_library():
    assert plain_frame(_jpeg((8, 8, 3), "CMYK")) is None
    whole = _jpeg((8, 9, 3))
    frame = whole.index(b"\xff\xc0")
    assert plain_frame(whole[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00" + whole[2:]) is None
    twelve_bits = bytearray(whole)
    twelve_bits[frame + 4] = 12
    no_height = bytearray(whole)
    no_height[frame + 5 : frame + 7] = b"\0\0"
    arithmetic = whole.replace(b"\xff\xc0", b"\xff\xc9")
    for content in (bytes(twelve_bits), bytes(no_height), arithmetic):
        assert plain_frame(content) is None
    for content in (b"", b"\xff", b"\x89PNG", b"\xff\xd8" + b"\0" * 20):
        assert plain_frame(content) is None
    for length in range(frame + 9):
        assert plain_frame(whole[:length]) is None


def test_short_segments_end_the_search():
    assert plain_frame(b"\xff\xd8" + b"\xff\xe0\x00\x00" * 10) is None


@pytest.mark.parametrize("size", [None, (64, 64), (20, 30), (9, 40), (100, 90), (13, 11)])
@pytest.mark.parametrize("shape", [(75, 101, 3), (75, 101)])
def test_the_short_way_gives_the_pixels_of_the_library(tmp_path, monkeypatch, size, shape):
    files = []
    for k, options in enumerate(({}, {"progressive": True}, {"subsampling": 0}, {"quality": 95})):
        files.append(tmp_path / f"{k}.jpg")
        files[-1].write_bytes(_jpeg(shape, seed=k, **options))
    form = common_form(files, size, 1 << 30, "toy")
    short, resized = decode(files, form, files[0], lambda: None)
    monkeypatch.setattr("tfnas.data.decoding.plain_frame", lambda content: None)
    long, _ = decode(files, form, files[0], lambda: None)
    assert np.array_equal(short, long) and resized == (4 if size else 0)
    if size is None:
        read = [np.asarray(Image.open(file)).reshape(long.shape[1:]) for file in files]
        assert np.array_equal(long, read)


def test_shrinking_while_decoding_comes_close_to_shrinking_after_it(tmp_path):
    coarse = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    photo = Image.fromarray(coarse).resize((500, 375), Image.Resampling.BICUBIC)
    photo.save(tmp_path / "a.jpg", quality=90)
    for side in (40, 64, 90):
        form = common_form([tmp_path / "a.jpg"], (side, side), 1 << 30, "toy")
        shrunk, _ = decode([tmp_path / "a.jpg"], form, tmp_path, lambda: None)
        after = np.asarray(photo.resize((side, side), Image.Resampling.BILINEAR), int)
        assert np.abs(shrunk[0] - after).mean() < 2.5
