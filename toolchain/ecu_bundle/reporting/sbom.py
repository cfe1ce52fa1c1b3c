"""The software bill of materials of a bundle, CycloneDX 1.6 JSON (https://cyclonedx.org/docs/1.6/json/).

Written as plain JSON and not through the CycloneDX library, which is used to validate it in the tests:
the document is small, and the library would become a dependency of every installation.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ecu_bundle.artifacts import sha256_hex
from ecu_bundle.errors import InternalError
from ecu_bundle.parity.certificate import Certificate
from ecu_bundle.reporting.verdict import failures

if TYPE_CHECKING:
    from ecu_bundle.building.crypto_sources import CryptoLibrary

ComponentKind = Literal["application", "firmware", "framework", "library", "machine-learning-model"]

_SERIAL_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/schema/bom-1.6.schema.json")


@dataclass(frozen=True, slots=True)
class Component:
    """Something that is inside a bundle.

    Attributes:
        name: unique among the components of one bundle.
        version: as its supplier writes it; empty when unknown.
        kind: CycloneDX component type.
        sha256: 64 lower-case hexadecimal digits; empty when it has no single file.
        licence: SPDX licence expression; empty when unknown.
        purl: package URL; empty when there is none.
        description: one line for people.
    """

    name: str
    version: str
    kind: ComponentKind = "library"
    sha256: str = ""
    licence: str = ""
    purl: str = ""
    description: str = ""


def standard_components(
    certificate: Certificate, *, tool_version: str, signatures: CryptoLibrary | None = None
) -> tuple[Component, ...]:
    """What ecu-bundle itself puts into a bundle: its runtime, ONNX Runtime for the ``ort`` engine, and what
    checks signatures where it takes update packages.
    """
    runtime = Component(
        name="ecu-bundle",
        version=tool_version,
        licence="Apache-2.0",
        purl=f"pkg:generic/ecu-bundle@{tool_version}",
        description="Runtime sources of the bundle, and the tool that generated it",
    )
    libraries = tuple(
        Component(
            name="onnxruntime",
            version=binary.onnxruntime_version,
            sha256=binary.onnxruntime_digest,
            licence="MIT",
            purl=f"pkg:github/microsoft/onnxruntime@v{binary.onnxruntime_version}",
            description=f"ONNX Runtime library for {binary.target}",
        )
        for binary in certificate.binaries
        if binary.onnxruntime_version
    )
    if signatures:
        libraries += (
            Component(
                name=signatures.name,
                version=signatures.version,
                licence=signatures.licence,
                description=f"Checks the signatures of update packages; from the {signatures.origin}",
            ),
        )
    return (runtime, *libraries)


def sbom(certificate: Certificate, components: tuple[Component, ...], *, model_licence: str = "") -> bytes:
    """CycloneDX 1.6 as UTF-8 JSON: the bundle, its model and the given components.

    The serial number is a UUID made from the content, and there is no time stamp, so the same bundle gives
    the same bytes.

    Args:
        certificate: of the bundle; the digests of model and sources are taken from it.
        components: what else is inside, each with its own name; see `standard_components`.
        model_licence: SPDX expression of the customer's model; empty when not stated.

    Raises:
        InternalError: a digest is not SHA-256 in hexadecimal, or two components share a name.
    """
    bundle = Component(
        name=certificate.model_name,
        version=certificate.model_version,
        kind="firmware",
        sha256=certificate.sources_digest,
        description="C++ bundle; the hash is the digest of its generated sources",
    )
    model = Component(
        name=f"{certificate.model_name}.onnx",
        version=certificate.model_version,
        kind="machine-learning-model",
        sha256=certificate.onnx_digest,
        licence=model_licence,
        description=certificate.model_title,
    )
    parts = (model, *sorted(components, key=lambda component: component.name))
    _check_names((bundle, *parts))
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": _record(bundle),
            "tools": {
                "components": [_tool(name, version) for name, version in sorted(certificate.tools.items())]
            },
        },
        "components": [{**_record(model), "modelCard": _model_card(certificate)}, *map(_record, parts[1:])],
        "dependencies": [
            {"ref": _reference(bundle), "dependsOn": sorted(_reference(part) for part in parts)},
            *({"ref": _reference(part)} for part in parts),
        ],
    }
    serial = uuid.uuid5(_SERIAL_NAMESPACE, sha256_hex(_canonical(document)))
    return _canonical({**document, "serialNumber": f"urn:uuid:{serial}"})


def _canonical(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode()


def _check_names(components: tuple[Component, ...]) -> None:
    names = [component.name for component in components]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InternalError(
            "report", "two components of the bill of materials share a name", place=repeated[0]
        )


def _reference(component: Component) -> str:
    return f"{component.kind}:{component.name}"


def _record(component: Component) -> dict[str, Any]:
    record: dict[str, Any] = {
        "type": component.kind,
        "bom-ref": _reference(component),
        "name": component.name,
    }
    if component.sha256:
        record["hashes"] = [{"alg": "SHA-256", "content": _checked(component)}]
    if component.licence:
        record["licenses"] = [{"expression": component.licence}]
    optional = {"version": component.version, "purl": component.purl, "description": component.description}
    return record | {key: text for key, text in optional.items() if text}


def _checked(component: Component) -> str:
    if re.fullmatch(r"[0-9a-f]{64}", component.sha256) is None:
        raise InternalError(
            "report", "a digest is not SHA-256 in hexadecimal", place=f"component {component.name}"
        )
    return component.sha256


def _tool(name: str, version: str) -> dict[str, str]:
    return {"type": "library", "name": name} | ({"version": version} if version else {})


def _model_card(certificate: Certificate) -> dict[str, Any]:
    """What the model computes from what, and whether its parity is proved."""
    interface = certificate.interface
    parameters: dict[str, Any] = {
        "task": interface.kind,
        "inputs": [
            {"format": f"{tensor.name}: {tensor.dtype}[{tensor.elements}]"} for tensor in interface.inputs
        ],
        "outputs": [
            {"format": f"{tensor.name}: {tensor.dtype}[{tensor.elements}]"} for tensor in interface.outputs
        ],
    }
    if certificate.reference.estimator:
        parameters["modelArchitecture"] = certificate.reference.estimator
    verdict = "failed" if failures(certificate) else "passed"
    properties = [
        {"name": "ecu-bundle:parity", "value": verdict},
        {"name": "ecu-bundle:source-sha256", "value": certificate.reference.source_digest},
    ]
    return {"modelParameters": parameters, "properties": properties}
