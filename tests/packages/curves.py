"""Ed25519 and P-256 with plain integers, to make signatures and keys that no library makes."""

from __future__ import annotations

import hashlib

# Ed25519 (RFC 8032, section 5.1).
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
_ROOT = pow(2, (P - 1) // 4, P)

Point = tuple[int, int]
ZERO: Point = (0, 1)


def edwards_add(a: Point, b: Point) -> Point:
    product = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P
    return x, y


def edwards_multiply(scalar: int, point: Point) -> Point:
    result = ZERO
    for bit in f"{scalar:b}":
        result = edwards_add(result, result)
        if bit == "1":
            result = edwards_add(result, point)
    return result


def edwards_decode(encoded: bytes) -> Point | None:
    """The point; y is taken modulo p, and x = 0 with a sign is allowed, as lenient libraries do."""
    number = int.from_bytes(encoded, "little")
    y, sign = number % 2**255 % P, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * _ROOT % P
    if x * x % P != square:
        return None
    return (P - x if x % 2 != sign else x) % P, y


def edwards_encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


BASE = edwards_decode(bytes([0x58]) + bytes([0x66]) * 31) or ZERO


def torsion() -> list[Point]:
    """The eight points whose order divides 8."""
    for y in range(2, 100):
        point = edwards_decode(y.to_bytes(32, "little"))
        if point is None:
            continue
        eighth = edwards_multiply(L, point)
        if edwards_multiply(4, eighth) != ZERO:
            return [edwards_multiply(k, eighth) for k in range(8)]
    raise AssertionError


def loose_encodings(point: Point) -> list[bytes]:
    """All 32 bytes that lenient decoding takes for the point, the canonical one first."""
    x, y = point
    signs = (x & 1, 1 - (x & 1)) if x == 0 else (x & 1,)
    numbers = [value | sign << 255 for value in (y, y + P) if value < 2**255 for sign in signs]
    return [number.to_bytes(32, "little") for number in numbers]


def secret_scalar(seed: bytes) -> int:
    digest = bytearray(hashlib.sha512(seed).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    return int.from_bytes(digest, "little")


def challenge(r: bytes, public: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L


# P-256 (FIPS 186-5, SP 800-186).
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
GENERATOR: Point = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def p256_add(a: Point | None, b: Point | None) -> Point | None:
    """Sum of two points; None is the point at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % FIELD == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, FIELD)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, FIELD)
    x = (slope * slope - a[0] - b[0]) % FIELD
    return x, (slope * (a[0] - x) - a[1]) % FIELD


def p256_multiply(scalar: int, point: Point) -> Point | None:
    result: Point | None = None
    for bit in f"{scalar:b}":
        result = p256_add(result, result)
        if bit == "1":
            result = p256_add(result, point)
    return result


def p256_public(secret: int) -> bytes:
    """x and y of a public key."""
    point = p256_multiply(secret % ORDER, GENERATOR)
    assert point is not None
    return pair(*point)


def pair(first: int, second: int) -> bytes:
    """Two numbers of 32 bytes, big-endian."""
    return first.to_bytes(32, "big") + second.to_bytes(32, "big")
