"""JUnit results: valid XML, complete, and never better than the certificate."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ecu_bundle.parity.certificate import Certificate
from ecu_bundle.reporting.junit import junit_xml

from . import certificates


@pytest.fixture(params=sorted(certificates.ALL))
def certificate(request: pytest.FixtureRequest) -> Certificate:
    made: Certificate = certificates.ALL[request.param]()
    return made


def parsed(certificate: Certificate) -> ElementTree.Element:
    return ElementTree.fromstring(junit_xml(certificate))  # noqa: S314


def test_one_case_per_comparison_and_output(certificate: Certificate) -> None:
    suites = parsed(certificate).findall("testsuite")
    assert [len(suite.findall("testcase")) for suite in suites[1:]] == [
        1 + len(gate.outputs) for gate in certificate.comparisons
    ]


def test_counts_agree_with_the_cases(certificate: Certificate) -> None:
    root = parsed(certificate)
    for element in (root, *root):
        assert int(element.attrib["tests"]) == len(list(element.iter("testcase")))
        assert int(element.attrib["failures"]) == len(list(element.iter("failure")))


def test_fails_when_the_certificate_fails(certificate: Certificate) -> None:
    assert (parsed(certificate).attrib["failures"] == "0") is certificate.passed


def test_a_failure_carries_the_worst_row() -> None:
    failure = parsed(certificates.extremes()).find(".//testcase[@name='output mpg']/failure")
    assert failure is not None
    assert (
        failure.attrib["message"]
        == "2 values of mpg lie beyond the tolerance, by up to ∞; the worst is row 4"
    )
    assert "row 5 (boundary): expected NaN, actual 1, inputs horsepower=NaN, model_year=-0" in (
        failure.text or ""
    )


def test_same_bytes_twice_without_a_time(certificate: Certificate) -> None:
    data = junit_xml(certificate)
    assert data == junit_xml(certificate)
    assert b"time" not in data.lower().replace(b"runtime", b"")
