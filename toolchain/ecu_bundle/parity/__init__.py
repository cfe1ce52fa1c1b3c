"""The proof: does the converted model compute what scikit-learn computes?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.errors import UsageError, VerificationError
from ecu_bundle.interface import Rows
from ecu_bundle.parity.certificate import Comparison, OutputComparison
from ecu_bundle.parity.comparison import compare
from ecu_bundle.parity.generation import generate_rows
from ecu_bundle.parity.neighbourhood import Side, compare_beside
from ecu_bundle.parity.packages import in_single_precision
from ecu_bundle.parity.probes import Probed, probe_rows
from ecu_bundle.parity.proof import Proof, bounds_of, gate_bound
from ecu_bundle.parity.reference import ORT, SKLEARN, reference_outputs
from ecu_bundle.parity.session import run_rows
from ecu_bundle.parity.tolerance import DEFAULT_TOLERANCE, EXACT, Tolerance, label_margins, tolerances
from ecu_bundle.parity.undefined import refuse_undefined
from ecu_bundle.parity.witnesses import witness

Outputs = dict[str, NDArray[Any]]

REPEATED = "ONNX Runtime (Python), second session"


@dataclass(frozen=True, slots=True)
class ParityReport:
    """Result of the proof on the host.

    Attributes:
        rows: all input rows, in device form.
        expected: the reference: scikit-learn, or ONNX Runtime for an ONNX file.
        ort: outputs of ONNX Runtime in Python; what bundles are held against.
        tolerance: per float output, of the comparison with the reference.
        comparisons: one per gate.
        assumptions: what was assumed to make the rows.
        setting: the tolerance that was asked for.
        proof: what is known beyond the rows.
        on_decision: positions of rows that lie on a decision inside a smooth model, where another
            rounding gives another result; see `ecu_bundle.parity.neighbourhood`.
    """

    rows: Rows
    expected: Outputs
    ort: Outputs
    tolerance: dict[str, Tolerance]
    comparisons: tuple[Comparison, ...]
    assumptions: tuple[str, ...]
    setting: float
    proof: Proof = field(default_factory=Proof)
    on_decision: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))

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
        tolerance: of smooth outputs, relative to each value and to the scale of its element.
        progress: called with a line of text at each step.

    Returns:
        The report; a failed comparison does not raise, see ``ParityReport.passed``.

    Raises:
        UsageError: data that does not fit the model, or an unknown engine.
        UnsupportedModelError: scikit-learn itself gives NaN or infinity for ordinary rows.
        VerificationError: the rows agree, but a split of a tree goes another way for some input.
    """
    unknown = sorted(set(engines) - {"ort"})
    if unknown:
        raise UsageError("verify", f"unknown engine {unknown[0]!r}", hint="engines: ort")
    generated = generate_rows(model, data, loaded.estimator)
    probed = Probed(generated.rows)
    if loaded.estimator is not None:
        probed = probe_rows(loaded, model, generated.rows, progress=progress)
    rows = probed.rows
    progress(f"ONNX Runtime on {len(rows)} rows")
    ort: Outputs = dict(run_rows(model.proto, model.interface, rows))
    if loaded.estimator is None:
        progress("ONNX Runtime once more")
        gate = _repeated(model, rows, ort)
        return ParityReport(rows, ort, ort, _same_bits(model), (gate,), generated.assumptions, tolerance)
    progress(f"scikit-learn on {len(rows)} rows")
    expected: Outputs = dict(reference_outputs(loaded, model, rows))
    refuse_undefined(loaded, model, rows, expected)
    single = in_single_precision(loaded.estimator)
    exact: frozenset[str] = frozenset() if single else model.exact
    limits = tolerances(model.interface, expected, tolerance, origins=rows.origins, exact=exact)
    progress("bounds on rounding errors")
    bounds = () if single else bounds_of(model, rows)  # they know nothing of a rounding of the reference
    judged = compare_beside(
        Side(SKLEARN, expected, lambda beside: reference_outputs(loaded, model, beside)),
        Side(ORT, ort, lambda beside: run_rows(model.proto, model.interface, beside)),
        model.interface,
        rows,
        tolerance=limits,
        margins=label_margins(model.interface, expected),
        relative=tolerance,
        exact=exact,
        bound=gate_bound(bounds, expected, limits),
    )
    gate, witnesses = judged.comparison.model_copy(update={"refused": probed.refused}), None
    if gate.passed:
        progress("witnesses of tree decisions")
        witnesses = witness(loaded.estimator, model)
    proof = Proof(bounds, witnesses)
    return ParityReport(
        rows,
        expected,
        ort,
        limits,
        (gate,),
        generated.assumptions,
        tolerance,
        proof,
        on_decision=judged.on_decision,
    )


def _same_bits(model: OnnxModel) -> dict[str, Tolerance]:
    return {t.name: EXACT for t in model.interface.outputs if t.dtype == "float32"}


def _repeated(model: OnnxModel, rows: Rows, first: Outputs) -> Comparison:
    """A graph without scikit-learn behind it: it has to give the same bits in a session of its own."""
    return compare(
        ORT,
        REPEATED,
        model.interface,
        rows,
        expected=first,
        actual=run_rows(model.proto, model.interface, rows),
        tolerance=_same_bits(model),
        margins=label_margins(model.interface, first),
    )


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
