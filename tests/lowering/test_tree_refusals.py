"""Trees that the native engine would not compute as ONNX Runtime does are refused, with the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.engine import Engine
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import Rows, Tensor
from ecu_bundle.lowering import lower
from lowering.graphs import by_onnxruntime, model_of, node

INFINITY, SMALLEST = float("inf"), 1e-45
MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE")
THRESHOLDS = (-INFINITY, -SMALLEST, -0.0, 0.0, SMALLEST, INFINITY, float("nan"))
EXTREMES = np.array([-INFINITY, -SMALLEST, -0.0, 0.0, SMALLEST, INFINITY, np.nan], dtype=np.float32)


def _stump(mode: str, threshold: float, **attributes: Any) -> OnnxModel:
    """One split on one input: 1 where it holds, else 2."""
    tree: onnx.NodeProto = node(
        "TreeEnsembleRegressor",
        ["X"],
        "y",
        n_targets=1,
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[0, 0, 0],
        nodes_modes=[mode, "LEAF", "LEAF"],
        nodes_values=[threshold, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        target_treeids=[0, 0],
        target_nodeids=[1, 2],
        target_ids=[0, 0],
        target_weights=[1.0, 2.0],
        **attributes,
    )
    return model_of(
        [tree], {}, [Tensor("y", "float32", 1)], inputs=[Tensor("X", "float32", 1, accepts_nan=True)]
    )


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("mode", MODES)
def test_a_foreign_split_is_that_of_onnxruntime_or_refused(mode: str, threshold: float) -> None:
    model = _stump(mode, threshold)
    if np.isnan(threshold) or (threshold == -INFINITY and mode in ("BRANCH_LT", "BRANCH_GTE")):
        with pytest.raises(UnsupportedModelError, match=f"splits of the mode {mode} at (nan|-inf)"):
            lower(model)
        return
    rows = Rows({"X": EXTREMES[:, np.newaxis]})
    with Engine.open(model, engine="native") as engine:
        assert engine.run_rows(rows)["y"].tolist() == by_onnxruntime(model, rows)["y"].tolist()


def _boosting(size: float) -> OnnxModel:
    """Targets of this size, and a start value near it."""
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 2)).astype(np.float32)
    target = (x[:, 0] + random.normal(size=300)) * size
    return convert(GradientBoostingRegressor(n_estimators=3, random_state=0).fit(x, target), sample=x[:4])


@pytest.mark.parametrize(("size", "runs"), [(1e-30, True), (1e-115, True), (1e-125, False), (1e-140, False)])
def test_numbers_beyond_the_exponents_of_the_engine_are_refused(size: float, runs: bool) -> None:
    """What is lowered also opens."""
    model = _boosting(size)
    if runs:
        Engine.open(model, engine="native").close()
    else:
        with pytest.raises(UnsupportedModelError, match=r"2\^-400") as caught:
            lower(model)
        assert "scale the target" in str(caught.value.hint)


def test_leaves_too_far_apart_are_not_blamed_on_another_converter() -> None:
    x = np.linspace(0, 1, 800, dtype=np.float32)[:, np.newaxis]
    forest = RandomForestRegressor(5, random_state=0).fit(x, 2.0 ** np.linspace(0, 75, 800))
    with pytest.raises(UnsupportedModelError, match="order of additions") as caught:
        lower(convert(forest, sample=x[:4]))
    assert "scale or transform the target" in str(caught.value.hint)
    assert "converter" not in str(caught.value.hint)


def test_sums_of_another_converter_name_it() -> None:
    """Two trees whose float32 sum rounds."""
    tree = _stump("BRANCH_LEQ", 0.5).proto.graph.node[0]
    values = {a.name: onnx.helper.get_attribute_value(a) for a in tree.attribute}
    twice = {
        name: value if name == "n_targets" else [*value, *value]
        for name, value in values.items()
        if name not in ("nodes_treeids", "target_treeids", "target_weights")
    }
    both = node(
        "TreeEnsembleRegressor",
        ["X"],
        "y",
        nodes_treeids=[0, 0, 0, 1, 1, 1],
        target_treeids=[0, 0, 1, 1],
        target_weights=[1.0, 2.0, 2.0**-30, 2.0**-31],
        **twice,
    )
    model = model_of([both], {}, [Tensor("y", "float32", 1)], inputs=[Tensor("X", "float32", 1)])
    with pytest.raises(UnsupportedModelError, match="order of additions") as caught:
        lower(model)
    assert "another converter" in str(caught.value.hint)
