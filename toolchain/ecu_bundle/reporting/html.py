"""The HTML report: one self-contained file that a person reads, prints and archives."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from ecu_bundle.errors import UsageError
from ecu_bundle.generation.templates import share
from ecu_bundle.parity.certificate import Certificate
from ecu_bundle.reporting.headline import headline
from ecu_bundle.reporting.model_view import (
    digest_facts,
    engine_choice,
    interface_table,
    model_facts,
    row_sources,
    target_view,
    version_facts,
)
from ecu_bundle.reporting.parity_view import gate_views, summary_table
from ecu_bundle.reporting.proof_view import proof_view
from ecu_bundle.reporting.resources import resource_views
from ecu_bundle.reporting.text import visible


def render_report(certificate: Certificate, *resources: dict[str, Any], tool_version: str) -> bytes:
    """The report as UTF-8 HTML: no script, no request to any other file, the same bytes every time.

    Args:
        certificate: what was compared and found.
        resources: content of ``reports/resources.json`` of each half of the bundle; every key may be missing.
        tool_version: version of ecu-bundle that writes the report.

    Raises:
        UsageError: the certificate or the resource record contradicts itself and cannot be drawn.
    """
    _check_drawable(certificate)
    interface = certificate.interface
    page = _environment().get_template("report.html.j2")
    text = page.render(
        title=certificate.model_title or certificate.model_name,
        certificate=certificate,
        headline=headline(certificate),
        model=model_facts(certificate),
        estimator_lines=tuple(certificate.reference.estimator_text.splitlines()),
        interface=(
            interface_table("interface-inputs", "Inputs of one row", interface.inputs),
            interface_table("interface-outputs", "Outputs of one row", interface.outputs),
        ),
        summary=summary_table(certificate),
        gates=gate_views(certificate),
        rows=row_sources(certificate),
        proof=proof_view(certificate),
        targets=tuple(map(target_view, certificate.binaries)),
        choice=engine_choice(certificate.binaries),
        resources=resource_views(resources),
        versions=version_facts(certificate, tool_version),
        digests=digest_facts(certificate),
        tool_version=tool_version,
    )
    return text.encode("utf-8")


def _check_drawable(certificate: Certificate) -> None:
    """A certificate that was edited by hand may hold lists of different lengths."""
    for gate in certificate.comparisons:
        for output in gate.outputs:
            histogram = output.histogram
            sound = (
                len(output.sample_expected) == len(output.sample_actual)
                and (histogram is None or len(histogram.edges) == len(histogram.counts) + 1)
                and all(len(row) == len(output.confusion) for row in output.confusion)
            )
            if not sound:
                raise UsageError(
                    "report",
                    "the certificate holds samples, bins or labels that do not match in number",
                    place=f"output {output.name} of {gate.right} against {gate.left}",
                    hint="run ecu-bundle verify; it writes the certificate again",
                )


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(share() / "templates" / "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )


def _shown(value: object) -> object:
    """Every text that reaches the page, made visible; drawings are finished already."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
