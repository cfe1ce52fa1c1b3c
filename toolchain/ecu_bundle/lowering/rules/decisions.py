"""Operators that decide: ArgMax, ArgMin, TopK."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.graph import Node, Value


def _arg(name: str, node: Node, build: Builder) -> Sequence[Value]:
    """The place of the largest or smallest element of an axis, the first of equals."""
    view = node.view(0)
    if node.attributes.get("select_last_index", 0):
        raise node.refused("the last of equal elements")
    axis = node.axis(len(view.shape), 0)
    wide = build.cast(view, "f64") if view.dtype == "i32" else view
    place = build.along(name, wide, axis)
    if node.attributes.get("keepdims", 1):
        return [build.reshape(place, (*view.shape[:axis], 1, *view.shape[axis + 1 :]))]
    return [place]


def _top_k(node: Node, build: Builder) -> Sequence[Value]:
    view, k = node.view(0), node.parameter("k", 1)
    if k is None:
        raise node.refused("a count that is left out")
    axis = node.axis(len(view.shape), -1)
    order = (*(i for i in range(len(view.shape)) if i != axis), axis)
    wide = build.cast(view, "f64") if view.dtype == "i32" else view
    largest = bool(node.attributes.get("largest", 1))
    values, places = build.top_k(wide.transposed(order), int(k.ravel()[0]), largest=largest)
    back = np.argsort(order).tolist()
    return [build.cast(values, view.dtype).transposed(back), places.transposed(back)]


RULES: Final[Mapping[str, Callable[[Node, Builder], Sequence[Value]]]] = {
    "ArgMax": partial(_arg, "arg_max"),
    "ArgMin": partial(_arg, "arg_min"),
    "TopK": _top_k,
}
