"""Sums of kernels with fixed weights: KernelRidge and Nystroem."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.geometry.kernels import kernel
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import shape_of_values

_SAMPLE = 400
_MAX_CANCELLATION = 8.0


def cancels(
    values: NDArray[np.float64], weights: NDArray[np.float64], most: float = _MAX_CANCELLATION
) -> bool:
    """Whether ``values @ weights`` loses too many digits in float32.

    Args:
        values: kernel values (rows, points) of rows like those in use.
        weights: (points, outputs).
        most: how much larger the absolute terms may be than the result.

    The rounding error of a sum is proportional to the sum of absolute terms; 8 times the largest result
    leaves about 1e-6 of it, a tenth of what the proof allows.
    """
    size = np.abs(values) @ np.abs(weights)
    result = np.abs(values @ weights).max(axis=0)
    return bool((size.max(axis=0) > most * result).any())


def spread_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most 400 training rows, evenly spaced."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, _SAMPLE).astype(np.intp))]


def convert_kernel_ridge(scope: Any, operator: Any, container: Any) -> None:
    """KernelRidge: in float64 where the dual coefficients are large and cancel (a small alpha)."""
    model = operator.raw_operator
    points = _dense(model.X_fit_)
    weights = np.asarray(model.dual_coef_, dtype=np.float64).reshape(len(points), -1)
    double = cancels(np.asarray(model._get_kernel(spread_rows(points), points)), weights)
    real = Arithmetic(scope, operator, container, double=double)
    parameters = {name: getattr(model, name) for name in ("gamma", "degree", "coef0")}
    values = kernel(real, real.input(), points, model.kernel, parameters)
    real.write(real.op("MatMul", values, weights))


def convert_nystroem(scope: Any, operator: Any, container: Any) -> None:
    """Nystroem: kernel values to the chosen rows, turned; in float64 where the turning cancels."""
    model = operator.raw_operator
    points = _dense(model.components_)
    weights = np.asarray(model.normalization_, dtype=np.float64).T
    parameters = dict(model._get_kernel_params())
    from sklearn.metrics.pairwise import pairwise_kernels

    values = pairwise_kernels(points, metric=model.kernel, filter_params=True, **parameters)
    real = Arithmetic(scope, operator, container, double=cancels(values, weights))
    embedded = kernel(real, real.input(), points, model.kernel, parameters)
    real.write(real.op("MatMul", embedded, np.ascontiguousarray(weights)))


def _dense(rows: Any) -> NDArray[np.float64]:
    if not isinstance(rows, np.ndarray):
        raise NotImplementedError("training on a sparse matrix is not supported; train on an array")
    return np.asarray(rows, dtype=np.float64)


def families() -> list[Family]:
    """KernelRidge and Nystroem."""
    from sklearn.kernel_approximation import Nystroem
    from sklearn.kernel_ridge import KernelRidge

    targets = shape_of_values(lambda model: np.reshape(model.dual_coef_, (len(model.X_fit_), -1)).shape[1])
    width = shape_of_values(lambda model: len(model.normalization_))
    return [
        Family(KernelRidge, convert_kernel_ridge, targets),
        Family(Nystroem, convert_nystroem, width),
    ]
