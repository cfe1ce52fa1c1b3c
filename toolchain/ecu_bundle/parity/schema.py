"""The JSON Schema of the certificate: ``python -m ecu_bundle.parity.schema > FILE`` writes it."""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ecu_bundle.parity.certificate import CERTIFICATE_VERSION, Certificate

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _WithInfinities(GenerateJsonSchema):
    """Numbers may also be the three texts that stand for what JSON has no number for."""

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return {"anyOf": [super().float_schema(schema), {"enum": ["Infinity", "-Infinity", "NaN"]}]}


def certificate_schema() -> dict[str, Any]:
    """The schema of a certificate as it is written, with every field required."""
    schema = Certificate.model_json_schema(mode="serialization", schema_generator=_WithInfinities)
    title = f"ecu-bundle parity certificate, version {CERTIFICATE_VERSION}"
    return {"$schema": DIALECT, **schema, "title": title}


def schema_text() -> str:
    """Canonical text: sorted keys, two spaces, final newline."""
    return json.dumps(certificate_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
