"""An ONNX file as it is: check that a device can run it, and describe its interface."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.conversion import graph
from ecu_bundle.conversion.description import ModelDescription
from ecu_bundle.conversion.exactness import exact_outputs
from ecu_bundle.conversion.naming import check_names
from ecu_bundle.conversion.words import (
    check_outputs,
    describe_input,
    describe_output,
    match_inputs,
    restrict_missing,
)
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import Interface, Tensor
from ecu_bundle.parity.session import open_session

_FLOAT = TensorProto.FLOAT
_INTEGER = TensorProto.INT64


def adopt(loaded: LoadedModel, name: str, words: ModelDescription) -> OnnxModel:
    """Takes over an ONNX file: float inputs (rows, elements), float or int64 outputs.

    Raises:
        UnsupportedModelError: inputs or outputs that a device cannot pass, or a graph that does not
            run in ONNX Runtime; names the tensor.
    """
    proto = onnx.load_from_string(loaded.onnx_bytes or b"")
    graph.force_c_locale(proto)
    initializers = {i.name for i in proto.graph.initializer}
    inputs = [_input(value) for value in proto.graph.input if value.name not in initializers]
    matched = match_inputs([t.name for t in inputs], words)
    inputs = [describe_input(t, matched[t.name]) if t.name in matched else t for t in inputs]
    found = _outputs(proto, inputs)
    check_outputs([t.name for t in found], (), words)
    outputs = [describe_output(tensor, words) for tensor in found]
    prefix = graph.free_prefix([t.name for t in (*inputs, *outputs)])
    if any(t.name != o.name for t, o in zip(found, outputs, strict=True)):
        proto = onnx.compose.add_prefix(
            proto,
            prefix,
            rename_nodes=False,
            rename_edges=False,
            rename_inputs=False,
            rename_outputs=True,
            rename_initializers=False,
            rename_value_infos=False,
            rename_functions=False,
        )
        chosen: list[tuple[str, Tensor, int | None]] = [
            (prefix + t.name, o, None) for t, o in zip(found, outputs, strict=True)
        ]
        graph.set_outputs(proto, chosen, prefix)
    kind: Any = "classifier" if outputs[0].dtype == "int32" and len(outputs) > 1 else "other"
    interface = Interface(kind, tuple(inputs), tuple(outputs))
    check_names((*inputs, *outputs))
    proto = graph.finish(proto, name)
    model = OnnxModel(
        name=name,
        proto=proto,
        interface=interface,
        notes=("the model came as ONNX; parity is against ONNX Runtime only", *loaded.notes),
        exact=exact_outputs(proto),
    )
    return restrict_missing(model, words)


def _input(value: onnx.ValueInfoProto) -> Tensor:
    tensor = value.type.tensor_type
    dims = [d.dim_value if d.HasField("dim_value") else 0 for d in tensor.shape.dim]
    if not value.type.HasField("tensor_type") or tensor.elem_type != _FLOAT:
        raise _refused(value.name, "input", "is not a float32 tensor", "export it with float32 inputs")
    if len(dims) != 2 or dims[1] < 1 or dims[0] > 1:
        raise _refused(
            value.name,
            "input",
            f"has the shape {dims}; needed is (rows, elements) with a free or single row",
            "export it with the shape [None, number of features]",
        )
    return Tensor(value.name, "float32", dims[1])


def _outputs(proto: onnx.ModelProto, inputs: list[Tensor]) -> list[Tensor]:
    """Runs one row to learn the outputs; labels (int64) come first."""
    feed = {t.name: np.zeros((1, t.elements), dtype=np.float32) for t in inputs}
    try:
        session = open_session(proto)
        names = [value.name for value in session.get_outputs()]
        results = session.run(names, feed)
    except Exception as error:
        raise UnsupportedModelError(
            "convert",
            f"the graph does not run in ONNX Runtime: {str(error).splitlines()[0]}",
            hint="check that it runs with onnxruntime in Python on one row of zeros",
        ) from error
    tensors = []
    for name, result in zip(names, results, strict=True):
        kind = getattr(result, "dtype", None)
        if kind not in (np.float32, np.int64) or result.shape[:1] not in ((1,), ()):
            raise _refused(
                name, "output", "is not a float32 or int64 tensor of one row", "export it without ZipMap"
            )
        tensors.append(Tensor(name, "float32" if kind == np.float32 else "int32", int(result.size)))
    return sorted(tensors, key=lambda t: t.dtype != "int32")


def _refused(name: str, direction: str, what: str, hint: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        "convert", f"the {direction} {name!r} {what}", place=f"ONNX graph, {direction} {name!r}", hint=hint
    )
