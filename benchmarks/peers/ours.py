"""Sources of a model for our own runtime: the device API around the native engine or ONNX Runtime."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

import ecu_bundle
from benchmarks.peers.compared import OURS
from benchmarks.truth.standard import convert_standard
from ecu_bundle.artifacts import Engine, OnnxModel
from ecu_bundle.image.writer import compile_image
from ecu_bundle.interface import Tensor
from ecu_bundle.lowering import lower


def write(tool: str, estimator: Any, rows: NDArray[np.float32], folder: Path) -> dict[str, Any]:
    """Writes ``peer.cpp``; says what is to be compiled and what it gives, or a status and a reason.

    Raises:
        UnsupportedModelError: we do not convert the model.
    """
    engine: Engine = "native" if tool == OURS else "ort"
    model = ecu_bundle.convert(estimator, sample=rows)
    if tool == "onnxruntime":
        found = _standard(estimator, model, folder)
        if isinstance(found, str):
            return {"status": "refused", "reason": found}
        model = found
    count = _write_peer(model, engine, folder)
    labelled = model.interface.outputs[0].dtype == "int32"
    kind = "label and numbers" if labelled else "value"
    return {"kind": kind, "count": count, "include": [], "sources": ["peer.cpp"], "engine": engine}


def _standard(estimator: Any, ours: OnnxModel, folder: Path) -> OnnxModel | str:
    """skl2onnx's conversion after all optimisations of ONNX Runtime; or why there is none.

    Our engine switches optimisations off, so they are made here, by ONNX Runtime itself.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        data = other.submit(convert_standard, estimator, ours.interface.features).result()
    if isinstance(data, str):
        return f"skl2onnx: {data}"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.optimized_model_filepath = str(folder / "standard.onnx")
    onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    proto = onnx.load(folder / "standard.onnx")
    _unzip(proto.graph)
    tensors = (*ours.interface.inputs, *ours.interface.outputs)
    infos = (*proto.graph.input, *proto.graph.output)
    named = [_named(tensor, info) for tensor, info in zip(tensors, infos, strict=True)]
    inputs = len(ours.interface.inputs)
    interface = replace(ours.interface, inputs=tuple(named[:inputs]), outputs=tuple(named[inputs:]))
    return replace(ours, proto=proto, interface=interface, exact=frozenset())


def _unzip(graph: onnx.GraphProto) -> None:
    """Takes the matrix that a last ZipMap makes maps of, as its users ask for with ``zipmap=False``."""
    for node in [node for node in graph.node if node.op_type == "ZipMap"]:
        classes = next(len(a.ints) for a in node.attribute if a.name == "classlabels_int64s")
        (output,) = (info for info in graph.output if info.name == node.output[0])
        shape: list[int | None] = [None, classes]
        output.CopyFrom(onnx.helper.make_tensor_value_info(node.input[0], onnx.TensorProto.FLOAT, shape))
        graph.node.remove(node)


def _named(tensor: Tensor, info: onnx.ValueInfoProto) -> Tensor:
    """With the name and the length of the graph's."""
    lengths = [dimension.dim_value for dimension in info.type.tensor_type.shape.dim]
    elements = lengths[1] if len(lengths) == 2 else 1
    return replace(tensor, name=info.name, elements=elements, element_names=())


def _write_peer(model: OnnxModel, engine: Engine, folder: Path) -> int:
    """Writes ``peer.cpp``; returns how many numbers a row gives."""
    image = compile_image(model, engine=engine)
    kernels = lower(model).kernels if engine == "native" else ()
    names = [*(f"ecu_kernel_{name}" for name in kernels), f"ecu_engine_{engine}"]
    outputs = model.interface.outputs
    at, moves = 0, []
    for index, tensor in enumerate(outputs):
        moves.append(f"buffers[{index}] = out + {at};")
        at += tensor.elements
    lines = [
        '#include "peer_model.h"',
        '#include "ecu/model.h"',
        'extern "C" {',
        "struct ecu_kernel; struct ecu_engine;",
        *(
            f"extern const struct {'ecu_kernel' if 'kernel' in name else 'ecu_engine'} {name};"
            for name in names
        ),
        "extern const void* const bench_needs[];",
        f"const void* const bench_needs[] = {{{', '.join('&' + name for name in names)}}};",
        "}",
        f"alignas(16) static const unsigned char image[] = {{{','.join(map(str, image.data))}}};",
        f"alignas(16) static unsigned char arena[{_arena(image.data)}];",
        "static ecu_model model;",
        "int peer_open(void) {",
        "  return (int)ecu_model_open(&model, image, sizeof image, arena, sizeof arena);",
        "}",
        "void peer_predict(const float* row, float* out) {",
        f"  const void* const inputs[] = {{row}}; void* buffers[{len(outputs)}]; {' '.join(moves)}",
        "  if (ecu_model_run(&model, inputs, buffers) != ECU_OK) { out[0] = -1.0F; }",
        "}",
    ]
    (folder / "peer.cpp").write_text("\n".join(lines) + "\n")
    return at


def _arena(image: bytes) -> int:
    return int.from_bytes(image[12:16], "little")
