"""Keys in files, key sets, and the C header for the device."""

from __future__ import annotations

import hashlib
import os
import pty
import re
import select
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa

from cli.program import PROGRAM, call, succeed
from ecu_bundle.errors import BundleError, UsageError
from ecu_bundle.packaging.key_files import (
    file_of,
    public_pem,
    read_private,
    read_public,
    read_trusted,
    says_uses,
)
from ecu_bundle.packaging.key_header import key_header
from ecu_bundle.packaging.key_set import TrustedKey, Uses, decode_key_set, encode_key_set
from ecu_bundle.packaging.keys import PublicKey
from ecu_bundle.packaging.refusals import PackageError, Status
from ecu_bundle.packaging.results import NO_KEYS, NO_MODELS, OPEN_KEYS
from packages.examples import ED25519, P256
from runtime.build import RUNTIME


def nobody() -> bytes:
    raise AssertionError("a key without passphrase asks for none")


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_a_new_key(tmp_path: Path, kind: str) -> None:
    found = succeed("keygen", "-o", tmp_path / "new/a.pem", "--type", kind, "--json").data
    private, public = Path(found["private_key"]), Path(found["public_key"])
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert b"PRIVATE" not in public.read_bytes()
    signer, key = read_private(private, nobody), read_public(public)
    assert (signer.public, key.kind) == (key, kind)
    assert found["id"] == hashlib.sha256(key.raw).hexdigest()[:16]
    assert key.verifies(b"message", signer.sign(b"message"))
    assert signer.sign(b"message") == signer.sign(b"message")
    assert not key.verifies(b"massage", signer.sign(b"message"))


def test_two_keys_are_not_the_same(tmp_path: Path) -> None:
    ids = {succeed("keygen", "-o", tmp_path / name, "--json").data["id"] for name in ("a.pem", "b.pem")}
    assert len(ids) == 2


@pytest.mark.parametrize("existing", ["a.pem", "a.pub.pem", "a_keys.h"])
def test_no_key_is_replaced(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_text("mine")
    outcome = call("keygen", "-o", tmp_path / "a.pem")
    assert outcome.code == 2
    assert f"{existing} exists already" in outcome.stderr
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "mine"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = call("keygen", "-o", tmp_path / "file/a.pem")
    assert (outcome.code, "cannot be written" in outcome.stderr) == (2, True)


def test_passphrases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("grün und blau\nsecond line\n", encoding="utf-8")
    key = tmp_path / "a.pem"
    succeed("keygen", "-o", key, "--passphrase-file", secret)
    assert b"ENCRYPTED" in key.read_bytes()
    assert read_private(key, "grün und blau".encode).public == read_public(tmp_path / "a.pub.pem")
    with pytest.raises(UsageError, match="cannot be opened with this passphrase"):
        read_private(key, lambda: b"wrong")
    monkeypatch.setenv("SECRET", "grün und blau")
    package = tmp_path / "keys.suit"
    words: list[str | Path] = [
        "--vendor",
        "v.example",
        "--device-class",
        "c",
        "--sequence",
        "1",
        "-o",
        package,
    ]
    pack: list[str | Path] = ["pack", "--keys", tmp_path / "a.pub.pem", *words, "--key", key]
    succeed(*pack, "--passphrase-env", "SECRET")
    failures: list[tuple[list[str], str]] = [
        (["--passphrase-env", "NOTHING"], "there is no variable NOTHING"),
        (["--passphrase-file", str(tmp_path / "nothing")], "the passphrase cannot be read"),
        ([], "nobody is there to ask"),
    ]
    for extra, said in failures:
        outcome = call(*pack, *extra)
        assert (outcome.code, said in outcome.stderr) == (2, True), outcome.stderr


def test_an_empty_passphrase_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "")
    outcome = call("keygen", "-o", tmp_path / "a.pem", "--passphrase-env", "SECRET")
    assert (outcome.code, "the passphrase is empty" in outcome.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def _pem(key: object) -> bytes:
    made: bytes = key.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made


def _public(key: object) -> bytes:
    made: bytes = key.public_key().public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return made


OTHERS = {
    "secp384r1": ec.generate_private_key(ec.SECP384R1()),
    "RSA": rsa.generate_private_key(65537, 2048),
    "Ed448": ed448.Ed448PrivateKey.generate(),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_kinds_of_keys_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.pem").write_bytes(_pem(OTHERS[name]))
    (tmp_path / "a.pub.pem").write_bytes(_public(OTHERS[name]))
    with pytest.raises(UsageError, match=f"of another kind: {name}"):
        read_private(tmp_path / "a.pem", nobody)
    with pytest.raises(UsageError, match=f"of another kind: {name}"):
        read_public(tmp_path / "a.pub.pem")


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 90, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pem"
    path.write_bytes(content)
    for read in (lambda: read_private(path, nobody), lambda: read_public(path)):
        with pytest.raises(UsageError, match="is no p"):
            read()
    with pytest.raises(UsageError, match="cannot be read"):
        read_public(tmp_path / "nothing.pem")


def test_the_two_halves_are_told_apart(tmp_path: Path) -> None:
    succeed("keygen", "-o", tmp_path / "a.pem")
    with pytest.raises(UsageError) as caught:
        read_private(tmp_path / "a.pub.pem", nobody)
    assert "this is the public key" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        read_public(tmp_path / "a.pem")
    assert "a.pub.pem" in caught.value.hint


def test_keys_with_a_sequence(tmp_path: Path) -> None:
    succeed("keygen", "-o", tmp_path / "a.pem")
    key = read_public(tmp_path / "a.pub.pem")
    assert read_trusted(f"{tmp_path}/a.pub.pem") == TrustedKey(key)
    assert read_trusted(f"{tmp_path}/a.pub.pem@12") == TrustedKey(key, 12)
    for wrong in ("@x", "@4294967296", "@-1", "@"):
        with pytest.raises(UsageError):
            read_trusted(f"{tmp_path}/a.pub.pem{wrong}")


def test_keys_with_uses(tmp_path: Path) -> None:
    path = tmp_path / "a.pub.pem"
    path.write_bytes(public_pem(ED25519.public))
    for end, expected in {
        ":models": TrustedKey(ED25519.public, 0, Uses.MODELS),
        ":keys": TrustedKey(ED25519.public, 0, Uses.KEYS),
        ":models+keys": TrustedKey(ED25519.public),
        "@12:keys": TrustedKey(ED25519.public, 12, Uses.KEYS),
    }.items():
        assert read_trusted(f"{path}{end}") == expected
        assert (file_of(f"{path}{end}"), says_uses(f"{path}{end}")) == (path, True)
    assert not says_uses(str(path)) and not says_uses(f"{path}@12")
    for wrong in (":", ":key", ":keys+models", ":KEYS", ":keys@12", "@12:", "@:keys"):
        with pytest.raises(UsageError) as caught:
            read_trusted(f"{path}{wrong}")
        assert caught.value.hint.startswith("write FILE"), wrong


@pytest.mark.parametrize("name", ["a:keys", "a@7", "a@7:keys", "b:a.pem"])
def test_a_file_of_that_name_is_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(public_pem(ED25519.public))
    assert read_trusted(f"{tmp_path}/{name}") == TrustedKey(ED25519.public)
    assert read_trusted(f"{tmp_path}/{name}@9:models") == TrustedKey(ED25519.public, 9, Uses.MODELS)


ENTRIES = [TrustedKey(ED25519.public, 7, Uses.MODELS), TrustedKey(P256.public, 0xFFFFFFFF, Uses.KEYS)]


def test_a_key_set_is_read_as_it_was_written() -> None:
    data = encode_key_set(ENTRIES)
    assert decode_key_set(data) == tuple(ENTRIES)
    assert len(data) == 8 + 2 * 80 + 32
    assert (data[8:12], data[88:92]) == (b"\1\1\0\0", b"\2\2\0\0")
    both = TrustedKey(P256.public)
    assert (encode_key_set([both])[8:12], decode_key_set(encode_key_set([both]))) == (b"\2\3\0\0", (both,))


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [ENTRIES[0]] * 2,
        [TrustedKey(PublicKey("p256", bytes([i] * 64))) for i in range(5)],
        [TrustedKey(ED25519.public, -1)],
        [TrustedKey(ED25519.public, 1 << 32)],
        [TrustedKey(ED25519.public, 0, Uses(0))],
        [TrustedKey(ED25519.public, 0, Uses(4))],
    ],
)
def test_no_device_holds_such_keys(keys: list[TrustedKey]) -> None:
    with pytest.raises(UsageError):
        encode_key_set(keys)


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (0, b"ECUG"),
        (4, b"\2"),
        (5, b"\1"),
        (5, b"\3"),
        (6, b"\1"),
        (8, b"\3"),
        (9, b"\0"),
        (9, b"\4"),
        (9, b"\5"),
        (9, b"\xff"),
        (10, b"\1"),
        (11, b"\1"),
        (16, b"\0"),
        (24, b"\0"),
        (60, b"\1"),
        (96, bytes(8)),
        (88, encode_key_set(ENTRIES)[8:88]),
    ],
)
def test_a_key_set_that_breaks_its_format(offset: int, value: bytes) -> None:
    """Though its digest is right."""
    body = bytearray(encode_key_set(ENTRIES)[:-32])
    assert body[offset : offset + len(value)] != value
    body[offset : offset + len(value)] = value
    with pytest.raises(PackageError) as caught:
        decode_key_set(bytes(body) + hashlib.sha256(body).digest())
    assert caught.value.status == Status.ECU_PACKAGE_BAD_KEY_SET


def test_a_damaged_key_set() -> None:
    data = encode_key_set(ENTRIES)
    for wrong in (data[:-1], data + b"\0", b"\0" + data[1:], data[:-1] + b"\0", b""):
        with pytest.raises(PackageError):
            decode_key_set(wrong)


@pytest.mark.parametrize(("compiler", "standard"), [("gcc", "c99"), ("g++", "c++17")])
def test_the_header_compiles_and_holds_the_keys(tmp_path: Path, compiler: str, standard: str) -> None:
    """A program prints the keys; it is compiled with the strictest warnings."""
    (tmp_path / "keys.h").write_text(key_header(ENTRIES, "2nd key-set"), encoding="utf-8")
    source = tmp_path / ("main.c" if compiler == "gcc" else "main.cpp")
    source.write_text(
        '#include "keys.h"\n#include <stdio.h>\n'
        "int main(void) {\n"
        "  for (unsigned i = 0; i < KEY_2ND_KEY_SET_KEY_COUNT; ++i) {\n"
        '    printf("%x ", key_2nd_key_set_keys[i].kind);\n'
        '    printf("%lu ", (unsigned long)key_2nd_key_set_keys[i].minimum);\n'
        '    for (unsigned j = 0; j < 8; ++j) printf("%02x", key_2nd_key_set_keys[i].id[j]);\n'
        '    printf(" ");\n'
        '    for (unsigned j = 0; j < 64; ++j) printf("%02x", key_2nd_key_set_keys[i].public_key[j]);\n'
        '    printf("\\n");\n  }\n  return 0;\n}\n'
    )
    flags = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", f"-std={standard}"]
    program = tmp_path / "program"
    command = [compiler, *flags, "-I", str(RUNTIME / "include"), str(source), "-o", str(program)]
    subprocess.run(command, check=True, capture_output=True)
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    assert lines == [
        f"{number} {entry.minimum} {entry.key.id.hex()} {entry.key.raw.ljust(64, bytes(1)).hex()}"
        for number, entry in zip((101, 202), ENTRIES, strict=True)
    ]


def test_other_keys_of_the_device_stand_in_the_header(tmp_path: Path) -> None:
    succeed("keygen", "-o", tmp_path / "a.pem")
    succeed("keygen", "-o", tmp_path / "b.pem", "--also", f"{tmp_path}/a.pub.pem@9")
    text = (tmp_path / "b_keys.h").read_text()
    both = "{ECU_KEY_ED25519 | ECU_KEY_FOR_MODELS | ECU_KEY_FOR_KEYS,\n     "
    assert "B_KEY_COUNT 2U" in text and f"{both}0U," in text and f"{both}9U," in text
    outcome = call("keygen", "-o", tmp_path / "c.pem", *["--also", str(tmp_path / "a.pub.pem")] * 2)
    assert (outcome.code, "given twice" in outcome.stderr) == (2, True)
    assert not (tmp_path / "c.pem").exists()


def test_a_root_key_and_a_release_key(tmp_path: Path) -> None:
    """As docs/packaging.md has it; what no one should overlook is said, once."""
    keygen = ["keygen", "-o"]
    alone = "ECU_KEY_ED25519 | ECU_KEY_FOR_"
    root = succeed(*keygen, tmp_path / "root.pem", "--for", "keys")
    assert root.stderr == f"{NO_MODELS}\n"
    public = tmp_path / "root.pub.pem"
    release = succeed(*keygen, tmp_path / "release.pem", "--for", "models", "--also", f"{public}:keys")
    assert release.stderr == ""
    text = (tmp_path / "release_keys.h").read_text()
    assert re.findall(r"\{(ECU_KEY.*),$", text, re.M) == [f"{alone}MODELS", f"{alone}KEYS"]
    lone = succeed(*keygen, tmp_path / "lone.pem", "--for", "models")
    assert lone.stderr == f"{NO_KEYS}\n"
    both = succeed(*keygen, tmp_path / "both.pem")
    assert both.stderr == f"{OPEN_KEYS}\n"
    quiet = succeed(*keygen, tmp_path / "quiet.pem", "--for", "models", "--json")
    assert (quiet.data["uses"], quiet.stderr) == (["models"], "")
    assert call(*keygen, tmp_path / "x.pem", "--for", "nothing").code == 2


def test_every_error_is_one_that_a_person_can_act_on(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(b"x")
    with pytest.raises(BundleError) as caught:
        read_private(tmp_path / "a.pem", nobody)
    assert caught.value.hint and caught.value.place


def test_a_passphrase_that_a_person_types(tmp_path: Path) -> None:
    """At a terminal of its own; it does not show what is typed."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execv(PROGRAM, [str(PROGRAM), "keygen", "-o", "a.pem", "--passphrase"])  # noqa: S606
    shown = b""
    for prompt in (b"passphrase of a.pem: ", b"confirmation: ", b"private key"):
        while prompt not in shown:
            ready = select.select([terminal], [], [], 60)[0]
            assert ready, f"nothing more after {shown!r}"
            shown += os.read(terminal, 1000)
        if prompt != b"private key":
            os.write(terminal, b"one secret\n")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown
    assert b"passphrase" in shown and b"one secret" not in shown
    assert read_private(tmp_path / "a.pem", lambda: b"one secret").public == read_public(
        tmp_path / "a.pub.pem"
    )
