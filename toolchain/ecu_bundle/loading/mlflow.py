"""Find the model file of an MLflow model folder. Nothing in the folder is run."""

from __future__ import annotations

import re
import stat
from pathlib import Path, PurePosixPath

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading.content import STAGE, ModelFile
from ecu_bundle.loading.files import read_file

METADATA = "MLmodel"

_ENTRY = re.compile(r"""^(?P<indent> *)(?P<key>[A-Za-z0-9_.-]+|'[^']*'|"[^"]*") *:(?: +(?P<value>.*))?$""")
_FLAVOR_PATH_KEYS = {"sklearn": ("pickled_model", "model_path", "data"), "onnx": ("data",)}
_MAX_METADATA_BYTES = 1 << 20


def _scalar(text: str) -> str:
    """A YAML scalar on one line: plain, or in quotes without escapes."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text.split(" #", 1)[0].rstrip()


def parse_flavors(text: str) -> dict[str, dict[str, str]]:
    """The scalars of each flavor in an ``MLmodel`` file: ``{"sklearn": {"pickled_model": ...}}``.

    MLflow writes this file in YAML's block style, two levels of which are read here; that spares a
    YAML library. What is not a scalar of a flavor is passed over.
    """
    flavors: dict[str, dict[str, str]] = {}
    inside = False
    flavor = ""
    flavor_indent = entry_indent = 0
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _ENTRY.match(line.rstrip())
        indent = len(line) - len(line.lstrip(" "))
        if indent == 0:
            inside = found is not None and found["key"] == "flavors" and not found["value"]
            flavor, flavor_indent = "", 0
        elif inside and found is not None:
            key, value = _scalar(found["key"]), _scalar(found["value"] or "")
            flavor_indent = flavor_indent or indent
            if indent == flavor_indent:
                flavor, entry_indent = key, 0
                flavors[flavor] = {}
            elif flavor and indent == (entry_indent := entry_indent or indent) and value:
                flavors[flavor][key] = value
    return flavors


def _inside(folder: Path, relative: str) -> Path:
    """The path of a file in the folder, without links and without leaving it."""
    place = f"{folder / METADATA}: {relative!r}"
    parts = PurePosixPath(relative).parts
    if not parts or relative.startswith(("/", "~")) or ".." in parts or "\\" in relative or ":" in relative:
        raise UnsupportedModelError(
            STAGE, "the path of the model file leaves the MLflow folder", place=place, hint="do not use it"
        )
    path = folder
    for part in parts:
        path = path / part
        try:
            mode = path.lstat().st_mode
        except (OSError, ValueError) as error:
            raise UnsupportedModelError(
                STAGE, "the model file that MLmodel names is missing", place=place, hint="copy it as well"
            ) from error
        if stat.S_ISLNK(mode):
            raise UnsupportedModelError(
                STAGE, "links are not followed inside an MLflow folder", place=place, hint="copy the file"
            )
    return path


def find_model(folder: Path) -> ModelFile:
    """Read ``MLmodel`` and the file that it names (flavor ``sklearn``, else ``onnx``).

    Raises:
        UnsupportedModelError: no MLflow folder, another flavor, a path that is missing, a link or
            outside the folder.
    """
    metadata = folder / METADATA
    if not metadata.is_file() or metadata.is_symlink():
        raise UnsupportedModelError(
            STAGE,
            f"the folder is not an MLflow model: it has no file {METADATA}",
            place=str(folder),
            hint="give the model file itself, or the folder that holds MLmodel",
        )
    raw = read_file(metadata, max_bytes=_MAX_METADATA_BYTES)
    flavors = parse_flavors(raw.decode("utf-8", errors="replace"))
    for flavor, keys in _FLAVOR_PATH_KEYS.items():
        entries = flavors.get(flavor, {})
        relative = next((entries[key] for key in keys if key in entries), "")
        if relative:
            path = _inside(folder, relative)
            return ModelFile(
                name=path.name,
                place=str(path),
                data=read_file(path),
                declared_version=entries.get("sklearn_version", ""),
            )
    present = ", ".join(sorted(flavors)) or "none"
    raise UnsupportedModelError(
        STAGE,
        f"MLmodel names no scikit-learn or ONNX model (flavors: {present})",
        place=str(metadata),
        hint="log the model with mlflow.sklearn",
    )
