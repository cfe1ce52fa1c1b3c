"""OnnxModel -> Program: what the native engine runs. Kernels and format: ``docs/native_engine.md``.

- ``translate``: every ONNX node becomes steps through its rule in ``rules``; views in place of copies
- ``patterns``: steps that become one
- ``plan``: addresses for buffers and constants
- ``program``: the bytes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecu_bundle.lowering.program import Operation, Program, decode_program, encode_program

if TYPE_CHECKING:
    from ecu_bundle.artifacts import OnnxModel

__all__ = ["Operation", "Program", "decode_program", "encode_program", "lower"]


def lower(model: OnnxModel) -> Program:
    """Makes the program that computes one row of a model; the same one every time.

    Raises:
        UnsupportedModelError: the native engine cannot run a node; names it and the way out.
    """
    from ecu_bundle.lowering.plan import plan
    from ecu_bundle.lowering.translate import translate

    found = translate(model)
    return plan(found.steps, found.outputs)
