"""Runs a model in this process with the C++ runtime that also runs on the device."""

from __future__ import annotations

import ctypes
import importlib.util
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ecu_bundle.artifacts import Engine as EngineName
from ecu_bundle.artifacts import ModelImage, OnnxModel
from ecu_bundle.errors import BundleError, InternalError, ToolMissingError, UnsupportedModelError, UsageError
from ecu_bundle.image.writer import compile_image
from ecu_bundle.interface import Array, Interface, Rows

if TYPE_CHECKING:
    from ecu_bundle._runtime import Model, StatusError

_STAGE = "run"
_ERRORS: dict[str, tuple[type[BundleError], str]] = {
    "ECU_BAD_CATEGORY": (UsageError, "use the codes that the interface lists"),
    "ECU_NAN_REFUSED": (
        UsageError,
        "fill missing values, or train the model with an imputer and leave `accepts_nan = false` out",
    ),
    "ECU_BUFFER_MISALIGNED": (UsageError, "copy the array: `array.copy()` is aligned for its elements"),
    "ECU_NOT_OPEN": (UsageError, "open the engine again"),
    "ECU_ENGINE_MISSING": (UnsupportedModelError, 'make the image with engine="ort"'),
    "ECU_KERNEL_MISSING": (
        UnsupportedModelError,
        "the image is newer than this installation: upgrade ecu-bundle, or compile the model again",
    ),
    "ECU_ORT_LIBRARY_MISSING": (ToolMissingError, "pip install onnxruntime"),
    "ECU_ORT_BAD_VERSION": (ToolMissingError, "pip install --upgrade onnxruntime"),
    "ECU_ORT_SESSION_FAILED": (
        UnsupportedModelError,
        "check the file with onnx.checker, or convert the model again",
    ),
    "ECU_ORT_BAD_INTERFACE": (
        UnsupportedModelError,
        "convert the model again; graph and interface must agree",
    ),
    "ECU_ORT_RUN_FAILED": (
        UnsupportedModelError,
        "run the ONNX file with onnxruntime in Python to see the failing node",
    ),
}
_IMAGE_HINT = "`ecu-bundle inspect` says what is wrong with the image"


class Engine:
    """An open model. Use it in one thread at a time, and close it or use it in a ``with`` block.

    Attributes:
        interface: inputs and outputs in device order.
        image: the model image that runs.
    """

    def __init__(self, image: ModelImage, model: Model) -> None:
        self.image = image
        self.interface: Interface = image.interface
        self._model = model

    @classmethod
    def open(cls, model: OnnxModel | ModelImage, engine: EngineName | None = None) -> Engine:
        """Opens a model.

        Args:
            model: an image, or a model to make one of.
            engine: what computes; by default the engine of the image, or ``"native"`` for a model.

        Raises:
            UsageError: the image is for another engine.
            UnsupportedModelError: the engine is not available or cannot run the model; names estimator,
                ONNX node and the way out.
            ToolMissingError: no usable ONNX Runtime is installed.
        """
        image = model if isinstance(model, ModelImage) else compile_image(model, engine=engine or "native")
        if engine is not None and image.engine != engine:
            raise UsageError(
                _STAGE,
                f"the image is for the engine {image.engine!r}, not {engine!r}",
                place=image.name,
                hint=f'open it with engine="{image.engine}", or compile the model again',
            )
        if image.engine == "ort":
            _load_onnxruntime()
        from ecu_bundle import _runtime

        try:
            return cls(image, _runtime.Model(image.data))
        except _runtime.StatusError as error:
            raise _explain(error, image.name) from error

    def run(self, X: Any) -> dict[str, Array]:
        """Computes rows.

        Args:
            X: array (rows, features) in interface order, a DataFrame or a mapping of columns.

        Returns:
            One array per output, in interface order, a classifier's label first: int32 of shape
            (rows,) for an output with one integer, else (rows, elements).

        Raises:
            UsageError: the data does not fit the interface.
        """
        from ecu_bundle.rows import rows_from

        results = self.run_rows(rows_from(X, self.interface))
        single_labels = {t.name for t in self.interface.outputs if t.dtype == "int32" and t.elements == 1}
        return {name: array[:, 0] if name in single_labels else array for name, array in results.items()}

    def run_rows(self, rows: Rows) -> dict[str, Array]:
        """Computes rows in device form.

        Returns:
            One array (rows, elements) per output, in interface order.

        Raises:
            UsageError: an array does not fit the interface, or a value is refused; names the row.
        """
        from ecu_bundle._runtime import StatusError

        try:
            arrays = self._model.run([rows.tensors[tensor.name] for tensor in self.interface.inputs])
        except KeyError as error:
            raise UsageError(_STAGE, f"the rows lack the input {error.args[0]!r}") from error
        except ValueError as error:
            raise UsageError(_STAGE, str(error), hint="arrays (rows, elements) of the interface") from error
        except StatusError as error:
            raise _explain(error, self.image.name) from error
        return {tensor.name: array for tensor, array in zip(self.interface.outputs, arrays, strict=True)}

    def info(self) -> dict[str, Any]:
        """Facts of the model as the device reports them (``ecu_model_info``); digests as bytes."""
        from ecu_bundle._runtime import StatusError

        try:
            return self._model.info()
        except StatusError as error:
            raise _explain(error, self.image.name) from error

    def close(self) -> None:
        """Releases the engine; allowed twice."""
        self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def onnxruntime_library() -> Path:
    """The C library inside the installed onnxruntime package.

    Raises:
        ToolMissingError: the package is not installed, or holds no library.
    """
    spec = importlib.util.find_spec("onnxruntime")
    found = sorted(Path(spec.origin).parent.glob("capi/libonnxruntime.so.*")) if spec and spec.origin else []
    if not found:
        raise ToolMissingError(
            _STAGE, "the ONNX Runtime library is not installed", hint="pip install onnxruntime"
        )
    return found[0]


@cache
def _load_onnxruntime() -> ctypes.CDLL:
    """Loads the library by its path, so that the runtime's dlopen by name finds it; once."""
    import os

    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    path = onnxruntime_library()
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise ToolMissingError(
            _STAGE,
            f"ONNX Runtime cannot be loaded: {error}",
            hint="pip install --force-reinstall onnxruntime",
        ) from error


def _explain(error: StatusError, name: str) -> BundleError:
    word = error.text.partition(":")[0]
    default = (
        (UnsupportedModelError, _IMAGE_HINT)
        if word.startswith("ECU_IMAGE_")
        else (InternalError, "report it")
    )
    kind, hint = _ERRORS.get(word, default)
    place = name if error.row is None else f"{name}, row {error.row}"
    cause = f"{error.text} ({error.detail})" if error.detail else error.text
    return kind(_STAGE, cause, place=place, hint=hint)
