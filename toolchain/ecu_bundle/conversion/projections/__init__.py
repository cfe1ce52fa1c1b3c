"""Our own converters for linear maps of the input, and for bases of splines.

- ``linear``: one matrix: factor analysis, ICA, sparse PCA, partial least squares, random projections
- ``boltzmann``: BernoulliRBM
- ``agglomeration``: means, largest or smallest values of groups of features
- ``splines``: SplineTransformer
"""

from __future__ import annotations

from ecu_bundle.conversion.registry import Family


def families() -> list[Family]:
    """Every family of this package."""
    from ecu_bundle.conversion.projections import agglomeration, boltzmann, linear, splines

    modules = (linear, boltzmann, agglomeration, splines)
    return [family for module in modules for family in module.families()]
