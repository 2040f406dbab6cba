"""`DecodedArchitectures`: the members of a space that one latent point is decoded to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive, check_seed
from tfnas.errors import SearchError
from tfnas.models.distribution import ArchitectureDistribution

if TYPE_CHECKING:
    from tfnas.models.autoencoder.autoencoder import GraphAutoencoder

_LARGEST, _PATIENCE = 1024, 20_000


class DecodedArchitectures(ArchitectureDistribution):
    """What an autoencoder makes of a point; made by `GraphAutoencoder.decode`.

    Graphs that are no members are rejected and counted in `rejections`; `log_prob` is that of the decoder without
    rejection, so that probabilities of members add up to the share of graphs that are members.

    Args:
        autoencoder: Whose decoder it is.
        point: The point. Float, of the autoencoder's latent shape.
    """

    def __init__(self, autoencoder: GraphAutoencoder, point: np.ndarray) -> None:
        self.space = autoencoder.space
        self.rejections = 0
        self._autoencoder, self._point = autoencoder, np.asarray(point)
        self.has_log_prob = autoencoder.has_log_prob

    def sample(self, n: int, seed: int) -> list[Architecture]:
        check_positive(n=n)
        check_seed(seed)
        found: list[Architecture] = []
        in_vain = rounds = 0
        while len(found) < n:
            count = min(_LARGEST, max(n - len(found), 2 * in_vain))
            seed_of = int(np.random.SeedSequence([seed, rounds]).generate_state(1)[0])
            graphs = self._autoencoder.decode_draws(np.repeat(self._point[None], count, 0), seed_of)
            for arch in self._autoencoder.form.decode(graphs):
                if len(found) == n:
                    break
                if arch is None:
                    self.rejections += 1
                    in_vain += 1
                else:
                    found.append(arch)
                    in_vain = 0
            if in_vain >= _PATIENCE:
                raise SearchError(
                    f"members of {self.space.name} at a latent point",
                    expected=f"one among {_PATIENCE} decoded graphs in a row",
                    received="none",
                    remedy="Train the autoencoder longer, decode nearer to points of members, or give grammar=True.",
                )
            rounds += 1
        return found

    def log_prob(self, archs: Sequence[Architecture]) -> np.ndarray:
        if not self.has_log_prob:
            raise self._no_log_prob()
        graphs = self._autoencoder.form.encode(archs)
        return self._autoencoder.log_prob(graphs, np.repeat(self._point[None], len(archs), 0))
