"""The trees of each family of scikit-learn, read from the fitted estimator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.parity.witnesses.forests import MAX_CODES, Forest, Table, Use, join


def forest_of(model: Any) -> Forest | str:
    """The trees of one estimator as it uses them.

    Returns:
        A sentence when they cannot be witnessed; "" for an estimator of another kind.
    """
    if type(model).__module__.startswith(("lightgbm.", "xgboost.")):
        from ecu_bundle.parity.witnesses.boosters import booster_forest

        return booster_forest(model)
    for classes, read in _FAMILIES:
        if type(model).__name__ in classes:
            return read(model)
    return ""


def all_trees(members: Any) -> bool:
    """True for decision trees alone, at least one."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kinds = DecisionTreeClassifier | DecisionTreeRegressor
    return len(members) > 0 and all(isinstance(member, kinds) for member in members)


def members_of(model: Any) -> list[tuple[Any, Any]]:
    """The members of an ensemble, each with the columns that it sees, or None for all."""
    columns = getattr(model, "estimators_features_", None) or [None] * len(model.estimators_)
    return list(zip(model.estimators_, columns, strict=True))


def plain(member: Any, columns: Any = None) -> Table:
    """A decision tree; the leaf values are its predictions (class shares for a classifier)."""
    inner = member.tree_
    values = inner.value.reshape(len(inner.value), -1) if inner.value.shape[1] > 1 else inner.value[:, 0, :]
    feature = np.where(inner.children_left < 0, 0, inner.feature).astype(np.int64)
    return Table(
        feature=feature if columns is None else np.asarray(columns, dtype=np.int64)[feature],
        threshold=inner.threshold.astype(np.float64),
        left=inner.children_left.astype(np.int64),
        right=inner.children_right.astype(np.int64),
        missing_left=inner.missing_go_to_left.astype(bool),
        leaves=values.astype(np.float64),
    )


def spread(table: Table, member: Any, model: Any) -> Table:
    """Shares over all classes, for a member of a bagging ensemble whose sample missed some."""
    classes = getattr(model, "classes_", ())
    known = getattr(member, "classes_", ())
    if isinstance(classes, list) or len(known) == len(classes):
        return table
    leaves = np.zeros((len(table.leaves), len(classes)))
    leaves[:, np.asarray(known, dtype=np.int64)] = table.leaves
    return replace(table, leaves=leaves)


def _boosted(model: Any) -> list[Table]:
    """GradientBoosting: each tree adds ``learning_rate * value`` (rounded to float64) to one output."""
    tables = []
    for stage in model.estimators_:
        for output, member in enumerate(stage):
            table = plain(member)
            leaves = np.zeros((len(table.left), len(stage)))
            leaves[:, output] = model.learning_rate * table.leaves[:, 0]
            tables.append(replace(table, leaves=leaves))
    return tables


def _votes(model: Any) -> list[Table]:
    """AdaBoostClassifier.decision_function: the tree's weight for its class, a share against the others."""
    classes = len(model.classes_)
    tables = []
    for member, weight in zip(model.estimators_, model.estimator_weights_, strict=False):
        table = plain(member)
        labels = member.classes_.take(np.argmax(table.leaves, axis=1))
        own = labels[:, None] == model.classes_[None]
        against = -1 / (classes - 1) * weight if classes > 1 else 0.0
        tables.append(replace(table, leaves=np.where(own, weight, against)))
    return tables


def _lengths(model: Any) -> list[Table]:
    """IsolationForest: what a leaf adds to the path length of a row."""
    parts = zip(
        members_of(model), model._decision_path_lengths, model._average_path_length_per_tree, strict=True
    )
    return [
        replace(plain(member, columns), leaves=np.asarray(depths + average - 1.0, dtype=np.float64)[:, None])
        for (member, columns), depths, average in parts
    ]


def _marks(model: Any) -> list[Table]:
    """RandomTreesEmbedding: the column of each leaf as its one-hot encoder numbers them."""
    tables, start = [], 0
    for member, known in zip(model.estimators_, model.one_hot_encoder_.categories_, strict=True):
        table = plain(member)
        place = {int(leaf): start + position for position, leaf in enumerate(known)}
        marks = [place.get(node, -1) if left < 0 else -1 for node, left in enumerate(table.left.tolist())]
        tables.append(replace(table, leaves=np.array(marks, dtype=np.float64)[:, None]))
        start += len(known)
    return tables


def _hist_tables(model: Any) -> list[Table]:
    """HistGradientBoosting: compares in float64; each tree adds its leaf to one output."""
    known = _known_sets(model)
    return [
        _hist_table(predictor, output, outputs=len(iteration), known=known)
        for iteration in model._predictors
        for output, predictor in enumerate(iteration)
    ]


def _hist_table(predictor: Any, output: int, *, outputs: int, known: Any) -> Table:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    leaves = np.zeros((len(nodes), outputs))
    leaves[:, output] = nodes["value"]
    sets: list[NDArray[np.bool_]] = []
    set_of = np.full(len(nodes), -1, dtype=np.int64)
    for place in np.flatnonzero((nodes["is_categorical"] != 0) & ~leaf).tolist():
        node = nodes[place]
        lefts = _bits(predictor.raw_left_cat_bitsets[node["bitset_idx"]])
        # a code that was not seen in training goes where missing values go
        unseen = ~known[int(node["feature_idx"])] & bool(node["missing_go_to_left"])
        set_of[place] = len(sets)
        sets.append(lefts | unseen)
    return Table(
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        leaves=leaves,
        sets=np.array(sets, dtype=bool).reshape(-1, MAX_CODES),
        set_of=set_of,
    )


def _known_sets(model: Any) -> dict[int, NDArray[np.bool_]]:
    """The codes of each categorical feature that were seen in training."""
    if model.is_categorical_ is None:
        return {}
    sets, place = model._bin_mapper.make_known_categories_bitsets()
    features: Sequence[int] = np.flatnonzero(model._is_categorical_remapped).tolist()
    return {feature: _bits(sets[place[feature]]) for feature in features}


def _bits(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """256 bits, the lowest first."""
    codes = np.arange(MAX_CODES)
    bits: NDArray[np.bool_] = (words[codes // 32] >> (codes % 32).astype(np.uint32)) & 1 == 1
    return bits


def _single(model: Any) -> Forest | str:
    return join(type(model).__name__, [plain(model)], single=True, use=Use.ADDED)


def _boosting(model: Any) -> Forest | str:
    return join(type(model).__name__, _boosted(model), single=True, use=Use.ADDED)


def _histograms(model: Any) -> Forest | str:
    return join(type(model).__name__, _hist_tables(model), single=False, use=Use.ADDED)


def _means(model: Any) -> Forest | str:
    if not all_trees(model.estimators_):
        return ""
    tables = [spread(plain(member, columns), member, model) for member, columns in members_of(model)]
    return join(type(model).__name__, tables, single=True, use=Use.ADDED)


def _ranked(model: Any) -> Forest | str:
    if not all_trees(model.estimators_):
        return ""
    tables = [plain(member) for member in model.estimators_]
    weights = model.estimator_weights_[: len(tables)]
    return join(type(model).__name__, tables, single=True, use=Use.RANKED, weights=weights)


def _voting(model: Any) -> Forest | str:
    if not all_trees(model.estimators_):
        return ""
    return join(type(model).__name__, _votes(model), single=True, use=Use.LISTED)


def _isolating(model: Any) -> Forest | str:
    return join(type(model).__name__, _lengths(model), single=True, use=Use.LISTED)


def _marking(model: Any) -> Forest | str:
    return join(type(model).__name__, _marks(model), single=True, use=Use.MARKED)


_FAMILIES: tuple[tuple[frozenset[str], Callable[[Any], Forest | str]], ...] = (
    (
        frozenset(
            {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"}
        ),
        _single,
    ),
    (frozenset({"GradientBoostingClassifier", "GradientBoostingRegressor"}), _boosting),
    (frozenset({"HistGradientBoostingClassifier", "HistGradientBoostingRegressor"}), _histograms),
    (
        frozenset(
            {
                "BaggingClassifier",
                "BaggingRegressor",
                "ExtraTreesClassifier",
                "ExtraTreesRegressor",
                "RandomForestClassifier",
                "RandomForestRegressor",
            }
        ),
        _means,
    ),
    (frozenset({"AdaBoostClassifier"}), _voting),
    (frozenset({"AdaBoostRegressor"}), _ranked),
    (frozenset({"IsolationForest"}), _isolating),
    (frozenset({"RandomTreesEmbedding"}), _marking),
)
"""The families, by the class of the estimator, and how each is read."""
