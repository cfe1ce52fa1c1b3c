"""What the commands say where a mistake at the desk would reach the vehicle."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.program import call, succeed
from ecu_bundle.packaging import checking
from ecu_bundle.packaging.device import Engine
from ecu_bundle.packaging.key_files import private_pem, public_pem
from ecu_bundle.packaging.results import MODELS_ONLY, UNCHECKED_KIND
from ecu_bundle.packaging.template import read_header
from packages.examples import CLASS, ED25519, P256, VENDOR, key_package, model_package, unsigned_model

WORDS = ["--vendor", VENDOR, "--device-class", CLASS, "--sequence", "300"]
SIGNERS = {"ed25519": ED25519, "p256": P256}


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A current folder with the keys and packages of the examples."""
    monkeypatch.chdir(tmp_path)
    for name, signer in SIGNERS.items():
        Path(f"{name}.pem").write_bytes(private_pem(signer, None))
        Path(f"{name}.pub.pem").write_bytes(public_pem(signer.public))
    Path("model.suit").write_bytes(model_package())
    Path("keys.suit").write_bytes(key_package())
    Path("unsigned.suit").write_bytes(unsigned_model().encode())


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What a bundle says about the device, with these libraries for signatures."""
    facts = read_header(model_package()).device
    assert facts is not None
    engine = Engine(
        kind=facts.kind,
        image_format=facts.image_format,
        program_format=facts.program_format,
        interface_hash=facts.interface_hash,
        kernels=facts.kernels,
        arena=facts.arena,
        signatures=request.param,
    )
    monkeypatch.setattr(checking, "engine_of", lambda *_: engine)


SETS = {
    "both.suit": ["ed25519.pub.pem:keys", "p256.pub.pem:models"],
    "other.suit": ["p256.pub.pem:keys", "ed25519.pub.pem:models"],
    "last.suit": ["p256.pub.pem:models", "--last-keys"],
}


@pytest.mark.parametrize(
    ("program", "package", "status"),
    [
        (["ed25519"], "model.suit", ""),
        (["ed25519", "p256"], "model.suit", ""),
        (["p256"], "model.suit", "ECU_PACKAGE_BAD_ALGORITHM"),
        (["ed25519"], "keys.suit", "ECU_PACKAGE_BAD_ALGORITHM"),
        (["p256"], "keys.suit", ""),
        (["ed25519"], "both.suit", ""),
        (["ed25519"], "other.suit", "ECU_PACKAGE_BAD_KEY_SET"),
        (["ed25519", "p256"], "other.suit", ""),
        (["ed25519"], "last.suit", ""),
        (None, "other.suit", ""),
    ],
    indirect=["program"],
)
@pytest.mark.usefixtures("program")
def test_a_signature_that_the_program_cannot_check(package: str, status: str) -> None:
    """In this package, or in all that could come after it."""
    if package in SETS:
        keys = [part if part.startswith("--") else f"--keys={part}" for part in SETS[package]]
        succeed("pack", *keys, "-o", package, *WORDS, "--key", "ed25519.pem")
    trusted = [word for name in SIGNERS for word in ("-p", f"{name}.pub.pem")]
    outcome = call("verify-package", package, *trusted, "--bundle", "any", "--json")
    assert outcome.code == (1 if status else 0), outcome.stderr
    assert outcome.data.get("status", "") == status


def test_without_a_bundle_nothing_is_known_about_kinds() -> None:
    outcome = succeed("verify-package", "model.suit", "-p", "ed25519.pub.pem:models")
    assert "  not checked: kinds of keys that the device can check, vendor, " in outcome.stdout


ED25519_KEYS, ED25519_MODELS = (UNCHECKED_KIND.format(kind="ed25519", use=use) for use in ("keys", "models"))
NOTES: dict[str, tuple[list[str], list[str]]] = {
    "one kind": (["ed25519.pub.pem:keys"], []),
    "both kinds": (["ed25519.pub.pem:keys", "p256.pub.pem:models"], [ED25519_MODELS]),
    "another kind for keys": (["p256.pub.pem:keys", "ed25519.pub.pem"], []),
    "another kind": (["p256.pub.pem"], [ED25519_MODELS, ED25519_KEYS]),
    "the signer is for models": (
        ["p256.pub.pem:keys", "ed25519.pub.pem:models"],
        [ED25519_KEYS, MODELS_ONLY],
    ),
}


@pytest.mark.parametrize("case", NOTES)
def test_what_the_signer_of_a_key_set_is_told(case: str) -> None:
    """When it is packed and signed at once, and when it is signed later."""
    keys, expected = NOTES[case]
    pack = ["pack", *(f"--keys={key}" for key in keys), *WORDS]
    at_once = succeed(*pack, "-o", "new.suit", "--key", "ed25519.pem").stderr.splitlines()
    before = succeed(*pack, "-o", "new.suit").stderr.splitlines()
    later = succeed("sign", "new.suit", "--key", "ed25519.pem").stderr.splitlines()
    assert at_once == before + expected
    assert later == expected


def test_a_signature_that_is_replaced_is_named() -> None:
    again = succeed("sign", "model.suit", "--key", "ed25519.pem")
    other = succeed("sign", "model.suit", "--key", "p256.pem")
    ids = (ED25519.public.id.hex(), P256.public.id.hex())
    assert again.stderr == ""
    assert other.stderr == "note: the signature of {} is replaced by that of {}\n".format(*ids)
    assert succeed("sign", "unsigned.suit", "--key", "p256.pem").stderr == ""


VERIFY = ["verify-package", "-p", "ed25519.pub.pem"]
EXPORT = ["export", "model.suit", "-p", "ed25519.pub.pem", "--to", "hex", "-o", "out"]
REFUSALS: dict[str, tuple[list[str], int, list[str]]] = {
    "not signed": (
        [*VERIFY, "unsigned.suit"],
        1,
        ["the package is not signed (ECU_PACKAGE_MALFORMED)", "next: `ecu-bundle sign` does that"],
    ),
    "vendor": ([*VERIFY, "model.suit", "--vendor", "x"], 1, ["WRONG_VENDOR", "next: give the --vendor"]),
    "class": (
        [*VERIFY, "model.suit", "--vendor", VENDOR, "--device-class", "x"],
        1,
        ["WRONG_CLASS", "next: give the --device-class"],
    ),
    "hardware": (
        [*VERIFY, "model.suit", "--hardware", "1"],
        1,
        ["WRONG_HARDWARE", "next: give the --hardware"],
    ),
    "size of a slot": (
        [*EXPORT, "--slot-address", "0x8040000", "--slot-size", "0x10001"],
        2,
        ["0x10001 is no size of a slot", "at: --slot-size", "a multiple of 16"],
    ),
    "address of a slot": (
        [*EXPORT, "--slot-address", "0x8040001", "--slot-size", "0x10000"],
        2,
        ["is no address of a slot", "at: --slot-address"],
    ),
    "no configuration": (
        ["pack", "--keys", "ed25519.pub.pem", "-o", "out", "--sequence", "7"],
        2,
        ["missing: vendor, device class", "at: there is no {folder}/ecu-bundle.toml", "with --config"],
    ),
    "a configuration that does not say it": (
        ["pack", "--keys", "ed25519.pub.pem", "-o", "out", "--config", "my.toml"],
        2,
        ["missing: device class, sequence", "at: my.toml, [update]"],
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_says_what_to_do(case: str, tmp_path: Path) -> None:
    words, code, said = REFUSALS[case]
    Path("my.toml").write_text('[update]\nvendor = "v.example"\n')
    outcome = call(*words)
    assert outcome.code == code
    for text in said:
        assert text.format(folder=tmp_path) in outcome.stderr, outcome.stderr
    assert not Path("out").exists()


def test_a_wrong_passphrase_is_no_reason_for_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "right")
    succeed("keygen", "-o", "root.pem", "--passphrase-env", "SECRET", "--for", "keys")
    monkeypatch.setenv("SECRET", "wrong")
    outcome = call("sign", "model.suit", "--key", "root.pem", "--passphrase-env", "SECRET")
    assert outcome.code == 2
    assert "cannot be opened with this passphrase" in outcome.stderr
    assert "next: try again" in outcome.stderr and "keygen" not in outcome.stderr
