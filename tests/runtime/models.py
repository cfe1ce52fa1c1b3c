"""Small models made by hand, so that every number is known without scikit-learn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from ecu_bundle.artifacts import ModelImage, OnnxModel
from ecu_bundle.image import compile_image
from ecu_bundle.interface import Array, Code, Interface, Rows, Tensor

WEIGHTS = np.array([[0.5, -1.0], [0.25, 3.0], [-8.0, 0.125]], dtype=np.float32)
ORIGINS = (Code(2, "Europe"), Code(-1, "unknown"), Code(7, "Japan"))
ROW = (np.array([[1.5, -2.0, 0.25]], dtype=np.float32), np.array([[2]], dtype=np.int32))
ROW_SCORE = np.array([[-16.25, -3.21875]], dtype=np.float32)
"""(3.5, 0, 2.25) WEIGHTS, exact in float32."""


def onnx_model(graph: onnx.GraphProto, interface: Interface, name: str = "mixed") -> OnnxModel:
    """A model of a graph, with pinned versions."""
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return OnnxModel(name, proto, interface)


def mixed_interface(*, accepts_nan: bool = False) -> Interface:
    """Float and category in, label and score out."""
    return Interface(
        "classifier",
        (
            Tensor("x", "float32", elements=3, unit="km/h", minimum=0.0, accepts_nan=accepts_nan),
            Tensor("origin", "int32", codes=ORIGINS),
        ),
        (
            Tensor("label", "int32", codes=(Code(0, "good"), Code(1, "bad"))),
            Tensor("score", "float32", elements=2),
        ),
    )


def mixed_graph() -> onnx.GraphProto:
    """score = (x + origin) WEIGHTS; label = the column of the largest score."""
    nodes = [
        helper.make_node("Cast", ["origin"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["x", "number"], ["shifted"]),
        helper.make_node("MatMul", ["shifted", "weights"], ["score"]),
        helper.make_node("ArgMax", ["score"], ["label"], axis=1, keepdims=0),
    ]
    return helper.make_graph(
        nodes,
        "mixed",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3]),
            helper.make_tensor_value_info("origin", TensorProto.INT64, ["rows", 1]),
        ],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["rows"]),
            helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows", 2]),
        ],
        [helper.make_tensor("weights", TensorProto.FLOAT, WEIGHTS.shape, WEIGHTS.ravel())],
    )


def mixed_model(*, accepts_nan: bool = False) -> OnnxModel:
    return onnx_model(mixed_graph(), mixed_interface(accepts_nan=accepts_nan))


def mixed_image(*, accepts_nan: bool = False) -> ModelImage:
    return compile_image(mixed_model(accepts_nan=accepts_nan), engine="ort", version="1.4.0")


def mixed_rows(x: NDArray[np.float32], origin: Sequence[int]) -> Rows:
    tensors: dict[str, Array] = {"x": x, "origin": np.array(origin, dtype=np.int32).reshape(-1, 1)}
    return Rows(tensors)


def seal(content: bytes) -> bytes:
    """Content with its digest: what somebody makes who knows the format."""
    return content + hashlib.sha256(content).digest()


def patch(image: ModelImage, offset: int, data: bytes) -> ModelImage:
    """The image with other bytes at an offset and a digest that fits them."""
    content = image.data[:-32]
    return replace(image, data=seal(content[:offset] + data + content[offset + len(data) :]))
