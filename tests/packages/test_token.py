"""Signing with a key that never leaves a token: SoftHSM, through the example script of docs/packaging.md."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.program import call, succeed
from packages.examples import unsigned_model
from runtime.build import CHECKOUT

pytestmark = pytest.mark.slow

SCRIPT = CHECKOUT / "examples/update/sign_with_token.sh"
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "7351"
CURVES = {"p256": ("prime256v1", "01"), "ed25519": ("edwards25519", "02")}


def tool(*words: str) -> None:
    subprocess.run(["pkcs11-tool", "--module", MODULE, *words], check=True, capture_output=True)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a fresh token and the public keys of its two pairs."""
    configuration = tmp_path / "softhsm2.conf"
    (tmp_path / "tokens").mkdir()
    configuration.write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    monkeypatch.setenv("ECU_TOKEN_PIN", PIN)
    make = ["softhsm2-util", "--init-token", "--free", "--label", "release", "--pin", PIN, "--so-pin", "4321"]
    subprocess.run(make, check=True, capture_output=True)
    for kind, (curve, number) in CURVES.items():
        pair = ["--keypairgen", "--key-type", f"EC:{curve}", "--id", number]
        tool("--token-label", "release", "--login", "--pin", PIN, *pair)
        read = tmp_path / f"{kind}.read"
        tool("--token-label", "release", "--read-object", "--type", "pubkey", "--id", number, "-o", str(read))
        text = read.read_bytes()
        if not text.startswith(b"-----BEGIN"):  # opensc writes DER for P-256
            change = ["openssl", "pkey", "-pubin", "-inform", "DER"]
            text = subprocess.run(change, input=text, check=True, capture_output=True).stdout
        (tmp_path / f"{kind}.pub").write_bytes(text)
    return tmp_path


def arguments(folder: Path, kind: str) -> list[str | Path]:
    command = f"{SCRIPT} {kind} {MODULE} release {CURVES[kind][1]}"
    return ["sign", folder / "model.suit", "--command", command, "--public-key", folder / f"{kind}.pub"]


@pytest.mark.parametrize("kind", CURVES)
def test_a_token_signs(kind: str, token: Path) -> None:
    package = token / "model.suit"
    package.write_bytes(unsigned_model().encode())
    succeed(*arguments(token, kind))
    succeed("verify-package", package, "-p", token / f"{kind}.pub")


@pytest.mark.parametrize("kind", CURVES)
def test_a_wrong_pin_leaves_the_package_alone(
    kind: str, token: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = token / "model.suit"
    package.write_bytes(unsigned_model().encode())
    before = package.read_bytes()
    monkeypatch.setenv("ECU_TOKEN_PIN", "0000")
    outcome = call(*arguments(token, kind))
    assert outcome.code not in (0, 2) and "PIN" in outcome.stderr
    assert package.read_bytes() == before
