"""Preprocessing operators of ``ai.onnx.ml``: scalers, imputers and encoders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.graph import Node, Value
from ecu_bundle.lowering.rules.linear import single
from ecu_bundle.lowering.rules.reductions import normalized
from ecu_bundle.lowering.views import View

_NAN_IS_A_KEY: Final = 4
"""Version of ``ai.onnx.ml``."""


def _scaler(node: Node, build: Builder) -> Sequence[Value]:
    """(x - offset) * scale."""
    view = single(build, node)
    offset, scale = node.floats("offset"), node.floats("scale")
    build.may_need("sub_f32", "mul_f32")
    if offset.any():
        view = build.binary("sub", view, node.constant(offset))
    if (scale != 1).any():
        view = build.binary("mul", view, node.constant(scale))
    return [view]


def _normalizer(node: Node, build: Builder) -> Sequence[Value]:
    return [normalized(build, single(build, node), 1, node.attributes.get("norm", "MAX"))]


def _binarizer(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    above = build.binary("less", build.scalar(node.attributes.get("threshold", 0.0), view.dtype), view)
    return [build.cast(above, view.dtype)]


def _imputer(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    if view.dtype == "i32":
        filling: NDArray[Any] = np.asarray(node.attributes.get("imputed_value_int64s", ()), np.int64)
        replaced = int(node.attributes.get("replaced_value_int64", 0))
        missing = build.binary("equal", view, build.scalar(replaced, "i32"))
    else:
        filling = node.floats("imputed_value_floats")
        missing = _missing(node, build, view)
    return [build.where(missing, build.cast(node.constant(filling), view.dtype), view)]


def _missing(node: Node, build: Builder, view: View) -> View:
    replaced = float(node.attributes.get("replaced_value_float", 0.0))
    if np.isnan(replaced):
        return build.unary("is_nan", view)
    return build.binary("equal", view, build.scalar(replaced, view.dtype))


def _one_hot(node: Node, build: Builder) -> Sequence[Value]:
    """One column for each category; a value that is none of them gives zeros."""
    categories = node.attributes.get("cats_int64s")
    if not categories:
        raise node.refused("text as categories", hint="declare the column as categories with codes")
    view = build.cast(node.view(0), "i32")
    column = build.reshape(view, (*view.shape, 1))
    found = build.binary("equal", column, node.constant(np.asarray(categories, np.int64)))
    return [build.cast(found, "f32")]


def _label_encoder(node: Node, build: Builder) -> Sequence[Value]:
    keys = _table(node, "keys")
    values = _table(node, "values")
    view = node.view(0)
    if keys.dtype.kind == "f":
        return [_by_bits(node, build, build.cast(view, "f32"), keys.astype(np.float32), values)]
    order = _first_of_equals(keys)
    return [build.map(view, node.constant(keys[order]), node.constant(values[order]), _default(node, values))]


def _by_bits(node: Node, build: Builder, view: View, keys: NDArray[np.float32], values: NDArray[Any]) -> View:
    """Floats are looked up by their bits; adding 0 makes both zeros one. A key NaN is found from version 4
    of the operator set on."""
    is_number = ~np.isnan(keys)
    bits = (keys[is_number] + np.float32(0)).view(np.int32)
    order = _first_of_equals(bits)
    table = node.constant(values[is_number][order])
    source = build.binary("add", view, build.scalar(0, "f32"))
    found = build.map(source, node.constant(bits[order]), table, _default(node, values))
    if is_number.all() or node.version < _NAN_IS_A_KEY:
        return found
    of_missing = node.constant(values[~is_number][:1])
    return build.where(build.unary("is_nan", view), of_missing, found)


def _table(node: Node, name: str) -> NDArray[Any]:
    """Keys or values: int64 or float32.

    Raises:
        UnsupportedModelError: they are text or of another type.
    """
    for suffix, kind in (("int64s", "int64"), ("floats", "float32")):
        if node.attributes.get(f"{name}_{suffix}"):
            return np.asarray(node.attributes[f"{name}_{suffix}"]).astype(kind)
    tensor = node.attributes.get(f"{name}_tensor")
    if tensor is not None and tensor.dtype.name in ("int64", "float32"):
        return np.asarray(tensor)
    raise node.refused(f"{name} that are text or of another element type")


def _default(node: Node, values: NDArray[Any]) -> int:
    """The bits of what an unknown key becomes, as an unsigned word."""
    tensor = node.attributes.get("default_tensor")
    if values.dtype.kind == "f":
        number = node.attributes.get("default_float", -0.0) if tensor is None else tensor.ravel()[0]
        return int(np.float32(number).view(np.uint32))
    number = node.attributes.get("default_int64", -1) if tensor is None else tensor.ravel()[0]
    return int(np.int32(number).view(np.uint32))


def _first_of_equals(keys: NDArray[Any]) -> NDArray[np.intp]:
    """Places of the different keys in ascending order; of equal keys the first."""
    return np.unique(keys, return_index=True)[1]


RULES: Final[Mapping[str, Callable[[Node, Builder], Sequence[Value]]]] = {
    "Binarizer": _binarizer,
    "Imputer": _imputer,
    "LabelEncoder": _label_encoder,
    "Normalizer": _normalizer,
    "OneHotEncoder": _one_hot,
    "Scaler": _scaler,
}
