"""Packages that are wrong in one place, each refused for the reason of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cbor2
import numpy as np
import pytest

from ecu_bundle.packaging.cbor import byte_string, integer
from ecu_bundle.packaging.reader import check_signature, read_package
from ecu_bundle.packaging.refusals import PackageError, Status
from ecu_bundle.packaging.signing import sign_envelope
from ecu_bundle.packaging.template import read_header
from packages.device import Reader, facts_device, key_record
from packages.envelopes import head, package
from packages.examples import ED25519, P256, key_package, model_package, unsigned_model

KEYS = {signer.public.id: signer.public for signer in (ED25519, P256)}
PACKAGES = {
    "model": model_package(),
    "keys": key_package(),
    "model, P-256, largest numbers": sign_envelope(unsigned_model(0xFFFFFFFF), P256).encode(),
}


def verify(data: bytes) -> None:
    """What a device does, as far as it needs no more than its keys."""
    check_signature(read_package(data).header, KEYS)


def refusal(data: bytes) -> Status:
    with pytest.raises(PackageError) as caught:
        verify(data)
    assert caught.value.status.name in str(caught.value)
    return caught.value.status


def accepted(data: bytes) -> bool:
    try:
        verify(data)
    except PackageError:
        return False
    return True


def flips(data: bytes, positions: Iterator[int] | range) -> Iterator[bytes]:
    for position in positions:
        changed = bytearray(data)
        for bit in range(8):
            changed[position] ^= 1 << bit
            yield bytes(changed)
            changed[position] ^= 1 << bit


@pytest.mark.parametrize("name", PACKAGES)
def test_no_flipped_bit_of_a_header_is_accepted(name: str) -> None:
    data = PACKAGES[name]
    verify(data)
    wrong = list(flips(data, range(read_header(data).size)))
    assert sum(map(accepted, wrong)) == 0
    assert len(wrong) == 8 * read_header(data).size > 3000


@pytest.mark.parametrize("name", PACKAGES)
def test_no_flipped_bit_of_a_payload_is_accepted(name: str) -> None:
    data = PACKAGES[name]
    wrong = flips(data, range(read_header(data).size, len(data), 5))
    assert {refusal(one) for one in wrong} == {Status.ECU_PACKAGE_BAD_PAYLOAD}


@pytest.mark.parametrize("name", PACKAGES)
def test_every_beginning_of_a_package_is_truncated(name: str) -> None:
    data = PACKAGES[name]
    assert {refusal(data[:length]) for length in range(len(data))} == {Status.ECU_PACKAGE_TRUNCATED}


def test_the_builder_of_wrong_packages_makes_the_right_one_too() -> None:
    assert package() == model_package()


def _put(position: int, value: Any) -> Any:
    """A change of one item; of a pair of a map, its value."""

    def change(part: Any) -> Any:
        items = list(part)
        is_pair = isinstance(items[position], list) and len(items[position]) == 2
        items[position] = [items[position][0], value] if is_pair else value
        return items

    return change


def _twice(position: int) -> Any:
    return lambda part: [*part[: position + 1], part[position], *part[position + 1 :]]


def _swapped(part: Any) -> Any:
    return [part[1], part[0], *part[2:]]


def _device(position: int, value: Any) -> Any:
    """A change of what the device reads of the facts."""
    return lambda facts: [_put(position, value)(facts[0]), facts[1]]


def _plain(pairs: Any) -> bytes:
    return b"".join(_encoded(key) + _encoded(value) for key, value in pairs)


def _items(items: Any) -> bytes:
    return b"".join(map(_encoded, items))


def _encoded(item: Any) -> bytes:
    return cbor2.dumps(item)


def _digest(shared: Any, position: int, algorithm: int = -16) -> Any:
    wrong = {**shared[position], 3: _encoded([algorithm, bytes(32 if algorithm == -16 else 48)])}
    return [*shared[:position], wrong, *shared[position + 1 :]]


def _zero(digest: bytes) -> bytes:
    return digest[:4] + bytes(32)


def _longer(facts: Any, short: bytes, long: bytes) -> bytes:
    data = _encoded(facts)
    assert data.count(short) == 1
    return data.replace(short, long)


DEEP = b"\x81" * 400 + b"\x00"

WRONG = {
    "another tag": (model_package().replace(b"\xd8\x6b", b"\xd8\x6a", 1), "BAD_MAGIC"),
    "no package": (b"ECUI" + bytes(300), "BAD_MAGIC"),
    "five elements": (model_package().replace(b"\xa4", b"\xa5", 1), "BAD_MAGIC"),
    "an envelope of indefinite length": (
        package(envelope=lambda p: b"\xbf" + _plain(p) + b"\xff"),
        "BAD_MAGIC",
    ),
    "an element more": (package(envelope=lambda p: [*p, ["#zzzzz", b""]]), "BAD_MAGIC"),
    "an element twice": (package(envelope=_twice(1)), "BAD_MAGIC"),
    "elements in another order": (package(envelope=lambda p: [*p[:2], p[3], p[2]]), "MALFORMED"),
    "an unknown element": (package(envelope=lambda p: [*p[:3], ["#modem", p[3][1]]]), "MALFORMED"),
    "manifest before authentication": (package(envelope=_swapped), "BAD_MAGIC"),
    "manifest version 2": (package(manifest=_put(0, 2)), "BAD_VERSION"),
    "profile version 2": (package(facts=_device(0, 2)), "BAD_VERSION"),
    "sequence 0": (package(manifest=_put(1, 0)), "MALFORMED"),
    "a sequence of 33 bits": (package(manifest=_put(1, 1 << 32)), "MALFORMED"),
    "a negative sequence": (package(manifest=_put(1, -8)), "MALFORMED"),
    "a sequence as text": (package(manifest=_put(1, "7")), "MALFORMED"),
    "a sequence as a bignum": (package(manifest=_put(1, 1 << 70)), "MALFORMED"),
    "a key of the manifest twice": (package(manifest=_twice(1)), "MALFORMED"),
    "keys of the manifest in another order": (package(manifest=_swapped), "MALFORMED"),
    "a reference URI": (package(manifest=lambda p: [*p[:3], [4, "u"], *p[3:]]), "MALFORMED"),
    "a load sequence": (package(manifest=lambda p: [*p[:4], [8, b"\x80"], *p[4:]]), "MALFORMED"),
    "no install sequence": (package(manifest=lambda p: p[:4]), "MALFORMED"),
    "another install sequence": (package(manifest=_put(4, b"\x82\x0c\x00")), "MALFORMED"),
    "a severed install sequence": (package(manifest=_put(4, [-16, bytes(32)])), "MALFORMED"),
    "another validate sequence": (package(manifest=_put(3, b"\x84\x0c\xf5\x03\x00")), "MALFORMED"),
    "a deep manifest": (package(manifest=_put(2, DEEP)), "MALFORMED"),
    "a deep sequence number": (package(manifest=lambda _: b"\xa5\x01\x01\x02" + DEEP), "MALFORMED"),
    "three components": (package(common=_put(0, [[b"facts"], [b"model"], [b"other"]])), "MALFORMED"),
    "components in another order": (package(common=_put(0, [[b"model"], [b"facts"]])), "MALFORMED"),
    "the component of keys": (package(common=_put(0, [[b"facts"], [b"trust"]])), "MALFORMED"),
    "dependencies": (package(common=lambda p: [[1, {}], *p]), "MALFORMED"),
    "try-each": (package(shared=lambda p: [15, [b"\x80", b"\x80"], *p]), "MALFORMED"),
    "run-sequence": (package(shared=lambda p: [*p, 32, b"\x80"]), "MALFORMED"),
    "a custom command": (package(shared=lambda p: [*p, -1, 0]), "MALFORMED"),
    "no class condition": (package(shared=lambda p: [*p[:6], *p[8:]]), "MALFORMED"),
    "another reporting policy": (package(shared=_put(5, 14)), "MALFORMED"),
    "a vendor id of 15 bytes": (package(shared=_put(3, {1: bytes(15), 2: bytes(16)})), "MALFORMED"),
    "ids in another order": (package(shared=_put(3, {2: bytes(16), 1: bytes(16)})), "MALFORMED"),
    "a shared sequence of indefinite length": (
        package(shared=lambda p: b"\x9f" + _items(p) + b"\xff"),
        "MALFORMED",
    ),
    "false for all components": (package(shared=_put(1, False)), "MALFORMED"),
    "a size that is not the payload's": (
        package(shared=lambda p: [*p[:15], {**p[15], 14: 335}]),
        "MALFORMED",
    ),
    "a size that is not the facts'": (
        package(shared=lambda p: [*p[:11], {**p[11], 14: 162}, *p[12:]]),
        "MALFORMED",
    ),
    "a digest of the facts that is wrong": (package(shared=lambda p: _digest(p, 11)), "BAD_DIGEST"),
    "a digest of the payload that is wrong": (package(shared=lambda p: _digest(p, 15)), "BAD_PAYLOAD"),
    "SHA-384": (package(shared=lambda p: _digest(p, 11, -43)), "MALFORMED"),
    "a manifest in a longer head": (package(wrapped=lambda w: head(2, len(w) - 2, 2) + w[2:]), "MALFORMED"),
    "a manifest in an endless string": (package(wrapped=lambda w: b"\x5f" + w + b"\xff"), "MALFORMED"),
    "a manifest that is a byte longer": (package(wrapped=lambda w: byte_string(w[2:] + b"\0")), "MALFORMED"),
    "algorithm ES384": (package(protected=lambda p: b"\xa2\x01\x38\x22\x04" + p[1][1]), "BAD_ALGORITHM"),
    "algorithm HMAC": (package(protected=_put(0, 5)), "BAD_ALGORITHM"),
    "algorithm of another kind of key": (package(protected=_put(0, -7)), "BAD_ALGORITHM"),
    "no algorithm": (package(protected=lambda p: p[1:]), "MALFORMED"),
    "a critical header": (package(protected=lambda p: [p[0], [2, [4]], p[1]]), "MALFORMED"),
    "key id before algorithm": (package(protected=_swapped), "MALFORMED"),
    "a key id of 7 bytes": (package(protected=_put(1, bytes(7))), "MALFORMED"),
    "an unknown key": (package(protected=_put(1, bytes(8))), "UNKNOWN_KEY"),
    "an unprotected header": (package(sign1=_put(1, {4: b"12345678"})), "MALFORMED"),
    "an attached payload": (package(sign1=_put(2, b"")), "MALFORMED"),
    "a signature of 63 bytes": (package(sign1=lambda p: [*p[:3], p[3][:63]]), "MALFORMED"),
    "a wrong signature": (package(sign1=_put(3, bytes(64))), "BAD_SIGNATURE"),
    "no signature": (package(authentication=lambda p: p[:1]), "MALFORMED"),
    "two signatures": (package(authentication=_twice(1)), "MALFORMED"),
    "a wrong digest of the manifest": (package(authentication=lambda p: [_zero(p[0]), p[1]]), "BAD_DIGEST"),
    "facts of three": (package(facts=lambda p: [*p, 0]), "MALFORMED"),
    "facts without information": (package(facts=lambda p: b"\x82" + _encoded(p[0])), "MALFORMED"),
    "facts of a key package": (package(facts=lambda p: [[1], p[1]]), "MALFORMED"),
    "an image kind as text": (package(facts=_device(1, "2")), "MALFORMED"),
    "an interface hash of 31 bytes": (package(facts=_device(4, bytes(31))), "MALFORMED"),
    "an arena of 33 bits": (package(facts=_device(5, 1 << 32)), "MALFORMED"),
    "an arena in a longer head": (
        package(facts=lambda p: _longer(p, b"\x19\x02\x90", b"\x1a\0\0\x02\x90")),
        "MALFORMED",
    ),
    "kernels of 33 bytes": (package(facts=_device(8, bytes(32) + b"\1")), "MALFORMED"),
    "kernels with a zero at the end": (package(facts=_device(8, b"\1\0")), "MALFORMED"),
    "five hardware ids": (package(facts=_device(9, [1, 2, 3, 4, 5])), "MALFORMED"),
    "hardware ids that never end": (
        package(facts=lambda p: _longer(p, b"\x81\x19\x10\x01", b"\x9f\x19\x10\x01\xff")),
        "MALFORMED",
    ),
    "an image larger than the payload": (package(facts=_device(7, 0xFFFFFFFF)), "MALFORMED"),
    "an image that leaves no room for golden vectors": (package(facts=_device(7, 273)), "MALFORMED"),
    "information that is a list": (package(facts=lambda p: [p[0], [1]]), "MALFORMED"),
    "information without a vendor": (package(facts=lambda p: [p[0], {2: "brake"}]), "MALFORMED"),
    "information of another vendor": (
        package(facts=lambda p: [p[0], {1: "other.example", 2: "brake"}]),
        "MALFORMED",
    ),
    "information with an unknown key": (package(facts=lambda p: [p[0], {**p[1], 16: ""}]), "MALFORMED"),
    "an endless header": (package(facts=lambda p: [p[0], {**p[1], 11: "x" * 700}]), "TOO_LONG"),
    "a byte after the package": (model_package() + b"\0", "TOO_LONG"),
    "a payload in a longer head": (
        model_package().replace(b"#model\x59\x01\x50", b"#model" + head(2, 0x150, 4)),
        "MALFORMED",
    ),
    "an endless payload": (
        model_package().replace(b"#model\x59\x01\x50", b"#model\x5f\x59\x01\x50"),
        "MALFORMED",
    ),
}


PAYLOADS = [name for name, (_, status) in WRONG.items() if status == "BAD_PAYLOAD"]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name: str) -> None:
    data, status = WRONG[name]
    assert data != model_package()
    assert refusal(data) == Status[f"ECU_PACKAGE_{status}"]


@pytest.mark.parametrize("name", WRONG)
def test_the_device_gives_the_same_reason(reader: Reader, name: str) -> None:
    """But for what it sees only when the payload is there, or does not look into."""
    data, status = WRONG[name]
    usual = read_header(model_package())
    assert usual.device is not None
    device = facts_device(
        usual.device, vendor=usual.manifest.vendor, device_class=usual.manifest.device_class
    )
    found = reader.check(data, [key_record(key) for key in KEYS.values()], device)
    unseen = name.startswith("information") or name in ("a byte after the package", *PAYLOADS)
    assert found == (0 if unseen else Status[f"ECU_PACKAGE_{status}"])


def test_a_header_may_have_1024_bytes_and_no_more() -> None:
    def filled(count: int) -> bytes:
        text = ["x" * 64] * 7 + ["x" * count]
        return package(facts=lambda p: [p[0], {**p[1], 14: text}])

    size = read_header(filled(24)).size
    longest = filled(24 + 1024 - size)
    assert read_header(longest).size == 1024
    verify(longest)
    assert refusal(filled(25 + 1024 - size)) == Status.ECU_PACKAGE_TOO_LONG
    assert refusal(longest[:1023]) == Status.ECU_PACKAGE_TRUNCATED


def test_an_unsigned_package_is_for_our_tools_alone() -> None:
    data = unsigned_model().encode()
    assert read_package(data, allow_unsigned=True).envelope == unsigned_model()
    assert refusal(data) == Status.ECU_PACKAGE_MALFORMED
    signed = sign_envelope(read_package(data, allow_unsigned=True).envelope, ED25519)
    assert signed.encode() == model_package()


def test_a_signature_of_other_content_is_none() -> None:
    other = sign_envelope(unsigned_model(8), ED25519)
    ours = sign_envelope(unsigned_model(7), ED25519)
    assert refusal(replace(ours, signature=other.signature).encode()) == Status.ECU_PACKAGE_BAD_SIGNATURE


@pytest.mark.slow
def test_random_damage_is_never_accepted() -> None:
    """Seeded edits of one to four places: bytes set, removed, inserted, pieces of other packages."""
    random = np.random.default_rng(20)
    sources = list(PACKAGES.values())
    heads = [0, 0x5F, 0x9F, 0xBF, 0x1B, 0xFF]
    numbers = [0, 23, 24, 255, 256, 65535, 65536, 0xFFFFFFFF]

    def piece(most: int) -> bytes:
        source = sources[random.integers(len(sources))]
        start = int(random.integers(len(source)))
        return source[start : start + int(random.integers(1, most))]

    for _ in range(60_000):
        data = bytearray(sources[random.integers(len(sources))])
        for _ in range(random.integers(1, 5)):
            at = int(random.integers(len(data) + 1))
            removed = int(random.integers(0, 9))
            new = [bytes([heads[random.integers(6)]]), integer(numbers[random.integers(8)]), b"", piece(64)]
            data[at : at + removed] = new[random.integers(4)]
        if bytes(data) not in sources:
            assert not accepted(bytes(data)), bytes(data).hex()
