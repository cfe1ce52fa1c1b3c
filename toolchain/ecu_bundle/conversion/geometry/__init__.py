"""Our own converters for models of distances and kernels.

- ``distances``: metrics between rows and fixed points, from differences; shared by all of them
- ``kernels``: kernel functions by name, as in ``sklearn.metrics.pairwise``
- ``neighbours``, ``imputer``, ``isomap``: the nearest training rows
- ``clusters``, ``centroids``: the nearest centre
- ``kernel_models``, ``gaussian_process``: sums of kernels
- ``samplers``: kernels approximated by features
- ``envelope``, ``mixtures``: the Mahalanobis distance
"""

from __future__ import annotations

from ecu_bundle.conversion.registry import Family


def families() -> list[Family]:
    """Every family of this package."""
    from ecu_bundle.conversion.geometry import (
        centroids,
        clusters,
        envelope,
        gaussian_process,
        imputer,
        isomap,
        kernel_models,
        mixtures,
        neighbours,
        samplers,
    )

    modules = (
        neighbours,
        imputer,
        isomap,
        clusters,
        centroids,
        kernel_models,
        gaussian_process,
        samplers,
        envelope,
        mixtures,
    )
    return [family for module in modules for family in module.families()]
