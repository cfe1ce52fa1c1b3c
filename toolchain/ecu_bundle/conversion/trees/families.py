"""The tree models in skl2onnx's registration, in place of its own converters."""

from __future__ import annotations

from typing import Any

from onnx import TensorProto

from ecu_bundle.conversion.decisions.labels import class_values, classifier_shape, write_real
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Converter, Family
from ecu_bundle.conversion.signatures import shape_of_values
from ecu_bundle.conversion.trees.embedding import leaf_columns
from ecu_bundle.conversion.trees.exact import decision, is_exact, values
from ecu_bundle.conversion.trees.isolation import isolation_scores


def convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Any regressor of trees: its exact result, rounded once."""
    nodes = Nodes(scope, container)
    result = values(nodes, _matrix(nodes, operator), operator.raw_operator)
    write_real(nodes, operator, result)


def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Any classifier of trees: label by its exact result, probabilities or scores rounded once."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    found = decision(nodes, _matrix(nodes, operator), model)
    classes = nodes.constant(class_values(model.classes_))
    nodes.add("Gather", [classes, found.index], operator.outputs[0].full_name, axis=0)
    wanted = bool(container.get_options(model, {"raw_scores": False}).get("raw_scores", False))
    if wanted and not found.scores:
        raise NotImplementedError(f"the decision scores of {type(model).__name__} are not available")
    write_real(nodes, operator, found.scores if wanted else found.shares, position=1)


def convert_isolation(scope: Any, operator: Any, container: Any) -> None:
    """IsolationForest: label and ``decision_function``."""
    nodes = Nodes(scope, container)
    label, scores = isolation_scores(nodes, _matrix(nodes, operator), operator.raw_operator)
    nodes.add("Identity", [label], operator.outputs[0].full_name)
    write_real(nodes, operator, scores, position=1)


def convert_embedding(scope: Any, operator: Any, container: Any) -> None:
    """RandomTreesEmbedding: one column for each leaf."""
    nodes = Nodes(scope, container)
    leaf_columns(nodes, _matrix(nodes, operator), operator.raw_operator, operator.outputs[0].full_name)


def _matrix(nodes: Nodes, operator: Any) -> str:
    """The input as float32, whatever numbers it holds."""
    from skl2onnx.common.data_types import FloatTensorType

    name: str = operator.inputs[0].full_name
    return (
        name if isinstance(operator.inputs[0].type, FloatTensorType) else nodes.cast(name, TensorProto.FLOAT)
    )


def _or_else(kind: type, converter: Converter) -> Converter:
    """The converter for models of trees alone, another one for others of the same class."""
    from skl2onnx.common._registration import get_converter

    from ecu_bundle.conversion.decisions.averages import SMOOTH

    other: Converter = SMOOTH.get(kind.__name__) or get_converter(f"Sklearn{kind.__name__}")

    def convert(scope: Any, operator: Any, container: Any) -> None:
        chosen = converter if is_exact(operator.raw_operator) else other
        chosen(scope, operator, container)

    return convert


def _parse_embedding(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:  # noqa: ARG001
    """One float output; skl2onnx's own parser makes the outputs of another estimator."""
    from skl2onnx._supported_operators import sklearn_operator_name_map
    from skl2onnx.common.data_types import FloatTensorType

    operator = scope.declare_local_operator(sklearn_operator_name_map[type(model)], model)
    operator.inputs = inputs
    operator.outputs.append(scope.declare_local_variable("variable", FloatTensorType()))
    return operator.outputs


def _embedding_shape(operator: Any) -> None:
    from skl2onnx.common.data_types import FloatTensorType

    leaves = sum(len(known) for known in operator.raw_operator.one_hot_encoder_.categories_)
    operator.outputs[0].type = FloatTensorType([operator.inputs[0].get_first_dimension(), leaves])


def families() -> list[Family]:
    """The tree models, in place of skl2onnx's converters."""
    from sklearn import ensemble, tree

    from ecu_bundle.conversion.boosters.twins import BoostedClassifier, BoostedRegressor

    regressors: list[type] = [
        tree.DecisionTreeRegressor,
        tree.ExtraTreeRegressor,
        ensemble.RandomForestRegressor,
        ensemble.ExtraTreesRegressor,
        ensemble.GradientBoostingRegressor,
        ensemble.HistGradientBoostingRegressor,
    ]
    classifiers: list[type] = [
        tree.DecisionTreeClassifier,
        tree.ExtraTreeClassifier,
        ensemble.RandomForestClassifier,
        ensemble.ExtraTreesClassifier,
        ensemble.GradientBoostingClassifier,
        ensemble.HistGradientBoostingClassifier,
    ]
    mixed_regressors = [ensemble.AdaBoostRegressor, ensemble.BaggingRegressor, ensemble.VotingRegressor]
    mixed_classifiers = [ensemble.AdaBoostClassifier, ensemble.BaggingClassifier, ensemble.VotingClassifier]
    return [
        *(Family(kind, convert_regressor) for kind in regressors),
        *(Family(kind, convert_classifier, options=CLASSIFIER_OPTIONS) for kind in classifiers),
        *(Family(kind, _or_else(kind, convert_regressor)) for kind in mixed_regressors),
        *(
            Family(kind, _or_else(kind, convert_classifier), options=CLASSIFIER_OPTIONS)
            for kind in mixed_classifiers
        ),
        Family(BoostedRegressor, convert_regressor, shape=shape_of_values(lambda m: len(m.ensemble.start))),
        Family(BoostedClassifier, convert_classifier, shape=classifier_shape, options=CLASSIFIER_OPTIONS),
        Family(ensemble.IsolationForest, convert_isolation, options={"score_samples": [True, False]}),
        Family(
            ensemble.RandomTreesEmbedding, convert_embedding, shape=_embedding_shape, parser=_parse_embedding
        ),
    ]
