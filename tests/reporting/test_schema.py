"""The JSON Schema of the certificate: up to date, and true of certificates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from ecu_bundle.parity.schema import certificate_schema, schema_text
from pipeline.examples import Bundles

from . import certificates

FILE = Path(__file__).parents[2] / "docs" / "parity_certificate.schema.json"


def validate(content: Any) -> None:
    jsonschema.Draft202012Validator(certificate_schema()).validate(content)


def test_the_file_is_the_one_of_the_code() -> None:
    assert FILE.read_text() == schema_text(), f"run: python -m ecu_bundle.parity.schema > docs/{FILE.name}"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(certificate_schema())


@pytest.mark.parametrize("name", sorted(certificates.ALL))
def test_every_kind_of_certificate_is_valid(name: str) -> None:
    validate(json.loads(certificates.ALL[name]().to_json()))


@pytest.mark.parametrize("example", ["auto_mpg", "wine_grade"])
def test_the_certificate_of_a_bundle_is_valid(example: str, bundles: Bundles) -> None:
    validate(json.loads((bundles(example) / "reports/certificate.json").read_bytes()))


def _drop(content: dict[str, Any]) -> None:
    del content["witnesses"]


def _add(content: dict[str, Any]) -> None:
    content["remark"] = "fine"


def _version(content: dict[str, Any]) -> None:
    content["certificate_version"] = 1


def _text(content: dict[str, Any]) -> None:
    content["tolerance"] = "small"


def _method(content: dict[str, Any]) -> None:
    content["comparisons"][0]["outputs"][0]["method"] = "hope"


@pytest.mark.parametrize("harm", [_drop, _add, _version, _text, _method])
def test_what_is_no_certificate_is_refused(harm: Any) -> None:
    content = json.loads(certificates.regressor().to_json())
    harm(content)
    with pytest.raises(jsonschema.ValidationError):
        validate(content)
