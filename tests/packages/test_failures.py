"""What fails on the way leaves nothing half done: a full disk, a signing command, a passphrase."""

from __future__ import annotations

import resource
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cli.program import Outcome, call
from ecu_bundle.packaging import exporters
from ecu_bundle.packaging.exporters import EXPORTERS
from ecu_bundle.packaging.exporters.flash_image import FlashImage, Region
from ecu_bundle.packaging.key_files import private_pem, public_pem
from packages.examples import ED25519, P256, model_package, unsigned_model
from pipeline.examples import content_of

HOOK = Path(__file__).with_name("hook.py")
ROOM = 100
"""Bytes that a file may have on a full disk."""
WORDS = ["--vendor", "ecu.example", "--device-class", "brake", "--sequence", "7"]
PACK_KEYS = ["pack", "--keys", "ed25519.pub.pem", *WORDS]
EXPORT = ["export", "model.suit", "-p", "ed25519.pub.pem", "--slot-address", "0", "--slot-size", "0x2000"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder with keys and packages, and the output of an earlier call; nothing else is there."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    for name, signer in (("ed25519", ED25519), ("p256", P256)):
        Path(f"{name}.pem").write_bytes(private_pem(signer, b"right"))
        Path(f"{name}.pub.pem").write_bytes(public_pem(signer.public))
    Path("right").write_text("right\n")
    Path("wrong").write_text("wrong\n")
    Path("model.suit").write_bytes(model_package())
    Path("unsigned.suit").write_bytes(unsigned_model().encode())
    Path("out").write_text("of an earlier call")
    return folder


@contextmanager
def no_room() -> Iterator[None]:
    """As on a full disk, files end after some bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def require_failure(outcome: Outcome, code: int, said: str, before: dict[str, bytes], desk: Path) -> None:
    """The call failed so, and all files are as before, with none beside them."""
    assert (outcome.code, said in outcome.stderr) == (code, True), outcome.stderr
    assert outcome.stdout == ""
    assert content_of(desk) == before
    assert list((desk.parent / "scratch").iterdir()) == []


@pytest.mark.parametrize(
    ("form", "output"), [*((form, "out") for form in EXPORTERS), ("hex", "new"), ("hex", "folder/new")]
)
def test_the_disk_is_full_where_an_export_goes(
    form: str, output: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fills up after the tool has read the file back."""
    before = content_of(desk)
    right = EXPORTERS[form]
    with no_room():
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited, unlimited))

        def decode(path: Path, image: FlashImage) -> list[Region]:
            found = list(right.decode(path, image))
            resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, unlimited))
            return found

        monkeypatch.setitem(exporters.EXPORTERS, form, replace(right, decode=decode))
        outcome = call(*EXPORT, "--to", form, "-o", output)
    said = f"{Path(output).name} cannot be written: File too large"
    require_failure(outcome, 2, said, before, desk)
    assert not Path("folder").exists()


@pytest.mark.parametrize("form", EXPORTERS)
def test_the_disk_is_full_where_an_export_is_tried(form: str, desk: Path) -> None:
    before = content_of(desk)
    with no_room():
        outcome = call(*EXPORT, "--to", form, "-o", "out")
    said = "the folder for temporary files cannot be used: File too large"
    require_failure(outcome, 2, said, before, desk)


def test_the_disk_is_full_for_the_tool_that_reads_back(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is no wrong file."""
    tools = desk.parent / "bin"
    tools.mkdir()
    (tools / "objcopy").write_text("#!/bin/sh\necho 'objcopy: x: No space left on device' >&2\nexit 1\n")
    (tools / "objcopy").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    before = content_of(desk)
    outcome = call(*EXPORT, "--to", "s19", "-o", "out")
    said = "the folder for temporary files cannot be used: No space left on device"
    require_failure(outcome, 2, said, before, desk)


@pytest.mark.parametrize(
    "words",
    [
        ["sign", "unsigned.suit", "-o", "out", "--key", "ed25519.pem", "--passphrase-file", "right"],
        ["sign", "unsigned.suit", "--key", "ed25519.pem", "--passphrase-file", "right"],
        [*PACK_KEYS, "-o", "out"],
        [*PACK_KEYS, "-o", "folder/new"],
        ["keygen", "-o", "new.pem"],
    ],
    ids=" ".join,
)
def test_the_disk_is_full_for_another_verb(words: list[str], desk: Path) -> None:
    before = content_of(desk)
    with no_room():
        outcome = call(*words)
    require_failure(outcome, 2, "cannot be written: File too large", before, desk)
    assert not Path("folder").exists()


@pytest.mark.parametrize("manner", ["fail", "wrong", "short", "missing"])
@pytest.mark.parametrize(
    "words",
    [
        ["sign", "unsigned.suit", "-o", "new"],
        ["sign", "unsigned.suit", "-o", "out"],
        [*PACK_KEYS, "-o", "new"],
        [*PACK_KEYS, "-o", "out"],
    ],
    ids=lambda words: f"{words[0]} {words[-1]}",
)
def test_a_signing_command_fails(words: list[str], manner: str, desk: Path) -> None:
    before = content_of(desk)
    command = (
        "./no-hsm" if manner == "missing" else shlex.join([sys.executable, str(HOOK), "ed25519", manner])
    )
    outcome = call(*words, "--command", command, "--public-key", "ed25519.pub.pem")
    said = {
        "fail": "the token is locked",
        "wrong": "no signature of the key",
        "short": "gave 63 bytes",
        "missing": "check --command",
    }[manner]
    require_failure(outcome, 2 if manner == "missing" else 1, said, before, desk)


@pytest.mark.parametrize("output", ["new", "out"])
@pytest.mark.parametrize(
    "words",
    [
        ["sign", "unsigned.suit", "--key", "ed25519.pem"],
        ["sign", "unsigned.suit", "--key", "p256.pem"],
        [*PACK_KEYS, "--key", "ed25519.pem"],
        [*EXPORT, "--to", "mcuboot", "--key", "ed25519.pem"],
    ],
    ids=lambda words: f"{words[0]} {words[-1]}",
)
def test_a_wrong_passphrase(words: list[str], output: str, desk: Path) -> None:
    before = content_of(desk)
    outcome = call(*words, "-o", output, "--passphrase-file", "wrong")
    require_failure(outcome, 2, "cannot be opened with this passphrase", before, desk)
