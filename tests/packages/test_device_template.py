"""The template on the device accepts what the page allows, and says as the page does why it refuses."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ecu_bundle.packaging import cbor
from ecu_bundle.packaging.checking import check_signer
from ecu_bundle.packaging.facts import DeviceFacts, Information, encode_facts
from ecu_bundle.packaging.key_set import EVERYTHING, TrustedKey, Uses
from ecu_bundle.packaging.layout import HEADER_LIMIT, PackageKind, class_id, vendor_id
from ecu_bundle.packaging.reader import check_digests, check_signature
from ecu_bundle.packaging.refusals import PackageError, Status
from ecu_bundle.packaging.signing import KeySigner, sign_envelope
from ecu_bundle.packaging.suit import Envelope, Manifest, make_envelope
from ecu_bundle.packaging.template import Header, read_header

from .device import DeviceRecord, Fields, Reader, as_array, facts_device, key_record
from .examples import CLASS, ED25519, P256, VENDOR, key_package, model_package

FACTS = DeviceFacts(
    kind=2,
    image_format=1,
    program_format=1,
    interface_hash=bytes(range(32)),
    arena=4096,
    stack=480,
    image_size=100_000,
    kernels=(0, 9, 44, 255),
    hardware=(1, 0x1001, 70_000),
)
KEYS = {key.id: key for key in (ED25519.public, P256.public)}
IDS = {"vendor": vendor_id(VENDOR), "device_class": class_id(VENDOR, CLASS)}


def package(
    *,
    kind: PackageKind = "model",
    signer: KeySigner = ED25519,
    sequence: int = 7,
    facts: DeviceFacts = FACTS,
    payload_size: int | None = None,
    **information: Any,
) -> bytes:
    """A signed header, without a payload behind it."""
    size = {"model": -(-facts.image_size // 16) * 16 + 64, "trust": 200}[kind]
    device = facts if kind == "model" else None
    envelope = make_envelope(
        kind,
        sequence=sequence,
        facts=encode_facts(device, Information(VENDOR, CLASS, **information)),
        payload=bytes(size if payload_size is None else payload_size),
        **IDS,
    )
    return sign_envelope(envelope, signer).header()


VARIANTS: dict[str, Callable[[], bytes]] = {
    "the page's model": lambda: model_package()[:525],
    "the page's keys": lambda: key_package()[:386],
    "any hardware, no kernels": lambda: package(facts=replace(FACTS, hardware=(), kernels=())),
    "P-256, long numbers": lambda: package(
        signer=P256,
        sequence=0xFFFFFFFF,
        facts=replace(FACTS, arena=0xFFFFFFFF, stack=65536, hardware=(0, 24, 256, 0xFFFFFFFF)),
    ),
    "the longest": lambda: package(rxswin=("R" * 64,) * 7, name="n" * 54, version="v" * 17),
    "ONNX": lambda: package(facts=replace(FACTS, kind=1, program_format=0, kernels=())),
}


@pytest.fixture(scope="module", params=list(VARIANTS))
def header(request: pytest.FixtureRequest) -> bytes:
    return VARIANTS[request.param]()


def beyond_the_limit() -> bytes:
    """What the encoder refuses to write: facts that do not fit."""
    facts = encode_facts(FACTS, Information(VENDOR, CLASS, rxswin=("R" * 64,) * 8, name="n" * 64))
    fields = {"facts_digest": bytes(32), "payload_digest": bytes(32)}
    manifest = Manifest(
        kind="model",
        sequence=7,
        vendor=IDS["vendor"],
        facts_size=len(facts),
        payload_size=100_064,
        device_class=IDS["device_class"],
        **fields,
    )
    envelope = Envelope("model", manifest.encode(), facts, bytes(100_064), bytes(13), bytes(64))
    protected = b"\xa2\x01\x27\x04\x48" + bytes(8)
    return replace(envelope, protected=protected).header()


def python_says(data: bytes) -> Header | int:
    """The strict reader's header, or the status why there is none."""
    try:
        return read_header(data)
    except PackageError as error:
        return int(error.status)


def status_of(result: Header | Fields | int) -> int:
    return result if isinstance(result, int) else 0


def differs(ours: Fields | int, theirs: Header | int) -> bool:
    """Whether device and Python disagree about a header or a field of it."""
    if isinstance(ours, int) or isinstance(theirs, int):
        return ours != theirs
    manifest, authentication = theirs.manifest, theirs.authentication
    pairs = [
        (ours.size, theirs.size),
        (ours.kind, int(manifest.kind == "trust")),
        (ours.sequence, manifest.sequence),
        (ours.payload_size, manifest.payload_size),
        (bytes(ours.payload_digest), manifest.payload_digest),
        (bytes(ours.vendor_id), manifest.vendor),
        (bytes(ours.class_id), manifest.device_class),
        (bytes(ours.key_id), authentication.key_id),
        (bytes(ours.signature), authentication.signature),
    ]
    if theirs.device:
        device = theirs.device
        pairs += [
            (ours.image_kind, device.kind),
            (ours.image_format, device.image_format),
            (ours.program_format, device.program_format),
            (ours.arena_size, device.arena),
            (ours.stack_size, device.stack),
            (ours.image_size, device.image_size),
            (tuple(ours.hardware[: ours.hardware_count]), device.hardware),
            (bytes(ours.kernels[: ours.kernels_size]), device.kernel_bits),
            (bytes(ours.interface_hash), device.interface_hash),
        ]
    return any(ours_ != theirs_ for ours_, theirs_ in pairs)


def test_what_python_writes_is_read_alike(reader: Reader, header: bytes) -> None:
    read = reader.read(header)
    assert isinstance(read, Fields)
    assert not differs(read, read_header(header))
    assert status_of(reader.read(header + b"payload")) == 0


def test_the_longest_header_has_the_limit() -> None:
    assert len(VARIANTS["the longest"]()) == HEADER_LIMIT


def test_every_beginning_needs_more_bytes(reader: Reader, header: bytes) -> None:
    statuses = {status_of(reader.read(header[:size])) for size in range(len(header))}
    assert statuses == {Status.ECU_PACKAGE_TRUNCATED}


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_no_flipped_bit_is_accepted(reader: Reader, header: bytes, stride: int) -> None:
    theirs = read_header(header)
    facts = theirs.device or FACTS
    device = facts_device(facts, **IDS)
    keys = [key_record(key) for key in KEYS.values()]
    assert reader.check(header, keys, device) == 0
    accepted = []
    for bit in range(0, 8 * len(header), stride):
        flipped = bytearray(header)
        flipped[bit // 8] ^= 1 << bit % 8
        if reader.check(bytes(flipped), keys, device) == 0:
            accepted.append(bit)
    assert not accepted


def checks(header: Header) -> int:
    """Status of digests and signature as Python sees them."""
    try:
        check_digests(header)
        check_signature(header, KEYS)
    except PackageError as error:
        return int(error.status)
    return 0


@pytest.mark.parametrize("stride", [11, pytest.param(1, marks=pytest.mark.slow)])
def test_flipped_bits_have_the_same_reason_in_python(reader: Reader, header: bytes, stride: int) -> None:
    everywhere = facts_device(FACTS, **IDS)
    keys = [key_record(key) for key in KEYS.values()]
    different = []
    for bit in range(0, 8 * len(header), stride):
        flipped = bytearray(header)
        flipped[bit // 8] ^= 1 << bit % 8
        data = bytes(flipped)
        theirs = python_says(data)
        expected = theirs if isinstance(theirs, int) else checks(theirs)
        if reader.check(data, keys, everywhere) != expected:
            different.append((bit, reader.check(data, keys, everywhere), expected))
    assert not different


INTERESTING = [
    *(cbor.head(major, value) for major in cbor.Major for value in (0, 1, 23, 24, 255, 256, 65535, 65536)),
    *(bytes([byte]) for byte in (0x18, 0x19, 0x1A, 0x1B, 0x1F, 0x5F, 0x7F, 0x9F, 0xBF, 0xF6, 0xFF)),
    *(
        b"\x18\x01",
        b"\x19\x00\x17",
        b"\x1a\x00\x00\x00\x18",
        b"\x58\x20",
        b"\x59\x00\x20",
        b"trust",
        b"model",
    ),
]


def mutate(header: bytes, others: list[bytes], choose: random.Random) -> bytes:
    """One to three changes: bytes, pieces put in, taken out or from another package, lengths cut."""
    data = bytearray(header)
    for _ in range(choose.choice((1, 1, 2, 3))):
        at = choose.randrange(len(data) + 1)
        match choose.randrange(8):
            case 0 if at < len(data):
                data[at] ^= 1 << choose.randrange(8)
            case 1 if at < len(data):
                data[at] = choose.randrange(256)
            case 2:
                data[at:at] = choose.choice(INTERESTING)
            case 3:
                piece = choose.choice(INTERESTING)
                data[at : at + len(piece)] = piece
            case 4:
                del data[at : at + choose.randrange(1, 9)]
            case 5:
                other = choose.choice(others)
                data[at:] = other[min(at, len(other)) :]
            case 6:
                del data[at:]
            case _ if at < len(data):
                data[at] = (data[at] + choose.choice((-1, 1))) % 256
    return bytes(data)


def compare_mutants(reader: Reader, seed: int, count: int) -> dict[int, int]:
    """Mutated headers that both read; how many of each status. Fails at the first difference."""
    choose = random.Random(seed)  # noqa: S311
    headers = [make() for make in (*VARIANTS.values(), beyond_the_limit)]
    seen: dict[int, int] = {}
    for index in range(count):
        data = mutate(choose.choice(headers), headers, choose)
        ours, theirs = reader.read(data), python_says(data)
        assert not differs(ours, theirs), f"{index}: {status_of(ours)}, {status_of(theirs)}: {data.hex()}"
        seen[status_of(ours)] = seen.get(status_of(ours), 0) + 1
    return seen


HEADER_STATUSES = {
    0,
    Status.ECU_PACKAGE_TRUNCATED,
    Status.ECU_PACKAGE_MALFORMED,
    Status.ECU_PACKAGE_TOO_LONG,
    Status.ECU_PACKAGE_BAD_MAGIC,
    Status.ECU_PACKAGE_BAD_VERSION,
    Status.ECU_PACKAGE_BAD_ALGORITHM,
}


def test_mutants_are_judged_alike(reader: Reader) -> None:
    assert compare_mutants(reader, 1, 3000).keys() == HEADER_STATUSES


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_many_mutants_are_judged_alike(reader: Reader, seed: int) -> None:
    assert compare_mutants(reader, 100 + seed, 20_000).keys() == HEADER_STATUSES


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("17", 23),
        ("1818", 24),
        ("190100", 256),
        ("1a00010000", 65536),
        ("00", None),
        ("1807", None),
        ("1817", None),
        ("190007", None),
        ("1900ff", None),
        ("1a00000007", None),
        ("1a0000ffff", None),
        ("1b0000000000000007", None),
        ("1b0000000100000000", None),
        ("1c", None),
        ("1f", None),
        ("20", None),
        ("47", None),
        ("c107", None),
    ],
)
def test_numbers_have_the_shortest_head(reader: Reader, encoded: str, value: int | None) -> None:
    """In the place of the sequence, with the length of the manifest put right."""
    header, number = VARIANTS["the page's model"](), bytes.fromhex(encoded)
    length = header[0x85] + len(number) - 1
    data = header[:0x85] + bytes([length]) + header[0x86:0x8A] + number + header[0x8B:]
    read = reader.read(data)
    assert not differs(read, python_says(data))
    assert (read.sequence if isinstance(read, Fields) else None) == value


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (40, Status.ECU_PACKAGE_MALFORMED),
        (119, Status.ECU_PACKAGE_MALFORMED),
        (120, 0),
        (200, 0),
        (360, 0),
        (440, Status.ECU_PACKAGE_MALFORMED),
        (0, Status.ECU_PACKAGE_MALFORMED),
    ],
)
def test_a_key_set_has_one_to_four_keys(reader: Reader, size: int, expected: int) -> None:
    data = package(kind="trust", payload_size=size)
    assert status_of(reader.read(data)) == status_of(python_says(data)) == expected


@pytest.mark.parametrize(
    ("image_size", "payload_size", "fits"),
    [(1, 80, True), (1, 79, False), (16, 80, True), (17, 95, False), (17, 96, True), (0xFFFFFFFF, 80, False)],
)
def test_a_payload_has_room_for_its_content(
    reader: Reader, image_size: int, payload_size: int, fits: bool
) -> None:
    data = package(facts=replace(FACTS, image_size=image_size), payload_size=payload_size)
    expected = 0 if fits else Status.ECU_PACKAGE_MALFORMED
    assert status_of(reader.read(data)) == status_of(python_says(data)) == expected


def _device(**changes: Any) -> DeviceRecord:
    return facts_device(FACTS, **IDS, **changes)


DEVICES: dict[str, tuple[DeviceRecord, int]] = {
    "as the package": (_device(), 0),
    "more of everything": (_device(kernels=b"\xff" * 40, kernels_size=40, arena_size=1 << 30), 0),
    "no stack stated": (_device(stack_size=0), 0),
    "another vendor": (_device(vendor_id=as_array(bytes(16), 16)), Status.ECU_PACKAGE_WRONG_VENDOR),
    "another class": (_device(class_id=as_array(bytes(16), 16)), Status.ECU_PACKAGE_WRONG_CLASS),
    "second hardware": (_device(hardware_id=0x1001), 0),
    "third hardware": (_device(hardware_id=70_000), 0),
    "another hardware": (_device(hardware_id=2), Status.ECU_PACKAGE_WRONG_HARDWARE),
    "another engine": (_device(engine=1), Status.ECU_PACKAGE_WRONG_FORMAT),
    "another interface": (_device(interface_hash=bytes(31) + b"\x01"), Status.ECU_PACKAGE_WRONG_INTERFACE),
    "a kernel less": (_device(kernels=b"\xff" * 31 + b"\x7f"), Status.ECU_PACKAGE_KERNEL_MISSING),
    "fewer kernels": (_device(kernels_size=31), Status.ECU_PACKAGE_KERNEL_MISSING),
    "less arena": (_device(arena_size=4095), Status.ECU_PACKAGE_ARENA_TOO_SMALL),
    "less stack": (_device(stack_size=479), Status.ECU_PACKAGE_STACK_TOO_SMALL),
}


@pytest.mark.parametrize("case", DEVICES)
def test_a_device_takes_what_is_made_for_it(reader: Reader, case: str) -> None:
    device, expected = DEVICES[case]
    assert reader.check(package(), [key_record(ED25519.public)], device) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"image_format": 2}, Status.ECU_PACKAGE_WRONG_FORMAT),
        ({"program_format": 2}, Status.ECU_PACKAGE_WRONG_FORMAT),
        ({"kind": 1}, Status.ECU_PACKAGE_WRONG_FORMAT),
        ({"kind": 3}, Status.ECU_PACKAGE_WRONG_FORMAT),
    ],
)
def test_other_formats_are_refused(reader: Reader, change: dict[str, int], expected: int) -> None:
    data = package(facts=replace(FACTS, **change))  # type: ignore[arg-type]
    assert reader.check(data, [key_record(ED25519.public)], _device()) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kernels": (255,)}, 0),
        ({"kernels": (256,)}, Status.ECU_PACKAGE_MALFORMED),
        ({"kernels": (2000,)}, Status.ECU_PACKAGE_MALFORMED),
        ({"hardware": (1, 2, 3, 4)}, 0),
        ({"hardware": (1, 2, 3, 4, 5)}, Status.ECU_PACKAGE_MALFORMED),
        ({"hardware": tuple(range(30))}, Status.ECU_PACKAGE_MALFORMED),
    ],
)
def test_facts_have_limits(reader: Reader, change: dict[str, Any], expected: int) -> None:
    data = package(facts=replace(FACTS, **change))
    assert status_of(reader.read(data)) == status_of(python_says(data)) == expected


def test_a_key_package_needs_no_hardware_and_no_kernels(reader: Reader) -> None:
    nothing = facts_device(FACTS, **IDS, hardware_id=9, kernels_size=0, arena_size=0, engine=1)
    assert reader.check(package(kind="trust"), [key_record(ED25519.public)], nothing) == 0


def _ed25519(minimum: int = 0, uses: Uses = EVERYTHING) -> TrustedKey:
    return TrustedKey(ED25519.public, minimum, uses)


def _p256(minimum: int = 0, uses: Uses = EVERYTHING) -> TrustedKey:
    return TrustedKey(P256.public, minimum, uses)


UNKNOWN, RETIRED = Status.ECU_PACKAGE_UNKNOWN_KEY, Status.ECU_PACKAGE_KEY_RETIRED
OTHER_USE = Status.ECU_PACKAGE_WRONG_USE
KEY_CASES: dict[str, tuple[PackageKind, list[TrustedKey], int]] = {
    "its key": ("model", [_ed25519()], 0),
    "its key among others": ("model", [_p256(8, Uses.KEYS), _ed25519(7)], 0),
    "no key": ("model", [], UNKNOWN),
    "another key": ("model", [_p256()], UNKNOWN),
    "a retired key": ("model", [_ed25519(8)], RETIRED),
    "a key for models": ("model", [_ed25519(0, Uses.MODELS)], 0),
    "a key for keys": ("model", [_ed25519(0, Uses.KEYS)], OTHER_USE),
    "a retired key for keys": ("model", [_ed25519(8, Uses.KEYS)], OTHER_USE),
    "a retired key for models": ("model", [_ed25519(8, Uses.MODELS)], RETIRED),
    "keys by a key for both": ("trust", [_ed25519()], 0),
    "keys by a key for keys": ("trust", [_ed25519(7, Uses.KEYS)], 0),
    "keys by a key for models": ("trust", [_ed25519(7, Uses.MODELS)], OTHER_USE),
    "keys by a retired key for models": ("trust", [_ed25519(8, Uses.MODELS)], OTHER_USE),
    "keys by a retired key for keys": ("trust", [_ed25519(8, Uses.KEYS)], RETIRED),
    "keys that another key may sign": ("trust", [_p256(0, Uses.KEYS), _ed25519(0, Uses.MODELS)], OTHER_USE),
}


@pytest.mark.parametrize("case", KEY_CASES)
def test_the_key_decides(reader: Reader, case: str) -> None:
    kind, keys, expected = KEY_CASES[case]
    data = package(kind=kind)
    records = [key_record(entry.key, entry.minimum, entry.uses) for entry in keys]
    assert reader.check(data, records, _device()) == expected
    if not expected:
        assert check_signer(read_header(data), keys) == ED25519.public
        return
    with pytest.raises(PackageError) as caught:
        check_signer(read_header(data), keys)
    assert caught.value.status == expected


def test_a_wrong_signature_is_told_before_a_wrong_use(reader: Reader) -> None:
    data = bytearray(package())
    data[0x43] ^= 1
    for uses in (0, Uses.KEYS):
        status = reader.check(bytes(data), [key_record(ED25519.public, 0, uses)], _device())
        assert status == Status.ECU_PACKAGE_BAD_SIGNATURE


def test_a_key_for_nothing_signs_nothing(reader: Reader) -> None:
    """As a factory key in C without a use has it, or one with a bit that means nothing."""
    kinds: tuple[PackageKind, ...] = ("model", "trust")
    for kind in kinds:
        for uses in (0, 4, 0x10000):
            status = reader.check(package(kind=kind), [key_record(ED25519.public, 0, uses)], _device())
            assert status == OTHER_USE


def test_a_key_of_another_kind_with_the_same_id(reader: Reader) -> None:
    disguised = key_record(ED25519.public)
    disguised.kind += 1
    status = reader.check(package(), [disguised], _device())
    assert status == Status.ECU_PACKAGE_BAD_ALGORITHM


@pytest.mark.parametrize(("signer", "byte"), [(ED25519, 0x32), (P256, 0x28)])
def test_the_new_names_of_the_algorithms_are_known(
    reader: Reader, signer: KeySigner, byte: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ecu_bundle.packaging import cose

    monkeypatch.setitem(cose.WRITTEN, signer.public.kind, -1 - (byte & 0x1F) if byte < 0x38 else 0)
    data = package(signer=signer)
    assert data[0x34] == byte
    assert reader.check(data, [key_record(signer.public)], _device()) == 0
