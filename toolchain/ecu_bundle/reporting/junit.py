"""The certificate as JUnit results, for the test views of build servers."""

from __future__ import annotations

from xml.etree import ElementTree

from ecu_bundle.parity.certificate import Certificate, Comparison, OutputComparison, WorstRow
from ecu_bundle.reporting.text import exact, target_text, visible
from ecu_bundle.reporting.verdict import failures, gate_failure, gate_title, output_failure


def junit_xml(certificate: Certificate) -> bytes:
    """JUnit XML as UTF-8: a suite per comparison, a test case per comparison and per output.

    The suite ``certificate`` holds the verdict as a whole and the self-test of the binary, so the results
    are never better than the certificate. There are no times and no host names.
    """
    model = visible(certificate.model_name)
    root = ElementTree.Element("testsuites", name=f"ecu-bundle parity of {model}")
    overall = ElementTree.SubElement(root, "testsuite", name="certificate")
    _case(overall, f"{model}.certificate", "verdict", "; ".join(failures(certificate)))
    for binary in certificate.binaries:
        failure = "" if binary.self_test == "passed" else "the self-test failed"
        _case(
            overall,
            f"{model}.certificate",
            f"self-test on {target_text(binary.target, binary.engine)}",
            failure,
        )
    for gate in certificate.comparisons:
        _gate_suite(root, model, gate)
    for suite in root:
        _count(suite, (suite,))
    _count(root, tuple(root))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _gate_suite(root: ElementTree.Element, model: str, gate: Comparison) -> None:
    title = gate_title(gate)
    suite = ElementTree.SubElement(root, "testsuite", name=title)
    _case(suite, f"{model}.{title}", "comparison", gate_failure(gate))
    for output in gate.outputs:
        _case(
            suite,
            f"{model}.{title}",
            f"output {visible(output.name)}",
            output_failure(output),
            _worst_rows(output),
        )


def _case(suite: ElementTree.Element, classname: str, name: str, failure: str, details: str = "") -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=classname, name=name)
    if failure:
        ElementTree.SubElement(case, "failure", message=failure, type="VerificationError").text = (
            details or failure
        )


def _worst_rows(output: OutputComparison) -> str:
    """One line per worst row, complete enough to repeat it."""
    return "\n".join(map(_row_text, output.worst))


def _row_text(row: WorstRow) -> str:
    inputs = ", ".join(f"{visible(name)}={_listed(values)}" for name, values in sorted(row.inputs.items()))
    outcome = f"expected {_listed(row.expected)}, actual {_listed(row.actual)}"
    return f"row {row.row} ({visible(row.origin)}): {outcome}, inputs {inputs}"


def _listed(values: list[float | int]) -> str:
    texts = [exact(value) for value in values]
    return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"


def _count(element: ElementTree.Element, suites: tuple[ElementTree.Element, ...]) -> None:
    cases = [case for suite in suites for case in suite.iter("testcase")]
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    element.set("errors", "0")
    element.set("skipped", "0")
