"""What is in an update package, for people and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecu_bundle.console import table

if TYPE_CHECKING:
    from ecu_bundle.packaging.facts import DeviceFacts, Information
    from ecu_bundle.packaging.key_set import TrustedKey
    from ecu_bundle.packaging.reader import Package
    from ecu_bundle.packaging.template import Header


def inspect_package(path: Path) -> dict[str, Any]:
    """The facts of a package in a file, or of the record of one in a slot; its signature is not checked,
    which needs a key.

    Raises:
        BundleError: it cannot be read, or is not as its profile says.
    """
    from ecu_bundle.packaging.checking import check_content
    from ecu_bundle.packaging.files import read_file
    from ecu_bundle.packaging.reader import check_digests, is_record, read_information, read_package
    from ecu_bundle.packaging.template import read_header

    data = read_file(path)
    if is_record(data):
        header = read_header(data)
        check_digests(header)
        return _facts(header, read_information(header), "record", ())
    package = read_package(data, allow_unsigned=True)
    check_content(package)
    return package_facts(package)


def package_facts(package: Package) -> dict[str, Any]:
    """The facts, ready for JSON. Digests and ids are hexadecimal; what is not stated is empty."""
    from ecu_bundle.packaging.key_set import decode_key_set

    keys = () if package.header.device is not None else decode_key_set(package.payload)
    return _facts(package.header, package.information, "package", keys)


def _facts(
    header: Header, information: Information, kind: str, keys: tuple[TrustedKey, ...]
) -> dict[str, Any]:
    from ecu_bundle.packaging.layout import PROFILE

    authentication, manifest = header.authentication, header.manifest
    name = f"{information.name} {information.version}".strip()
    model = f"model {name}".strip() if header.device is not None else ""
    return {
        "kind": kind,
        "content": model or (f"{len(keys)} keys" if keys else "keys"),
        "profile": PROFILE,
        "sequence": manifest.sequence,
        "algorithm": authentication.algorithm,
        "key": authentication.key_id.hex(),
        "vendor": information.vendor,
        "vendor_id": manifest.vendor.hex(),
        "device_class": information.device_class,
        "class_id": manifest.device_class.hex(),
        "name": information.name,
        "version": information.version,
        "part_number": information.part_number,
        "rxswin": list(information.rxswin),
        "target": information.target,
        "commit": information.commit,
        "manifest_digest": authentication.digest.hex(),
        "payload_digest": manifest.payload_digest.hex(),
        "image_digest": information.image_digest.hex(),
        "onnx_digest": information.onnx_digest.hex(),
        "certificate_digest": information.certificate_digest.hex(),
        "training_digest": information.training_digest.hex(),
        "sbom_digest": information.sbom_digest.hex(),
        "predecessors": [digest.hex() for digest in information.predecessors],
        "header_bytes": header.size,
        "payload_bytes": manifest.payload_size,
        "needs": None if header.device is None else _needs(header.device),
        "keys": [
            {
                "id": entry.key.id.hex(),
                "type": entry.key.kind,
                "uses": entry.uses.words,
                "minimum": entry.minimum,
            }
            for entry in keys
        ],
        "tools": information.tools,
    }


def package_text(facts: dict[str, Any]) -> str:
    """The facts as a page for people."""
    what = "update package" if facts["kind"] == "package" else "record of an installed package"
    rows = [["kind", f"{what}, {facts['content']}"]]
    skipped = ("kind", "content", "algorithm", "needs", "keys", "tools")
    for key, value in facts.items():
        if key in skipped or value in ("", None, []):
            continue
        rows.append([key.replace("_", " "), ", ".join(value) if isinstance(value, list) else str(value)])
    if facts["kind"] == "record":
        rows.append(["payload", "not in a record; the digests of manifest and facts are right"])
    if not facts["key"]:
        rows.append(["key", "none: not signed, so no device takes it"])
    if facts["tools"]:
        rows.append(["tools", ", ".join(f"{name} {version}" for name, version in facts["tools"].items())])
    lines = [table(rows)]
    if facts["needs"] is not None:
        needs = [[key.replace("_", " "), _shown(value)] for key, value in facts["needs"].items()]
        lines += ["", "the device needs", table([["  " + key, value] for key, value in needs if value])]
    for key in facts["keys"]:
        uses = " and ".join(key["uses"])
        lines.append(f"key {key['id']} ({key['type']}), signs {uses} from sequence {key['minimum']} on")
    return "\n".join(lines)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _needs(facts: DeviceFacts) -> dict[str, Any]:
    from ecu_bundle.lowering.kernels import KERNELS_BY_NUMBER
    from ecu_bundle.packaging.device import engine_name

    kernels = [KERNELS_BY_NUMBER[k].name if k in KERNELS_BY_NUMBER else str(k) for k in facts.kernels]
    return {
        "engine": engine_name(facts.kind),
        "image_format": facts.image_format,
        "program_format": facts.program_format,
        "interface_hash": facts.interface_hash.hex(),
        "arena_bytes": facts.arena,
        "stack_bytes": facts.stack,
        "image_bytes": facts.image_size,
        "kernels": kernels,
        "hardware": [f"{number:#x}" for number in facts.hardware],
    }
