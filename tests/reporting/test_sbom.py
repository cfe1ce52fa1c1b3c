"""The bill of materials, judged by the CycloneDX project's own strict validator."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from ecu_bundle.errors import InternalError
from ecu_bundle.parity.certificate import Certificate
from ecu_bundle.reporting.sbom import Component, sbom, standard_components

from . import certificates


def made(certificate: Certificate, *more: Component) -> bytes:
    components = standard_components(certificate, tool_version="0.1.0")
    return sbom(certificate, (*components, *more), model_licence="LicenseRef-proprietary")


def content(certificate: Certificate, *more: Component) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(made(certificate, *more))
    return document


@pytest.mark.parametrize("name", sorted(certificates.ALL))
def test_strictly_valid(name: str) -> None:
    text = made(certificates.ALL[name]()).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_the_validator_can_refuse() -> None:
    broken = made(certificates.regressor()).replace(b'"SHA-256"', b'"SHA-257"').decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(broken) is not None


def test_lists_model_runtime_and_onnxruntime_with_hash_and_licence() -> None:
    document = content(certificates.regressor())
    assert document["specVersion"] == "1.6"
    parts = {part["name"]: part for part in document["components"]}
    assert sorted(parts) == ["auto_mpg.onnx", "ecu-bundle", "onnxruntime"]
    assert parts["onnxruntime"]["version"] == "1.32.0"
    assert parts["onnxruntime"]["hashes"][0]["content"] == certificates.digest("onnxruntime")
    assert parts["onnxruntime"]["licenses"] == [{"expression": "MIT"}]
    assert parts["ecu-bundle"]["licenses"] == [{"expression": "Apache-2.0"}]
    assert parts["auto_mpg.onnx"]["hashes"][0]["content"] == certificates.digest("onnx")
    assert document["metadata"]["component"]["hashes"][0]["content"] == certificates.digest("sources")


def test_every_part_is_a_dependency_of_the_bundle() -> None:
    document = content(certificates.regressor())
    bundle = next(entry for entry in document["dependencies"] if "dependsOn" in entry)
    assert bundle["ref"] == document["metadata"]["component"]["bom-ref"]
    assert bundle["dependsOn"] == sorted(part["bom-ref"] for part in document["components"])


def test_same_bytes_twice_and_another_serial_for_another_bundle() -> None:
    base = certificates.regressor()
    assert made(base) == made(base)
    other = base.model_copy(update={"onnx_digest": certificates.digest("other")})
    assert content(base)["serialNumber"] != content(other)["serialNumber"]
    assert "timestamp" not in made(base).decode()


def test_order_of_components_does_not_matter() -> None:
    base = certificates.regressor()
    first, second = Component("a", "1"), Component("b", "2")
    assert made(base, first, second) == made(base, second, first)


def test_a_failed_proof_is_visible() -> None:
    card = content(certificates.classifier())["components"][0]["modelCard"]
    assert {"name": "ecu-bundle:parity", "value": "failed"} in card["properties"]


@pytest.mark.parametrize(
    "component", [Component("ecu-bundle", "2"), Component("x", "1", sha256="ABC"), Component("fault", "")]
)
def test_wrong_components_are_refused(component: Component) -> None:
    with pytest.raises(InternalError):
        made(certificates.classifier(), component)
