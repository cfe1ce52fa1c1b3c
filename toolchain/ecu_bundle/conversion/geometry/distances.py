"""Distances of each row to fixed points: Unsqueeze, Sub, Abs or Mul, ReduceSum.

Differences are taken before anything is multiplied. The expansion ``|x|^2 - 2 x.y + |y|^2``, which
scikit-learn uses in float64, loses all digits in float32 where the rows are far from zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.arithmetic import Arithmetic

Points = NDArray[np.float64]
"""(points, features)"""


@dataclass(frozen=True, slots=True)
class Metric:
    """A distance in two forms: reduced, which is cheaper and has the same order, and whole.

    Attributes:
        power: p of Minkowski's distance; infinity for the largest difference.
        squared: the whole distance is the reduced one of ``power`` 2.
        cosine: one minus the cosine; ``power`` does not count.
    """

    power: float = 2.0
    squared: bool = False
    cosine: bool = False

    def reduced(self, value: float) -> float:
        """The reduced form of a whole distance."""
        return value if self._is_whole else value**self.power

    @property
    def _is_whole(self) -> bool:
        return self.cosine or self.squared or self.power == 1.0 or np.isinf(self.power)


EUCLIDEAN = Metric()
_NAMED = {
    "euclidean": EUCLIDEAN,
    "l2": EUCLIDEAN,
    "sqeuclidean": Metric(squared=True),
    "manhattan": Metric(1.0),
    "cityblock": Metric(1.0),
    "l1": Metric(1.0),
    "chebyshev": Metric(np.inf),
    "infinity": Metric(np.inf),
    "cosine": Metric(cosine=True),
}


def metric_of(name: Any, parameters: dict[str, Any] | None = None) -> Metric:
    """The metric of scikit-learn's name.

    Raises:
        NotImplementedError: a metric that is not converted; skl2onnx's caller names the estimator.
    """
    given = {key: value for key, value in (parameters or {}).items() if value is not None}
    power = float(given.pop("p", 2.0))
    if name in ("minkowski", "p") and not given:
        return Metric(power)
    if name in _NAMED and not given:
        return _NAMED[name]
    detail = f" with {', '.join(sorted(given))}" if given else ""
    raise NotImplementedError(
        f"the metric {name!r}{detail} is not supported; euclidean, sqeuclidean, manhattan, chebyshev, "
        "minkowski and cosine are"
    )


def differences(real: Arithmetic, rows: str, points: Points) -> str:
    """``x - y`` of every row and point: (rows, points, features)."""
    return real.offset(real.at(rows, 1), np.asarray(points, dtype=np.float64))


def squared(real: Arithmetic, difference: str) -> str:
    """Squared Euclidean lengths (rows, points) of differences."""
    return real.sum(real.op("Mul", difference, difference), 2)


def absolute(real: Arithmetic, difference: str) -> str:
    """Sums of absolute values (rows, points) of differences."""
    return real.sum(real.op("Abs", difference), 2)


def reduced(real: Arithmetic, rows: str, points: Points, metric: Metric) -> str:
    """Reduced distances (rows, points): for Minkowski's p the sum of powers, without the root."""
    if metric.cosine:
        # a rounded cosine may be above 1, and a negative distance would turn its weight around
        return real.op("Max", real.op("Sub", 1.0, cosines(real, rows, points)), 0.0)
    difference = differences(real, rows, points)
    if metric.power == 2.0:
        return squared(real, difference)
    if metric.power == 1.0:
        return absolute(real, difference)
    size = real.op("Abs", difference)
    if np.isinf(metric.power):
        return real.maximum(size, 2)
    return real.sum(real.op("Pow", size, metric.power), 2)


def whole(real: Arithmetic, values: str, metric: Metric) -> str:
    """Distances from reduced ones, of any shape."""
    if metric.reduced(4.0) == 4.0:
        return values
    return real.op("Sqrt", values) if metric.power == 2.0 else real.op("Pow", values, 1.0 / metric.power)


def cosines(real: Arithmetic, rows: str, points: Points) -> str:
    """Cosine of the angle between rows and points (rows, points); 0 where one of them is zero."""
    length = real.op("Sqrt", real.sum(real.op("Mul", rows, rows), 1, keep=True))
    is_zero = real.op("Equal", length, 0.0)
    unit = real.op("Div", rows, real.op("Where", is_zero, 1.0, length))
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    units = points / np.where(lengths == 0.0, 1.0, lengths)
    return real.op("MatMul", unit, np.ascontiguousarray(units.T))
