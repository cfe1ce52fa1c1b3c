"""Kernels approximated by features: RBFSampler, SkewedChi2Sampler, AdditiveChi2Sampler, count sketches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import outputs, shape_of_values

_INTERVALS = {1: 0.8, 2: 0.5, 3: 0.4}
"""scikit-learn's sampling interval by the number of steps."""


def convert_rbf(scope: Any, operator: Any, container: Any) -> None:
    """RBFSampler: ``sqrt(2 / components) cos(x W + b)`` (Rahimi and Recht 2007)."""
    model = operator.raw_operator
    real = Arithmetic(scope, operator, container, double=True)
    _write_cosines(real, real.input(), model)


def convert_skewed_chi2(scope: Any, operator: Any, container: Any) -> None:
    """SkewedChi2Sampler: the same of ``log(x + skewedness)``."""
    model = operator.raw_operator
    real = Arithmetic(scope, operator, container, double=True)
    _write_cosines(real, real.op("Log", real.op("Add", real.input(), float(model.skewedness))), model)


def _write_cosines(real: Arithmetic, rows: str, model: Any) -> None:
    """In float64: a cosine takes the absolute error of its argument, which grows with the input."""
    angle = real.op("Add", real.op("MatMul", rows, model.random_weights_), model.random_offset_)
    count = np.shape(model.random_weights_)[1]
    real.write(real.op("Mul", real.op("Cos", angle), math.sqrt(2.0 / count)))


def convert_additive_chi2(scope: Any, operator: Any, container: Any) -> None:
    """AdditiveChi2Sampler: ``sqrt(x l sech(pi w)) cos or sin(w log x)`` (Vedaldi and Zisserman 2010)."""
    model = operator.raw_operator
    interval = _INTERVALS[model.sample_steps] if model.sample_interval is None else model.sample_interval
    real = Arithmetic(scope, operator, container)
    rows = real.input()
    is_zero = real.op("Equal", rows, 0.0)
    logarithm = real.op("Log", real.op("Where", is_zero, 1.0, rows))
    parts = [real.op("Sqrt", real.op("Mul", rows, float(interval)))]
    for step in range(1, model.sample_steps):
        factor = 2.0 * interval / math.cosh(math.pi * step * interval)
        size = real.op("Sqrt", real.op("Mul", rows, factor))
        angle = real.op("Mul", logarithm, step * interval)
        parts += [real.op("Mul", size, real.op(wave, angle)) for wave in ("Cos", "Sin")]
    real.write(real.op("Concat", *parts, axis=1) if len(parts) > 1 else parts[0])


def convert_count_sketch(scope: Any, operator: Any, container: Any) -> None:
    """PolynomialCountSketch: the circular convolution of ``degree`` sketches (Pham and Pagh 2013).

    scikit-learn multiplies their Fourier transforms, which is the same; the sum itself needs neither
    complex numbers nor a transform.
    """
    model = operator.raw_operator
    real = Arithmetic(scope, operator, container)
    rows = real.input()
    count = model.n_components
    # row k of the table: where the second factor of x[i] y[k - i] stands
    places = (np.arange(count)[:, None] - np.arange(count)[None, :]) % count
    product = ""
    for matrix, constant in _sketches(model):
        sketch = real.op("Add", real.op("MatMul", rows, matrix), constant)
        if product:
            turned = real.columns(product, places)
            product = real.sum(real.op("Mul", turned, real.at(sketch, 1)), 2)
        else:
            product = sketch
    real.write(product)


def _sketches(model: Any) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """For each degree the matrix (features, components) of a count sketch, and its constant part."""
    sketches = []
    for index, sign in zip(model.indexHash_, model.bitHash_, strict=True):
        matrix = np.zeros((len(index), model.n_components))
        matrix[np.arange(len(index)), index] = sign
        features = model.n_features_in_
        constant = math.sqrt(model.coef0) * matrix[features:].sum(axis=0)
        sketches.append((math.sqrt(model.gamma) * matrix[:features], constant))
    return sketches


def families() -> list[Family]:
    """Every sampler."""
    from sklearn import kernel_approximation as approximation

    components = shape_of_values(lambda model: np.shape(model.random_weights_)[1])
    steps = shape_of_values(lambda model: model.n_features_in_ * (2 * model.sample_steps - 1))
    sketch = shape_of_values(lambda model: model.n_components)
    one = outputs("variable")
    return [
        Family(approximation.RBFSampler, convert_rbf, components, one),
        Family(approximation.SkewedChi2Sampler, convert_skewed_chi2, components, one),
        Family(approximation.AdditiveChi2Sampler, convert_additive_chi2, steps, one),
        Family(approximation.PolynomialCountSketch, convert_count_sketch, sketch, one),
    ]
