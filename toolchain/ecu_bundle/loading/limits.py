"""How much a model file may cost us. A hostile file meets one of these before it meets our memory."""

from __future__ import annotations

GIB = 1 << 30

MAX_FILE_BYTES = 2 * GIB
"""Largest model file that is read; also the limit of an ONNX (protobuf) file."""

MAX_UNPACKED_BYTES = 2 * GIB
"""Largest sum of all members of an archive after decompression."""

MAX_ZIP_ENTRIES = 200_000
"""A forest of 10,000 trees has about 60,000 entries."""

MAX_TAR_MEMBERS = 10_000

MAX_COMPRESSION_RATIO = 200
"""Unpacked bytes for each packed byte, judged once `RATIO_FREE_BYTES` are exceeded."""

RATIO_FREE_BYTES = 64 << 20

MAX_SCHEMA_BYTES = GIB // 2
"""Largest ``schema.json`` of a skops file."""

CHILD_SECONDS = 180.0
"""Wall-clock time that loading a pickle may take, imports included."""

CHILD_MEMORY_BYTES = 8 * GIB
"""Address space of the process that loads a pickle."""
