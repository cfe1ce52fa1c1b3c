"""Example calls for the integration guide: statements that compile, with plausible values."""

from __future__ import annotations

import math

from ecu_bundle.generation.views import FieldView, InterfaceView
from ecu_bundle.interface import UNKNOWN_CODE, Interface, Tensor

_SHOWN = 3


def cpp_example(interface: Interface, view: InterfaceView, namespace: str) -> tuple[str, ...]:
    """Assignments to the first fields of ``inputs``."""
    pairs = list(zip(interface.inputs, view.inputs, strict=True))
    lines = [_assignment(tensor, field, namespace) for tensor, field in pairs[:_SHOWN]]
    if len(pairs) > _SHOWN:
        lines.append(f"// ... and the other {len(pairs) - _SHOWN} fields")
    return tuple(lines)


def c_example(interface: Interface, view: InterfaceView, upper: str) -> tuple[str, ...]:
    """Buffers and pointer tables for ``ecu_model_run``."""
    lines = [f"const void* inputs[{upper}_INPUT_COUNT];", f"void* outputs[{upper}_OUTPUT_COUNT];"]
    for number, (tensor, field) in enumerate(zip(interface.inputs, view.inputs, strict=True)):
        lines.append(f"static const {_c_array(tensor, f'input_{number}')} = {{{_c_value(tensor)}}};")
        lines.append(f"inputs[{field.index}] = input_{number};")
    for number, (tensor, field) in enumerate(zip(interface.outputs, view.outputs, strict=True)):
        lines.append(f"static {_c_array(tensor, f'output_{number}')};")
        lines.append(f"outputs[{field.index}] = output_{number};")
    return tuple(lines)


def _c_array(tensor: Tensor, name: str) -> str:
    return f"{'float' if tensor.dtype == 'float32' else 'int32_t'} {name}[{tensor.elements}]"


def _assignment(tensor: Tensor, field: FieldView, namespace: str) -> str:
    target = f"inputs.{field.name}" + ("[0]" if tensor.elements > 1 else "")
    if field.enum:
        named = (code.enumerator for code in field.enum.codes if code.enumerator != "kUnknown")
        return f"{target} = {namespace}::{field.enum.name}::{next(named, 'kUnknown')};"
    return f"{target} = {_middle(tensor)!r}F;"


def _c_value(tensor: Tensor) -> str:
    if tensor.codes:
        return str(next((c.value for c in tensor.codes if c.value != UNKNOWN_CODE), UNKNOWN_CODE))
    return f"{_middle(tensor)!r}F"


def _middle(tensor: Tensor) -> float:
    """A short number inside the declared range; 0 when it would not be a float32 in plain digits."""
    bounds = [bound for bound in (tensor.minimum, tensor.maximum) if math.isfinite(bound)]
    middle = sum(bound / len(bounds) for bound in bounds)
    return float(f"{middle:.4g}") if 1e-4 <= abs(middle) < 1e15 else 0.0
