"""`Bench`: one trained autoencoder and all that is measured on it."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import Any, Collection

import numpy as np

from tfnas.autoencoding.evaluation import WALKED
from tfnas.autoencoding.graphs import GraphSet
from tfnas.models import latent_priors
from tfnas.models.autoencoder import GraphArrays, GraphAutoencoder, GraphForm, isomorphs, metrics, smoothness
from tfnas.models.autoencoder.darts_form import DARTSForm
from tfnas.models.autoencoder.validity import VALIDITY
from tfnas.models.autoencoder.walkback import walked_back
from tfnas.spaces.nasbench101 import NASBench101

DECODINGS = 10
"""Encodings a graph, and decodings a point, of the protocols of D-VAE and SVGe."""

_FITTED = 50_000
"""Training graphs, at most, to which priors are fitted."""

_TRIED = 1_000
"""Training graphs by which a rule is known to apply: it holds for all of them."""

_CHUNK = 1024


class Bench:
    """Measures an autoencoder; each method returns JSON values, in which no number is written None.

    What several measures need is made once, by the first of them.

    Args:
        autoencoder: What is measured.
        graphs: Of its training.
        limit: Held-out graphs, at most, that are measured, drawn by the seed; all by default.
        seed: Of all draws.
    """

    def __init__(self, autoencoder: GraphAutoencoder, graphs: GraphSet, limit: int | None, seed: int) -> None:
        self._autoencoder, self._graphs, self._seed = autoencoder, graphs, seed
        self._priors: dict[str, latent_priors.LatentPrior] = {}
        self._held = np.sort(np.random.default_rng([seed, 0]).permutation(graphs.held_out)[:limit])

    def reconstruction(self) -> dict[str, Any]:
        """The 10 x 10 protocol: graphs that are drawn at the posteriors' means; see `metrics.reconstruction`."""
        share = metrics.reconstruction(
            self._autoencoder, self._held_out, encodings=DECODINGS, decodings=DECODINGS, seed=self._seed
        )
        return {"equal": share, "graphs": len(self._held)}

    def reconstruction_of_draws(self) -> dict[str, Any]:
        """The same with points that are drawn from the posteriors."""
        share = metrics.reconstruction(
            self._autoencoder,
            self._held_out,
            encodings=DECODINGS,
            decodings=DECODINGS,
            draw_points=True,
            seed=self._seed,
        )
        return {"equal": share, "graphs": len(self._held)}

    def most_probable(self) -> dict[str, Any]:
        """One decoding of the mean: whole graphs, and arch2vec's shares of nodes and edges."""
        exact = metrics.exact_reconstruction(self._autoencoder, self._held_out)
        each = metrics.elementwise_reconstruction(self._autoencoder, self._held_out)
        return {"equal": exact, **dataclasses.asdict(each), "graphs": len(self._held)}

    def isomorphs(self, pairs: int) -> dict[str, Any]:
        """Pairs of arrays of one graph with one point (SVGe, III-D): as many as asked for, or as there are."""
        count = min(pairs, int(isomorphs.written_otherwise(self._training).sum()))
        if not count:
            return {"equal": None, "pairs": 0}
        one, other = isomorphs.isomorphic_pairs(self._training, count, self._seed)
        return {"equal": isomorphs.same_points(self._autoencoder, one, other), "pairs": count}

    def distances(self) -> dict[str, Any]:
        """Latent distances of held-out graphs by edit distance; see `smoothness.latent_distances`."""
        if len(self._held) < 2:
            return {"edits": [], "mean": [], "deviation": [], "pairs": []}
        found = smoothness.latent_distances(self._autoencoder, self._held_out, seed=self._seed)
        return {name: array.tolist() for name, array in found._asdict().items()}

    def generation(self, prior: str, points: int) -> dict[str, Any]:
        """The papers' protocol: points of a prior, each decoded 10 times by drawing; by rule of validity."""
        return self._judged(self._points(prior, points), DECODINGS)

    def independent(self, prior: str, points: int) -> dict[str, Any]:
        """arch2vec's protocol: independent points, the most probable graph of each; by rule of validity."""
        return self._judged(self._points(prior, points), 0)

    def coverage(self, prior: str, points: int) -> dict[str, Any]:
        """Distinct members that independent points are decoded to; see `metrics.coverage`."""
        found = metrics.coverage(self._autoencoder, self._points(prior, points), seed=self._seed)
        return {**dataclasses.asdict(found), "points": points}

    def _judged(self, z: np.ndarray, decodings: int) -> dict[str, Any]:
        """Returns `metrics.generation` by rule, with points decoded once for all rules."""
        model = self._autoencoder
        if decodings:
            seeds = np.random.SeedSequence(self._seed).generate_state(decodings).tolist()
            parts = [model.decode_draws(z, seed) for seed in seeds]
        else:
            parts = [model.decode_most_probable(z)]
        graphs = GraphArrays(*(np.concatenate(arrays) for arrays in zip(*parts)))
        return {rule: judge(model.form, graphs, rule, self._known) for rule in self.rules}

    def _points(self, prior: str, count: int) -> np.ndarray:
        points = self._prior(prior.removesuffix(WALKED)).sample(count, self._seed)
        points = points.astype(self._autoencoder.config.dtype)
        return walked_back(self._autoencoder, points, seed=self._seed) if prior.endswith(WALKED) else points

    @functools.cached_property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules of validity that apply: those that members keep, each but once."""
        graphs = self._training.take(self._some(_TRIED))
        form = self._autoencoder.form
        special = {"pruned": isinstance(form.space, NASBench101), "six": isinstance(form, DARTSForm)}
        repeated = [name for name, differs in special.items() if not differs]  # the members, elsewhere
        return tuple(name for name, rule in VALIDITY.items() if name not in repeated and rule(form, graphs).all())

    @functools.cached_property
    def _held_out(self) -> GraphArrays:
        return self._graphs.encode(self._autoencoder.form, self._held)

    @functools.cached_property
    def _training(self) -> GraphArrays:
        return self._graphs.encode(self._autoencoder.form, self._graphs.trained)

    @functools.cached_property
    def _known(self) -> frozenset[bytes]:
        return frozenset(self._training.keys())

    @functools.cached_property
    def _posteriors(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Means of posteriors of training graphs, and the deviations of the points that decoders are trained on."""
        graphs = self._training.take(self._some(_FITTED))
        deviations = np.concatenate(
            [
                self._autoencoder.posterior(graphs.take(np.arange(start, min(start + _CHUNK, len(graphs.ops)))))
                .stddev()
                .numpy()
                for start in range(0, len(graphs.ops), _CHUNK)
            ]
        )
        deviations = deviations * self._autoencoder.config.noise
        return self._autoencoder.means(graphs), deviations if deviations.any() else None

    def _prior(self, name: str) -> latent_priors.LatentPrior:
        if name not in self._priors:
            means, deviations = self._posteriors
            of_points = None if name == "scaled" else deviations  # the papers' one is that of the means alone
            self._priors[name] = latent_priors.make(name, means, deviations=of_points, seed=self._seed)
        return self._priors[name]

    def _some(self, count: int) -> np.ndarray:
        """Returns numbers of training graphs, drawn."""
        return np.sort(np.random.default_rng([self._seed, 1]).permutation(len(self._graphs.trained))[:count])


def judge(form: GraphForm, graphs: GraphArrays, rule: str, known: Collection[bytes]) -> dict[str, Any]:
    """Returns the values of `metrics.Generation` of decoded graphs, None where there is no valid graph.

    Args:
        form: Of the graphs.
        graphs: All that was decoded.
        rule: Name of the rule of validity.
        known: `GraphArrays.keys` of the graphs that were trained on.
    """
    keys = list(itertools.compress(graphs.keys(), VALIDITY[rule](form, graphs)))
    valid, distinct = len(keys), len(set(keys))
    return {
        "validity": valid / len(graphs.ops),
        "uniqueness": distinct / valid if valid else None,
        "novelty": sum(key not in known for key in keys) / valid if valid else None,
        "distinct": distinct,
        "decoded": len(graphs.ops),
    }
