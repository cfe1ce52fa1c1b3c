"""The parity certificate: what was compared, against what, with which result.

``reports/certificate.json`` is this model written with sorted keys. It holds no time, host name or
path, so the same inputs give the same bytes.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

CERTIFICATE_VERSION: Literal[2] = 2

Method = Literal["exact", "bounded", "tolerance"]
"""What an output is held to: exact rules, a computed bound on its rounding error, or a tolerance."""


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_inf_nan="strings",
        json_schema_serialization_defaults_required=True,
    )


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
    method: Method
    values: int
    equal: int
    max_abs_error: float
    mean_abs_error: float
    max_ulp: int
    abs_tolerance: tuple[float, ...]
    rel_tolerance: float
    ulp_tolerance: int
    beyond_tolerance: int
    label_differences: int
    label_differences_on_margin: int
    smallest_margin: float | None
    histogram: Histogram | None
    sample_expected: tuple[float, ...]
    sample_actual: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]
    worst: tuple[WorstRow, ...]
    passed: bool


class Comparison(_Part):
    """One gate: ``left`` is the reference, ``right`` is judged.

    ``refused`` counts rows that were tried but have no reference, by reason; they are not among ``rows``.

    ``on_decision`` counts rows that are left out of the figures, since they lie within rounding of a
    decision inside a smooth model, where the reference jumps: beside each, within the tolerance of its
    inputs, the reference gives the judged result and the judged side gives the reference's.
    """

    left: str
    right: str
    bit_exact_required: bool
    rows: int
    refused: dict[str, int] = {}
    on_decision: int = 0
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
    """What was built and run for one target and engine."""

    target: str
    engine: str
    image_digest: str
    compiler: str
    flags: tuple[str, ...]
    runner: str
    library_digest: str
    onnxruntime_version: str
    onnxruntime_digest: str
    golden_rows: int
    self_test: Literal["passed", "failed"]


class SumRecord(_Part):
    """What is proved of one sum of leaves, for every input, before its final rounding to float32.

    ``bound`` is the largest possible distance between the sum that the graph computes and the exact sum of
    scikit-learn's leaves; ``reference`` is what scikit-learn's own float64 sum may lose.
    """

    estimator: str
    output: int
    trees: int
    largest: float
    bound: float
    reference: float
    order_free: bool


class WitnessRecord(_Part):
    """Splits of trees that were shown to send every float32 input the way scikit-learn sends it."""

    splits: int
    proved: int
    excluded: tuple[str, ...]
    sums: tuple[SumRecord, ...]
    digest: str


class BoundRecord(_Part):
    """How far one output can be from the reference on account of rounding."""

    name: str
    method: str
    largest_on_rows: float | None
    interval: float | None
    reason: str
    label_margin: float | None


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
    element_names: tuple[str, ...] = ()


class InterfaceRecord(_Part):
    kind: str
    hash: str
    inputs: tuple[TensorRecord, ...]
    outputs: tuple[TensorRecord, ...]


class Certificate(_Part):
    """The whole certificate."""

    certificate_version: Literal[2] = CERTIFICATE_VERSION
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
    tolerance: float
    exact_outputs: tuple[str, ...]
    standard_outputs: tuple[str, ...]
    session: dict[str, str]
    comparisons: tuple[Comparison, ...]
    witnesses: WitnessRecord | None = None
    bounds: tuple[BoundRecord, ...] = ()
    binaries: tuple[Binary, ...]
    claims: tuple[str, ...]
    limits: tuple[str, ...]
    refused_inputs: tuple[str, ...]
    notes: tuple[str, ...]
    tools: dict[str, str]
    passed: bool

    def to_json(self) -> str:
        """Canonical text: sorted keys, two spaces, final newline; infinities as strings."""
        content = json.loads(self.model_dump_json())
        return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
