"""Isomap: shortest ways over the nearest training rows, then a kernel PCA of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.geometry import distances
from ecu_bundle.conversion.geometry.neighbours import metric_of_neighbours, nearest, training_rows
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import outputs, shape_of_values


def convert(scope: Any, operator: Any, container: Any) -> None:
    """Isomap.

    In float64: the neighbours are a decision (see `ecu_bundle.conversion.geometry.neighbours`), and
    centring subtracts squared distances that are nearly equal.
    """
    model = operator.raw_operator
    if model.n_neighbors is None:
        raise NotImplementedError("neighbours within a radius are not supported; train with n_neighbors")
    real = Arithmetic(scope, operator, container, double=True)
    search = model.nbrs_
    metric = metric_of_neighbours(search)
    reduced = distances.reduced(real, real.input(), training_rows(search), metric)
    found, places = nearest(real, reduced, search.n_neighbors)
    first = distances.whole(real, found, metric)
    rest = real.op("Gather", np.asarray(model.dist_matrix_, dtype=np.float64), places, axis=0)
    ways = real.minimum(real.op("Add", rest, real.at(first, 2)), 1)
    values = real.op("Mul", real.op("Mul", ways, ways), -0.5)
    real.write(_project(real, values, model.kernel_pca_))


def _project(real: Arithmetic, values: str, model: Any) -> str:
    """``KernelPCA.transform`` of a precomputed kernel (rows, training rows)."""
    centerer = model._centerer
    own = real.op("Div", real.sum(values, 1, keep=True), float(len(centerer.K_fit_rows_)))
    centred = real.op("Sub", values, centerer.K_fit_rows_[None, :])
    centred = real.op("Add", real.op("Sub", centred, own), float(centerer.K_fit_all_))
    used = model.eigenvalues_ != 0.0
    scaled = np.zeros_like(model.eigenvectors_, dtype=np.float64)
    scaled[:, used] = model.eigenvectors_[:, used] / np.sqrt(model.eigenvalues_[used])
    return real.op("MatMul", centred, np.ascontiguousarray(scaled))


def families() -> list[Family]:
    """Isomap alone."""
    from sklearn.manifold import Isomap

    width = shape_of_values(lambda model: model.embedding_.shape[1])
    return [Family(Isomap, convert, width, outputs("variable"), wide=True)]
