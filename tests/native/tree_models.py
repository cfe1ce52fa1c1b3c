"""Tree models of every kind, small, with the rows that try them: real, boundary, special, missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from sklearn import datasets, ensemble, tree

import ecu_bundle
from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.parity.session import open_session

Rows = NDArray[np.float32]
_SPECIAL = np.array([np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45, 3e38, -3e38], dtype=np.float32)
_PER_KIND = 24


@dataclass(frozen=True, slots=True)
class Tried:
    """A model with what ONNX Runtime computes, row by row.

    Attributes:
        converted: the model.
        estimator: what it was made from.
        rows: float32 (rows, features).
        expected: (rows, elements) of each output, int32 or float32.
    """

    converted: OnnxModel
    estimator: Any
    rows: Rows
    expected: tuple[NDArray[Any], ...]


@cache
def _data(name: str) -> tuple[Rows, NDArray[Any]]:
    values, wanted = getattr(datasets, f"load_{name}")(return_X_y=True)
    return values.astype(np.float32), wanted


def _with_gaps(values: Rows) -> Rows:
    gaps = np.random.default_rng(0).random(values.shape) < 0.1
    return np.where(gaps, np.float32(np.nan), values)


def _fit(model: Any, data: str, *, gaps: bool = False, outputs: int = 1) -> tuple[Any, Rows]:
    values, wanted = _data(data)
    values = _with_gaps(values) if gaps else values
    wanted = np.stack([wanted * 10.0**i for i in range(outputs)], axis=1) if outputs > 1 else wanted
    return model.fit(values, wanted), values


MODELS: dict[str, Callable[[], tuple[Any, Rows]]] = {
    "tree": lambda: _fit(tree.DecisionTreeClassifier(random_state=0), "wine"),
    "stump": lambda: _fit(tree.DecisionTreeRegressor(max_leaf_nodes=2, random_state=0), "diabetes"),
    "leaf": lambda: _fit(tree.DecisionTreeRegressor(min_samples_leaf=400, random_state=0), "diabetes"),
    "tree with gaps": lambda: _fit(tree.DecisionTreeRegressor(random_state=0), "diabetes", gaps=True),
    "forest": lambda: _fit(ensemble.RandomForestClassifier(20, max_depth=6, random_state=0), "breast_cancer"),
    "forest of ten classes": lambda: _fit(
        ensemble.RandomForestClassifier(12, max_depth=8, random_state=0), "digits"
    ),
    "forest with gaps": lambda: _fit(
        ensemble.RandomForestRegressor(10, max_depth=7, random_state=0), "diabetes", gaps=True
    ),
    "forest of three outputs": lambda: _fit(
        ensemble.RandomForestRegressor(10, max_depth=5, random_state=0), "diabetes", outputs=3
    ),
    "extra trees": lambda: _fit(ensemble.ExtraTreesRegressor(10, random_state=0), "diabetes"),
    "extra trees of three classes": lambda: _fit(ensemble.ExtraTreesClassifier(10, random_state=0), "wine"),
    "bagging": lambda: _fit(ensemble.BaggingClassifier(random_state=0, max_features=0.5), "wine"),
    "boosting": lambda: _fit(ensemble.GradientBoostingRegressor(n_estimators=60, random_state=0), "diabetes"),
    "boosting of depth 2": lambda: _fit(
        ensemble.GradientBoostingRegressor(n_estimators=30, max_depth=2, random_state=0), "diabetes"
    ),
    "boosting of three classes": lambda: _fit(
        ensemble.GradientBoostingClassifier(n_estimators=15, random_state=0), "wine"
    ),
    "hist boosting": lambda: _fit(
        ensemble.HistGradientBoostingRegressor(max_iter=40, random_state=0), "diabetes"
    ),
    "hist boosting with gaps": lambda: _fit(
        ensemble.HistGradientBoostingRegressor(max_iter=30, random_state=0), "diabetes", gaps=True
    ),
    "hist boosting of three classes": lambda: _fit(
        ensemble.HistGradientBoostingClassifier(max_iter=10, random_state=0), "wine"
    ),
    "isolation forest": lambda: _fit(ensemble.IsolationForest(n_estimators=20, random_state=0), "wine"),
    "adaboost": lambda: _fit(ensemble.AdaBoostClassifier(n_estimators=10, random_state=0), "wine"),
    "adaboost of values": lambda: _fit(
        ensemble.AdaBoostRegressor(n_estimators=10, random_state=0), "diabetes"
    ),
    "embedding": lambda: _fit(ensemble.RandomTreesEmbedding(n_estimators=5, random_state=0), "diabetes"),
}


@cache
def tried(name: str) -> Tried:
    """A model of the table, converted, and computed by ONNX Runtime."""
    estimator, values = MODELS[name]()
    converted = ecu_bundle.convert(estimator, sample=values)
    rows = _rows(converted, values)
    session = open_session(converted.proto)
    outputs = converted.interface.outputs
    results = [session.run([t.name for t in outputs], {session.get_inputs()[0].name: r[None]}) for r in rows]
    expected = tuple(
        np.stack([np.asarray(result[i]).astype(t.numpy_dtype).ravel() for result in results])
        for i, t in enumerate(outputs)
    )
    return Tried(converted, estimator, rows, expected)


def _rows(converted: OnnxModel, values: Rows) -> Rows:
    """Real rows, rows on and beside thresholds, rows with special numbers, and with NaN where accepted."""
    random = np.random.default_rng(1)

    def some() -> Rows:
        return values[random.integers(len(values), size=_PER_KIND)].copy()

    real, boundary, special = some(), some(), some()
    for row, (element, threshold) in zip(boundary, _splits(converted.proto, random), strict=False):
        row[element] = threshold
    chosen = random.random(special.shape) < 0.3
    special[chosen] = random.choice(_SPECIAL, size=int(chosen.sum()))
    if not converted.interface.inputs[0].accepts_nan:
        return np.concatenate([real, boundary, special])
    gaps = _with_gaps(some())
    negative = gaps.copy()
    negative.view(np.uint32)[np.isnan(negative)] = 0xFFC12345
    return np.concatenate([real, boundary, special, gaps, negative])


def _splits(proto: onnx.ModelProto, random: np.random.Generator) -> list[tuple[int, np.float32]]:
    """Some thresholds, and the numbers beside them."""
    node = next(n for n in proto.graph.node if n.op_type == "TreeEnsembleRegressor")
    a = {x.name: helper.get_attribute_value(x) for x in node.attribute}
    splits = np.flatnonzero(np.array(a["nodes_modes"]) != b"LEAF")
    if not len(splits):
        return []
    found = []
    for number, split in enumerate(random.choice(splits, size=_PER_KIND)):
        threshold = np.float32(a["nodes_values"][split])
        beside = np.nextafter(threshold, np.float32((0.0, np.inf, -np.inf)[number % 3]))
        found.append((a["nodes_featureids"][split], threshold if number % 3 == 0 else beside))
    return found
