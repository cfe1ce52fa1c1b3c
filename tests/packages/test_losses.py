"""No command loses a key or another file that it was given, whatever happens to it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.program import call, succeed
from ecu_bundle.errors import UsageError
from ecu_bundle.folders import write_complete
from ecu_bundle.packaging.key_files import private_pem, public_pem, write_new
from packages.examples import ED25519, P256, key_package, model_package, unsigned_model

PUBLIC = "ed25519.pub.pem"
PACK = ["pack", "--keys", PUBLIC, "--vendor", "v.example", "--device-class", "c", "--sequence", "1"]
SIGN = ["sign", "unsigned.suit"]
EXPORT = ["export", "model.suit", "-p", PUBLIC]
MCUBOOT = [*EXPORT, "--to", "mcuboot", "--key", "ed25519.pem"]
SECRET = ["--passphrase-file", "secret"]
HOOK = ["--command", "cat", "--public-key", PUBLIC]

LOSSES: dict[str, tuple[list[str], str, str]] = {
    "sign, the key": ([*SIGN, "--key", "ed25519.pem"], "ed25519.pem", "is read by this command"),
    "sign, another key": ([*SIGN, "--key", "ed25519.pem"], "p256.pem", "is a private key"),
    "sign, a key by a link": ([*SIGN, "--key", "ed25519.pem"], "link.pem", "is read by this command"),
    "sign, a key by another name": ([*SIGN, "--key", "ed25519.pem"], "hard.bin", "is read by this command"),
    "sign, an encrypted key": ([*SIGN, "--key", "ed25519.pem"], "encrypted.pem", "is a private key"),
    "sign, the passphrase": ([*SIGN, "--key", "ed25519.pem", *SECRET], "secret", "is read by this command"),
    "sign, the public key": ([*SIGN, *HOOK], PUBLIC, "is read by this command"),
    "pack, the key": ([*PACK, "--key", "ed25519.pem"], "ed25519.pem", "is read by this command"),
    "pack, another key": (PACK, "p256.pem", "is a private key"),
    "pack, a public key": (PACK, PUBLIC, "is read by this command"),
    "pack, the configuration": ([*PACK, "--config", "ecu.toml"], "ecu.toml", "is read by this command"),
    "export, the package": ([*EXPORT, "--to", "hex"], "model.suit", "is read by this command"),
    "export, a key": ([*EXPORT, "--to", "hex"], "p256.pem", "is a private key"),
    "export, the public key": ([*EXPORT, "--to", "bin"], PUBLIC, "is read by this command"),
    "export, the key of MCUboot": (MCUBOOT, "ed25519.pem", "is read by this command"),
    "export keys": (
        ["export", "keys.suit", "-p", "p256.pub.pem", "--to", "keys"],
        "p256.pem",
        "is a private key",
    ),
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys, packages and words in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name, signer in (("ed25519", ED25519), ("p256", P256)):
        Path(f"{name}.pem").write_bytes(private_pem(signer, None))
        Path(f"{name}.pub.pem").write_bytes(public_pem(signer.public))
    Path("encrypted.pem").write_bytes(private_pem(ED25519, b"x"))
    Path("link.pem").symlink_to("ed25519.pem")
    Path("hard.bin").hardlink_to("ed25519.pem")
    Path("secret").write_text("x\n")
    Path("ecu.toml").write_text('[update]\nvendor = "v.example"\n')
    Path("model.suit").write_bytes(model_package())
    Path("keys.suit").write_bytes(key_package())
    Path("unsigned.suit").write_bytes(unsigned_model().encode())
    return tmp_path


@pytest.mark.parametrize("case", LOSSES)
def test_no_output_takes_the_place_of_an_input(case: str, desk: Path) -> None:
    words, output, said = LOSSES[case]
    before = {path.name: path.read_bytes() for path in desk.iterdir()}
    outcome = call(*words, "-o", output)
    assert (outcome.code, said in outcome.stderr) == (2, True), outcome.stderr
    assert {path.name: path.read_bytes() for path in desk.iterdir()} == before


def test_a_report_is_no_key(desk: Path) -> None:
    """The same holds for whatever this program writes."""
    with pytest.raises(UsageError, match="is a private key, which is never replaced"):
        write_complete({desk / "p256.pem": b"<html>"}, hint="")


@pytest.mark.usefixtures("desk")
def test_signing_in_place_is_no_loss() -> None:
    shutil.copy("unsigned.suit", "copy.suit")
    succeed("sign", "copy.suit", "--key", "ed25519.pem", "-o", "copy.suit")
    assert Path("copy.suit").read_bytes() == model_package()


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("stop", "raised"), [(_interrupted, KeyboardInterrupt), (_full, UsageError)], ids=["Ctrl-C", "full"]
)
@pytest.mark.parametrize("after", [0, 1])
def test_no_half_key_is_left_behind(
    stop: Callable[..., None],
    raised: type[BaseException],
    after: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When the first or the second file is to go to the disk."""
    calls = 0

    def fsync(descriptor: int) -> None:
        nonlocal calls
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            calls += 1
            if calls > after:
                stop()

    monkeypatch.setattr(os, "fsync", fsync)
    files = {tmp_path / name: (b"content", 0o600) for name in ("a.pem", "a.pub.pem")}
    with pytest.raises(raised):
        write_new(files)
    assert (calls, list(tmp_path.iterdir())) == (after + 1, [])


def test_a_new_key_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    succeed("keygen", "-o", tmp_path / "a.pem")
    assert {(tmp_path / "a.pem").stat().st_ino, tmp_path.stat().st_ino} <= set(synced)


def test_temporary_names_cannot_be_guessed_and_follow_no_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links lie at the names of today's pattern and at the one that chance gives."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f".out.bin.0.{os.getpid()}").symlink_to(victim)
    write_complete({tmp_path / "out.bin": b"data"}, hint="")
    assert victim.read_text() == "mine"
    monkeypatch.setattr("secrets.token_hex", lambda _: "chance")
    (tmp_path / ".out.bin.0.chance").symlink_to(victim)
    with pytest.raises(UsageError, match="cannot be written"):
        write_complete({tmp_path / "out.bin": b"data"}, hint="")
    assert victim.read_text() == "mine"
