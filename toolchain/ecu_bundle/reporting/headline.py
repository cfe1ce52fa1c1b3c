"""The first screen of a report: the verdict in plain words and the few figures behind it."""

from __future__ import annotations

from dataclasses import dataclass

from ecu_bundle.parity.certificate import Certificate
from ecu_bundle.reporting.elements import Fact, facts
from ecu_bundle.reporting.parity_view import largest_error
from ecu_bundle.reporting.text import count, counted, listed, share, visible
from ecu_bundle.reporting.verdict import failures, gate_failure


@dataclass(frozen=True, slots=True)
class Headline:
    """The verdict, ready to be shown.

    Attributes:
        passed: the verdict.
        badge: the verdict in one word.
        sentence: the verdict in plain words.
        reasons: why it failed; empty when it passed.
        figures: two to four figures worth knowing.
    """

    passed: bool
    badge: str
    sentence: str
    reasons: tuple[str, ...]
    figures: tuple[Fact, ...]


def headline(certificate: Certificate) -> Headline:
    reasons = failures(certificate)
    passed = not reasons
    return Headline(
        passed=passed,
        badge="Passed" if passed else "Failed",
        sentence=_passed_sentence(certificate) if passed else _failed_sentence(certificate),
        reasons=reasons,
        figures=_figures(certificate),
    )


def _passed_sentence(certificate: Certificate) -> str:
    gates = certificate.comparisons
    computed_by = tuple(dict.fromkeys(visible(side) for gate in gates for side in (gate.left, gate.right)))
    fewest, most = min(gate.rows for gate in gates), max(gate.rows for gate in gates)
    rows = counted(most, "row") if fewest == most else f"{count(fewest)} to {counted(most, 'row')}"
    return f"{listed(computed_by)} agree, compared on {rows}. {_agreement(certificate)}"


def _agreement(certificate: Certificate) -> str:
    outputs = [output for gate in certificate.comparisons for output in gate.outputs]
    if all(output.equal == output.values for output in outputs):
        return "Every value is equal."
    floats = [output for output in outputs if output.dtype == "float32"]
    labels = [output for output in outputs if output.dtype == "int32"]
    differing = sum(output.label_differences for output in labels)
    said = []
    if labels:
        said.append(
            f"{counted(differing, 'label')} differ, all on the margin."
            if differing
            else "Every label is the same."
        )
    if floats:
        said.append(
            f"Every value lies within its tolerance; the largest error is {largest_error(certificate)}."
        )
    return " ".join(said)


def _failed_sentence(certificate: Certificate) -> str:
    failed = sum(1 for gate in certificate.comparisons if gate_failure(gate))
    whole = len(certificate.comparisons)
    if failed:
        return f"Do not use this model. {count(failed)} of {counted(whole, 'comparison')} failed."
    return "Do not use this model. It is not proved."


def _figures(certificate: Certificate) -> tuple[Fact, ...]:
    gates = certificate.comparisons
    good = sum(1 for gate in gates if not gate_failure(gate))
    equal = sum(output.equal for gate in gates for output in gate.outputs)
    values = sum(output.values for gate in gates for output in gate.outputs)
    rows = max((gate.rows for gate in gates), default=0)
    return facts(
        Fact("Comparisons passed", f"{count(good)} of {count(len(gates))}"),
        Fact("Rows compared", count(rows)),
        Fact("Values equal", share(equal, values)),
        Fact("Largest error", largest_error(certificate)),
    )
