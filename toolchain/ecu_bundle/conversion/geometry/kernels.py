"""Kernel functions between rows and fixed points, with the names of ``sklearn.metrics.pairwise``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.geometry.distances import Points, absolute, cosines, differences, squared

_OF_PRODUCTS = ("linear", "poly", "polynomial", "sigmoid")
_NAMES = (*_OF_PRODUCTS, "additive_chi2", "chi2", "cosine", "laplacian", "rbf")


def kernel(real: Arithmetic, rows: str, points: Points, name: Any, parameters: dict[str, Any]) -> str:
    """Kernel values (rows, points).

    Args:
        real: where to add.
        rows: (rows, features).
        points: (points, features).
        name: scikit-learn's name.
        parameters: ``gamma``, ``degree``, ``coef0``; None or absent: scikit-learn's default.

    Raises:
        NotImplementedError: another kernel.
    """
    given = {key: value for key, value in parameters.items() if value is not None}
    unknown = given.keys() - {"gamma", "degree", "coef0"}
    if name not in _NAMES or unknown:
        detail = f" with {', '.join(sorted(unknown))}" if unknown else ""
        raise NotImplementedError(f"the kernel {name!r}{detail} is not supported; {', '.join(_NAMES)} are")
    gamma = float(given.get("gamma", 1.0 if name == "chi2" else 1.0 / points.shape[1]))
    if name == "cosine":
        return cosines(real, rows, points)
    if name in _OF_PRODUCTS:
        product = real.op("MatMul", rows, np.ascontiguousarray(points.T))
        return product if name == "linear" else _of_product(real, product, name, gamma, given)
    difference = differences(real, rows, points)
    if name == "additive_chi2":
        return real.op("Neg", _chi2(real, rows, points, difference))
    measure = {"rbf": squared, "laplacian": absolute}.get(name)
    length = measure(real, difference) if measure else _chi2(real, rows, points, difference)
    return exponential(real, length, gamma)


def _of_product(real: Arithmetic, product: str, name: str, gamma: float, given: dict[str, Any]) -> str:
    """``poly`` and ``sigmoid`` of a matrix of inner products."""
    inner = real.op("Add", real.op("Mul", product, gamma), float(given.get("coef0", 1.0)))
    if name == "sigmoid":
        return real.op("Tanh", inner)
    return real.op("Pow", inner, float(given.get("degree", 3.0)))


def exponential(real: Arithmetic, values: str, factor: float) -> str:
    """``exp(-factor * values)``"""
    return real.op("Exp", real.op("Mul", values, -factor))


def _chi2(real: Arithmetic, rows: str, points: Points, difference: str) -> str:
    """Sum over features of ``(x - y)^2 / (x + y)``; a feature that is 0 in both counts nothing."""
    total = real.op("Add", real.at(rows, 1), points)
    safe = real.op("Where", real.op("Equal", total, 0.0), 1.0, total)
    return real.sum(real.op("Div", real.op("Mul", difference, difference), safe), 2)
