"""Would a device take this package? The checks of the page that need to know the device."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ecu_bundle.image.layout import PAYLOAD_KINDS
from ecu_bundle.packaging.facts import DeviceFacts, decode_information
from ecu_bundle.packaging.keys import KeyKind
from ecu_bundle.packaging.layout import HEADER_LIMIT, class_id, vendor_id
from ecu_bundle.packaging.refusals import PackageError, Status
from ecu_bundle.packaging.template import Header


@dataclass(frozen=True, slots=True)
class Engine:
    """What runs on the device: what its bundle was built with.

    Attributes:
        kind, image_format, program_format: as in the facts.
        interface_hash: 32 bytes.
        kernels: numbers of those that are linked in; None for any, as ONNX Runtime has it.
        arena, stack: bytes; None when nothing is known.
        image_digest: SHA-256 of the model image that runs; empty when nothing is known.
        signatures: kinds of keys whose signatures its library checks; None when nothing is known.
    """

    kind: int
    image_format: int
    program_format: int
    interface_hash: bytes
    kernels: Collection[int] | None
    arena: int | None
    stack: int | None = None
    image_digest: bytes = b""
    signatures: Collection[KeyKind] | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """What is known about a device; None is not checked.

    Attributes:
        vendor, device_class: texts, of which the ids are made.
        hardware: id.
        counter: of the last confirmed package.
        slot_size: bytes of a slot, whose end keeps the header of the package.
        engine: what runs there.
    """

    vendor: str | None = None
    device_class: str | None = None
    hardware: int | None = None
    counter: int | None = None
    slot_size: int | None = None
    engine: Engine | None = None

    @property
    def signatures(self) -> Collection[KeyKind] | None:
        """Kinds of keys that it can check; None when nothing is known."""
        return None if self.engine is None else self.engine.signatures

    def unknown_for(self, header: Header) -> tuple[str, ...]:
        """What is not checked of a package because nothing is known about it, in the order of the checks."""
        sequence = header.manifest.sequence
        known = {
            "kinds of keys that the device can check": self.signatures is not None,
            "vendor": self.vendor is not None,
            "class": self.vendor is not None and self.device_class is not None,
            "hardware": header.device is None or self.hardware is not None,
            "counter": self.counter is not None,
            f"what the device holds (it is at sequence {sequence} too: the package is taken only with the "
            "very payload that is there)": self.counter != sequence,
            "engine, interface, kernels and arena": header.device is None or self.engine is not None,
            "size of the slot": header.device is None or self.slot_size is not None,
        }
        return tuple(what for what, is_known in known.items() if not is_known)


_ADDRESSEE = (
    "give the {option} of the device, or pack for it; `ecu-bundle inspect` shows what a package is for"
)


def engine_name(kind: int) -> str:
    """The engine that runs images of this kind."""
    return next((engine for engine, number in PAYLOAD_KINDS.items() if number == kind), f"kind {kind}")


def check_device(header: Header, device: Device) -> None:
    """Applies the checks in the order of the page.

    Raises:
        PackageError: with the status that the device would give.
    """
    _check_addressee(header, device)
    manifest = header.manifest
    if device.counter is not None and manifest.sequence < device.counter:
        raise PackageError(
            Status.ECU_PACKAGE_ROLLBACK,
            f"the package has sequence {manifest.sequence}, the device is at {device.counter}",
            hint="pack with a higher --sequence",
        )
    if header.device is None:
        return
    if device.engine is not None:
        if manifest.sequence == device.counter:
            _check_same(header, device.engine)
        _check_needs(header.device, device.engine)
    room = manifest.payload_size if device.slot_size is None else max(0, device.slot_size - HEADER_LIMIT)
    if manifest.payload_size > room:
        raise PackageError(
            Status.ECU_PACKAGE_TOO_LARGE,
            f"the payload has {manifest.payload_size} bytes, the slot has room for {room}: "
            f"its last {HEADER_LIMIT} bytes keep the header of the package",
            hint="pack fewer golden rows, or a smaller model",
        )


def _check_addressee(header: Header, device: Device) -> None:
    manifest, hardware = header.manifest, () if header.device is None else header.device.hardware
    if device.vendor is not None:
        if manifest.vendor != vendor_id(device.vendor):
            raise PackageError(
                Status.ECU_PACKAGE_WRONG_VENDOR,
                f"the package is not for devices of {device.vendor}",
                hint=_ADDRESSEE.format(option="--vendor"),
            )
        if device.device_class is not None and manifest.device_class != class_id(
            device.vendor, device.device_class
        ):
            raise PackageError(
                Status.ECU_PACKAGE_WRONG_CLASS,
                f"the package is not for the class {device.device_class}",
                hint=_ADDRESSEE.format(option="--device-class"),
            )
    if device.hardware is not None and hardware and device.hardware not in hardware:
        raise PackageError(
            Status.ECU_PACKAGE_WRONG_HARDWARE,
            f"the package is for hardware {', '.join(map(hex, hardware))}, not {device.hardware:#x}",
            hint=_ADDRESSEE.format(option="--hardware"),
        )


def _check_same(header: Header, engine: Engine) -> None:
    """A package with the sequence of the device has to bring what runs there."""
    digest = decode_information(header.information, header.information_offset).image_digest
    if digest and engine.image_digest and digest != engine.image_digest:
        raise PackageError(
            Status.ECU_PACKAGE_OTHER_CONTENT,
            f"the device is at sequence {header.manifest.sequence} already, with another model image",
            hint="pack with a higher --sequence",
        )


def _check_needs(facts: DeviceFacts, engine: Engine) -> None:
    if facts.kind != engine.kind:
        wanted, there = engine_name(facts.kind), engine_name(engine.kind)
        raise PackageError(
            Status.ECU_PACKAGE_WRONG_FORMAT,
            f"the model is for the engine {wanted}, the device has {there}",
            hint=f"pack the bundle of the engine that the device has; of one with both: --engine {there}",
        )
    for what, needed, found in (
        ("image", facts.image_format, engine.image_format),
        ("program", facts.program_format, engine.program_format),
    ):
        if needed != found:
            raise PackageError(
                Status.ECU_PACKAGE_WRONG_FORMAT,
                f"the model has {what} format {needed}, the device reads {found}",
                hint="build and pack the bundle with the ecu-bundle that the device's program is from",
            )
    if facts.interface_hash != engine.interface_hash:
        raise PackageError(
            Status.ECU_PACKAGE_WRONG_INTERFACE,
            "the model has another interface than the device: "
            f"{facts.interface_hash.hex()[:16]}, not {engine.interface_hash.hex()[:16]}",
            hint="`ecu-bundle diff` of the two bundles says what differs",
        )
    missing = [] if engine.kernels is None else sorted(set(facts.kernels) - set(engine.kernels))
    if missing:
        from ecu_bundle.lowering.kernels import KERNELS_BY_NUMBER

        names = [KERNELS_BY_NUMBER[k].name if k in KERNELS_BY_NUMBER else str(k) for k in missing]
        raise PackageError(
            Status.ECU_PACKAGE_KERNEL_MISSING,
            "the model needs kernels that are not linked in: " + ", ".join(names),
            hint="link the kernels into the device's program, which needs a new program there",
        )
    if engine.arena is not None and facts.arena > engine.arena:
        raise PackageError(
            Status.ECU_PACKAGE_ARENA_TOO_SMALL,
            f"the model needs an arena of {facts.arena} bytes, the device has {engine.arena}",
        )
    if engine.stack is not None and facts.stack > engine.stack:
        raise PackageError(
            Status.ECU_PACKAGE_STACK_TOO_SMALL,
            f"the model needs {facts.stack} bytes of stack, the device has {engine.stack}",
        )
