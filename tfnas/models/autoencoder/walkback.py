"""`walked_back`: points of a prior, moved to where an autoencoder puts the graphs that they are decoded to."""

from __future__ import annotations

import numpy as np

from tfnas.checks import check_positive, check_seed
from tfnas.models.autoencoder.autoencoder import GraphAutoencoder


def walked_back(autoencoder: GraphAutoencoder, points: np.ndarray, *, rounds: int = 1, seed: int = 0) -> np.ndarray:
    """Decodes points by drawing and encodes what is drawn again, as often as `rounds` says.

    The Markov chain of Creswell et al. (2016), whose points come to lie as those of encoded graphs do, also of graphs
    that were never trained on. Not in the papers of this library's autoencoders, whose prior lies mostly where no graph
    is encoded. Points of one prior that are drawn independently stay so. Their density has no closed form.

    Args:
        autoencoder: Trained.
        points: Of a prior. Float, shape [B, *latent].
        rounds: Number of steps of the chain.
        seed: Of the draws.

    Returns:
        The means of the posteriors of the last graphs. Float, shape [B, *latent].
    """
    check_positive(rounds=rounds)
    check_seed(seed)
    for state in np.random.SeedSequence([seed, 1]).generate_state(rounds).tolist():
        points = autoencoder.means(autoencoder.decode_draws(points, state))
    return points
