"""`IndependentGenerator`: a distribution of its own for each choice."""

from __future__ import annotations

from typing import Any

from tfnas.models.autoregressive import AutoregressiveGenerator, GeneratorConfig
from tfnas.models.autoregressive.rules import Rules
from tfnas.spaces.base import SearchSpace


class IndependentGenerator(AutoregressiveGenerator):
    """Operators, edges and labels that are drawn without regard to each other.

    It is the ablation that asks whether a graph network earns its place: views, masks, likelihood and sampler
    are those of `tfnas.models.graphpnas.GraphGenerator`, but what a node is like does not depend on the nodes
    before. This is the distribution of REINFORCE on independent categoricals (Williams, 1992; for architectures
    the REINFORCE baseline of NAS-Bench-201, Dong and Yang, 2020). In the edge-labelled view of NAS-Bench-201 an
    edge is there or not, and carries one of four labels if it is: a categorical over five operators.

    Two things tie choices to each other after all, since they are the space's and not the network's: limits
    of the number of edges into a node, which the edges keep by being conditioned on it, and the operator that
    ends a component of variable length.

    All logits start at zero. Each operator and each label that the rules allow is then as likely as the others
    of its node or edge, and each free edge is there with probability 1/2 before limits. That is not uniform
    over the space: in NAS-Bench-201 it is 1/2 for ``none`` and 1/8 for each of the four others. The seed has
    no effect.

    Args:
        space: Space to draw from.
        config: View and type.
        seed: Taken as by other generators; there is nothing to draw.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    def __init__(self, space: SearchSpace, config: GeneratorConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(space, GeneratorConfig() if config is None else config, seed=seed)

    def _network(self, rules: Rules) -> Any:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.independent.network import IndependentNetwork

        return IndependentNetwork(rules, self.config)
