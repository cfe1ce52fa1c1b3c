"""What becomes of a fitted estimator: proven, refused with a reason, or stopped by the gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.conversion.description import ModelDescription
from ecu_bundle.errors import UnsupportedModelError, VerificationError
from ecu_bundle.image.writer import compile_image
from ecu_bundle.parity import ParityReport, check_parity
from ecu_bundle.parity.expectation import expect

REFUSED = "no: "
SAME_BITS = "same bits"

Verdict = Literal["right", "refused", "stopped", "nothing to deploy"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a model.

    Attributes:
        verdict: ``right``: every row of the proof passed; ``stopped``: the gate found a difference,
            and no bundle would be made.
        detail: for ``right`` how exact it is; else the reason.
        operators: ONNX operators of the graph, in alphabetical order.
        alternative: what to do instead of a refused model.
        native: of a model that is right, the native engine beside ONNX Runtime on the rows of the proof:
            ``same bits``, which the gate asks of exact outputs, or what :func:`exactness` says, or
            ``no: `` and why not. Other outputs may have the same bits on one processor and not on the
            next, since ONNX Runtime's kernels differ there.
    """

    verdict: Verdict
    detail: str
    operators: tuple[str, ...] = ()
    alternative: str = ""
    native: str = ""

    @property
    def runs_natively(self) -> bool:
        return self.native != "" and not self.native.startswith(REFUSED)


def outcome(estimator: Any, words: ModelDescription | None = None) -> Outcome:
    """Converts a fitted estimator and compares it with scikit-learn."""
    loaded = LoadedModel("model", "memory", "0" * 64, estimator)
    try:
        model = convert(loaded, description=words)
    except UnsupportedModelError as error:
        return Outcome("refused", error.cause, alternative=error.hint)
    operators = tuple(sorted({node.op_type for node in model.proto.graph.node}))
    try:
        report = check_parity(loaded, model)
    except UnsupportedModelError as error:
        return Outcome("refused", error.cause, alternative=error.hint)
    except VerificationError as error:
        return Outcome("stopped", error.cause, operators)
    if not report.passed:
        return Outcome("stopped", "differs from scikit-learn by more than the tolerance", operators)
    return Outcome("right", exactness(model), operators, native=natively(model, report))


def natively(model: OnnxModel, report: ParityReport) -> str:
    """How the native engine computes the rows of the proof; see :class:`Outcome`."""
    try:
        image = compile_image(model, engine="native")
    except UnsupportedModelError as error:
        return REFUSED + error.cause
    expected = expect(model, image, report, "host")
    if not all(gate.passed for gate in expected.gates):
        return REFUSED + "differs from ONNX Runtime by more than the tolerance"
    return SAME_BITS if len(model.exact) == len(model.interface.outputs) else exactness(model)


def exactness(model: OnnxModel) -> str:
    """``exact``, ``within tolerance``, or which outputs are exact."""
    exact = model.exact_outputs
    if len(exact) == len(model.interface.outputs):
        return "exact"
    return f"{', '.join(exact)} exact, the rest within tolerance" if exact else "within tolerance"
