"""TargetEncoder: a category becomes the mean of the target that it was seen with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.decisions.labels import write_real
from ecu_bundle.conversion.decisions.lookup import below, lookup_tree
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import shape_of_values
from ecu_bundle.conversion.trees.emit import add_sums


def convert_target_encoder(scope: Any, operator: Any, container: Any) -> None:
    """One lookup for each column of categories; what is no category gets the mean over all rows."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    means = np.atleast_1d(np.asarray(model.target_mean_, dtype=np.float64))
    outputs = len(model.encodings_)
    trees = []
    for feature, categories in enumerate(model.categories_):
        codes = np.asarray(categories, dtype=np.float64)
        if np.isnan(codes).any():
            raise NotImplementedError("missing values among its categories behind another step")
        own = range(feature * len(means), (feature + 1) * len(means))
        known = np.stack([np.asarray(model.encodings_[position]) for position in own], axis=1)
        order = np.argsort(codes)
        trees.append(_lookup(feature, codes[order], known[order], means, outputs))
    matrix = nodes.cast(operator.inputs[0].full_name, TensorProto.FLOAT)
    write_real(nodes, operator, add_sums(nodes, matrix, trees))


def _lookup(
    feature: int,
    codes: NDArray[np.float64],
    known: NDArray[np.float64],
    unknown: NDArray[np.float64],
    outputs: int,
) -> Any:
    """A tree with a leaf at each code, (codes, targets), and one in each gap between codes."""
    edges = np.stack([below(codes), codes], axis=1).ravel()
    values = np.zeros((len(edges) + 1, outputs))
    place = slice(feature * len(unknown), (feature + 1) * len(unknown))
    values[0::2, place] = unknown
    values[1::2, place] = known
    return lookup_tree(feature, edges, values)


def families() -> list[Family]:
    """TargetEncoder."""
    from sklearn.preprocessing import TargetEncoder

    shape = shape_of_values(lambda model: len(model.encodings_))
    return [Family(TargetEncoder, convert_target_encoder, shape=shape)]
