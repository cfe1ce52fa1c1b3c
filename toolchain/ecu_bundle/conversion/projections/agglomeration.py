"""FeatureAgglomeration: one value for each group of features."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import outputs, shape_of_values


def convert(scope: Any, operator: Any, container: Any) -> None:
    """The mean, sum, largest or smallest value of each group."""
    real, model = Arithmetic(scope, operator, container), operator.raw_operator
    rows, labels = real.input(), np.asarray(model.labels_)
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    pool = model.pooling_func
    if pool in (np.mean, np.sum):
        member = np.zeros((len(labels), len(groups)))
        member[np.arange(len(labels)), labels] = 1.0
        total = real.op("MatMul", rows, member)
        sizes = member.sum(axis=0)
        real.write(real.op("Div", total, sizes) if pool is np.mean else total)
        return
    if pool not in (np.max, np.min):
        raise NotImplementedError(
            f"the pooling function {getattr(pool, '__name__', pool)!r} is not supported; np.mean, np.sum, "
            "np.max and np.min are"
        )
    reduce = real.maximum if pool is np.max else real.minimum
    parts = [reduce(real.columns(rows, group), 1, keep=True) for group in groups]
    real.write(real.op("Concat", *parts, axis=1) if len(parts) > 1 else parts[0])


def families() -> list[Family]:
    """FeatureAgglomeration alone."""
    from sklearn.cluster import FeatureAgglomeration

    width = shape_of_values(lambda model: len(np.unique(model.labels_)))
    return [Family(FeatureAgglomeration, convert, width, outputs("variable"))]
