"""A certificate that contradicts itself, or shows nothing, is never reported as passed."""

from __future__ import annotations

from typing import Any

import pytest

from ecu_bundle.parity.certificate import Certificate
from ecu_bundle.reporting.html import render_report
from ecu_bundle.reporting.junit import junit_xml
from ecu_bundle.reporting.verdict import failures

from . import certificates


def changed(**update: Any) -> Certificate:
    return certificates.regressor().model_copy(update=update)


def with_first_gate(**update: Any) -> Certificate:
    first, *rest = certificates.regressor().comparisons
    return changed(comparisons=(first.model_copy(update=update), *rest))


def with_first_output(**update: Any) -> Certificate:
    output = certificates.regressor().comparisons[0].outputs[0].model_copy(update=update)
    return with_first_gate(outputs=(output,))


CONTRADICTIONS = {
    "marked as failed": changed(passed=False),
    "nothing was compared": changed(comparisons=()),
    "the self-test on aarch64-linux with ONNX Runtime failed": changed(
        binaries=(certificates.regressor().binaries[0].model_copy(update={"self_test": "failed"}),)
    ),
    "ONNX Runtime against scikit-learn: nothing was compared": with_first_gate(rows=0),
    "ONNX Runtime against scikit-learn: the comparison did not pass; 3 rows refused": with_first_gate(
        passed=False, refused={"NaN": 3}
    ),
    "output mpg did not pass": with_first_output(passed=False),
    "1 value of mpg lies beyond the tolerance": with_first_output(passed=False, beyond_tolerance=1),
    "1 label of mpg differs": with_first_output(passed=False, label_differences=1),
}


def test_a_sound_certificate_has_no_failures() -> None:
    assert failures(certificates.regressor()) == ()
    assert failures(certificates.onnx_only()) == ()


@pytest.mark.parametrize("reason", CONTRADICTIONS)
def test_contradictions_are_failures(reason: str) -> None:
    certificate = CONTRADICTIONS[reason]
    assert reason in failures(certificate)[0]
    html = render_report(certificate, {}, tool_version="0.1.0").decode()
    assert '<div class="verdict fail">' in html
    assert b'failures="0" errors="0" skipped="0">\n  <testsuite' not in junit_xml(certificate)
    assert b'<failure message="' in junit_xml(certificate)
