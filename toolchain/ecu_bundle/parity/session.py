"""ONNX Runtime in Python, pinned: one thread, no graph optimisation, telemetry off."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import onnx

from ecu_bundle.errors import VerificationError
from ecu_bundle.interface import Interface, Rows

_SPINNING = "session.intra_op.allow_spinning"


def open_session(model: onnx.ModelProto | bytes) -> Any:
    """An inference session with the settings that the certificate names."""
    import onnxruntime

    data = model if isinstance(model, bytes) else model.SerializeToString()
    return onnxruntime.InferenceSession(data, _options(), providers=["CPUExecutionProvider"])


def session_settings() -> dict[str, str]:
    """The settings of `open_session`, read back from ONNX Runtime, for the certificate."""
    options = _options()
    return {
        "enable_cpu_mem_arena": str(options.enable_cpu_mem_arena).lower(),
        "execution_mode": options.execution_mode.name,
        "graph_optimization_level": options.graph_optimization_level.name,
        "inter_op_num_threads": str(options.inter_op_num_threads),
        "intra_op_num_threads": str(options.intra_op_num_threads),
        "provider": "CPUExecutionProvider",
        "rows_per_run": "1",
        _SPINNING: options.get_session_config_entry(_SPINNING),
    }


def _options() -> Any:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry(_SPINNING, "0")
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return options


def run_rows(model: onnx.ModelProto | bytes, interface: Interface, rows: Rows) -> dict[str, Any]:
    """Runs row by row.

    Returns:
        One array (rows, elements) per output: int32 for labels, float32 otherwise.

    Raises:
        VerificationError: ONNX Runtime refuses a row.
    """
    session = open_session(model)
    names = [tensor.name for tensor in interface.outputs]
    feeds = {
        t.name: rows.tensors[t.name].astype(np.int64) if t.dtype == "int32" else rows.tensors[t.name]
        for t in interface.inputs
    }
    results = {t.name: np.empty((len(rows), t.elements), t.numpy_dtype) for t in interface.outputs}
    for row in range(len(rows)):
        try:
            outputs = session.run(names, {name: array[row : row + 1] for name, array in feeds.items()})
        except Exception as error:
            raise VerificationError(
                "verify",
                f"ONNX Runtime cannot compute the row: {str(error).splitlines()[0]}",
                place=f"row {row}" + (f" ({rows.origins[row]})" if rows.origins else ""),
                hint="check the ranges and the data in ecu-bundle.toml",
            ) from error
        for name, value in zip(names, outputs, strict=True):
            results[name][row] = np.asarray(value).reshape(-1)
    return results
