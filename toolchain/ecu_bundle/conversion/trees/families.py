"""One converter per kind of tree model, registered with skl2onnx in place of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Converter, Family
from ecu_bundle.conversion.trees.emit import add_sums
from ecu_bundle.conversion.trees.ensemble import Tree, of_predictor, of_tree

_FLOAT = TensorProto.FLOAT


def _matrix(nodes: Nodes, operator: Any) -> str:
    """The input as float32, whatever numbers it holds."""
    from skl2onnx.common.data_types import FloatTensorType

    name: str = operator.inputs[0].full_name
    return name if isinstance(operator.inputs[0].type, FloatTensorType) else nodes.cast(name, _FLOAT)


def _class_values(model: Any) -> NDArray[np.int64]:
    """The labels as whole numbers: themselves, or their positions when they are text."""
    classes = np.asarray(model.classes_)
    if classes.dtype.kind in "biuf" and bool(np.all(classes == np.round(classes))):
        return classes.astype(np.int64)
    return np.arange(len(classes), dtype=np.int64)


def _label(nodes: Nodes, operator: Any, model: Any, index: str) -> None:
    """Writes the label output from positions of classes, int64 (rows)."""
    classes = nodes.constant(_class_values(model))
    nodes.add("Gather", [classes, index], operator.outputs[0].full_name, axis=0)


def _decide(nodes: Nodes, operator: Any, model: Any, scores: str, probabilities: str) -> None:
    """Label: the first class with the largest float64 score. Probabilities are rounded to float32."""
    index = nodes.add("ArgMax", [scores], axis=1, keepdims=0)
    _label(nodes, operator, model, index)
    nodes.cast(probabilities, _FLOAT, operator.outputs[1].full_name)


def _member_values(member: Any) -> NDArray[np.float64]:
    """(nodes, outputs) of a decision tree; class values are shares already."""
    values: NDArray[np.float64] = member.tree_.value
    flat = values.reshape(len(values), -1) if values.shape[1] > 1 else values[:, 0, :]
    if hasattr(member, "classes_"):
        total = flat.sum(axis=1, keepdims=True)
        return np.divide(flat, np.where(total == 0.0, 1.0, total))
    return flat


def _mean(nodes: Nodes, sums: str, count: int) -> str:
    return sums if count == 1 else nodes.add("Div", [sums, nodes.constant(np.array([float(count)]))])


def _members(model: Any) -> list[Any]:
    return list(model.estimators_) if hasattr(model, "estimators_") else [model]


def convert_mean_regressor(scope: Any, operator: Any, container: Any) -> None:
    """DecisionTree, ExtraTree, RandomForest and ExtraTrees regressors: the mean over trees."""
    nodes, members = Nodes(scope, container), _members(operator.raw_operator)
    trees = [of_tree(member.tree_, _member_values(member)) for member in members]
    mean = _mean(nodes, add_sums(nodes, _matrix(nodes, operator), trees), len(trees))
    nodes.cast(mean, _FLOAT, operator.outputs[0].full_name)


def convert_mean_classifier(scope: Any, operator: Any, container: Any) -> None:
    """DecisionTree, ExtraTree, RandomForest and ExtraTrees classifiers: the mean of class shares."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    members = _members(model)
    trees = [of_tree(member.tree_, _member_values(member)) for member in members]
    mean = _mean(nodes, add_sums(nodes, _matrix(nodes, operator), trees), len(trees))
    _decide(nodes, operator, model, mean, mean)


def _boosting_trees(model: Any) -> list[Tree]:
    outputs = model.estimators_.shape[1]
    trees = []
    for stage in model.estimators_:
        for output, member in enumerate(stage):
            values = np.zeros((member.tree_.node_count, outputs))
            values[:, output] = member.tree_.value[:, 0, 0] * model.learning_rate
            trees.append(of_tree(member.tree_, values))
    return trees


def _boosting_start(model: Any) -> NDArray[np.float64]:
    """The raw prediction before the first stage: the same for every row, or refused."""
    zeros = np.zeros((2, model.n_features_in_))
    zeros[1] = 1.0
    if model.init is not None and model.init != "zero" and type(model.init_).__module__ != "sklearn.dummy":
        raise NotImplementedError("an estimator as init is not supported")
    start = np.asarray(model._raw_predict_init(zeros.astype(np.float32)), dtype=np.float64)
    return start[:1]


def convert_boosting_regressor(scope: Any, operator: Any, container: Any) -> None:
    """GradientBoostingRegressor: start value plus the sum of scaled leaves."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    sums = add_sums(nodes, _matrix(nodes, operator), _boosting_trees(model))
    total = nodes.add("Add", [sums, nodes.constant(_boosting_start(model))])
    nodes.cast(total, _FLOAT, operator.outputs[0].full_name)


def convert_boosting_classifier(scope: Any, operator: Any, container: Any) -> None:
    """GradientBoostingClassifier: label from the exact scores, probabilities by sigmoid or softmax."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    sums = add_sums(nodes, _matrix(nodes, operator), _boosting_trees(model))
    total = nodes.add("Add", [sums, nodes.constant(_boosting_start(model))])
    exponential = model.loss == "exponential"
    outputs = model.estimators_.shape[1]
    raw_scores = _wants_scores(container, model)
    _link(
        nodes,
        operator,
        model,
        total,
        outputs=outputs,
        scale=2.0 if exponential else 1.0,
        raw_scores=raw_scores,
        decision="GreaterOrEqual",
    )


def _link(
    nodes: Nodes,
    operator: Any,
    model: Any,
    raw: str,
    *,
    outputs: int,
    scale: float,
    raw_scores: bool,
    decision: str,
) -> None:
    """Scores (rows, outputs) to label and probabilities, in float64; or to label and scores.

    A binary score of exactly 0 is the second class for GradientBoosting (``GreaterOrEqual``) and the
    first for HistGradientBoosting (``Greater``), as in scikit-learn.
    """
    second = operator.outputs[1].full_name
    if outputs > 1:
        _label(nodes, operator, model, nodes.add("ArgMax", [raw], axis=1, keepdims=0))
        nodes.cast(raw if raw_scores else nodes.add("Softmax", [raw], axis=1), _FLOAT, second)
        return
    flat = nodes.add("Reshape", [raw, nodes.constant(np.array([-1], dtype=np.int64))])
    positive = nodes.add(decision, [flat, nodes.constant(np.array([0.0]))])
    _label(nodes, operator, model, nodes.cast(positive, TensorProto.INT64))
    if raw_scores:
        nodes.cast(nodes.add("Concat", [nodes.add("Neg", [raw]), raw], axis=1), _FLOAT, second)
        return
    scaled = raw if scale == 1.0 else nodes.add("Mul", [raw, nodes.constant(np.array([scale]))])
    # 1 / (1 + exp(-x)) for the positive class; the other one is what is left, as in scikit-learn
    one = nodes.constant(np.array([1.0]))
    yes = nodes.add("Div", [one, nodes.add("Add", [one, nodes.add("Exp", [nodes.add("Neg", [scaled])])])])
    nodes.cast(nodes.add("Concat", [nodes.add("Sub", [one, yes]), yes], axis=1), _FLOAT, second)


def _hist_trees(model: Any) -> list[Tree]:
    outputs = model.n_trees_per_iteration_
    trees = []
    for iteration in model._predictors:
        for output, predictor in enumerate(iteration):
            if predictor.nodes["is_categorical"].any():
                raise NotImplementedError("categorical features are not supported")
            trees.append(of_predictor(predictor.nodes, output, outputs))
    return trees


def _hist_raw(nodes: Nodes, operator: Any, model: Any) -> str:
    baseline = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(1, -1)
    sums = add_sums(nodes, _matrix(nodes, operator), _hist_trees(model))
    return nodes.add("Add", [sums, nodes.constant(baseline)])


def convert_hist_regressor(scope: Any, operator: Any, container: Any) -> None:
    """HistGradientBoostingRegressor: identity link, or exp for the poisson and gamma losses."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    raw = _hist_raw(nodes, operator, model)
    if model.loss in ("poisson", "gamma"):
        raw = nodes.add("Exp", [raw])
    nodes.cast(raw, _FLOAT, operator.outputs[0].full_name)


def convert_hist_classifier(scope: Any, operator: Any, container: Any) -> None:
    """HistGradientBoostingClassifier."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    raw = _hist_raw(nodes, operator, model)
    raw_scores = _wants_scores(container, model)
    _link(
        nodes,
        operator,
        model,
        raw,
        outputs=model.n_trees_per_iteration_,
        scale=1.0,
        raw_scores=raw_scores,
        decision="Greater",
    )


def _wants_scores(container: Any, model: Any) -> bool:
    """A calibration around the model asks for its scores in place of probabilities."""
    return bool(container.get_options(model, {"raw_scores": False})["raw_scores"])


def families() -> list[Family]:
    """The tree models, in place of skl2onnx's converters."""
    from sklearn import ensemble, tree

    regressors: dict[type, Converter] = {
        tree.DecisionTreeRegressor: convert_mean_regressor,
        tree.ExtraTreeRegressor: convert_mean_regressor,
        ensemble.RandomForestRegressor: convert_mean_regressor,
        ensemble.ExtraTreesRegressor: convert_mean_regressor,
        ensemble.GradientBoostingRegressor: convert_boosting_regressor,
        ensemble.HistGradientBoostingRegressor: convert_hist_regressor,
    }
    classifiers: dict[type, Converter] = {
        tree.DecisionTreeClassifier: convert_mean_classifier,
        tree.ExtraTreeClassifier: convert_mean_classifier,
        ensemble.RandomForestClassifier: convert_mean_classifier,
        ensemble.ExtraTreesClassifier: convert_mean_classifier,
        ensemble.GradientBoostingClassifier: convert_boosting_classifier,
        ensemble.HistGradientBoostingClassifier: convert_hist_classifier,
    }
    return [Family(kind, converter) for kind, converter in regressors.items()] + [
        Family(kind, converter, options=CLASSIFIER_OPTIONS) for kind, converter in classifiers.items()
    ]
