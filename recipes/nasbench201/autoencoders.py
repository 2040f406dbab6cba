"""Autoencoders on NAS-Bench-201: Table I of SVGe (Lukasik et al., 2021), Table 1 of arch2vec (Yan et al., 2020).

    python -m recipes.nasbench201.autoencoders
    python -m recipes.nasbench201.autoencoders --study compact

All 15,625 cells, a tenth held out one by one, as in the papers. SVGe and DGMG are trained for 300 epochs of batches of
32, arch2vec and what it is compared with for 10. `compact` has smaller networks and fewer epochs, for two cores.

Nothing need be brought. Maps of the latent space (Figures 2 and 3 of SVGe, 3 to 5 and 11 to 13 of arch2vec) are drawn
of each trained one:

    tfnas autoencoder map runs/nasbench201-autoencoders/autoencoders/arch2vec/seed0

Deviations, and what the papers leave open:

- Cells with equal networks are on both sides of the split, as in the papers; some held-out ones are thus known.
- GAE and VGAE have the sizes of arch2vec; those of the paper are not printed.
- SVGe counts the cells as valid that have one input, one output and no loose ends, arch2vec those with operators where
  operators belong, whatever the edges are.
- SVGe's line of arch2vec is measured on the same trained one as arch2vec's own.
- `tfnas.models` says how each autoencoder differs from the published code.
"""

from __future__ import annotations

from typing import Any

from tfnas.autoencoding import TrainingJob
from tfnas.protocol.autoencoder_tables import arch2vec_table, svge_table
from tfnas.protocol.autoencoders import Comparison, command

TABLES = (
    svge_table(
        "NAS-Bench-201",
        "cells",
        (
            ("arch2vec", "arch2vec", ("99.99", "95.93", "7.33", "13.26")),
            ("DGMG", "dgmg", ("99.97", "100", "5.35", "12.62")),
            ("SVGe", "svge", ("99.99", "100", "8.28", "10.24")),
        ),
    ),
    arch2vec_table(
        "NAS-Bench-201",
        "labels",
        (
            ("GAE", "gae", ("99.52", "79.28", "78.42")),
            ("VGAE", "vgae", ("98.32", "79.30", "88.42")),
            ("arch2vec (w.o. KL)", "no_kl", ("100", "77.09", "96.57")),
            ("arch2vec", "arch2vec", ("100", "79.41", "98.72")),
        ),
    ),
)


def job(model: str, **fields: Any) -> TrainingJob:
    """Returns a training with the papers' split."""
    return TrainingJob(model=model, space="nasbench201", split="line", **fields)


_NODEWISE = {
    "arch2vec": job("arch2vec", epochs=10),
    "no_kl": job("arch2vec", configuration="no_kl", epochs=10),
    "gae": job("gae", epochs=10),
    "vgae": job("vgae", epochs=10),
}
STUDIES = {
    "paper": Comparison.of("nasbench201-autoencoders", {"svge": job("svge"), "dgmg": job("dgmg"), **_NODEWISE}, TABLES),
    "compact": Comparison.of(
        "nasbench201-autoencoders-compact",
        {
            "svge": job("svge", configuration="compact"),
            "dgmg": job("dgmg", configuration="compact", epochs=60, batch=64, rate=1e-3),
            **_NODEWISE,
        },
        TABLES,
    ),
}


def smoke() -> Comparison:
    """Returns two of the smallest size."""
    jobs = {
        "svge": job("svge", options={"hidden": 8, "latent": 4, "rounds": 1}, epochs=1, count=60),
        "arch2vec": job("arch2vec", options={"hidden": [8], "latent": 4}, epochs=1, count=60),
    }
    measures = {"points": 5, "independent": 20, "pairs": 5, "limit": 5}
    return Comparison.of("nasbench201-autoencoders-smoke", jobs, TABLES, measures=measures)


if __name__ == "__main__":
    command(__doc__, STUDIES, smoke)
