"""What goes into a model and what comes out, in the words of the device.

Every input and output is a named tensor of one row. The order of the tensors is the order of the
buffers at the device API (``ecu_model_run``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

DType = Literal["float32", "int32"]
ModelKind = Literal["classifier", "regressor", "clusterer", "outlier_detector", "transformer", "other"]

MATRIX_INPUT = "X"
"""Name of the one input of a model that was trained without column names."""

UNKNOWN_CODE = -1
"""Input code of a category that was not seen in training, where the model accepts such a value."""

MISSING_CODE = -2
"""Input code of a missing category, where the model was trained with missing values."""


def over(first: str, second: str) -> str:
    """The name of a score that is positive for the first class and negative for the second."""
    return f"{first} over {second}"


@dataclass(frozen=True, slots=True)
class Code:
    """One value of an int32 tensor and its meaning, for instance ``Code(1, "Europe")``."""

    value: int
    name: str


@dataclass(frozen=True, slots=True)
class Column:
    """One input column of the estimator.

    Attributes:
        name: column name; empty when the model was trained on a plain array.
        codes: the values an enumerated column may have; empty for a numeric column.
        values: scikit-learn's category for each code; None stands for "not seen in training".
    """

    name: str
    codes: tuple[Code, ...] = ()
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or output of one row.

    Attributes:
        name: name in the interface, for instance a pandas column. Any text without NUL.
        dtype: ``float32`` or ``int32``; an int32 input is always an enumeration (it has codes).
        elements: how many values one row has, at least 1.
        unit: physical unit, empty when unknown or none.
        minimum, maximum: declared range of each element, inclusive; infinite when not declared.
        description: one line for people.
        codes: meaning of int32 values: categories of an input, class labels of an output.
            An input accepts exactly these values. Empty for float32.
        accepts_nan: a float32 input whose model defines a result for NaN.
        element_names: what each element of an output is about, in order, for instance the class of each
            probability. As many as there are elements, or none where the order has no names.
    """

    name: str
    dtype: DType
    elements: int = 1
    unit: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf
    description: str = ""
    codes: tuple[Code, ...] = ()
    accepts_nan: bool = False
    element_names: tuple[str, ...] = ()

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32) if self.dtype == "float32" else np.dtype(np.int32)


@dataclass(frozen=True, slots=True)
class Interface:
    """Inputs and outputs in device order. A classifier's label is the first output."""

    kind: ModelKind
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def features(self) -> int:
        """Number of input values of one row over all tensors."""
        return sum(tensor.elements for tensor in self.inputs)


Array = NDArray[Any]
"""A float32 or int32 array."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Input rows in device form.

    Attributes:
        tensors: one array of shape (rows, elements) per input tensor, in interface order,
            C-contiguous, dtype as the interface says.
        origins: for each row where it comes from: ``"data"``, ``"range"``, ``"boundary"``, ...
    """

    tensors: dict[str, Array]
    origins: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return next(iter(self.tensors.values())).shape[0] if self.tensors else 0

    def take(self, index: NDArray[np.intp] | slice) -> Rows:
        """The chosen rows, in the given order."""
        chosen = np.arange(len(self))[index]
        origins = tuple(self.origins[i] for i in chosen) if self.origins else ()
        return Rows({name: np.ascontiguousarray(a[chosen]) for name, a in self.tensors.items()}, origins)
