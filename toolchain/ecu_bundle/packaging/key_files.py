"""Keys in files: PEM, a private one readable by its owner alone and never replaced."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ecu_bundle.errors import UsageError
from ecu_bundle.folders import require_outside_bundles
from ecu_bundle.packaging.key_set import EVERYTHING, TrustedKey, Uses
from ecu_bundle.packaging.keys import KeyKind, PublicKey, public_key
from ecu_bundle.packaging.layout import MAX_SEQUENCE
from ecu_bundle.packaging.signing import KeySigner

MAX_BYTES = 1 << 16
"""Of a key file; a real one has a few hundred."""

USES: dict[str, Uses] = {"models": Uses.MODELS, "keys": Uses.KEYS, "models+keys": EVERYTHING}
"""What a key may sign, as people write it."""

Passphrase = Callable[[], bytes]
"""Asked only when a key is encrypted."""


def generate(kind: KeyKind) -> KeySigner:
    """A new private key."""
    if kind == "ed25519":
        return KeySigner(ed25519.Ed25519PrivateKey.generate())
    return KeySigner(ec.generate_private_key(ec.SECP256R1()))


def public_path(private: Path) -> Path:
    """Where the public key of a private key file stands: ``brake.pem``, ``brake.pub.pem``."""
    return private.with_name(private.stem + ".pub.pem")


def private_pem(signer: KeySigner, passphrase: bytes | None) -> bytes:
    """A private key as PKCS #8."""
    return signer.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption(),
    )


def public_pem(key: PublicKey) -> bytes:
    """A public key as SubjectPublicKeyInfo."""
    return key.native().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def write_new(files: dict[Path, tuple[bytes, int]]) -> None:
    """Writes files that must not exist yet, with their modes; all of them or none.

    They are on the disk when this returns, since nothing else holds the key.

    Raises:
        UsageError: one exists or cannot be written.
    """
    made: list[Path] = []
    path = Path()
    complete = False
    try:
        for path, (data, mode) in files.items():
            require_outside_bundles(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(path):
                raise FileExistsError
            made.append(path)
            try:
                _write_durably(path, data, mode)
            except FileExistsError:  # somebody else's, of this very moment
                made.pop()
                raise
        complete = True
    except OSError as error:
        exists = isinstance(error, FileExistsError) and os.path.lexists(path)
        raise UsageError(
            "keygen",
            f"{path.name} exists already" if exists else f"{path.name} cannot be written: {error.strerror}",
            place=str(path),
            hint="a key is never replaced: choose another file with -o, or take the old one away yourself"
            if exists
            else "choose a place that can be written, with -o",
        ) from error
    finally:  # also after Ctrl-C
        for one in () if complete else made:
            with suppress(OSError):
                one.unlink()


def _write_durably(path: Path, data: bytes, mode: int) -> None:
    """Writes a new file to the disk, with its entry in the folder."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    with suppress(OSError):  # not every file system can do that
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_private(path: Path, passphrase: Passphrase) -> KeySigner:
    """Reads a private key.

    Args:
        path: PEM file.
        passphrase: asked when the key is encrypted.

    Raises:
        UsageError: no file, no private key, a wrong passphrase, or a kind of key that is not used.
    """
    data = _read(path)
    encrypted = b"ENCRYPTED" in data
    secret = passphrase() if encrypted else None
    try:
        private = serialization.load_pem_private_key(data, secret)
    except UnsupportedAlgorithm as error:
        raise _other_kind(path, str(error)) from error
    except (ValueError, TypeError) as error:
        is_public = b"PUBLIC KEY" in data
        raise UsageError(
            "key",
            f"{path.name} cannot be opened with this passphrase"
            if encrypted
            else f"{path.name} is no private key",
            place=str(path),
            hint="try again; nobody can open this key without its passphrase"
            if encrypted
            else "this is the public key; give the private one"
            if is_public
            else "`ecu-bundle keygen` makes a key",
        ) from error
    if isinstance(private, ed25519.Ed25519PrivateKey) or (
        isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1)
    ):
        return KeySigner(private)
    raise _other_kind(path, _kind_of(private))


def read_public(path: Path) -> PublicKey:
    """Reads a public key.

    Raises:
        UsageError: no file, no public key, or a kind of key that is not used.
    """
    data = _read(path)
    try:
        native = serialization.load_pem_public_key(data)
    except UnsupportedAlgorithm as error:
        raise _other_kind(path, str(error)) from error
    except ValueError as error:
        is_private = b"PRIVATE KEY" in data
        raise UsageError(
            "key",
            f"{path.name} is no public key",
            place=str(path),
            hint=f"this is a private key; give {public_path(path).name}"
            if is_private
            else "`ecu-bundle keygen` writes a public key beside each private one",
        ) from error
    try:
        return public_key(native)
    except ValueError as error:
        raise _other_kind(path, _kind_of(native)) from error


def file_of(text: str) -> Path:
    """The file of ``FILE[@SEQUENCE][:USES]``."""
    return _parts(text)[0]


def says_uses(text: str) -> bool:
    """Whether ``FILE[@SEQUENCE][:USES]`` has uses."""
    return _parts(text)[2] is not None


def read_trusted(text: str) -> TrustedKey:
    """Reads ``FILE[@SEQUENCE][:USES]``: a public key, the first sequence that it may sign, and what it may
    sign, by a word of `USES`. Without a word it may sign everything.

    Raises:
        UsageError: as `read_public`, or no such sequence or word.
    """
    path, number, word = _parts(text)
    if word is not None and word not in USES:
        raise UsageError(
            "key",
            f"{word!r} is nothing that a key may sign",
            place=text,
            hint=f"write FILE or FILE@SEQUENCE, then :{', :'.join(USES)}, or nothing",
        )
    if number is not None and (not number.isdecimal() or int(number) > MAX_SEQUENCE):
        raise UsageError(
            "key",
            f"{number!r} is no sequence",
            place=text,
            hint=f"write FILE@SEQUENCE, 0 to {MAX_SEQUENCE}, or the file alone",
        )
    return TrustedKey(read_public(path), int(number or 0), EVERYTHING if word is None else USES[word])


def _parts(text: str) -> tuple[Path, str | None, str | None]:
    """File, sequence and uses; None for what is not there. A file of that name is one, whatever is in it."""
    number = word = None
    if ":" in text and not Path(text).exists():
        text, _, word = text.rpartition(":")
    if "@" in text and not Path(text).exists():
        text, _, number = text.rpartition("@")
    return Path(text), number, word


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES)
    except OSError as error:
        raise UsageError(
            "key", f"{path.name} cannot be read: {error.strerror}", place=str(path), hint="give a PEM file"
        ) from error


def _kind_of(native: object) -> str:
    curve = getattr(getattr(native, "curve", None), "name", "")
    return curve or type(native).__name__.lstrip("_")


def _other_kind(path: Path, kind: str) -> UsageError:
    return UsageError(
        "key",
        f"{path.name} is a key of another kind: {kind}",
        place=str(path),
        hint="Ed25519 and P-256 are used; `ecu-bundle keygen` makes one",
    )
