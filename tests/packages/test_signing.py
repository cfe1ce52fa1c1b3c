"""Signatures by key files and by commands."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from cli.program import Outcome, call, succeed
from ecu_bundle.packaging.key_files import private_pem, public_pem
from ecu_bundle.packaging.reader import check_signature, read_package
from ecu_bundle.packaging.signing import KeySigner
from packages.examples import ED25519, P256, model_package, unsigned_model

HOOK = Path(__file__).with_name("hook.py")
SIGNERS = {"ed25519": ED25519, "p256": P256}


def test_ed25519_is_that_of_rfc_8032() -> None:
    """Section 7.1, test 3."""
    seed = bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
    signature = KeySigner(ed25519.Ed25519PrivateKey.from_private_bytes(seed)).sign(b"\xaf\x82")
    assert signature.hex() == (
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )


def test_ecdsa_is_that_of_rfc_6979() -> None:
    """Appendix A.2.5, SHA-256, message "sample"."""
    number = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    signature = KeySigner(ec.derive_private_key(number, ec.SECP256R1())).sign(b"sample")
    assert signature.hex().upper() == (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An unsigned package, with the public keys of the examples beside it."""
    for name, signer in SIGNERS.items():
        (tmp_path / f"{name}.pub.pem").write_bytes(public_pem(signer.public))
        (tmp_path / f"{name}.pem").write_bytes(private_pem(signer, None))
    path = tmp_path / "model.suit"
    path.write_bytes(unsigned_model().encode())
    return path


def sign_by_hook(package: Path, kind: str, manner: str, *more: str, key: str = "") -> Outcome:
    command = shlex.join([sys.executable, str(HOOK), kind, manner])
    public = package.parent / f"{key or kind}.pub.pem"
    return call("sign", package, "--command", command, "--public-key", public, *more)


@pytest.mark.parametrize("kind", SIGNERS)
def test_a_key_file_signs(package: Path, kind: str) -> None:
    found = succeed("sign", package, "--key", package.parent / f"{kind}.pem", "--json").data
    assert found["key"] == SIGNERS[kind].public.id.hex()
    assert found["algorithm"] == {"ed25519": -8, "p256": -7}[kind]
    key = SIGNERS[kind].public
    assert check_signature(read_package(package.read_bytes()).header, {key.id: key}) == key
    if kind == "ed25519":
        assert package.read_bytes() == model_package()


def test_a_signature_is_replaced(package: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.suit"
    succeed("sign", package, "--key", tmp_path / "p256.pem", "-o", other)
    assert package.read_bytes() == unsigned_model().encode()
    succeed("sign", other, "--key", tmp_path / "ed25519.pem")
    assert other.read_bytes() == model_package()


@pytest.mark.parametrize("kind", SIGNERS)
def test_a_command_signs(package: Path, kind: str) -> None:
    assert sign_by_hook(package, kind, "right").code == 0
    key = SIGNERS[kind].public
    assert check_signature(read_package(package.read_bytes()).header, {key.id: key}) == key


@pytest.mark.parametrize(
    ("kind", "manner", "said"),
    [
        ("ed25519", "fail", "the token is locked"),
        ("ed25519", "wrong", "no signature of the key"),
        ("ed25519", "short", "gave 63 bytes"),
        ("ed25519", "hex", "neither hexadecimal nor base64"),
        ("ed25519", "silent", "gave 0 bytes"),
        ("p256", "der", "this is DER"),
    ],
)
def test_a_command_that_fails(package: Path, kind: str, manner: str, said: str) -> None:
    before = package.read_bytes()
    outcome = sign_by_hook(package, kind, manner)
    assert (outcome.code, outcome.stdout) == (1, "")
    assert said in outcome.stderr
    assert package.read_bytes() == before


def test_a_command_that_hangs(package: Path) -> None:
    outcome = sign_by_hook(package, "ed25519", "hang", "--timeout", "1")
    assert (outcome.code, "time limit" in outcome.stderr) == (1, True)


LEAVES = {
    "a child in a session of its own": ("sh -c 'setsid sleep 20 & sleep 60'", "1", "time limit"),
    "a child that outlives it": ("sh -c 'setsid sleep 20 & exit 0'", "1", "left behind holds its output"),
    "output without an end": ("cat /dev/zero", "30", "more than 65536 bytes of output"),
    "errors without an end": ("sh -c 'cat /dev/zero >&2'", "30", "more than 65536 bytes of output"),
}


@pytest.mark.parametrize("case", LEAVES)
def test_a_command_that_would_never_end(case: str, package: Path) -> None:
    command, seconds, said = LEAVES[case]
    public = package.parent / "ed25519.pub.pem"
    start = time.monotonic()
    outcome = call("sign", package, "--command", command, "--public-key", public, "--timeout", seconds)
    assert (outcome.code, said in outcome.stderr) == (1, True), outcome.stderr
    assert time.monotonic() - start < 15
    assert package.read_bytes() == unsigned_model().encode()


def test_a_command_of_another_key(package: Path, tmp_path: Path) -> None:
    succeed("keygen", "-o", tmp_path / "stranger.pem")
    outcome = sign_by_hook(package, "ed25519", "right", key="stranger")
    assert (outcome.code, "no signature of the key" in outcome.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "there is no key"),
        (["--command", "x"], 2, "--public-key is missing"),
        (["--public-key", "ed25519.pub.pem"], 2, "--command is missing"),
        (["--key", "ed25519.pem", "--command", "x", "--public-key", "ed25519.pub.pem"], 2, "both sign"),
        (["--command", "", "--public-key", "ed25519.pub.pem"], 2, "the command is empty"),
        (["--command", "a 'b", "--public-key", "ed25519.pub.pem"], 2, "is malformed"),
        (["--command", "./no-such-program", "--public-key", "ed25519.pub.pem"], 2, "check --command"),
        (["--command", "./ed25519.pem", "--public-key", "ed25519.pub.pem"], 2, "may not be executed"),
        (["--key", "nothing.pem"], 2, "nothing.pem cannot be read"),
        (["--key", "ed25519.pub.pem"], 2, "is no private key"),
    ],
)
def test_wrong_options(
    package: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(package.parent)
    outcome = call("sign", package, *arguments)
    assert (outcome.code, said in outcome.stderr) == (code, True), outcome.stderr
    assert package.read_bytes() == unsigned_model().encode()


def test_no_damaged_package_is_signed(package: Path, tmp_path: Path) -> None:
    data = bytearray(package.read_bytes())
    data[-1] ^= 1
    package.write_bytes(data)
    outcome = call("sign", package, "--key", tmp_path / "ed25519.pem")
    assert (outcome.code, "ECU_PACKAGE_BAD_PAYLOAD" in outcome.stderr) == (1, True)
    assert package.read_bytes() == data
