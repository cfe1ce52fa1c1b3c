"""Which rule bounds which operator. A new operator is one function and one line here.

A rule takes the attributes of the node and its inputs and gives its outputs. It may raise `NoBoundError`;
then the outputs that need the node are unbounded, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ecu_bundle.parity.bounds import arithmetic, discrete, elementary, models, moves, reductions
from ecu_bundle.parity.bounds.bounded import Attributes, Bounded

Rule = Callable[[Attributes, Sequence[Bounded]], list[Bounded]]

RULES: Mapping[str, Rule] = {
    "Abs": arithmetic.absolute,
    "Add": arithmetic.add,
    "And": discrete.logical_and,
    "ArgMax": discrete.argmax,
    "ArgMin": discrete.argmin,
    "ArrayFeatureExtractor": moves.array_feature_extractor,
    "Binarizer": discrete.binarizer,
    "Cast": moves.cast,
    "Clip": arithmetic.clip,
    "Concat": moves.concat,
    "ConstantOfShape": moves.constant_of_shape,
    "Cos": elementary.cosine,
    "CumSum": reductions.cumulative_sum,
    "Div": arithmetic.divide,
    "Equal": discrete.compare(np.equal),
    "Erf": elementary.error_function,
    "Exp": elementary.exponential,
    "Expand": moves.expand,
    "Flatten": moves.flatten,
    "Gather": moves.gather,
    "GatherElements": moves.gather_elements,
    "Gemm": arithmetic.gemm,
    "Greater": discrete.compare(np.greater),
    "GreaterOrEqual": discrete.compare(np.greater_equal),
    "Identity": moves.identity,
    "Imputer": models.imputer,
    "IsNaN": discrete.is_nan,
    "LabelEncoder": discrete.label_encoder,
    "Less": discrete.compare(np.less),
    "LessOrEqual": discrete.compare(np.less_equal),
    "LinearClassifier": models.linear_classifier,
    "LinearRegressor": models.linear_regressor,
    "Log": elementary.logarithm,
    "LpNormalization": models.lp_normalization,
    "MatMul": arithmetic.matmul,
    "Max": arithmetic.maximum,
    "Min": arithmetic.minimum,
    "Mul": arithmetic.multiply,
    "Neg": arithmetic.negate,
    "Normalizer": models.normalizer,
    "Not": discrete.logical_not,
    "OneHotEncoder": discrete.one_hot,
    "Or": discrete.logical_or,
    "Pow": arithmetic.power,
    "Reciprocal": arithmetic.reciprocal,
    "ReduceL1": reductions.reduce_l1,
    "ReduceL2": reductions.reduce_l2,
    "ReduceLogSumExp": reductions.reduce_log_sum_exp,
    "ReduceMax": reductions.reduce_max,
    "ReduceMean": reductions.reduce_mean,
    "ReduceMin": reductions.reduce_min,
    "ReduceProd": reductions.reduce_product,
    "ReduceSum": reductions.reduce_sum,
    "ReduceSumSquare": reductions.reduce_sum_square,
    "Relu": arithmetic.relu,
    "Reshape": moves.reshape,
    "SVMClassifier": models.svm_classifier,
    "SVMRegressor": models.svm_regressor,
    "Scaler": models.scaler,
    "Shape": moves.shape_of,
    "Sigmoid": elementary.sigmoid,
    "Sign": arithmetic.sign,
    "Sin": elementary.sine,
    "Slice": moves.slice_,
    "Softmax": elementary.softmax,
    "Sqrt": arithmetic.square_root,
    "Squeeze": moves.squeeze,
    "Sub": arithmetic.subtract,
    "Sum": arithmetic.add,
    "Tanh": elementary.hyperbolic_tangent,
    "TopK": discrete.top_k,
    "Transpose": moves.transpose,
    "TreeEnsembleRegressor": models.tree_ensemble,
    "Unsqueeze": moves.unsqueeze,
    "Where": discrete.where,
    "Xor": discrete.logical_xor,
}
