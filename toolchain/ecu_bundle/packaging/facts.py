"""The facts of a package: what the device checks before it erases anything, and what people want to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecu_bundle.lowering.kernels import kernel_set
from ecu_bundle.packaging import cbor
from ecu_bundle.packaging.cbor import Major
from ecu_bundle.packaging.cursor import Cursor
from ecu_bundle.packaging.layout import (
    DIGEST_SIZE,
    MAX_ENTRIES,
    MAX_HARDWARE_IDS,
    MAX_KERNEL_BYTES,
    MAX_TEXT,
    PROFILE,
    PackageKind,
)
from ecu_bundle.packaging.refusals import Status

_MODEL_FIELDS = 10
_KEY_SET_FIELDS = 1


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the device reads of a model package.

    Attributes:
        kind: of the image: 1 for ONNX Runtime, 2 for the native engine.
        image_format: version of the image format.
        program_format: version of the program format; 0 without a program.
        interface_hash: as in the image, 32 bytes.
        arena: bytes of working memory.
        stack: bytes of stack, an upper bound; 0 when unknown.
        image_size: bytes of the image alone.
        kernels: numbers of the kernels that the program needs, ascending.
        hardware: ids of the hardware that the model is for; empty for any.
    """

    kind: int
    image_format: int
    program_format: int
    interface_hash: bytes
    arena: int
    stack: int
    image_size: int
    kernels: tuple[int, ...] = ()
    hardware: tuple[int, ...] = ()

    @property
    def kernel_bits(self) -> bytes:
        """Bit k % 8 of byte k / 8 stands for kernel k; the last byte is not zero."""
        return kernel_set(self.kernels)


@dataclass(frozen=True, slots=True)
class Information:
    """What the device hashes but does not read. Digests have 32 bytes; empty means: not stated.

    Attributes:
        vendor, device_class: the texts that the ids of the manifest are made of.
        name, version: of the model.
        target: what the bundle was built for.
        onnx_digest, certificate_digest, training_digest, sbom_digest, image_digest: SHA-256.
        commit: of the repository that trains the model.
        tools: versions by name.
        part_number: of the software, as the OEM counts.
        rxswin: regulation software identification numbers (UN R156) that the model belongs to.
        predecessors: image digests of the models that this one may replace.
    """

    vendor: str
    device_class: str
    name: str = ""
    version: str = ""
    target: str = ""
    onnx_digest: bytes = b""
    certificate_digest: bytes = b""
    training_digest: bytes = b""
    sbom_digest: bytes = b""
    image_digest: bytes = b""
    commit: str = ""
    tools: dict[str, str] = field(default_factory=dict)
    part_number: str = ""
    rxswin: tuple[str, ...] = ()
    predecessors: tuple[bytes, ...] = ()


_FIELDS = (
    *("vendor", "device_class", "name", "version", "target", "onnx_digest", "certificate_digest"),
    *("training_digest", "sbom_digest", "image_digest", "commit", "tools", "part_number", "rxswin"),
    "predecessors",
)
"""Key 1 is the first."""
_REQUIRED = 2
_DIGESTS = frozenset(name for name in _FIELDS if name.endswith("_digest"))


def encode_facts(device: DeviceFacts | None, information: Information) -> bytes:
    """The string ``#facts``; without facts for the device it is that of a key package."""
    return cbor.array([_encode_device(device), _encode_information(information)])


def decode_facts(data: bytes, kind: PackageKind, origin: int = 0) -> tuple[DeviceFacts | None, bytes]:
    """What the device reads, and the bytes of the information.

    Raises:
        PackageError: as the device would say.
    """
    cursor = Cursor(data, origin=origin, short=Status.ECU_PACKAGE_MALFORMED)
    fields = _MODEL_FIELDS if kind == "model" else _KEY_SET_FIELDS
    cursor.expect(cbor.head(Major.ARRAY, 2) + cbor.head(Major.ARRAY, fields), "facts")
    cursor.expect(cbor.integer(PROFILE), "profile version", Status.ECU_PACKAGE_BAD_VERSION)
    device = _decode_device(cursor) if kind == "model" else None
    if not cursor.left:
        raise cursor.malformed("the facts have no information")
    return device, cursor.take(cursor.left)


def _encode_device(device: DeviceFacts | None) -> bytes:
    if device is None:
        return cbor.array([cbor.integer(PROFILE)])
    return cbor.array(
        [
            cbor.integer(PROFILE),
            cbor.integer(device.kind),
            cbor.integer(device.image_format),
            cbor.integer(device.program_format),
            cbor.byte_string(device.interface_hash),
            cbor.integer(device.arena),
            cbor.integer(device.stack),
            cbor.integer(device.image_size),
            cbor.byte_string(device.kernel_bits),
            cbor.array([cbor.integer(number) for number in device.hardware]),
        ]
    )


def _decode_device(cursor: Cursor) -> DeviceFacts:
    kind = cursor.unsigned("image kind")
    image_format = cursor.unsigned("image format")
    program_format = cursor.unsigned("program format")
    interface_hash = cursor.byte_string("interface hash", least=DIGEST_SIZE, most=DIGEST_SIZE)
    arena, stack = cursor.unsigned("arena"), cursor.unsigned("stack")
    image_size = cursor.unsigned("image size")
    bits = cursor.byte_string("kernels", most=MAX_KERNEL_BYTES)
    if bits and not bits[-1]:
        raise cursor.malformed("the last byte of the kernels is zero")
    kernels = int.from_bytes(bits, "little")
    hardware = tuple(
        cursor.unsigned("hardware id")
        for _ in range(cursor.count(Major.ARRAY, "hardware ids", most=MAX_HARDWARE_IDS))
    )
    return DeviceFacts(
        kind=kind,
        image_format=image_format,
        program_format=program_format,
        interface_hash=interface_hash,
        arena=arena,
        stack=stack,
        image_size=image_size,
        kernels=tuple(k for k in range(kernels.bit_length()) if kernels >> k & 1),
        hardware=hardware,
    )


def _encode_information(information: Information) -> bytes:
    items: dict[bytes, bytes] = {}
    for key, name in enumerate(_FIELDS, start=1):
        value = getattr(information, name)
        if value or key <= _REQUIRED:
            items[cbor.integer(key)] = _encode_value(value)
    return cbor.mapping(items)


def _encode_value(value: str | bytes | dict[str, str] | tuple[str | bytes, ...]) -> bytes:
    if isinstance(value, str):
        return cbor.text(value)
    if isinstance(value, bytes):
        return cbor.byte_string(value)
    if isinstance(value, dict):
        return cbor.mapping({cbor.text(key): cbor.text(text) for key, text in value.items()})
    return cbor.array([_encode_value(item) for item in value])


def decode_information(data: bytes, origin: int = 0) -> Information:
    """Reads what is for people.

    Raises:
        PackageError: not in the form of the page; a device would not notice.
    """
    cursor = Cursor(data, origin=origin, short=Status.ECU_PACKAGE_MALFORMED)
    found: dict[str, object] = {}
    last = 0
    for _ in range(cursor.count(Major.MAP, "information", most=len(_FIELDS))):
        key = cursor.unsigned("key of the information", least=last + 1, most=len(_FIELDS))
        last, name = key, _FIELDS[key - 1]
        found[name] = _decode_value(cursor, name)
        if not found[name] and key > _REQUIRED:
            raise cursor.malformed(f"{name} is stated and empty")
    cursor.end("the information")
    if len(found.keys() & set(_FIELDS[:_REQUIRED])) != _REQUIRED:
        raise cursor.malformed("the information lacks vendor or class")
    return Information(**found)  # type: ignore[arg-type]


def _decode_value(cursor: Cursor, name: str) -> object:
    if name in _DIGESTS:
        return _digest(cursor, name)
    if name == "tools":
        return _decode_tools(cursor)
    if name in ("rxswin", "predecessors"):
        count = cursor.count(Major.ARRAY, name, most=MAX_ENTRIES)
        if name == "rxswin":
            return tuple(cursor.text(name, most=MAX_TEXT) for _ in range(count))
        return tuple(_digest(cursor, name) for _ in range(count))
    return cursor.text(name, most=MAX_TEXT)


def _digest(cursor: Cursor, name: str) -> bytes:
    return cursor.byte_string(name, least=DIGEST_SIZE, most=DIGEST_SIZE)


def _decode_tools(cursor: Cursor) -> dict[str, str]:
    tools: dict[str, str] = {}
    for _ in range(cursor.count(Major.MAP, "tools", most=MAX_ENTRIES)):
        name = cursor.text("name of a tool", most=MAX_TEXT)
        if tools and cbor.text(name) <= cbor.text(list(tools)[-1]):
            raise cursor.malformed("the tools are not in ascending order")
        tools[name] = cursor.text("version of a tool", most=MAX_TEXT)
    return tools
