"""Read a ``.skops`` file: a ZIP of arrays and a schema, restored from an allow-list of types."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading import limits
from ecu_bundle.loading.boosters import admit
from ecu_bundle.loading.content import STAGE, Content, ModelFile, Options
from ecu_bundle.loading.skops_schema import MalformedSchemaError, Schema, read_schema
from ecu_bundle.loading.structure import MalformedModelError, check_structure
from ecu_bundle.loading.versions import check_versions

SCHEMA = "schema.json"

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    KeyError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


class _BombError(Exception):
    """The archive unpacks to more than is allowed."""


def _judge_sizes(entries: Iterable[zipfile.ZipInfo], packed_bytes: int, what: str) -> None:
    """Refuse an archive whose directory promises too much; `zipfile` never unpacks more than that."""
    unpacked = 0
    names: set[str] = set()
    for count, info in enumerate(entries, 1):
        unpacked += info.file_size
        if count > limits.MAX_ZIP_ENTRIES:
            raise _BombError(f"{what} has more than {limits.MAX_ZIP_ENTRIES} entries")
        if info.filename in names:
            raise zipfile.BadZipFile(f"{what} holds {info.filename!r} twice")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise zipfile.BadZipFile(f"{what} holds a link")
        names.add(info.filename)
    _judge_total(unpacked, packed_bytes, what)


def _judge_total(unpacked: int, packed_bytes: int, what: str) -> None:
    if unpacked > limits.MAX_UNPACKED_BYTES:
        raise _BombError(f"{what} unpacks to {unpacked} bytes")
    if unpacked > limits.RATIO_FREE_BYTES and unpacked > packed_bytes * limits.MAX_COMPRESSION_RATIO:
        raise _BombError(f"{what} unpacks {packed_bytes} bytes to {unpacked} (a decompression bomb?)")


def _judge_archive(data: bytes) -> Schema:
    """Sizes of the ZIP, its schema, and the sizes of what the schema refers to."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        _judge_sizes(archive.infolist(), len(data), "the file")
        if SCHEMA not in entries:
            raise MalformedSchemaError(f"a ZIP archive without {SCHEMA}")
        if entries[SCHEMA].file_size > limits.MAX_SCHEMA_BYTES:
            raise _BombError(f"{SCHEMA} has {entries[SCHEMA].file_size} bytes")
        schema = read_schema(archive.read(SCHEMA))
        # one member may be referred to by many nodes, and each makes a copy
        missing = sorted(set(schema.members) - entries.keys())
        if missing:
            raise MalformedSchemaError(f"the member {missing[0]!r} is missing")
        _judge_total(sum(entries[name].file_size for name in schema.members), len(data), "the schema")
        # sparse matrices are ZIP archives inside the archive
        for name in sorted({member for member in schema.members if member.endswith(".npz")}):
            inner = archive.read(name)
            with zipfile.ZipFile(io.BytesIO(inner)) as nested:
                _judge_sizes(nested.infolist(), len(inner), name)
    return schema


def _untrusted(schema: Schema, file: ModelFile) -> UnsupportedModelError:
    hint = (
        "train with scikit-learn's estimators only, or LightGBM's and XGBoost's (no custom classes or "
        "functions), "
        "or convert the model yourself and give the .onnx file"
    )
    if any(name.startswith("scipy.stats.") for name in schema.untrusted):
        hint = "of a randomised search save its best_estimator_"
    return UnsupportedModelError(
        STAGE,
        f"the file holds types that are not scikit-learn's own: {', '.join(schema.untrusted)}",
        place=file.place,
        hint=hint,
    )


def load_skops(file: ModelFile, options: Options, *, written_with: tuple[str, ...] = ()) -> Content:
    """Restore the estimator of a skops file.

    Args:
        file: the file in memory.
        options: what the user allows.
        written_with: scikit-learn versions that are known better than the file knows them (it was
            made from a pickle); empty to believe the file.

    Raises:
        UnsupportedModelError: no skops file, corrupt, a bomb, or with types that are not on the list.
        UsageError: written by another scikit-learn, and that is not allowed; or it holds a model of
            LightGBM or XGBoost, and the user does not vouch for it.
        ToolMissingError: the package of such a model is not installed.
    """
    import skops.io

    hint = "save the model again with skops.io.dump"
    try:
        schema = _judge_archive(file.data)
    except _BombError as error:
        raise UnsupportedModelError(STAGE, f"refused: {error}", place=file.place, hint=hint) from error
    except MalformedSchemaError as error:
        raise UnsupportedModelError(
            STAGE, f"not a skops file: {error}", place=file.place, hint=hint
        ) from error
    except _ZIP_ERRORS as error:
        raise UnsupportedModelError(
            STAGE, f"the skops file is corrupt or truncated: {error}", place=file.place, hint=hint
        ) from error
    versions = written_with or schema.sklearn_versions
    notes = check_versions(
        (*versions, file.declared_version), allow_skew=options.allow_version_skew, place=file.place
    )
    if schema.untrusted:
        raise _untrusted(schema, file)
    notes += admit(schema.boosters, trusted=options.trust_pickle, place=file.place)
    try:
        with warnings.catch_warnings():
            # version skew was judged above; other warnings concern training
            warnings.simplefilter("ignore")
            estimator = skops.io.loads(file.data, trusted=list(schema.types))
            check_structure(estimator)
    except MalformedModelError as error:
        raise UnsupportedModelError(
            STAGE, f"the model is damaged: {error}", place=f"{file.place}: {schema.root}", hint=hint
        ) from error
    except Exception as error:  # a state that a class does not expect may raise anything
        raise UnsupportedModelError(
            STAGE,
            f"the object cannot be restored: {type(error).__name__}: {error}",
            place=f"{file.place}: {schema.root}",
            hint=hint,
        ) from error
    return Content(estimator=estimator, sklearn_version=versions[0] if versions else "", notes=notes)
