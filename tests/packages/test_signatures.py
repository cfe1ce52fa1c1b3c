"""Signature checks of the device: right ones pass, hostile ones do not; OpenSSL is the oracle."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from ecu_bundle.packaging.keys import KeyKind, PublicKey
from ecu_bundle.packaging.refusals import Status
from ecu_bundle.packaging.signing import KeySigner
from runtime.build import CHECKOUT, RUNTIME, WARNINGS, succeed

from . import curves
from .device import Reader
from .examples import ED25519, P256

BAD = Status.ECU_PACKAGE_BAD_SIGNATURE
KINDS: dict[KeyKind, int] = {"ed25519": 1, "p256": 2}
SIGNERS: dict[KeyKind, KeySigner] = {"ed25519": ED25519, "p256": P256}
KIND_NAMES = tuple(KINDS)
MESSAGE = b"a message of the length that a device checks: 65 bytes, as it is."


def verify(reader: Reader, kind: KeyKind, key: bytes, message: bytes, signature: bytes) -> int:
    return reader.verify(kind, KINDS[kind], key.ljust(64, b"\0"), message, signature)


# RFC 8032, section 7.1, and RFC 6979, section A.2.5: key, message, signature.
_RFC6979_KEY = (
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)
VECTORS: list[tuple[KeyKind, str, bytes, str]] = [
    (
        "ed25519",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "ed25519",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"\x72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "ed25519",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "p256",
        _RFC6979_KEY,
        b"sample",
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ),
    (
        "p256",
        _RFC6979_KEY,
        b"test",
        "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    ),
]


@pytest.mark.parametrize(("kind", "key", "message", "signature"), VECTORS)
def test_vectors_of_the_standards(
    reader: Reader, kind: KeyKind, key: str, message: bytes, signature: str
) -> None:
    raw, signed = bytes.fromhex(key), bytes.fromhex(signature)
    assert PublicKey(kind, raw).verifies(message, signed)
    assert verify(reader, kind, raw, message, signed) == 0
    assert verify(reader, kind, raw, message + b"\0", signed) == BAD


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_signatures_of_openssl_pass(reader: Reader, kind: KeyKind) -> None:
    choose = random.Random(3)  # noqa: S311
    key = SIGNERS[kind].public.raw
    for size in (0, 1, 47, 48, 63, 64, 65, 111, 112, 128, 1000):
        message = choose.randbytes(size)
        assert verify(reader, kind, key, message, SIGNERS[kind].sign(message)) == 0, size


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KIND_NAMES)
def test_no_flipped_bit_passes(reader: Reader, kind: KeyKind, stride: int) -> None:
    key, signature = SIGNERS[kind].public.raw, SIGNERS[kind].sign(MESSAGE)
    whole = key + signature + MESSAGE
    accepted = []
    for bit in range(0, 8 * (len(key) + 64), stride):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        part = bytes(flipped)
        split = (part[: len(key)], MESSAGE, part[len(key) : len(key) + 64])
        if verify(reader, kind, *split) == 0 or PublicKey(kind, split[0]).verifies(*split[1:]):
            accepted.append(bit)
    assert not accepted


@pytest.mark.parametrize(("which", "kind"), [("ed25519", 2), ("p256", 1), ("ed25519", 0), ("p256", 3)])
def test_a_key_of_another_kind_is_no_key(reader: Reader, which: KeyKind, kind: int) -> None:
    signature = SIGNERS[which].sign(MESSAGE)
    key = SIGNERS[which].public.raw.ljust(64, b"\0")
    assert reader.verify(which, kind, key, MESSAGE, signature) == Status.ECU_PACKAGE_BAD_ALGORITHM


@pytest.mark.parametrize(
    ("kind", "signer", "expected"),
    [
        (1, "ed25519", 0),
        (2, "p256", 0),
        (1, "p256", BAD),
        (2, "ed25519", BAD),
        (0, "ed25519", Status.ECU_PACKAGE_BAD_ALGORITHM),
    ],
)
def test_any_goes_by_the_kind(reader: Reader, kind: int, signer: KeyKind, expected: int) -> None:
    key, signature = SIGNERS[signer].public.raw.ljust(64, b"\0"), SIGNERS[signer].sign(MESSAGE)
    assert reader.verify("any", kind, key, MESSAGE, signature) == expected


# Ed25519: what only somebody with bad intentions makes.
SECRET = curves.secret_scalar(bytes(range(32)))
KEY = ED25519.public.raw
TORSION = curves.torsion()


def ed25519_signature(r_point: bytes, r: int, public: bytes = KEY, message: bytes = MESSAGE) -> bytes:
    """A signature with any encoding of its point; s follows from r and the secret."""
    s = (r + curves.challenge(r_point, public, message) * SECRET) % curves.L
    return r_point + s.to_bytes(32, "little")


def test_our_integers_are_those_of_the_curve(reader: Reader) -> None:
    assert curves.edwards_encode(curves.edwards_multiply(SECRET, curves.BASE)) == KEY
    point = curves.edwards_encode(curves.edwards_multiply(77, curves.BASE))
    signature = ed25519_signature(point, 77)
    assert ED25519.public.verifies(MESSAGE, signature)
    assert verify(reader, "ed25519", KEY, MESSAGE, signature) == 0
    assert len(set(TORSION)) == 8
    assert {curves.edwards_multiply(8, point) for point in TORSION} == {curves.ZERO}


def test_s_not_below_the_order_is_refused(reader: Reader) -> None:
    signature = ED25519.sign(MESSAGE)
    s = int.from_bytes(signature[32:], "little")
    larger = [s + k * curves.L for k in range(1, 16) if s + k * curves.L < 2**256]
    larger += [curves.L, curves.L + 1, 2**252, 2**253, 2**255, 2**256 - 1]
    for value in larger:
        changed = signature[:32] + value.to_bytes(32, "little")
        assert verify(reader, "ed25519", KEY, MESSAGE, changed) == BAD, hex(value)


def test_keys_of_small_order_sign_nothing(reader: Reader) -> None:
    """With such a key and s = 0 the equation holds for any message, whatever R of small order is."""
    points = [encoded for point in TORSION for encoded in curves.loose_encodings(point)]
    assert len(points) == 14
    for public in points:
        for r_point in points:
            signature = r_point + bytes(32)
            assert verify(reader, "ed25519", public, MESSAGE, signature) == BAD, (public, r_point)


def test_points_of_small_order_in_a_signature_are_refused(reader: Reader) -> None:
    """R = 0 with s = h a solves the equation; only the owner of the key can make it, and never does."""
    for point in TORSION:
        for encoded in curves.loose_encodings(point):
            assert verify(reader, "ed25519", KEY, MESSAGE, ed25519_signature(encoded, 0)) == BAD


def test_encodings_that_are_not_the_shortest_number_are_refused(reader: Reader) -> None:
    large = [value.to_bytes(32, "little") for value in range(curves.P, 2**255)]
    large += [(value | 2**255).to_bytes(32, "little") for value in range(curves.P, 2**255)]
    on_curve = [encoded for encoded in large if curves.edwards_decode(encoded)]
    assert len(large) == 38
    assert len(on_curve) > 10
    for encoded in large:
        assert verify(reader, "ed25519", encoded, MESSAGE, ED25519.sign(MESSAGE)) == BAD
        assert verify(reader, "ed25519", KEY, MESSAGE, ed25519_signature(encoded, 0)) == BAD


def test_numbers_that_are_no_point_are_refused(reader: Reader) -> None:
    numbers = [value.to_bytes(32, "little") for value in range(2, 60)]
    wrong = [encoded for encoded in numbers if curves.edwards_decode(encoded) is None]
    assert len(wrong) > 20
    for encoded in wrong:
        assert verify(reader, "ed25519", encoded, MESSAGE, ED25519.sign(MESSAGE)) == BAD
        assert verify(reader, "ed25519", KEY, MESSAGE, encoded + ED25519.sign(MESSAGE)[32:]) == BAD


def test_the_equation_has_the_cofactor(reader: Reader) -> None:
    """The one difference from OpenSSL: a point of small order in R, which the owner of the key can add."""
    plain = curves.edwards_multiply(77, curves.BASE)
    for part in TORSION[1:]:
        r_point = curves.edwards_encode(curves.edwards_add(plain, part))
        signature = ed25519_signature(r_point, 77)
        assert verify(reader, "ed25519", KEY, MESSAGE, signature) == 0
        assert not ED25519.public.verifies(MESSAGE, signature)


@pytest.mark.parametrize("kind", KIND_NAMES)
@pytest.mark.parametrize("fill", [0x00, 0x01, 0x7F, 0x80, 0xFF])
def test_constant_bytes_are_no_signature(reader: Reader, kind: KeyKind, fill: int) -> None:
    constant = bytes([fill]) * 64
    raw = constant[: len(SIGNERS[kind].public.raw)]
    assert verify(reader, kind, SIGNERS[kind].public.raw, MESSAGE, constant) == BAD
    assert verify(reader, kind, raw, MESSAGE, constant) == BAD
    assert verify(reader, kind, raw, MESSAGE, SIGNERS[kind].sign(MESSAGE)) == BAD


# P-256.
E_OF_MESSAGE = int.from_bytes(hashlib.sha256(MESSAGE).digest(), "big")
N = curves.ORDER


def test_r_and_s_out_of_range_are_refused(reader: Reader) -> None:
    signature = P256.sign(MESSAGE)
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    assert verify(reader, "p256", P256.public.raw, MESSAGE, curves.pair(r, N - s)) == 0  # plain ECDSA
    edges = [0, 1, N - 1, N, N + 1, curves.FIELD, 2**256 - 1]
    edges += [value + N for value in (r, s) if value + N < 2**256]
    pairs = [(value, s) for value in edges] + [(r, value) for value in edges]
    pairs += [(one, other) for one in edges for other in edges]
    for first, second in pairs:
        signed = curves.pair(first, second)
        assert not P256.public.verifies(MESSAGE, signed)
        assert verify(reader, "p256", P256.public.raw, MESSAGE, signed) == BAD, (hex(first), hex(second))


def test_points_that_are_not_on_the_curve_are_no_keys(reader: Reader) -> None:
    x, y = (int.from_bytes(half, "big") for half in (P256.public.raw[:32], P256.public.raw[32:]))
    wrong = [(0, 0), (x, y ^ 1), (x ^ 1, y), (y, x), (x, 0), (0, y), (x, curves.FIELD), (curves.FIELD, y)]
    wrong += [(2**256 - 1, 2**256 - 1), (x, curves.FIELD + 1)]
    for point in wrong:
        assert verify(reader, "p256", curves.pair(*point), MESSAGE, P256.sign(MESSAGE)) == BAD, point
    inverse = curves.pair(x, curves.FIELD - y)  # a point, but not the key
    assert verify(reader, "p256", inverse, MESSAGE, P256.sign(MESSAGE)) == BAD


@pytest.mark.parametrize("u1", [1, 2, 12345, N - 1])
def test_sums_that_need_a_doubling_or_vanish(reader: Reader, u1: int) -> None:
    """The key is made so that both products are the same point, or opposite ones."""
    s = E_OF_MESSAGE * pow(u1, -1, N) % N
    doubled = curves.p256_multiply(2 * u1 % N, curves.GENERATOR)
    assert doubled is not None
    r = doubled[0] % N
    u2 = r * pow(s, -1, N) % N
    same, opposite = (curves.p256_public(sign * u1 * pow(u2, -1, N)) for sign in (1, -1))
    assert PublicKey("p256", same).verifies(MESSAGE, curves.pair(r, s))
    assert verify(reader, "p256", same, MESSAGE, curves.pair(r, s)) == 0
    assert not PublicKey("p256", opposite).verifies(MESSAGE, curves.pair(r, s))
    assert verify(reader, "p256", opposite, MESSAGE, curves.pair(r, s)) == BAD


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_random_signatures_are_judged_as_openssl_does(reader: Reader, kind: KeyKind) -> None:
    choose = random.Random(5)  # noqa: S311
    key, signature = SIGNERS[kind].public, SIGNERS[kind].sign(MESSAGE)
    for _ in range(60):
        changed = bytearray(signature)
        at = choose.randrange(64)
        changed[at:] = choose.randbytes(64 - at) if choose.random() < 0.5 else signature[at:]
        expected = 0 if key.verifies(MESSAGE, bytes(changed)) else BAD
        assert verify(reader, kind, key.raw, MESSAGE, bytes(changed)) == expected


@pytest.mark.parametrize("compiler", [("gcc", "-std=c11"), ("g++", "-std=c++17", "-xc++")])
def test_the_example_for_a_security_module_is_a_verify(compiler: tuple[str, ...], tmp_path: Path) -> None:
    page = (CHECKOUT / "docs/porting.md").read_text(encoding="utf-8")
    blocks = [block.split("```")[0] for block in page.split("```c\n")[1:]]
    (example,) = [block for block in blocks if "hsm_verify" in block]
    source = tmp_path / "hsm.c"
    source.write_text(example + "extern const ecu_verify used;\nconst ecu_verify used = verify_in_hsm;\n")
    succeed([*compiler, *WARNINGS, f"-I{RUNTIME}/include", "-fsyntax-only", source])
