"""Follow the columns of an ONNX graph back to its inputs, as far as the way is a known step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from ecu_bundle.interface import Interface


@dataclass(frozen=True, slots=True)
class Source:
    """A graph column that is ``(x - offset) * scale`` of one input value x.

    Attributes:
        feature: position of x among all input values of a row.
        offset, scale: of the affine step; 0 and 1 when the value is passed on unchanged.
    """

    feature: int
    offset: float = 0.0
    scale: float = 1.0

    @property
    def exact(self) -> bool:
        return self.offset == 0.0 and self.scale == 1.0

    def scaled(self, offset: float, scale: float) -> Source:
        """The source after a further ``(x - offset) * scale``."""
        if offset == 0.0 and scale == 1.0:
            return self
        return Source(self.feature, self.offset + offset / self.scale, self.scale * scale)


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of a matrix in the graph: sources by column, and its width if known."""

    sources: Mapping[int, Source]
    width: int | None


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a graph: the columns that enter each tree ensemble, and ranges of scalers.

    Attributes:
        trees: (node, sources by column of its input).
        scaled: input value -> mean minus and plus four standard deviations, from Scaler nodes.
    """

    trees: tuple[tuple[onnx.NodeProto, Mapping[int, Source]], ...]
    scaled: Mapping[int, tuple[float, float]]


def trace(proto: onnx.ModelProto, interface: Interface) -> Trace:
    """Traces every tree ensemble and every scaler of a graph."""
    constants = {i.name: numpy_helper.to_array(i) for i in proto.graph.initializer}
    known: dict[str, Columns] = {}
    start = 0
    for tensor in interface.inputs:
        known[tensor.name] = Columns({i: Source(start + i) for i in range(tensor.elements)}, tensor.elements)
        start += tensor.elements
    trees = []
    scaled: dict[int, tuple[float, float]] = {}
    for node in proto.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Constant" and "value" in attributes:
            constants[node.output[0]] = numpy_helper.to_array(attributes["value"])
            continue
        first = known.get(node.input[0]) if node.input else None
        if first is not None and node.op_type.startswith("TreeEnsemble"):
            trees.append((node, first.sources))
        elif first is not None and node.op_type == "Scaler":
            scaled.update(_ranges(first, attributes))
            known[node.output[0]] = _scale(first, attributes)
        elif first is not None and node.op_type == "OneHotEncoder":
            categories = attributes.get("cats_int64s") or attributes.get("cats_strings") or []
            known[node.output[0]] = Columns({}, len(categories) if first.width == 1 else None)
        elif columns := _move(node, first, known, constants):
            known[node.output[0]] = columns
    return Trace(tuple(trees), scaled)


def _move(
    node: onnx.NodeProto,
    first: Columns | None,
    known: Mapping[str, Columns],
    constants: Mapping[str, NDArray[Any]],
) -> Columns | None:
    """The columns behind a node that only moves data; None when it is another node."""
    if node.op_type == "Concat":
        return _concat([known.get(name) for name in node.input])
    if first is None or node.op_type in ("Identity", "Cast", "Imputer"):
        return first  # an imputer changes the values that stand for missing ones, and no others
    second = constants.get(node.input[1]) if len(node.input) > 1 else None
    if second is None:
        return None
    if node.op_type in ("Gather", "ArrayFeatureExtractor"):
        picked = [int(i) for i in second.ravel()]
        sources = {new: first.sources[old] for new, old in enumerate(picked) if old in first.sources}
        return Columns(sources, len(picked))
    if node.op_type == "Reshape" and second.size == 2:
        width = int(second[1])
        return first if width in (-1, first.width) else Columns({}, width)
    return None


def _concat(parts: list[Columns | None]) -> Columns:
    """Side by side; what stands behind a part of unknown width has no known place."""
    sources: dict[int, Source] = {}
    start = 0
    for part in parts:
        if part is None or part.width is None:
            return Columns(sources, None)
        sources.update({start + i: source for i, source in part.sources.items()})
        start += part.width
    return Columns(sources, start)


def _at(values: Any, index: int) -> float:
    return float(values[index] if len(values) > 1 else values[0])


def _scale(columns: Columns, attributes: Mapping[str, Any]) -> Columns:
    scale, offset = attributes.get("scale", [1.0]), attributes.get("offset", [0.0])
    sources = {
        i: source.scaled(_at(offset, i), _at(scale, i))
        for i, source in columns.sources.items()
        if _at(scale, i) != 0.0 and np.isfinite(_at(scale, i))
    }
    return Columns(sources, columns.width)


def _ranges(columns: Columns, attributes: Mapping[str, Any]) -> dict[int, tuple[float, float]]:
    scale, offset = attributes.get("scale", [1.0]), attributes.get("offset", [0.0])
    ranges = {}
    for i, source in columns.sources.items():
        if source.exact and _at(scale, i) != 0.0:
            spread = 4.0 / abs(_at(scale, i))
            ranges[source.feature] = (_at(offset, i) - spread, _at(offset, i) + spread)
    return ranges
