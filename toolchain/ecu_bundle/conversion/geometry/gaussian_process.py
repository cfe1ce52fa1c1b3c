"""GaussianProcessRegressor: the mean, a sum of kernels (Rasmussen and Williams 2006, algorithm 2.1)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.geometry.distances import Points, differences, squared
from ecu_bundle.conversion.geometry.kernel_models import cancels, spread_rows
from ecu_bundle.conversion.geometry.kernels import exponential, kernel
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import outputs, shape_of_values


class Covariance:
    """Covariances between rows and training rows, kernel by kernel."""

    def __init__(self, real: Arithmetic, rows: str, points: Points) -> None:
        self._real, self._rows, self._points = real, rows, points

    def of(self, part: Any) -> str:
        """Name of (rows, points), or of (1, points) where it does not depend on the row.

        A model whose whole kernel is constant does not know its inputs and comes no further than
        `ecu_bundle.conversion.preparation`.

        Raises:
            NotImplementedError: a kernel without converter.
        """
        from sklearn.gaussian_process import kernels

        convert = {
            kernels.ConstantKernel: self._constant,
            kernels.DotProduct: self._dot_product,
            kernels.ExpSineSquared: self._periodic,
            kernels.Exponentiation: self._power,
            kernels.Matern: self._matern,
            kernels.PairwiseKernel: self._pairwise,
            kernels.Product: self._product,
            kernels.RBF: self._rbf,
            kernels.RationalQuadratic: self._rational,
            kernels.Sum: self._sum,
            kernels.WhiteKernel: self._white,
        }.get(type(part))
        if convert is None:
            raise NotImplementedError(f"the kernel {type(part).__name__} is not supported")
        return convert(part)

    def _same(self, value: float) -> str:
        return self._real.nodes.constant(np.full((1, len(self._points)), value, dtype=self._real.dtype))

    def _constant(self, part: Any) -> str:
        return self._same(float(part.constant_value))

    def _white(self, _: Any) -> str:
        return self._same(0.0)  # noise counts only between a training row and itself

    def _sum(self, part: Any) -> str:
        return self._real.op("Add", self.of(part.k1), self.of(part.k2))

    def _product(self, part: Any) -> str:
        return self._real.op("Mul", self.of(part.k1), self.of(part.k2))

    def _power(self, part: Any) -> str:
        return self._real.op("Pow", self.of(part.kernel), float(part.exponent))

    def _squared(self, length_scale: Any) -> str:
        difference = differences(self._real, self._rows, self._points)
        scaled = self._real.op("Div", difference, np.atleast_1d(np.asarray(length_scale, dtype=np.float64)))
        return squared(self._real, scaled)

    def _rbf(self, part: Any) -> str:
        return exponential(self._real, self._squared(part.length_scale), 0.5)

    def _matern(self, part: Any) -> str:
        real, square = self._real, self._squared(part.length_scale)
        if np.isinf(part.nu):
            return exponential(real, square, 0.5)
        length = real.op("Sqrt", square)
        if part.nu == 0.5:
            return exponential(real, length, 1.0)
        if part.nu not in (1.5, 2.5):
            raise NotImplementedError(f"Matern with nu={part.nu} needs Bessel functions; use 0.5, 1.5 or 2.5")
        scaled = real.op("Mul", length, math.sqrt(2.0 * part.nu))
        factor = real.op("Add", scaled, 1.0)
        if part.nu == 2.5:
            factor = real.op("Add", factor, real.op("Div", real.op("Mul", scaled, scaled), 3.0))
        return real.op("Mul", factor, exponential(real, scaled, 1.0))

    def _rational(self, part: Any) -> str:
        ratio = self._real.op("Div", self._squared(part.length_scale), 2.0 * float(part.alpha))
        return self._real.op("Pow", self._real.op("Add", ratio, 1.0), -float(part.alpha))

    def _periodic(self, part: Any) -> str:
        real = self._real
        length = real.op("Sqrt", squared(real, differences(real, self._rows, self._points)))
        sine = real.op("Sin", real.op("Mul", length, math.pi / float(part.periodicity)))
        ratio = real.op("Div", sine, float(part.length_scale))
        return exponential(real, real.op("Mul", ratio, ratio), 2.0)

    def _dot_product(self, part: Any) -> str:
        product = self._real.op("MatMul", self._rows, np.ascontiguousarray(self._points.T))
        return self._real.op("Add", product, float(part.sigma_0) ** 2)

    def _pairwise(self, part: Any) -> str:
        parameters = {**(part.pairwise_kernels_kwargs or {}), "gamma": part.gamma}
        return kernel(self._real, self._rows, self._points, part.metric, parameters)


def _parts(part: Any) -> list[Any]:
    """The kernel and all kernels that it is made of."""
    inner = [getattr(part, name) for name in ("k1", "k2", "kernel") if hasattr(part, name)]
    return [part, *(nested for child in inner for nested in _parts(child))]


def _weights(model: Any) -> NDArray[np.float64]:
    """(training rows, targets)"""
    return np.asarray(model.alpha_, dtype=np.float64).reshape(len(model.X_train_), -1)


def convert(scope: Any, operator: Any, container: Any) -> None:
    """The mean of the posterior.

    In float64 where the weights are large and cancel (little noise), and for a periodic kernel, whose
    sine takes the absolute error of an argument that grows with the distance.
    """
    model = operator.raw_operator
    points, weights = np.asarray(model.X_train_, dtype=np.float64), _weights(model)
    periodic = any(type(part).__name__ == "ExpSineSquared" for part in _parts(model.kernel_))
    double = periodic or cancels(np.asarray(model.kernel_(spread_rows(points), points)), weights)
    real = Arithmetic(scope, operator, container, double=double)
    covariance = Covariance(real, real.input(), points).of(model.kernel_)
    scaled = real.op("Mul", real.op("MatMul", covariance, weights), np.atleast_1d(model._y_train_std))
    real.write(real.op("Add", scaled, np.atleast_1d(model._y_train_mean)))


def families() -> list[Family]:
    """GaussianProcessRegressor, in place of skl2onnx's converter."""
    from sklearn.gaussian_process import GaussianProcessRegressor

    return [
        Family(
            GaussianProcessRegressor,
            convert,
            shape_of_values(lambda model: _weights(model).shape[1]),
            outputs("variable"),
        )
    ]
