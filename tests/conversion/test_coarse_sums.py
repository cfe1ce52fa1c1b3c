"""Sums of regressors on coarser grids: only where rounding follows, and as near to scikit-learn as before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper
from sklearn.datasets import load_diabetes
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.multioutput import MultiOutputRegressor, RegressorChain

from ecu_bundle.conversion import convert

from .models import run_batched

X, Y = load_diabetes(return_X_y=True)
RANDOM = np.random.default_rng(3)
TARGETS: dict[str, NDArray[np.float64]] = {
    "positive": Y,
    "around 0": (Y - Y.mean()) / Y.std(),
    "far apart": np.exp(4.0 * RANDOM.normal(size=len(Y))),
}


def boosting(trees: int = 40) -> Any:
    return GradientBoostingRegressor(n_estimators=trees, random_state=0)


def bits_of(model: Any) -> list[int]:
    """For each ensemble of a graph: bits of a leaf in units of the grid of all, sign included."""
    found = []
    for node in convert(model).proto.graph.node:
        if node.op_type == "TreeEnsembleRegressor":
            a = {x.name: helper.get_attribute_value(x) for x in node.attribute}
            leaves: dict[tuple[int, int], float] = {}
            for place in zip(a["target_treeids"], a["target_nodeids"], a["target_weights"], strict=True):
                leaves[place[:2]] = leaves.get(place[:2], 0.0) + place[2]
            whole = np.array(list(leaves.values()))
            grid = min(float(w).as_integer_ratio()[1] ** -1 for w in a["target_weights"] if w)
            found.append(int(np.ceil(np.log2(np.abs(whole).max() / grid))) + 1)
    return found


@pytest.mark.parametrize(
    ("target", "model", "bits"),
    [
        ("positive", boosting(), 40),
        ("positive", HistGradientBoostingRegressor(max_iter=40, random_state=0), 40),
        ("positive", RandomForestRegressor(20, random_state=0), 40),
        ("around 0", boosting(), 48),
        ("far apart", boosting(), 48),
    ],
    ids=lambda value: value if isinstance(value, str | int) else type(value).__name__,
)
def test_values_stay_scikit_learns(target: str, model: Any, bits: int) -> None:
    fitted = model.fit(X, TARGETS[target])
    (found,) = bits_of(fitted)
    assert found <= bits
    noise = RANDOM.normal(scale=0.02, size=(8, *X.shape))
    rows = (X + noise).reshape(-1, X.shape[1]).astype(np.float32)
    wanted = fitted.predict(rows.astype(np.float64)).astype(np.float32)
    values = run_batched(convert(fitted), rows, threads=1, batch=len(rows))["variable"].ravel()
    steps = np.abs(values.astype(np.float64) - wanted) / np.spacing(np.abs(wanted))
    assert (values == wanted).mean() >= 0.999
    assert steps.max() <= 1.0


def nested(name: str) -> Any:
    """Models in which more than the rounding to float32 follows a sum."""
    stack = StackingRegressor([("a", boosting())], final_estimator=boosting(5), passthrough=True, cv=2)
    kinds: dict[str, Any] = {
        "stack": stack,
        "vote": VotingRegressor([("a", boosting()), ("b", boosting(30))]),
        "classifier": GradientBoostingClassifier(n_estimators=30, random_state=0),
        "poisson": HistGradientBoostingRegressor(max_iter=30, loss="poisson", random_state=0),
    }
    return kinds[name].fit(X, Y.mean() < Y if name == "classifier" else Y)


@pytest.mark.parametrize("name", ["stack", "vote", "classifier", "poisson"])
def test_sums_that_others_read_stay_fine(name: str) -> None:
    assert bits_of(nested(name))[0] > 50


def test_outputs_side_by_side_are_coarse_and_the_first_of_a_chain_is_not() -> None:
    both = np.stack([Y, Y + 100.0], axis=1)
    assert max(bits_of(MultiOutputRegressor(boosting()).fit(X, both))) <= 40
    assert bits_of(RegressorChain(boosting()).fit(X, both))[0] > 50
