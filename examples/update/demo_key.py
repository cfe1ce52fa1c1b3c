"""Seed to key of the simulated ECU: reads the seed on stdin, writes the key to stdout.

For demonstrations only: it is public, so it protects nothing. The key is the first 4 bytes of the SHA-256 of
``ecu-bundle demo`` and the seed.
"""

import hashlib
import sys


def key_for(seed: bytes) -> bytes:
    """The key for this seed, 4 bytes."""
    return hashlib.sha256(b"ecu-bundle demo" + seed).digest()[:4]


if __name__ == "__main__":
    sys.stdout.buffer.write(key_for(sys.stdin.buffer.read()))
