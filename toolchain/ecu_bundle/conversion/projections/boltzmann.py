"""BernoulliRBM: the probabilities of the hidden units."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import outputs, shape_of_values


def convert(scope: Any, operator: Any, container: Any) -> None:
    """``sigmoid(x W + b)``"""
    real, model = Arithmetic(scope, operator, container), operator.raw_operator
    product = real.op("MatMul", real.input(), np.ascontiguousarray(model.components_.T))
    real.write(real.op("Sigmoid", real.op("Add", product, model.intercept_hidden_)))


def families() -> list[Family]:
    """BernoulliRBM alone."""
    from sklearn.neural_network import BernoulliRBM

    width = shape_of_values(lambda model: len(model.components_))
    return [Family(BernoulliRBM, convert, width, outputs("variable"))]
