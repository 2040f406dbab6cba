"""Priors: distributions over the members of a space that nothing has trained. NumPy only.

GraphPNAS explores with them (section 3.3 of Li, Liao et al., 2022, and the code published with it):

| space | explorer |
|---|---|
| RandWire | ``WattsStrogatz(space, k=(2, 6), p=(0.2, 0.8))``; random search also ``ErdosRenyi(space, (0.1, 0.5))`` |
| ENAS macro | ``ErdosRenyi(space, 0.4)`` |
| NAS-Bench-101 | ``ErdosRenyi(space, 0.25, nodes=(3, 7))`` |
| NAS-Bench-201 | ``Uniform(space, exclude_ops=("none",))``; without the option by the paper |
| DARTS | ``DistinctPredecessors(space)`` |
"""

from tfnas.models.priors.darts import DistinctPredecessors
from tfnas.models.priors.er import ErdosRenyi
from tfnas.models.priors.named import from_config
from tfnas.models.priors.random_graphs import BarabasiAlbert, WattsStrogatz
from tfnas.models.priors.uniform import Uniform

__all__ = ["BarabasiAlbert", "DistinctPredecessors", "ErdosRenyi", "Uniform", "WattsStrogatz", "from_config"]
