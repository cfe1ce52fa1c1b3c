"""Follow the columns of an ONNX graph from its inputs to the matrices of its trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from ecu_bundle.interface import Interface
from ecu_bundle.parity.witnesses.columns import Origin, unknown
from ecu_bundle.parity.witnesses.graph import constants_of

_TABLE = "a LabelEncoder in the graph that is not folded into the thresholds"


def column_origins(proto: onnx.ModelProto, interface: Interface) -> dict[str, list[Origin]]:
    """For each tensor of the graph whose columns are understood: the input value behind each column.

    ``raw`` counts the input values of a row over all tensors. A column is ``monotone`` here only when the
    input value arrives unchanged (apart from NaN, which an Imputer replaces). A number that a table is
    asked for has the ``keys`` of the table.
    """
    constants = constants_of(proto)
    known: dict[str, list[Origin]] = {}
    start = 0
    for tensor in interface.inputs:
        known[tensor.name] = [Origin(start + i, not tensor.codes) for i in range(tensor.elements)]
        start += tensor.elements
    for node in proto.graph.node:
        parts = [known[name] for name in node.input if name in known]
        made = _made(node, parts, constants) if parts else None
        if made is not None:
            known[node.output[0]] = made
    return known


def _made(
    node: onnx.NodeProto, parts: Sequence[list[Origin]], constants: Mapping[str, NDArray[Any]]
) -> list[Origin] | None:
    first = parts[0]
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    second = constants.get(node.input[1]) if len(node.input) > 1 else None
    made: list[Origin] | None = None
    if node.op_type == "Concat":
        if len(parts) == len(node.input) and attributes["axis"] in (1, -1):
            made = [origin for part in parts for origin in part]
    elif node.op_type in ("Identity", "Imputer"):
        made = first
    elif node.op_type == "Cast":
        real = attributes["to"] in (TensorProto.FLOAT, TensorProto.DOUBLE)
        made = first if real else [_bent(origin, "a Cast to whole numbers") for origin in first]
    elif node.op_type in ("Gather", "ArrayFeatureExtractor"):
        made = _gathered(node, first, constants)
    elif node.op_type == "Reshape":
        shape = [] if second is None else [int(length) for length in second.ravel()]
        as_rows = len(shape) == 2 and shape[1] in (-1, len(first))
        made = first if as_rows or (shape == [-1] and len(first) == 1) else None
    elif node.op_type == "OneHotEncoder" and len(first) == 1:
        width = len(attributes.get("cats_int64s") or attributes.get("cats_strings") or ())
        made = [_bent(first[0], "")] * width
    elif node.op_type == "LabelEncoder":
        keys = attributes.get("keys_floats") or ()
        made = [origin.looked_up(keys) if keys else _bent(origin, _TABLE) for origin in first]
    elif node.op_type == "Scaler":
        made = [
            _bent(origin, "a Scaler in the graph that is not folded into the thresholds") for origin in first
        ]
    return made


def _gathered(
    node: onnx.NodeProto, first: list[Origin], constants: Mapping[str, NDArray[Any]]
) -> list[Origin] | None:
    """Chosen columns, or a row of a constant table that a column chooses."""
    table, chosen = (constants.get(name) for name in node.input[:2])
    if table is not None:
        if len(first) != 1 or table.ndim != 2:
            return None
        own = first[0] if first[0].keys is not None else _bent(first[0], "a table in the graph")
        return [own] * int(table.shape[1])
    default = 0 if node.op_type == "Gather" else 1
    axis = next((a.i for a in node.attribute if a.name == "axis"), default)
    if chosen is None or axis not in (1, -1):
        return None
    return [first[int(i)] for i in chosen.ravel()]


def _bent(origin: Origin, reason: str) -> Origin:
    """A column that depends on one input value and is not that value any more."""
    return replace(origin, monotone=False, reason=origin.reason or reason, unchanged=False, keys=None)


def padded(origins: Sequence[Origin], width: int) -> list[Origin]:
    """At least ``width`` columns; those that are not understood with a reason."""
    lost = unknown("what the graph computes before the trees is not one input value")
    return [*origins, *[lost] * (width - len(origins))]
