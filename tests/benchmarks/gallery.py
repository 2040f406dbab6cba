"""Draws one member of each search space into one picture: ``python -m tests.benchmarks.gallery FILE.png``."""

from __future__ import annotations

import pathlib
import sys
import tempfile

import numpy as np

from tfnas import plotting, spaces

MEMBERS = {  # a member that shows what is special about the space; a random one elsewhere
    "nasbench201": "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|",
    "nasbench_macro": "22212202",
    "fairnas": "2023500551311335354",
}
COLUMNS = (
    ("nasbench101", "nasbench201", "nasbench_macro", "darts", "ghn_block"),
    ("fairnas", "enas_macro", "randwire", "ghn_anytime"),
)
_WIDTH = 1100


def main(target: pathlib.Path) -> None:
    """Writes the picture."""
    from PIL import Image, ImageDraw

    columns = []
    with tempfile.TemporaryDirectory() as folder:
        for names in COLUMNS:
            column = []
            for name in names:
                space = spaces.get(name)
                native = MEMBERS.get(name)
                arch = space.from_native(native) if native else space.sample(np.random.default_rng(5))
                path = pathlib.Path(folder) / f"{name}.png"
                plotting.save(plotting.draw(arch), path)
                with Image.open(path) as drawn:
                    scale = min(1.0, (_WIDTH - 40) / drawn.width)
                    size = int(drawn.width * scale), int(drawn.height * scale)
                    column.append((name, drawn.convert("RGB").resize(size, Image.Resampling.LANCZOS)))
            columns.append(column)
    height = max(sum(picture.height + 60 for _, picture in column) for column in columns)
    page = Image.new("RGB", (_WIDTH * len(columns), height), "white")
    pen = ImageDraw.Draw(page)
    for k, column in enumerate(columns):
        top = 10
        for name, picture in column:
            pen.text((k * _WIDTH + 20, top), name, fill="black", font_size=24)
            page.paste(picture, (k * _WIDTH + 20, top + 36))
            top += picture.height + 60
    page = page.resize((page.width * 3 // 4, page.height * 3 // 4), Image.Resampling.LANCZOS)
    page.quantize(128).save(target, optimize=True)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
