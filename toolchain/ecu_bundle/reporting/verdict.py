"""Why a certificate fails. One source for the HTML report and for JUnit, so that they agree."""

from __future__ import annotations

import math

from ecu_bundle.parity.certificate import Certificate, Comparison, OutputComparison
from ecu_bundle.reporting.text import count, counted, error, target_text, visible


def gate_title(gate: Comparison) -> str:
    """``ONNX Runtime against scikit-learn``."""
    return f"{visible(gate.right)} against {visible(gate.left)}"


def output_failure(output: OutputComparison) -> str:
    """What went wrong with one output, one sentence without full stop; empty when it passed."""
    if output.passed:
        return ""
    name = visible(output.name)
    worst = f"; the worst is row {count(output.worst[0].row)}" if output.worst else ""
    if output.label_differences:
        subject = f"{counted(output.label_differences, 'label')} of {name}"
        return f"{subject} {'differs' if output.label_differences == 1 else 'differ'}{worst}"
    if output.beyond_tolerance:
        subject = f"{counted(output.beyond_tolerance, 'value')} of {name}"
        verb = "lies" if output.beyond_tolerance == 1 else "lie"
        largest = "" if math.isnan(output.max_abs_error) else f", by up to {error(output.max_abs_error)}"
        return f"{subject} {verb} beyond the tolerance{largest}{worst}"
    return f"output {name} did not pass{worst}"


def gate_failure(gate: Comparison) -> str:
    """What went wrong in one comparison, one sentence without full stop; empty when it passed."""
    reasons = [reason for reason in map(output_failure, gate.outputs) if reason]
    if not reasons and (gate.rows == 0 or not gate.outputs):
        reasons.append("nothing was compared")
    if not reasons and not gate.passed:
        refused = f"; {counted(sum(gate.refused.values()), 'row')} refused" if gate.refused else ""
        reasons.append(f"the comparison did not pass{refused}")
    return "; ".join(reasons)


def failures(certificate: Certificate) -> tuple[str, ...]:
    """Every reason why the certificate does not vouch for the model; empty when it passes.

    The parts are judged too and not only the `passed` flag of the whole, so that a certificate that
    contradicts itself or compares nothing is never shown as passed.
    """
    reasons = [
        f"{gate_title(gate)}: {reason}"
        for gate, reason in ((gate, gate_failure(gate)) for gate in certificate.comparisons)
        if reason
    ]
    if not certificate.comparisons:
        reasons.append("nothing was compared")
    reasons += [
        f"the self-test on {target_text(binary.target, binary.engine)} failed"
        for binary in certificate.binaries
        if binary.self_test != "passed"
    ]
    if not certificate.passed and not reasons:
        reasons.append("the certificate is marked as failed")
    return tuple(reasons)
