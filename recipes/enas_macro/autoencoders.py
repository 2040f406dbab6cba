"""Autoencoders on the ENAS macro space: Table I of SVGe (Lukasik et al., 2021).

    python -m recipes.enas_macro.autoencoders --graphs final_structures6.txt
    python -m recipes.enas_macro.autoencoders --study compact

Networks of six layers. With the file that D-VAE published, ``data/final_structures6.txt`` of
github.com/muhanzhang/D-VAE, the graphs and the split are the papers': 17,118 lines to train on and 1,902 held out.
Without it as many networks are drawn at random. SVGe, DGMG and D-VAE are trained for 300 epochs of batches of 32.
`compact` has smaller networks and fewer epochs, for two cores. `by_skips` holds out whole patterns of skip connections
in place of single lines; it needs no file, but the papers' values of networks depend on these patterns alone. `nodes14`
is the SVGe that can also read networks of twelve layers, for ``recipes.enas_macro.extrapolation``.

Maps of the latent space (Figures 2 and 3 of SVGe) are drawn of each trained one:

    tfnas autoencoder map runs/enas_macro-autoencoders/autoencoders/svge/seed0

Deviations, and what the papers leave open: `tfnas.models` says how each autoencoder differs from the published code. As
there, five lines of the file are there twice.
"""

from __future__ import annotations

from typing import Any

from tfnas.autoencoding import TrainingJob
from tfnas.protocol.autoencoder_tables import svge_table
from tfnas.protocol.autoencoders import Comparison, command

TABLES = (
    svge_table(
        "ENAS",
        "members",
        (
            ("D-VAE", "dvae", ("99.96", "100", "37.26", "100")),
            ("DGMG", "dgmg", ("99.29", "100", "37.55", "100")),
            ("SVGe", "svge", ("99.63", "100", "39.03", "100")),
        ),
    ),
)
_LINES = 19_020


def job(model: str, *, split: str = "line", count: int = _LINES, **fields: Any) -> TrainingJob:
    """Returns a training on as many networks as the papers have."""
    return TrainingJob(model=model, space="enas_macro,layers=6", split=split, count=count, **fields)


_LESS: dict[str, Any] = {"epochs": 60, "batch": 64, "rate": 1e-3}
_COMPACT: dict[str, dict[str, Any]] = {
    "svge": {"configuration": "compact"},
    "dgmg": {"configuration": "compact", **_LESS},
    "dvae": {"options": {"hidden": 100, "latent": 32}, **_LESS},
}
STUDIES = {
    "paper": Comparison.of("enas_macro-autoencoders", {name: job(name) for name in _COMPACT}, TABLES),
    "compact": Comparison.of(
        "enas_macro-autoencoders-compact",
        {name: job(name, **fields) for name, fields in _COMPACT.items()},
        TABLES,
    ),
    "by_skips": Comparison.of(
        "enas_macro-autoencoders-by_skips",
        {name: job(name, split="skips", **fields) for name, fields in _COMPACT.items()},
        TABLES,
    ),
    "nodes14": Comparison.of("enas_macro-autoencoders-nodes14", {"svge": job("svge", options={"nodes": 14})}, TABLES),
}


def smoke() -> Comparison:
    """Returns one of the smallest size."""
    jobs = {"dvae": job("dvae", count=60, epochs=1, options={"hidden": 8, "latent": 4})}
    measures = {"points": 5, "independent": 20, "pairs": 5, "limit": 5}
    return Comparison.of("enas_macro-autoencoders-smoke", jobs, TABLES, measures=measures)


if __name__ == "__main__":
    command(__doc__, STUDIES, smoke)
