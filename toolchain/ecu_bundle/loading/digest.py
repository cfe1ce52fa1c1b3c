"""A digest of an estimator that has no file: the same for equal content in every process."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from ecu_bundle.artifacts import sha256_hex


def _canonical(node: Any, members: dict[str, str]) -> Any:
    """A skops schema without addresses: members by their digest, sets in a fixed order."""
    if isinstance(node, list):
        return [_canonical(item, members) for item in node]
    if not isinstance(node, dict):
        return node
    same = {key: _canonical(value, members) for key, value in node.items() if key != "__id__"}
    if isinstance(node.get("file"), str):
        same["file"] = members[node["file"]]
    if node.get("__loader__") == "SetNode":
        same["content"] = sorted(same["content"], key=lambda item: json.dumps(item, sort_keys=True))
    return same


def content_digest(estimator: object) -> str:
    """SHA-256 over what skops would write, without the addresses that it uses as names.

    Raises:
        Exception: of any kind, when the estimator cannot be written.
    """
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as archive:
        members = {name: sha256_hex(archive.read(name)) for name in archive.namelist()}
        schema = json.loads(archive.read("schema.json"))
    return sha256_hex(json.dumps(_canonical(schema, members), sort_keys=True).encode())
