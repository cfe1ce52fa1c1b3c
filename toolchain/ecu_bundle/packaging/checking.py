"""``verify-package``: the checks of a device, with what is known about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecu_bundle.packaging.device import Device, check_device
from ecu_bundle.packaging.files import read_file
from ecu_bundle.packaging.key_files import read_trusted, says_uses
from ecu_bundle.packaging.key_set import USE_OF, Uses, decode_key_set
from ecu_bundle.packaging.payload import decode_golden, split_payload
from ecu_bundle.packaging.reader import BOTH_KINDS, Package, check_digests, check_signature, read_rest
from ecu_bundle.packaging.refusals import PackageError, Status
from ecu_bundle.packaging.settings import read_settings
from ecu_bundle.packaging.template import read_header

if TYPE_CHECKING:
    from ecu_bundle.artifacts import Engine as EngineName
    from ecu_bundle.packaging.device import Engine
    from ecu_bundle.packaging.key_set import TrustedKey
    from ecu_bundle.packaging.keys import KeyKind, PublicKey
    from ecu_bundle.packaging.template import Header


@dataclass(frozen=True, slots=True)
class CheckedPackage:
    """A package that passed.

    Attributes:
        package: what it holds.
        key: that signed it.
        unchecked: what nothing was known about.
    """

    package: Package
    key: PublicKey
    unchecked: tuple[str, ...]


def check_package(
    path: Path,
    public_key: Sequence[str],
    *,
    bundle: Path | None = None,
    engine: EngineName | None = None,
    config: Path | None = None,
    vendor: str | None = None,
    device_class: str | None = None,
    hardware: int | None = None,
    counter: int | None = None,
    slot_size: int | None = None,
) -> CheckedPackage:
    """Checks a package in the order of the device.

    Args:
        path: of the package.
        public_key: for each key of the device, as `read_trusted` takes it.
        bundle, engine: what runs on the device.
        config: file with ``[update]``, for vendor and class.
        vendor, device_class, hardware, counter, slot_size: of the device.

    Raises:
        PackageError: the first check that fails.
        UsageError: a file that cannot be read.
    """
    update = read_settings(config)[0].update
    device = Device(
        vendor=vendor or update.vendor,
        device_class=device_class or update.device_class,
        hardware=hardware,
        counter=counter,
        slot_size=slot_size,
        engine=None if bundle is None else engine_of(bundle, engine),
    )
    data = read_file(path)
    header = read_header(data, allow_unsigned=True)
    if not header.authentication.signature:
        raise PackageError(
            Status.ECU_PACKAGE_MALFORMED,
            "the package is not signed",
            place=str(path),
            hint="`ecu-bundle sign` does that",
        )
    check_digests(header)
    keys = [*map(read_trusted, public_key)]
    key = check_signer(header, keys, device.signatures)
    check_device(header, device)
    package = read_rest(data, header)
    check_content(package)
    if header.device is None and device.signatures is not None:
        _check_replaceable(decode_key_set(package.payload), device.signatures)
    given = zip(public_key, keys, strict=True)
    is_known = all(says_uses(text) for text, entry in given if entry.key == key)
    unknown = () if is_known else ("what its key is for",)
    return CheckedPackage(package, key, (*unknown, *device.unknown_for(header)))


def check_signer(
    header: Header, keys: Sequence[TrustedKey], kinds: Collection[KeyKind] | None = None
) -> PublicKey:
    """Whether one of the keys has signed, and may; gives it.

    Args:
        header: with right digests.
        keys: those of the device.
        kinds: of keys that the device can check; None when nothing is known.

    Raises:
        PackageError: none has, or it is not for this kind of package or this sequence.
    """
    trusted = {entry.key.id: entry for entry in keys}
    key = check_signature(header, {key_id: entry.key for key_id, entry in trusted.items()}, kinds)
    kind, uses = header.manifest.kind, trusted[key.id].uses
    if USE_OF[kind] not in uses:
        raise PackageError(
            Status.ECU_PACKAGE_WRONG_USE,
            f"the key {key.id.hex()} signs {uses.words[0]}, this package brings {USE_OF[kind].words[0]}",
            hint="sign with a key of the device that is for such packages",
        )
    if header.manifest.sequence < trusted[key.id].minimum:
        raise PackageError(
            Status.ECU_PACKAGE_KEY_RETIRED,
            f"the key {key.id.hex()} signs from sequence {trusted[key.id].minimum} on, "
            f"this is {header.manifest.sequence}",
        )
    return key


def _check_replaceable(keys: Sequence[TrustedKey], kinds: Collection[KeyKind]) -> None:
    """Whether a device that checks these kinds could ever take keys after this set.

    A set that has no key for keys at all was asked for, see `pack_keys`.

    Raises:
        PackageError: all keys for keys are of other kinds.
    """
    found = {entry.key.kind for entry in keys if Uses.KEYS in entry.uses}
    if found and not found.intersection(kinds):
        raise PackageError(
            Status.ECU_PACKAGE_BAD_KEY_SET,
            f"the keys for keys of this set are of the kind {', '.join(sorted(found))}, the program of the "
            f"bundle checks {', '.join(sorted(kinds))}: with them the device would never take keys again",
            hint=f"give the set a key for keys of the kind that the device checks{BOTH_KINDS}",
        )


def check_content(package: Package) -> None:
    """Whether the payload is what the facts say.

    Raises:
        BundleError: it is not.
    """
    facts = package.header.device
    if facts is None:
        decode_key_set(package.payload)
        return
    from ecu_bundle.image import read_image
    from ecu_bundle.packaging.packing import image_facts

    payload = split_payload(package.payload, facts.image_size)
    image = read_image(payload.image)
    said = (facts.kind, facts.image_format, facts.program_format, facts.interface_hash, facts.arena)
    found = image_facts(image)
    is_same = said == (
        found.kind,
        found.image_format,
        found.program_format,
        found.interface_hash,
        found.arena,
    )
    if not is_same or found.kernels != facts.kernels or found.image_size != facts.image_size:
        raise PackageError(
            Status.ECU_PACKAGE_BAD_PAYLOAD,
            "the facts are not those of the model image in the payload",
            hint="pack the bundle again",
        )
    information = package.information
    stated = {
        "image": (information.image_digest, bytes.fromhex(image.image.digest)),
        "ONNX file": (information.onnx_digest, image.model_digest),
    }
    for what, (digest, right) in stated.items():
        if digest and digest != right:
            raise PackageError(
                Status.ECU_PACKAGE_BAD_PAYLOAD,
                f"the digest of the {what} in the information is not that of the model image in the payload",
                hint="pack the bundle again",
            )
    decode_golden(payload.golden, image.image.interface)


def engine_of(bundle: Path, name: EngineName | None) -> Engine:
    """What runs on a device whose program was built from a bundle."""
    from ecu_bundle.building.crypto_sources import carried_signatures
    from ecu_bundle.lowering.kernels import KERNELS
    from ecu_bundle.packaging.device import Engine
    from ecu_bundle.packaging.packing import device_facts, read_half

    manifest, half = read_half(bundle, name)
    facts = device_facts(half)
    return Engine(
        kind=facts.kind,
        image_format=facts.image_format,
        program_format=facts.program_format,
        interface_hash=facts.interface_hash,
        kernels=[KERNELS[name].number for name in half.record.kernels] if facts.program_format else None,
        arena=facts.arena,
        image_digest=bytes.fromhex(half.image.image.digest),
        signatures=carried_signatures(manifest.files, half.folder) or None,
    )
