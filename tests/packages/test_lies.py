"""Packages that lie, and inputs that are endless or odd: the commands refuse them in words."""

from __future__ import annotations

import hashlib
import math
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cli.program import PROGRAM, call, succeed
from ecu_bundle.errors import UsageError
from ecu_bundle.packaging.cose import protected_header
from ecu_bundle.packaging.exporters import EXPORTERS
from ecu_bundle.packaging.facts import encode_facts
from ecu_bundle.packaging.files import read_file
from ecu_bundle.packaging.key_files import private_pem, public_pem, read_private, read_public
from ecu_bundle.packaging.layout import HEADER_LIMIT, class_id, vendor_id
from ecu_bundle.packaging.payload import decode_golden, split_payload
from ecu_bundle.packaging.reader import read_package
from ecu_bundle.packaging.refusals import PackageError, Status
from ecu_bundle.packaging.signing import sign_envelope
from ecu_bundle.packaging.suit import Envelope, make_envelope
from packages.examples import CLASS, ED25519, P256, VENDOR, key_package, model_package, unsigned_model

HEADER = model_package()[: -len(unsigned_model().payload)]


pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A current folder with the keys of the examples."""
    monkeypatch.chdir(tmp_path)
    for name, signer in (("ed25519", ED25519), ("p256", P256)):
        Path(f"{name}.pem").write_bytes(private_pem(signer, None))
        Path(f"{name}.pub.pem").write_bytes(public_pem(signer.public))


def lying(*, facts: dict[str, Any] | None = None, **information: Any) -> Envelope:
    """The example, unsigned, saying something else about its payload."""
    read = read_package(unsigned_model().encode(), allow_unsigned=True)
    assert read.header.device is not None
    device = replace(read.header.device, **(facts or {}))
    return make_envelope(
        "model",
        sequence=7,
        vendor=vendor_id(VENDOR),
        device_class=class_id(VENDOR, CLASS),
        facts=encode_facts(device, replace(read.information, **information)),
        payload=read.payload,
    )


LIES: dict[str, dict[str, Any]] = {
    "interface": {"facts": {"interface_hash": bytes(32)}},
    "arena": {"facts": {"arena": 0}},
    "kernels": {"facts": {"kernels": ()}},
    "engine": {"facts": {"kind": 1, "program_format": 0, "kernels": ()}},
    "format": {"facts": {"image_format": 2}},
    "image digest": {"image_digest": bytes(32)},
    "ONNX digest": {"onnx_digest": bytes([1] * 32)},
}


@pytest.mark.parametrize("case", LIES)
def test_no_lie_is_signed(case: str) -> None:
    """Nor does a signing command get to see it, nor does a package with the lie leave as a file."""
    envelope = lying(**LIES[case])
    Path("lie.suit").write_bytes(envelope.encode())
    hook = ["--command", "touch asked", "--public-key", "ed25519.pub.pem"]
    for words in (["--key", "ed25519.pem"], hook):
        outcome = call("sign", "lie.suit", *words)
        assert (outcome.code, "ECU_PACKAGE_BAD_PAYLOAD" in outcome.stderr) == (1, True), outcome.stderr
        assert Path("lie.suit").read_bytes() == envelope.encode()
    assert not Path("asked").exists()
    Path("signed.suit").write_bytes(sign_envelope(envelope, ED25519).encode())
    for words in (["export", "--to", "bin", "-o", "out"], ["verify-package"]):
        outcome = call(*words, "signed.suit", "-p", "ed25519.pub.pem")
        assert (outcome.code, "ECU_PACKAGE_BAD_PAYLOAD" in outcome.stderr) == (1, True), outcome.stderr
    assert not Path("out").exists()


def forged(algorithm: int = -8) -> bytes:
    """The example with a signature of zeros."""
    protected = protected_header(algorithm, ED25519.public.id)
    return replace(unsigned_model(), protected=protected, signature=bytes(64)).encode()


@pytest.mark.parametrize("form", [*EXPORTERS, "keys"])
@pytest.mark.parametrize(
    ("data", "trusted", "status"),
    [
        (forged(), "ed25519.pub.pem", Status.ECU_PACKAGE_BAD_SIGNATURE),
        (forged(-7), "ed25519.pub.pem", Status.ECU_PACKAGE_BAD_ALGORITHM),
        (model_package(), "p256.pub.pem", Status.ECU_PACKAGE_UNKNOWN_KEY),
        (model_package(), "ed25519.pub.pem@8", Status.ECU_PACKAGE_KEY_RETIRED),
        (model_package(), "ed25519.pub.pem:keys", Status.ECU_PACKAGE_WRONG_USE),
        (key_package(), "p256.pub.pem:models", Status.ECU_PACKAGE_WRONG_USE),
        (key_package(), "ed25519.pub.pem", Status.ECU_PACKAGE_UNKNOWN_KEY),
    ],
)
def test_only_what_the_keys_have_signed_is_exported(
    form: str, data: bytes, trusted: str, status: Status
) -> None:
    Path("x.suit").write_bytes(data)
    outcome = call(
        "export", "x.suit", "-p", trusted, "--to", form, "-o", "out", "--slot-address", "0", "--json"
    )
    assert (outcome.code, outcome.data["status"]) == (1, status.name)
    assert not Path("out").exists()


def test_nothing_is_exported_without_a_key() -> None:
    Path("x.suit").write_bytes(model_package())
    outcome = call("export", "x.suit", "--to", "hex", "-o", "out")
    assert (outcome.code, "--public-key" in outcome.stderr) == (2, True)


@pytest.mark.parametrize("name", ["../../../../tmp/x/ESC", 'a"/><X>', "/etc/x", "a b", "a\n", "1a", "ä", "."])
def test_the_name_of_a_model_is_no_path_and_no_markup(name: str) -> None:
    Path("x.suit").write_bytes(sign_envelope(lying(name=name), ED25519).encode())
    outcome = call("export", "x.suit", "-p", "ed25519.pub.pem", "--to", "pdx", "-o", "out.pdx")
    assert (outcome.code, "is no identifier" in outcome.stderr) == (2, True), outcome.stderr
    assert not Path("out.pdx").exists()


def test_words_in_a_container_cannot_leave_their_place() -> None:
    """Those that are no names: markup in them stays text."""
    import zipfile
    from xml.etree import ElementTree

    part = '"/><X a="&lt;'
    Path("x.suit").write_bytes(sign_envelope(lying(part_number=part), ED25519).encode())
    succeed("export", "x.suit", "-p", "ed25519.pub.pem", "--to", "pdx", "-o", "out.pdx")
    with zipfile.ZipFile("out.pdx") as container:
        root = ElementTree.fromstring(container.read("neg.odx-f"))  # noqa: S314
    assert part in [element.text for element in root.iter("IDENT-VALUE")]
    assert not list(root.iter("X"))


TOLERANCES = [math.nan, -1.0, math.inf, -math.inf, -0.0]


@pytest.mark.parametrize("place", [0, 4])
@pytest.mark.parametrize("value", TOLERANCES, ids=str)
def test_tolerances_that_the_device_refuses(value: float, place: int) -> None:
    read = read_package(model_package())
    assert read.header.device is not None
    parts = split_payload(read.payload, read.header.device.image_size)
    body = bytearray(parts.golden[:-32])
    body[24 + place : 28 + place] = struct.pack("<f", value)
    golden = bytes(body) + hashlib.sha256(body).digest()
    from ecu_bundle.image import read_image

    interface = read_image(parts.image).image.interface
    with pytest.raises(PackageError, match="a tolerance is not finite, or is negative") as caught:
        decode_golden(golden, interface)
    assert caught.value.status == Status.ECU_PACKAGE_BAD_VECTORS
    envelope = make_envelope(
        "model",
        sequence=7,
        vendor=vendor_id(VENDOR),
        device_class=class_id(VENDOR, CLASS),
        facts=encode_facts(read.header.device, read.information),
        payload=replace(parts, golden=golden).encode(),
    )
    Path("x.suit").write_bytes(sign_envelope(envelope, ED25519).encode())
    outcome = call("verify-package", "x.suit", "-p", "ed25519.pub.pem", "--json")
    assert (outcome.code, outcome.data["status"]) == (1, "ECU_PACKAGE_BAD_VECTORS")


def _openssl(*words: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize("curve", ["secp112r1", "wap-wsg-idm-ecid-wtls1", "secp256k1", "brainpoolP256r1"])
def test_keys_on_other_curves(curve: str, tmp_path: Path) -> None:
    """Some of them no library here knows; OpenSSL makes them."""
    private = _openssl("ecparam", "-name", curve, "-genkey", "-noout")
    (tmp_path / "a.pem").write_bytes(private)
    (tmp_path / "a.pub.pem").write_bytes(_openssl("ec", "-pubout", data=private))
    for read in (
        lambda: read_private(tmp_path / "a.pem", bytes),
        lambda: read_public(tmp_path / "a.pub.pem"),
    ):
        with pytest.raises(UsageError, match="is a key of another kind"):
            read()


def test_a_key_of_a_curve_with_other_names(tmp_path: Path) -> None:
    """P-256 with its parameters written out is P-256."""
    words = ["ecparam", "-name", "prime256v1", "-param_enc", "explicit", "-genkey", "-noout"]
    (tmp_path / "a.pem").write_bytes(_openssl(*words))
    assert isinstance(read_private(tmp_path / "a.pem", bytes).private, ec.EllipticCurvePrivateKey)


PASSPHRASES: dict[str, tuple[bytes | str, str]] = {
    "not UTF-8": (b"gr\xfcn\n", "is not UTF-8"),
    "long": (b"x" * 1024 + b"\n", "has more than 1023 bytes"),
    "without an end": (b"x" * 100_000, "has more than 1023 bytes"),
    "zeros without an end": ("/dev/zero", "has more than 1023 bytes"),
    "empty": (b"", "is empty"),
    "an empty first line": (b"\nsecond\n", "is empty"),
    "a folder": ("/", "cannot be read"),
}


@pytest.mark.parametrize("case", PASSPHRASES)
def test_odd_passphrases(case: str) -> None:
    content, said = PASSPHRASES[case]
    secret = Path("secret") if isinstance(content, bytes) else Path(content)
    if isinstance(content, bytes):
        secret.write_bytes(content)
    Path("encrypted.pem").write_bytes(private_pem(ED25519, b"x"))
    Path("x.suit").write_bytes(unsigned_model().encode())
    for words in (["keygen", "-o", "new.pem"], ["sign", "x.suit", "--key", "encrypted.pem"]):
        outcome = call(*words, "--passphrase-file", secret)
        assert (outcome.code, said in outcome.stderr) == (2, True), outcome.stderr
    assert not Path("new.pem").exists()


@pytest.mark.parametrize("size", [1, 1023])
def test_passphrases_that_are_just_right(size: int) -> None:
    for end in (b"\n", b"\r\n", b""):
        Path("secret").write_bytes(b"x" * size + end)
        succeed("keygen", "-o", f"{len(end)}.pem", "--passphrase-file", "secret")
        assert read_private(Path(f"{len(end)}.pem"), lambda: b"x" * size)


def test_a_variable_that_is_not_utf_8() -> None:
    done = subprocess.run(
        [PROGRAM, "keygen", "-o", "new.pem", "--passphrase-env", "SECRET"],
        env={b"SECRET": b"gr\xfcn"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"is not UTF-8" in done.stderr) == (2, True), done.stderr


ENDLESS: dict[str, list[str]] = {
    "sign": ["sign", "/dev/zero", "--key", "ed25519.pem", "-o", "out"],
    "verify": ["verify-package", "/dev/zero", "-p", "ed25519.pub.pem"],
    "export": ["export", "/dev/zero", "-p", "ed25519.pub.pem", "--to", "hex", "-o", "out"],
    "flash": ["flash", "/dev/zero", "--doip", "127.0.0.1:9"],
    "key": ["sign", "x.suit", "--key", "/dev/zero"],
    "public key": ["verify-package", "x.suit", "-p", "/dev/zero"],
    "training data": ["pack", "nothing", "-o", "out", "--training-data", "/dev/zero"],
}


@pytest.mark.parametrize("case", ENDLESS)
def test_endless_files_are_refused_at_once(case: str) -> None:
    Path("x.suit").write_bytes(model_package())
    start = time.monotonic()
    outcome = call(*ENDLESS[case])
    assert outcome.code in (1, 2), outcome.stderr
    assert time.monotonic() - start < 20
    assert not Path("out").exists()


@pytest.mark.parametrize("surplus", [b"", b"x", b"x" * 5000])
def test_what_is_read_of_a_package_is_enough_to_judge_it(surplus: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.suit"
    for data in (model_package() + surplus, model_package()[:-1], b"", HEADER[:600], b"\xd8\x6b" * 900):
        path.write_bytes(data)
        verdicts: list[bytes | Status] = []
        for found in (data, read_file(path)):
            try:
                verdicts.append(read_package(found).payload)
            except PackageError as error:
                verdicts.append(error.status)
        assert verdicts[0] == verdicts[1]
    path.write_bytes(model_package() + bytes(1 << 20))
    assert len(read_file(path)) < len(model_package()) + HEADER_LIMIT + 2


RECORDS: dict[str, Callable[[], bytes]] = {
    "of a slot": lambda: HEADER.ljust(HEADER_LIMIT, b"\xff"),
    "of flash that is erased to zeros": lambda: HEADER.ljust(HEADER_LIMIT, b"\0"),
    "without the gap": lambda: HEADER,
}


@pytest.mark.parametrize("case", RECORDS)
def test_the_record_of_a_slot_is_read(case: str, tmp_path: Path) -> None:
    path = tmp_path / "record.bin"
    path.write_bytes(RECORDS[case]())
    facts = succeed("inspect", path, "--json").data
    path.with_suffix(".suit").write_bytes(model_package())
    package = succeed("inspect", path.with_suffix(".suit"), "--json").data
    assert facts == {**package, "kind": "record"}
    text = succeed("inspect", path).stdout
    assert "record of an installed package, model neg 1.0" in text
    assert "R79-0042" in text and "not in a record" in text


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (HEADER.ljust(HEADER_LIMIT, b"\xff")[:-1] + b"\xfe", "ECU_PACKAGE_TOO_LONG"),
        (HEADER.ljust(HEADER_LIMIT + 1, b"\xff"), "ECU_PACKAGE_TOO_LONG"),
        (HEADER[:-1], "ECU_PACKAGE_TRUNCATED"),
        (HEADER[:0x1C0] + b"\x01" + HEADER[0x1C1:], "ECU_PACKAGE_BAD_DIGEST"),
        (HEADER[:0x20] + bytes(3) + HEADER[0x23:], "ECU_PACKAGE_BAD_DIGEST"),
    ],
)
def test_what_is_no_record(data: bytes, status: str, tmp_path: Path) -> None:
    path = tmp_path / "record.bin"
    path.write_bytes(data)
    outcome = call("inspect", path, "--json")
    assert (outcome.code, outcome.data["status"]) == (1, status)
