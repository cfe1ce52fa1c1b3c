"""A signing command for the tests: reads bytes, writes a signature, or fails as it is told."""

from __future__ import annotations

import sys
import time

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

kind, manner = sys.argv[1:]
message = sys.stdin.buffer.read()
if kind == "ed25519":
    signature = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))).sign(message)
else:
    private = derive_private_key(int.from_bytes(bytes(range(1, 33)), "big"), SECP256R1())
    signature = private.sign(message, ECDSA(SHA256()))
    if manner != "der":
        r, s = decode_dss_signature(signature)
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
if manner == "fail":
    sys.exit("the token is locked")
if manner == "hang":
    time.sleep(60)
if manner == "wrong":
    signature = bytes(64)
if manner == "short":
    signature = signature[:63]
if manner == "hex":
    signature = signature.hex().encode()
if manner == "silent":
    signature = b""
sys.stdout.buffer.write(signature)
