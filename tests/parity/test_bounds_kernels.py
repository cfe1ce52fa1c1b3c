"""What is assumed of ONNX Runtime's own kernels, measured over dense sweeps of float32 and float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from ecu_bundle.parity.bounds.elementary import KERNELS
from ecu_bundle.parity.session import open_session


def _sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    small = np.exp(-np.abs(x))
    result: NDArray[Any] = np.where(x >= 0.0, 1.0, small) / (1.0 + small)
    return result


REFERENCES: dict[str, tuple[Callable[[NDArray[Any]], NDArray[Any]], float, float]] = {
    "Exp": (np.exp, -87.0, 88.0),
    "Log": (np.log, 1e-6, 1e6),
    "Tanh": (np.tanh, -20.0, 20.0),
    "Sigmoid": (_sigmoid, -40.0, 40.0),
    "Erf": (np.vectorize(math.erf, otypes=[np.float64]), -6.0, 6.0),
    "Sin": (np.sin, -30.0, 30.0),
    "Cos": (np.cos, -30.0, 30.0),
}
DOUBLES = ("Exp", "Log", "Tanh", "Sigmoid", "Sin", "Cos")


def run(name: str, x: NDArray[Any]) -> NDArray[Any]:
    """The kernel of ONNX Runtime; each row is one value, and one of several."""
    kind = TensorProto.FLOAT if x.dtype == np.float32 else TensorProto.DOUBLE
    graph = helper.make_graph(
        [helper.make_node(name, ["x"], ["y"])],
        "kernel",
        [helper.make_tensor_value_info("x", kind, ["n"])],
        [helper.make_tensor_value_info("y", kind, ["n"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    result: NDArray[Any] = open_session(model).run(None, {"x": x})[0]
    return result


def points(low: float, high: float, kind: Any) -> NDArray[Any]:
    """Even steps, and powers of ten towards 0."""
    small = np.logspace(-30, 0, 4001)
    spread = np.concatenate([np.linspace(low, high, 200_001), small, -small])
    return np.unique(spread[(spread >= low) & (spread <= high)].astype(kind))


@pytest.mark.parametrize("name", REFERENCES)
def test_float32_kernels_are_as_good_as_assumed(name: str) -> None:
    function, low, high = REFERENCES[name]
    x = points(low, high, np.float32)
    true = function(x.astype(np.float64))
    error = np.abs(run(name, x).astype(np.float64) - true)
    kernel = KERNELS[name]
    allowed = kernel.ulp * 2.0**-23 * np.abs(true) + kernel.absolute * 2.0**-24
    measured = np.max(error / np.maximum(allowed, 2.0**-126))
    assert measured <= 1.0, f"{name}: {float(measured):.2f} of what is assumed"
    short = x[:: max(1, len(x) // 1000)]
    single = np.array([run(name, value)[0] for value in short[:, None]])
    error = np.abs(single.astype(np.float64) - function(short.astype(np.float64)))
    assert np.all(
        error
        <= kernel.ulp * 2.0**-23 * np.abs(function(short.astype(np.float64))) + kernel.absolute * 2.0**-24
    )


@pytest.mark.parametrize("name", DOUBLES)
def test_float64_kernels_are_as_good_as_assumed(name: str) -> None:
    """Held against 80-bit arithmetic."""
    function, low, high = REFERENCES[name]
    x = points(low, high, np.float64)
    true = function(x.astype(np.longdouble))
    error = np.abs(run(name, x).astype(np.longdouble) - true)
    kernel = KERNELS[name]
    allowed = kernel.ulp * 2.0**-52 * np.abs(true) + kernel.absolute * 2.0**-53
    measured = np.max(error / np.maximum(allowed, 2.0**-1000))
    assert measured <= 1.0, f"{name}: {float(measured):.2f} of what is assumed"
