"""A search space of your own, whole: five layers, each one of three operators, that may read any earlier layer.

What is here is all there is to write: strategies, drawings, the tuner, costs and Keras networks follow.
"""

import json

from tfnas import Architecture, spaces
from tfnas.blueprints import IMAGE, Draft, operators
from tfnas.blueprints.layers import GlobalPool
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces import ComponentGrammar, Grammar, SearchSpace

OPERATORS = ("conv3x3", "conv5x5", "separable5x5")
LAYERS = 5
CHAIN = frozenset((k, k + 1) for k in range(LAYERS + 1))
SKIPS = [(a, b) for b in range(LAYERS + 1) for a in range(b - 1)]


@spaces.register
class SkipNet(SearchSpace):
    """Node 0 is the image behind a first convolution, the last node the output; edges that skip are free."""

    name = "skip_net"
    op_names = ("input", *OPERATORS, "output")
    max_nodes = LAYERS + 2
    size = num_networks = len(OPERATORS) ** LAYERS * 2 ** len(SKIPS)
    grammar = Grammar(
        (ComponentGrammar("net", (("input",), *(OPERATORS,) * LAYERS, ("output",)), CHAIN, frozenset(SKIPS)),)
    )

    def member(self, ops, skips):
        edges = tuple(sorted(CHAIN | set(skips)))
        return Architecture(self.name, ("input", *ops, "output"), edges, (("net", LAYERS + 2),))

    def parts(self, arch):
        return arch.ops[1:-1], [edge for edge in arch.edges if edge not in CHAIN]

    def validate(self, arch):
        self._check_name(arch)
        ops, skips = self.parts(arch)
        if (
            arch != self.member(ops, skips)
            or len(ops) != LAYERS
            or not set(ops) <= set(OPERATORS)
            or set(skips) - set(SKIPS)
        ):
            raise InvalidArchitectureError(
                "skip_net", expected=f"a chain of {LAYERS} of {OPERATORS}", received=repr(arch)
            )

    def sample(self, rng):
        """Draws uniformly."""
        ops = [OPERATORS[k] for k in rng.integers(len(OPERATORS), size=LAYERS)]
        return self.member(ops, [edge for edge in SKIPS if rng.random() < 0.5])

    def neighbors(self, arch):
        ops, skips = self.parts(arch)
        for k in range(LAYERS):
            for op in OPERATORS:
                if op != ops[k]:
                    yield self.member((*ops[:k], op, *ops[k + 1 :]), skips)
        for edge in SKIPS:
            yield self.member(ops, set(skips) ^ {edge})

    def canonical_key(self, arch):
        return self.to_native(arch)  # the chain fixes the order, so that no other member is isomorphic

    def to_native(self, arch):
        return json.dumps(self.parts(arch))

    def from_native(self, native):
        try:
            ops, skips = json.loads(native)
            arch = self.member(ops, [tuple(edge) for edge in skips])
        except (ValueError, TypeError) as error:
            raise InvalidArchitectureError(
                "skip_net", expected="[[op, ...], [[a, b], ...]]", received=repr(native)
            ) from error
        self.validate(arch)
        return arch

    def _blueprint(self, arch, input_shape, *, live_only, channels=32):
        ops = {
            "conv3x3": operators.relu_conv_bn(channels, 3),
            "conv5x5": operators.relu_conv_bn(channels, 5),
            "separable5x5": operators.separable(channels, 5),
        }
        draft = Draft(input_shape)
        nodes = [draft.add("stem", operators.conv_bn(channels, 3, 2), IMAGE)]
        for place in range(1, LAYERS + 2):
            x = draft.sum(f"sum{place}", [nodes[source] for source, target in arch.edges if target == place])
            if place <= LAYERS:
                nodes.append(draft.add(f"layer{place}.{arch.ops[place]}", ops[arch.ops[place]], x, place=place))
        return draft.finish(draft.add("pool", operators.layer(GlobalPool()), x))
