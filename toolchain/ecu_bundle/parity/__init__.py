"""The proof: does the converted model compute what scikit-learn computes?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.errors import UsageError, VerificationError
from ecu_bundle.interface import Rows
from ecu_bundle.parity.certificate import Comparison, OutputComparison
from ecu_bundle.parity.comparison import DEFAULT_TOLERANCE, Tolerance, compare, label_margins, tolerances
from ecu_bundle.parity.generation import generate_rows
from ecu_bundle.parity.reference import ORT, SKLEARN, reference_outputs
from ecu_bundle.parity.session import run_rows

Outputs = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class ParityReport:
    """Result of the proof on the host.

    Attributes:
        rows: all input rows, in device form.
        expected: the reference: scikit-learn, or ONNX Runtime for an ONNX file.
        ort: outputs of ONNX Runtime in Python; what bundles are held against.
        tolerance: per float output, of the comparison with scikit-learn.
        comparisons: one per gate.
        assumptions: what was assumed to make the rows.
    """

    rows: Rows
    expected: Outputs
    ort: Outputs
    tolerance: dict[str, Tolerance]
    comparisons: tuple[Comparison, ...]
    assumptions: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return all(comparison.passed for comparison in self.comparisons)


def check_parity(
    loaded: LoadedModel,
    model: OnnxModel,
    engines: Sequence[str] = ("ort",),
    data: Any = None,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
    progress: Callable[[str], None] = lambda _: None,
) -> ParityReport:
    """Compares scikit-learn with ONNX Runtime, and ONNX Runtime with other engines, on the host.

    Args:
        loaded: the model as given.
        model: its conversion.
        engines: engines to compare with ONNX Runtime beyond itself; ``"ort"`` alone adds none.
        data: rows of the user: array, DataFrame or mapping of columns. None: generated rows only.
        tolerance: relative to each value and to the largest value of the output.
        progress: called with a line of text at each step.

    Returns:
        The report; a failed comparison does not raise, see ``ParityReport.passed``.

    Raises:
        UsageError: data that does not fit the model, or an unknown engine.
    """
    unknown = sorted(set(engines) - {"ort"})
    if unknown:
        raise UsageError("verify", f"unknown engine {unknown[0]!r}", hint="engines: ort")
    generated = generate_rows(model, data)
    rows = generated.rows
    progress(f"ONNX Runtime on {len(rows)} rows")
    ort: Outputs = dict(run_rows(model.proto, model.interface, rows))
    if loaded.estimator is None:
        return ParityReport(rows, ort, ort, {}, (), generated.assumptions)
    progress(f"scikit-learn on {len(rows)} rows")
    expected: Outputs = dict(reference_outputs(loaded, model, rows))
    limits = tolerances(model.interface, expected, tolerance)
    gate = compare(
        SKLEARN,
        ORT,
        model.interface,
        rows,
        expected=expected,
        actual=ort,
        tolerance=limits,
        margins=label_margins(model.interface, expected),
    )
    return ParityReport(rows, expected, ort, limits, (gate,), generated.assumptions)


def require(comparison: Comparison) -> None:
    """Raises for a failed comparison and names its worst row.

    Raises:
        VerificationError: with output, row, inputs, expected and actual values.
    """
    if comparison.passed:
        return
    output = next(o for o in comparison.outputs if not o.passed)
    raise VerificationError(
        "verify",
        f"{comparison.right} differs from {comparison.left}: output {output.name!r} in "
        f"{output.beyond_tolerance} of {output.values} values",
        place=worst_row_text(output),
        hint="docs/parity_certificate.md explains the gates; data and ranges are set in ecu-bundle.toml",
    )


def worst_row_text(output: OutputComparison) -> str:
    """The worst row of an output in one line."""
    if not output.worst:
        return f"output {output.name}"
    worst = output.worst[0]
    inputs = ", ".join(f"{name}={_short(values)}" for name, values in worst.inputs.items())
    return (
        f"row {worst.row} ({worst.origin}): expected {_short(worst.expected)}, got {_short(worst.actual)}; "
        f"inputs {inputs}"
    )


def _short(values: list[float | int]) -> str:
    shown = [f"{np.float32(v)!s}" if isinstance(v, float) else str(v) for v in values[:12]]
    return (shown[0] if len(values) == 1 else "[" + ", ".join(shown) + "]") + (
        "..." if len(values) > 12 else ""
    )
