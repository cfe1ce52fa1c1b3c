"""``report``: the HTML report of a bundle on disk."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from ecu_bundle.errors import UsageError
from ecu_bundle.folders import require_outside_bundles, write_complete
from ecu_bundle.manifest import read_manifest
from ecu_bundle.parity.certificate import Certificate
from ecu_bundle.reporting.html import render_report


def report_of(bundle: Path, output: Path | None = None) -> Path:
    """Finds the report of a bundle, or writes it again from certificate and resources.

    Args:
        bundle: folder of the bundle.
        output: file to write; None leaves the bundle as it is and finds its own report.

    Returns:
        The report.

    Raises:
        UsageError: not a bundle, its records cannot be read, or the file cannot be written.
    """
    manifest = read_manifest(bundle)
    own = bundle / "reports" / "report.html"
    if output is None and own.is_file():
        return own
    if output is not None:
        require_outside_bundles(output)
    try:
        certificate = Certificate.model_validate_json((bundle / "reports/certificate.json").read_bytes())
        resources = [
            json.loads((bundle / folder / "reports/resources.json").read_bytes())
            for folder in manifest.halves
        ]
    except (OSError, ValidationError, ValueError) as error:
        raise UsageError(
            "report",
            "certificate or resources of the bundle cannot be read",
            place=str(bundle / "reports"),
            hint="`ecu-bundle verify` says which file is not as it was delivered",
        ) from error
    page = render_report(certificate, *resources, tool_version=manifest.tools["ecu-bundle"])
    place = output or own
    write_complete({place: page}, hint="give a file in a place that can be written, with -o")
    return place
