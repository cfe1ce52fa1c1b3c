"""The story of an update, told step by step: `make demo-update`.

Every line that begins with ``$`` is a command as a user types it. The ECU runs under QEMU: first a
Cortex-M4F, then, with the same package, a RISC-V with NOR flash. Packages come by UDS over DoIP.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ecu_bundle.cli import main as ecu_bundle
from ecu_bundle.flashing.statuses import status_text
from ecu_bundle.packaging.key_files import generate, public_pem, read_private

from .device import Device
from .doip_server import ECU
from .models import Trained, train, train_narrow
from .packages import foreign, renewed, spoiled
from .program import MPS2, VIRT, Board, build_ecu, fill_flash, make_device
from .simulated_ecu import FailingPower, run_rows, running

FOLDER = Path("build/update")
KEY_COMMAND = f"{shlex.quote(sys.executable)} -I -S examples/update/demo_key.py"
Say = Callable[[str], None]


@dataclass
class Story:
    """What happened, for a test to judge.

    Attributes:
        results: of each command that was to succeed or to fail, by a short name: exit code and JSON.
        boots: line of each boot, in order, by the same names.
        outputs: whether the ECU computed what scikit-learn computes with a model, by short names.
    """

    results: dict[str, tuple[int, Any]] = field(default_factory=dict)
    boots: dict[str, dict[str, str]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


class Teller:
    """Runs commands, asks the ECU, and prints what comes of it."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.folder = folder
        self.say = say
        self.story = Story()
        self.models: dict[str, Trained] = {}
        self._step = 0

    def title(self, text: str) -> None:
        self._step += 1
        self.say(f"\n{self._step:>2}  {text}")

    def command(self, name: str, *words: str | Path) -> Any:
        """Calls ecu-bundle in this process; gives its JSON."""
        shown = [
            "python ../../examples/update/demo_key.py" if word == KEY_COMMAND else self._short(word)
            for word in words
        ]
        self.say("    $ ecu-bundle " + shlex.join(shown))
        stdout, stderr = io.StringIO(), io.StringIO()
        code: Any = None
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            try:
                ecu_bundle([*map(str, words), "--json"])
            except SystemExit as ending:
                code = ending.code
        data = json.loads(stdout.getvalue())
        self.story.results[name] = (int(code or 0), data)
        if code:
            self.say(f"      exit code {code}: {data['cause']}")
            if data["place"].startswith("it runs"):
                self.say(f"      {data['place']}")
        return data

    def _short(self, word: str | Path) -> str:
        return str(word).replace(f"{self.folder}/", "").replace(str(self.folder), ".")

    def flash(self, name: str, package: str, port: int, *options: str) -> Any:
        """Delivers a package."""
        where = ("--doip", f"127.0.0.1:{port}", "--ecu-address", f"{ECU:#06x}")
        options = (*where, "--security-command", KEY_COMMAND, *options)
        data = self.command(name, "flash", self.folder / package, *options)
        if self.story.results[name][0] == 0:
            after = data["after"]
            self.say(f"      the ECU runs {after['model']}, sequence {after['sequence']}, {after['state']}")
        return data

    def ask(self, name: str, device: Device) -> None:
        """How the ECU booted, and whose outputs it gives for the rows that no model was trained on."""
        self.story.boots[name] = boot = device.boot.values
        labels, probabilities = run_rows(device, next(iter(self.models.values())).rows)
        whose = [
            letter
            for letter, model in self.models.items()
            if labels == model.labels and np.abs(probabilities - model.probabilities).max() < 1e-5
        ]
        self.story.outputs[name] = " ".join(whose)
        gave_up = int(boot["reverted"])
        if gave_up:
            self.say(f"      the boot gave the new model up: {status_text(gave_up).split(',')[0]}")
        trial = ", on trial until it was confirmed" if boot["trial"] == "1" else ""
        self.say(
            f"      slot {boot['slot']}, sequence {boot['sequence']}{trial}: {len(labels)} rows as "
            f"scikit-learn's model {' '.join(whose) or '?'} computes them"
        )


def tell(folder: Path, say: Say) -> Story:
    """The whole story.

    Args:
        folder: is made anew.
        say: gets each line.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    teller = Teller(folder, say)
    _make(teller)
    _drive(teller)
    _other_flash(teller)
    return teller.story


def _make(teller: Teller) -> None:
    """Models, keys, packages."""
    folder = teller.folder
    for letter, version, samples, strength in (("A", "1.0.0", 25, 0.01), ("B", "2.0.0", 124, 0.2)):
        teller.title(f"Model {letter}: train, convert, prove, build for {MPS2.target}")
        model = train(folder / letter, version, samples=samples, strength=strength)
        teller.models[letter] = model
        teller.say(f"      accuracy on {len(model.rows)} rows: {model.accuracy:.3f}")
        bundle = folder / f"{letter}-{MPS2.target}"
        teller.command(f"build {letter}", "build", model.file, "--target", MPS2.target, "-o", bundle)
    teller.title("Keys, and signed packages of both")
    root = folder / "root.pub.pem"
    teller.command("keygen root", "keygen", "-o", folder / "root.pem", "--for", "keys")
    key = folder / "factory.pem"
    teller.command("keygen", "keygen", "-o", key, "--for", "models", "--also", f"{root}:keys")
    for letter, sequence in (("A", "1"), ("B", "3")):
        words = ("--config", folder / letter / "ecu-bundle.toml", "--sequence", sequence, "--key", key)
        bundle, package = folder / f"{letter}-{MPS2.target}", folder / f"{letter}.suit"
        teller.command(f"pack {letter}", "pack", bundle, "-o", package, *words)
        teller.say(f"      {package.name}: {package.stat().st_size} bytes, sequence {sequence}")
    signer = read_private(key, lambda: b"")
    good = folder / "B.suit"
    (folder / "bad_B.suit").write_bytes(spoiled(good, 2, signer))
    (folder / "other.suit").write_bytes(foreign(train_narrow(), good, 4, signer))
    stranger = generate("ed25519")
    (folder / "stranger.suit").write_bytes(renewed(good, 4, stranger))
    (folder / "stranger.pub.pem").write_bytes(public_pem(stranger.public))
    keys = ("--keys", folder / "stranger.pub.pem", "--config", folder / "B" / "ecu-bundle.toml")
    teller.command(
        "pack takeover", "pack", *keys, "-o", folder / "takeover.suit", "--sequence", "4", "--key", key
    )


def _start(teller: Teller, board: Board) -> Device:
    """An ECU fresh from the factory, with model A in its first slot."""
    folder = teller.folder
    bundle, slot = folder / f"A-{board.target}", folder / f"{board.port}-slot.bin"
    program = build_ecu(bundle, board, folder, folder / board.port)
    teller.command(
        f"export {board.port}",
        *("export", folder / "A.suit", "--public-key", folder / "factory.pub.pem", "--to", "bin"),
        *("--slot-size", str(board.slot), "-o", slot),
    )
    fill_flash(board, slot.read_bytes(), folder / board.port)
    return make_device(board, program, folder / board.port)


def _drive(teller: Teller) -> None:
    """All that may happen to an ECU, on the Cortex-M4F."""
    teller.title(f"An ECU leaves the factory with A: {MPS2.title}")
    device = _start(teller, MPS2)
    with running(device) as (ecu, port):
        teller.ask("factory", device)
        teller.title("A bad B, signed well: it fails its self-test, and the ECU goes back to A by itself")
        teller.flash("bad", "bad_B.suit", port)
        teller.ask("bad", device)
        teller.title("B, but the power fails in the middle of the transfer")
        _cut(teller, ecu, port)
        device.power_up()
        teller.ask("cut", device)
    with running(device) as (_, port):
        teller.title("B again: trial, self-test, confirmation")
        teller.flash("B", "B.suit", port)
        teller.ask("B", device)
        for name, package, what in (
            ("rollback", "A.suit", "A rollback: the package of A, which is older"),
            ("interface", "other.suit", "A package for a program with another interface"),
            ("stranger", "stranger.suit", "A package signed by a stranger"),
            ("takeover", "takeover.suit", "A stranger's key, signed by the release key, which leaked"),
        ):
            teller.title(what)
            teller.flash(name, package, port)
        device.power_up()
        teller.ask("refusals", device)


def _cut(teller: Teller, ecu: FailingPower, port: int) -> None:
    ecu.cut_at = 6
    teller.flash("cut", "B.suit", port, "--block-size", "256", "--attempts", "1")


def _other_flash(teller: Teller) -> None:
    """The same package on another processor with another flash."""
    folder = teller.folder
    teller.title(f"The same package on another ECU: {VIRT.title}")
    words = ("--target", VIRT.target, "-o", folder / f"A-{VIRT.target}")
    teller.command("build A for virt", "build", teller.models["A"].file, *words)
    device = _start(teller, VIRT)
    with running(device) as (_, port):
        teller.ask("virt factory", device)
        teller.flash("virt B", "B.suit", port)
        device.power_up()
        teller.ask("virt B", device)


def main() -> None:
    start = time.monotonic()

    def say(line: str) -> None:
        print(line, flush=True)

    story = tell(FOLDER, say)
    say(f"\n{time.monotonic() - start:.0f} s; everything is in {FOLDER}")
    wanted = {"factory": "A", "bad": "A", "cut": "A", "B": "B", "refusals": "B", "virt B": "B"}
    if any(story.outputs[name] != letter for name, letter in wanted.items()):
        sys.exit(1)


if __name__ == "__main__":
    main()
