"""Models that are one matrix: ``(x - centre) M + constant``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.registry import Converter, Family
from ecu_bundle.conversion.signatures import outputs, shape_of_values

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linear:
    """``(x - centre) matrix + constant``

    Attributes:
        matrix: (features, outputs).
        centre: (features) or None for zero.
        constant: (outputs) or None for zero.
    """

    matrix: Matrix
    centre: Matrix | None = None
    constant: Matrix | None = None


def factor_analysis(model: Any) -> Linear:
    """The posterior mean of the latent variables (Barber 2012, equation 21.2.15)."""
    weighted = model.components_ / model.noise_variance_
    gram = np.eye(len(model.components_)) + weighted @ model.components_.T
    matrix: Matrix = weighted.T @ np.linalg.inv(gram)
    return Linear(matrix, model.mean_)


def independent_components(model: Any) -> Linear:
    """FastICA."""
    return Linear(model.components_.T, model.mean_ if model.whiten else None)


def sparse_components(model: Any) -> Linear:
    """SparsePCA and its mini-batch form: a ridge regression of each row on the components."""
    components = np.asarray(model.components_, dtype=np.float64)
    gram = components @ components.T
    gram.flat[:: len(gram) + 1] += model.ridge_alpha
    matrix: Matrix = np.asarray(np.linalg.solve(gram, components).T, dtype=np.float64)
    return Linear(matrix, model.mean_)


def partial_least_squares(model: Any) -> Linear:
    """CCA and PLSCanonical, which predict the targets."""
    return Linear(model.coef_.T, model._x_mean, model.intercept_)


def singular_vectors(model: Any) -> Linear:
    """PLSSVD, which transforms."""
    return Linear(model.x_weights_ / model._x_std[:, None], model._x_mean)


def random_projection(model: Any) -> Linear:
    """SparseRandomProjection."""
    components = model.components_
    dense: Matrix = components if isinstance(components, np.ndarray) else components.toarray()
    return Linear(dense.T)


def _converter(describe: Callable[[Any], Linear]) -> Converter:
    def convert(scope: Any, operator: Any, container: Any) -> None:
        linear = describe(operator.raw_operator)
        real = Arithmetic(scope, operator, container)
        rows = real.input()
        if linear.centre is not None:
            rows = real.offset(rows, np.asarray(linear.centre, dtype=np.float64)[None, :])
        product = real.op("MatMul", rows, np.ascontiguousarray(linear.matrix))
        real.write(product if linear.constant is None else real.op("Add", product, linear.constant))

    return convert


def _width(describe: Callable[[Any], Linear]) -> Callable[[Any], int]:
    return lambda model: describe(model).matrix.shape[1]


def families() -> list[Family]:
    """Every linear map that skl2onnx does not have."""
    from sklearn import cross_decomposition, decomposition
    from sklearn import random_projection as projections

    kinds: dict[type, Callable[[Any], Linear]] = {
        decomposition.FactorAnalysis: factor_analysis,
        decomposition.FastICA: independent_components,
        decomposition.SparsePCA: sparse_components,
        decomposition.MiniBatchSparsePCA: sparse_components,
        cross_decomposition.CCA: partial_least_squares,
        cross_decomposition.PLSCanonical: partial_least_squares,
        cross_decomposition.PLSSVD: singular_vectors,
        projections.SparseRandomProjection: random_projection,
    }
    return [
        Family(kind, _converter(describe), shape_of_values(_width(describe)), outputs("variable"))
        for kind, describe in kinds.items()
    ]
