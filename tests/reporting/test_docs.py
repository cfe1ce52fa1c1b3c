"""docs/parity_certificate.md explains every field of the certificate, and only those."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel

from ecu_bundle.parity import certificate

PAGE = Path(__file__).parents[2] / "docs" / "parity_certificate.md"


def test_every_field_is_explained() -> None:
    parts = [
        part
        for part in vars(certificate).values()
        if isinstance(part, type) and issubclass(part, BaseModel) and part.__module__ == certificate.__name__
    ]
    fields = {name for part in parts for name in part.model_fields}
    explained = set()
    for first_cell in re.findall(r"^\| (`.*?) \|", PAGE.read_text(), re.M):
        explained |= set(re.findall(r"`(\w+)`", first_cell))
    histogram = {"exact", "edges", "counts"}
    assert explained == fields - histogram
    for name in histogram:
        assert f"`{name}" in PAGE.read_text()


def test_the_version_is_the_one_of_the_code() -> None:
    assert PAGE.read_text().startswith(
        f"# The parity certificate, version {certificate.CERTIFICATE_VERSION}\n"
    )
