"""Judge ``schema.json`` of a skops file before anything in it is restored.

The schema is a JSON tree whose nodes name a type (``__module__``, ``__class__``) and the way to restore
it (``__loader__``). Every node must be on the list of `skops_types`. skops audits types by itself too,
but with one list for all ways; here a class cannot pass as a function to be called, nor the reverse.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ecu_bundle.loading.skops_types import ALLOWED, BOOSTER_PACKAGES, BOOSTERS

PROTOCOLS = (1, 2)
"""Versions of the format that are read; 2 is written since skops 0.12."""

Node = dict[str, Any]


class MalformedSchemaError(Exception):
    """The schema is not what skops writes."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What the schema says about the file.

    Attributes:
        root: full type name of the saved object.
        types: all type names, sorted; each is on the list.
        untrusted: type names that are on no list for the way they are used, sorted.
        boosters: type names that belong to models of LightGBM and XGBoost, sorted.
        sklearn_versions: versions that wrote the estimators, the root's first when it has one.
        members: names of the ZIP members that are read, once for each time that skops reads one.
    """

    root: str
    types: tuple[str, ...]
    untrusted: tuple[str, ...]
    boosters: tuple[str, ...]
    sklearn_versions: tuple[str, ...]
    members: tuple[str, ...]


def _nodes(tree: Node) -> Iterator[Node]:
    """All nodes of the tree, depth first in file order, without recursion."""
    pending: list[Any] = [tree]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if "__loader__" in value:
                yield value
            pending.extend(reversed(list(value.values())))
        elif isinstance(value, list):
            pending.extend(reversed(value))


def _type_name(node: Node) -> str:
    module, name = node.get("__module__"), node.get("__class__")
    if not isinstance(module, str) or not isinstance(name, str):
        raise MalformedSchemaError("a node names no type")
    return f"{module}.{name}"


def _sklearn_version(node: Node) -> str | None:
    """The version in the state of an estimator; None when the node is not such a state."""
    content = node.get("content")
    entry = content.get("_sklearn_version") if isinstance(content, dict) else None
    if not isinstance(entry, dict) or not isinstance(entry.get("content"), str):
        return None
    version = json.loads(entry["content"])
    return version if isinstance(version, str) else None


def _check_keys(node: Node) -> None:
    """skops calls the types of dictionary keys; only plain types may stand there."""
    key_types = node.get("key_types")
    listed = key_types.get("content") if isinstance(key_types, dict) else None
    if not isinstance(listed, list) or any(
        not isinstance(item, dict) or item.get("__loader__") != "TypeNode" for item in listed
    ):
        raise MalformedSchemaError("the keys of a dictionary have no plain types")


def read_schema(text: bytes) -> Schema:
    """Parse and judge a schema.

    Raises:
        MalformedSchemaError: not the JSON that skops writes, or an unknown protocol.
    """
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedSchemaError(f"schema.json cannot be parsed: {error}") from error
    if not isinstance(tree, dict) or "__loader__" not in tree:
        raise MalformedSchemaError("schema.json describes no object")
    protocol = tree.get("protocol")
    if type(protocol) is not int or protocol not in PROTOCOLS:
        raise MalformedSchemaError(f"skops protocol {protocol!r} is not read here")
    types: set[str] = set()
    untrusted: set[str] = set()
    boosters: set[str] = set()
    versions: dict[str, None] = {}
    members: list[str] = []
    known_ids: set[int] = set()
    for node in _nodes(tree):
        name = _type_name(node)
        loader = node["__loader__"]
        types.add(name)
        if isinstance(loader, str) and name in BOOSTERS.get(loader, ()):
            boosters.add(name)
        elif not isinstance(loader, str) or name not in ALLOWED.get(loader, ()):
            untrusted.add(name)
        if loader == "DictNode":
            _check_keys(node)
            version = _sklearn_version(node)
            if version is not None:
                versions[version] = None
        # a node whose id came before is not read again by skops
        node_id = node.get("__id__")
        if isinstance(node.get("file"), str) and node_id not in known_ids:
            members.append(node["file"])
        if isinstance(node_id, int) and node_id:
            known_ids.add(node_id)
    if not any(name.startswith(BOOSTER_PACKAGES) for name in boosters):
        untrusted |= boosters
        boosters.clear()
    return Schema(
        root=_type_name(tree),
        types=tuple(sorted(types)),
        untrusted=tuple(sorted(untrusted)),
        boosters=tuple(sorted(boosters)),
        sklearn_versions=tuple(versions),
        members=tuple(members),
    )
