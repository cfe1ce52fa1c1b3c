"""Sums over trees on the native engine: ``docs/native_trees.md``.

- ``chains``: which nodes of the ONNX graph become one sum
- ``ensemble``: the trees of an ONNX node as arrays
- ``fixed``: limbs as whole numbers on a power-of-two grid
- ``slots``: input elements as integers in the order of float32
- ``leaves``: what a leaf adds, without repetitions
- ``layouts``: the tables of nodes
- ``cost``: which layout is chosen
- ``encode``: the step of an ensemble
- ``lone``: a single tree with all that follows from its leaf
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx


def joined(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The nodes of a graph in order, where those that are one step of trees are one node."""
    from ecu_bundle.lowering.trees.chains import with_sums
    from ecu_bundle.lowering.trees.lone import with_tables

    return with_sums(model.graph, with_tables(model))
