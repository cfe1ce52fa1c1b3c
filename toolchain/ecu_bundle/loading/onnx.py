"""Read an ``.onnx`` file: well-formed, complete in itself, of a size that protobuf can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading.content import STAGE, Content, ModelFile

if TYPE_CHECKING:
    import onnx


def _graphs(model: onnx.ModelProto) -> Iterator[tuple[str, onnx.GraphProto | onnx.FunctionProto]]:
    """The main graph, the functions and all graphs nested in node attributes."""
    pending: list[tuple[str, onnx.GraphProto | onnx.FunctionProto]] = [(model.graph.name, model.graph)]
    pending.extend((function.name, function) for function in model.functions)
    while pending:
        name, graph = pending.pop()
        yield name, graph
        for node in graph.node:
            for attribute in node.attribute:
                nested = [attribute.g] if attribute.HasField("g") else []
                pending.extend((f"{name}/{node.name}", g) for g in [*nested, *attribute.graphs])


def _tensors(graph: onnx.GraphProto | onnx.FunctionProto) -> Iterator[onnx.TensorProto]:
    import onnx

    if isinstance(graph, onnx.GraphProto):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            sparse_tensors = [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
            for sparse in [*sparse_tensors, *attribute.sparse_tensors]:
                yield from (sparse.values, sparse.indices)


def load_onnx(file: ModelFile) -> Content:
    """Check an ONNX file; its bytes are passed on unchanged.

    Raises:
        UnsupportedModelError: not valid ONNX, or tensors kept in other files.
    """
    import onnx

    hint = "export the model again, in one file, and check it with onnx.checker"
    model = onnx.ModelProto()
    try:
        model.ParseFromString(file.data)
    except Exception as error:  # protobuf's DecodeError, whose module has no types
        raise UnsupportedModelError(
            STAGE, "not a complete ONNX file (protobuf cannot be parsed)", place=file.place, hint=hint
        ) from error
    for name, graph in _graphs(model):
        for tensor in _tensors(graph):
            if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
                raise UnsupportedModelError(
                    STAGE,
                    "the ONNX file keeps tensors in other files",
                    place=f"{file.place}: graph '{name}', tensor '{tensor.name}'",
                    hint="save it with all tensors inside (onnx.save with save_as_external_data=False)",
                )
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UnsupportedModelError(
            STAGE, f"not a valid ONNX model: {first_line}", place=file.place, hint=hint
        ) from error
    return Content(onnx_bytes=file.data)
