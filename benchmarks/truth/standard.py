"""skl2onnx's own conversion, in a process where its converters are not replaced."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

OPSETS = {"": 21, "ai.onnx.ml": 3}


def convert_standard(estimator: Any, features: int) -> bytes | str:
    """The ONNX file, or in a sentence why there is none; run in a process of its own."""
    from skl2onnx import to_onnx

    example = np.zeros((1, features), dtype=np.float32)
    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "predict_proba") else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            proto: onnx.ModelProto = to_onnx(estimator, example, target_opset=OPSETS, options=options)
        except Exception as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    data: bytes = proto.SerializeToString()
    return data


def outputs_of(
    data: bytes, rows: NDArray[np.float32], *, threads: int = 1, batch: int = 0
) -> list[NDArray[Any]]:
    """Outputs on the rows, each (rows, elements); ``batch`` 0 means all rows at once."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    size = batch or len(rows)
    parts = [session.run(None, {name: rows[i : i + size]}) for i in range(0, len(rows), size)]
    return [np.concatenate(part).reshape(len(rows), -1) for part in zip(*parts, strict=True)]
