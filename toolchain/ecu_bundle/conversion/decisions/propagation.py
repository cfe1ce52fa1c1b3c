"""LabelPropagation and LabelSpreading: classes of the training rows, weighted by nearness."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.decisions.labels import classifier_shape, write_best
from ecu_bundle.conversion.geometry.distances import EUCLIDEAN, reduced
from ecu_bundle.conversion.geometry.kernels import kernel
from ecu_bundle.conversion.geometry.neighbours import nearest, training_rows
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family


def convert_propagation(scope: Any, operator: Any, container: Any) -> None:
    """Shares of the classes among the training rows, by kernel or by nearest neighbours, in float64.

    Far from all training rows the kernel is 0 in float32 long before it is in float64.
    """
    model, real = operator.raw_operator, Arithmetic(scope, operator, container, double=True)
    shares = np.asarray(model.label_distributions_, dtype=np.float64)
    if model.kernel == "knn":
        points = training_rows(model.nn_fit)
        places = nearest(real, reduced(real, real.input(), points, EUCLIDEAN), model.nn_fit.n_neighbors)[1]
        total = real.sum(real.op("Gather", shares, places, axis=0), 1)
    else:
        points = np.asarray(model.X_, dtype=np.float64)
        weights = kernel(real, real.input(), points, model.kernel, {"gamma": model.gamma})
        total = real.op("MatMul", weights, shares)
    write_best(real.nodes, operator, real.op("Div", total, real.sum(total, 1, keep=True)))


def families() -> list[Family]:
    """The two semi-supervised classifiers."""
    from sklearn.semi_supervised import LabelPropagation, LabelSpreading

    return [
        Family(kind, convert_propagation, shape=classifier_shape, options=CLASSIFIER_OPTIONS)
        for kind in (LabelPropagation, LabelSpreading)
    ]
