"""The parity certificate: what was compared, against what, with which result.

``reports/certificate.json`` is this model written with sorted keys. It holds no time, host name or
path, so the same inputs give the same bytes.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

CERTIFICATE_VERSION = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Histogram(_Part):
    """Counts of absolute errors in decades: bin i holds errors in (edges[i], edges[i + 1]].

    The first bin of `counts` that is not between edges, `exact`, counts errors of exactly zero.
    """

    exact: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]


class WorstRow(_Part):
    """One of the rows with the largest error, complete enough to be reproduced."""

    row: int
    origin: str
    inputs: dict[str, list[float | int]]
    expected: list[float | int]
    actual: list[float | int]
    error: float


class OutputComparison(_Part):
    """One output compared over all rows. Errors are absolute differences of float32 values."""

    name: str
    dtype: Literal["float32", "int32"]
    values: int
    equal: int
    max_abs_error: float
    mean_abs_error: float
    max_ulp: int
    abs_tolerance: float
    rel_tolerance: float
    beyond_tolerance: int
    label_differences: int
    label_differences_on_margin: int
    histogram: Histogram | None
    sample_expected: tuple[float, ...]
    sample_actual: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]
    worst: tuple[WorstRow, ...]
    passed: bool


class Comparison(_Part):
    """One gate: ``left`` is the reference, ``right`` is judged."""

    left: str
    right: str
    bit_exact_required: bool
    rows: int
    refused_rows: int
    outputs: tuple[OutputComparison, ...]
    passed: bool


class RowSource(_Part):
    """How many rows came from where."""

    origin: str
    rows: int
    description: str


class Reference(_Part):
    """What counts as right."""

    definition: str
    estimator: str
    estimator_text: str
    sklearn_version: str
    trained_with: str
    source_format: str
    source_digest: str
    trusted_pickle: bool


class Binary(_Part):
    """What was built and run for one target."""

    target: str
    engine: str
    compiler: str
    flags: tuple[str, ...]
    runner: str
    library_digest: str
    onnxruntime_version: str
    onnxruntime_digest: str
    golden_rows: int
    self_test: Literal["passed", "failed"]


class TensorRecord(_Part):
    name: str
    dtype: str
    elements: int
    unit: str
    minimum: float
    maximum: float
    description: str
    codes: dict[str, str]
    accepts_nan: bool = False


class InterfaceRecord(_Part):
    kind: str
    hash: str
    inputs: tuple[TensorRecord, ...]
    outputs: tuple[TensorRecord, ...]


class Certificate(_Part):
    """The whole certificate."""

    certificate_version: int = CERTIFICATE_VERSION
    model_name: str
    model_title: str
    model_version: str
    onnx_digest: str
    image_digest: str
    sources_digest: str
    interface: InterfaceRecord
    reference: Reference
    rows: tuple[RowSource, ...]
    rows_digest: str
    comparisons: tuple[Comparison, ...]
    binary: Binary | None
    limits: tuple[str, ...]
    notes: tuple[str, ...]
    tools: dict[str, str]
    passed: bool

    def to_json(self) -> str:
        """Canonical text: sorted keys, two spaces, final newline; infinities as strings."""
        content = json.loads(self.model_dump_json())
        return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
