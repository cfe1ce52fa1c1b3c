"""Leaves that hold numbers: follow a number through the graph to the table that says what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from ecu_bundle.parity.witnesses.graph import constants_of

_MOVES = ("Cast", "Identity", "Reshape")
"""Operators that hand whole numbers below 2**24 on as they are."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What becomes of the numbers that the trees of one ensemble give, one for each tree.

    Attributes:
        table: the value for each number along its first axis, float64.
        ranked: how many numbers are sorted, rising, before one of them is looked up; 0 for none.
        weights: for sorted numbers what the graph looks up by the position of the tree; else empty.
    """

    table: NDArray[np.float64]
    ranked: int
    weights: NDArray[np.float64]


def lookup_of(proto: onnx.ModelProto, name: str) -> Lookup | None:
    """Follows a result of an ensemble; None where it is used otherwise than to look values up."""
    constants = constants_of(proto)
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in proto.graph.node:
        for source in node.input:
            readers.setdefault(source, []).append(node)
    ranked, order = 0, ""
    while len(readers.get(name, ())) == 1:
        node = readers[name][0]
        if node.op_type in _MOVES or (node.op_type == "GatherElements" and ranked and name == node.input[0]):
            name = node.output[0]
        elif node.op_type == "TopK" and not ranked:
            ranked = _rising(node, constants)
            if not ranked:
                return None
            name, order = node.output
        elif node.op_type == "Gather" and node.input[1] == name and node.input[0] in constants:
            table = np.asarray(constants[node.input[0]], dtype=np.float64)
            weights = _weights(readers.get(order, []), order, constants) if ranked else np.empty(0)
            return Lookup(table, ranked, weights)
        else:
            return None
    return None


def _rising(node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> int:
    """How many numbers a TopK sorts in rising order along the row; 0 for another TopK."""
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    count = constants.get(node.input[1])
    rising = attributes.get("largest", 1) == 0 and attributes.get("sorted", 1) == 1
    along = attributes.get("axis", -1) in (1, -1)
    return int(count.ravel()[0]) if count is not None and count.size == 1 and rising and along else 0


def _weights(
    readers: list[onnx.NodeProto], order: str, constants: Mapping[str, NDArray[Any]]
) -> NDArray[np.float64]:
    """What the graph looks up by the position of each sorted number; empty when that is not understood."""
    tables = [n.input[0] for n in readers if n.op_type == "Gather" and n.input[1] == order]
    if len(readers) != 1 or len(tables) != 1 or tables[0] not in constants:
        return np.empty(0)
    return np.asarray(constants[tables[0]], dtype=np.float64).ravel()
