"""What an operator gives, in skl2onnx's terms: parsers that declare outputs, shapes that type them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Parser = Callable[..., Any]
Shape = Callable[[Any], None]


def outputs(*names: str) -> Parser:
    """A parser of an estimator with these outputs; ``label`` is int64, the others are real numbers."""

    def parse(scope: Any, model: Any, inputs: Sequence[Any], custom_parsers: Any = None) -> Any:
        from skl2onnx._supported_operators import _get_sklearn_operator_name
        from skl2onnx.common.data_types import Int64TensorType, guess_tensor_type

        del custom_parsers
        operator = scope.declare_local_operator(_get_sklearn_operator_name(type(model)), model)
        operator.inputs = inputs
        for name in names:
            kind = Int64TensorType() if name == "label" else guess_tensor_type(inputs[0].type)
            operator.outputs.append(scope.declare_local_variable(name, kind))
        return operator.outputs

    return parse


def shape_of_values(width: Callable[[Any], int]) -> Shape:
    """A shape calculator for one output (rows, width of the fitted estimator)."""

    def calculate(operator: Any) -> None:
        from skl2onnx.common.data_types import guess_tensor_type

        kind = guess_tensor_type(operator.inputs[0].type)
        kind.shape = [None, int(width(operator.raw_operator))]
        operator.outputs[0].type = kind

    return calculate


def shape_of_label(width: Callable[[Any], int] | None = None) -> Shape:
    """A shape calculator for whole-number labels (rows) and, with a width, values behind them."""

    def calculate(operator: Any) -> None:
        from skl2onnx.common.data_types import Int64TensorType, guess_tensor_type

        operator.outputs[0].type = Int64TensorType([None])
        if width is not None:
            kind = guess_tensor_type(operator.inputs[0].type)
            kind.shape = [None, int(width(operator.raw_operator))]
            operator.outputs[1].type = kind

    return calculate
