"""`[build] update` through the whole pipeline: one build for a board, and packages made of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.program import call, succeed
from ecu_bundle.building import update_costs
from ecu_bundle.building.processes import Finished, run
from ecu_bundle.packaging.exporters import EXPORTERS

from .examples import EXAMPLES

pytestmark = pytest.mark.cross

OPTIONS = """
[build]
update = "p256"

[update]
vendor = "ecu.example"
device_class = "wine-grader"
sequence = 7
"""
SLOT = ["--slot-address", "0x08040000", "--slot-size", "0x8000"]


def test_a_bundle_with_updates_from_the_build_to_the_flashing_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One story, so that it is built once."""
    example = shutil.copytree(EXAMPLES / "wine_grade", tmp_path / "wine_grade")
    with (example / "ecu-bundle.toml").open("a") as config:
        config.write(OPTIONS)
    ran: list[Finished] = []

    def watched(*arguments: object, **options: object) -> Finished:
        ran.append(run(*arguments, **options))  # type: ignore[arg-type]
        return ran[-1]

    monkeypatch.setattr(update_costs, "run", watched)
    monkeypatch.chdir(tmp_path)
    built = succeed("build", example / "wine_grade.skops", "-t", "cortex-m4f", "-o", "bundle")
    bundle = tmp_path / "bundle"
    assert [line.split()[0] for line in built.stderr.splitlines() if line][-3:] == ["build", "run", "report"]

    # the program that installs a package ran on the emulated board
    (install,) = [one for one in ran if "update_install" in Path(one.command[-1]).name]
    assert "qemu-system-arm" in install.command[0] and install.ok
    figures = json.loads((bundle / "reports/resources.json").read_text())["update"]
    assert f"\nstate {figures['static']}\n".encode() in b"\n" + install.stdout
    # an install hashes 100 kB at about 70 instructions a byte and checks one signature of P-256
    assert 15e6 < figures["instructions"] < 60e6
    assert {"p256-m", "installer", "journal", "package", "slots"} <= figures["code"].keys()
    assert 2_000 < figures["code"]["p256-m"] < 4_000
    assert figures["symbols"]["helpers"] == figures["symbols"]["double"] == []

    # people read the same figures
    report = (bundle / "reports/report.html").read_text(encoding="utf-8")
    section = report.split("Update packages: what ecu::update adds")[1].split("</table>")[0]
    for figure in (sum(figures["code"].values()), figures["static"], figures["instructions"]):
        assert f"{figure:,}" in section
    assert '"name": "p256-m"' in (bundle / "reports/sbom.cdx.json").read_text()

    # all of it is listed
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=bundle, check=True)
    listed = {line.split("  ", 1)[1] for line in (bundle / "SHA256SUMS").read_text().splitlines()}
    there = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert there - listed == {"SHA256SUMS", "bundle.json"}  # which lists the former
    assert any(path.startswith("third_party/p256-m/") for path in listed)

    # and a package of it goes all its way
    succeed("keygen", "-o", "release.pem", "--type", "p256")
    succeed("pack", bundle, "-o", "model.suit", "--config", example / "ecu-bundle.toml")
    succeed("sign", "model.suit", "--key", "release.pem")
    device = ["--vendor", "ecu.example", "--device-class", "wine-grader", "--hardware", "1", "--counter", "6"]
    verdict = succeed(
        "verify-package", "model.suit", "-p", "release.pub.pem:models", *device, "--bundle", bundle, *SLOT[2:]
    )
    assert verdict.stdout.endswith("\na device with these facts would install it: yes\n")
    succeed("keygen", "-o", "other.pem", "--type", "ed25519")
    succeed("sign", "model.suit", "--key", "other.pem", "-o", "other.suit")
    refused = call(
        "verify-package", "other.suit", "-p", "other.pub.pem", *device, "--bundle", bundle, "--json"
    )
    assert (refused.code, refused.data["status"]) == (1, "ECU_PACKAGE_BAD_ALGORITHM")
    for form in EXPORTERS:
        succeed("export", "model.suit", "-p", "release.pub.pem", "--to", form, *SLOT, "-o", f"model.{form}")
    slot = (tmp_path / "model.bin").read_bytes()
    package = (tmp_path / "model.suit").read_bytes()
    assert len(slot) == 0x8000
    assert slot.startswith((bundle / "model/wine_grade.ecui").read_bytes())
    assert package.startswith(slot[-1024:].rstrip(b"\xff"))
    for form, kind in (("hex", "ihex"), ("s19", "srec")):
        flat = ["objcopy", "-I", kind, "-O", "binary", "--gap-fill", "0xff", f"model.{form}", "flat.bin"]
        subprocess.run(flat, check=True)
        assert (tmp_path / "flat.bin").read_bytes() == slot


def test_a_bundle_with_updates_for_this_machine(tmp_path: Path) -> None:
    """Its flash port for files calls the operating system; the rest must not."""
    model = EXAMPLES / "wine_grade" / "wine_grade.skops"
    options = ["-t", "host", "-e", "native", "--update", "p256"]
    succeed("build", model, *options, "-o", tmp_path / "bundle")
    figures = json.loads((tmp_path / "bundle/reports/resources.json").read_text())["update"]
    assert "memcmp" in figures["symbols"]["needed"] and "mmap" not in figures["symbols"]["needed"]
