"""The update example of ``INTEGRATION.md``, built from ``sources.txt`` as typed, takes a package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from building.guide import Guide, command
from building.native_bundles import sample, write_sample
from building.test_update_library import CLASS, VENDOR, package
from ecu_bundle.building.crypto_sources import Signature, crypto_library
from ecu_bundle.building.provision import default_cache_dir
from ecu_bundle.generation.options import UpdateFacts
from ecu_bundle.packaging.key_header import key_header
from ecu_bundle.packaging.key_set import TrustedKey
from ecu_bundle.packaging.signing import KeySigner
from generation.bundles import write
from packages.examples import ED25519, P256

BOARD = Path(__file__).parent / "programs/update_board.cpp"
SIGNERS: dict[Signature, KeySigner] = {"ed25519": ED25519, "p256": P256}


def compiled(target: str, facts: UpdateFacts, folder: Path) -> Guide:
    """The example of a bundle, compiled as its guide says; objects are in ``app/objects``."""
    bundle = write_sample(sample("tree"), target, folder / "model", update=facts)
    if facts.signature:
        write(crypto_library(facts.signature, default_cache_dir()).bundle_files(), bundle)
    guide = Guide(bundle)
    app = folder / "app"
    guide.project(app, "The bundle in your tree")
    (app / "update.cpp").write_text(guide.block("Updates", "cpp"))
    keys = [TrustedKey(SIGNERS[facts.signature or "ed25519"].public)]
    (app / "factory_keys.h").write_text(key_header(keys, "factory"))
    command("sh", "-e", "-c", guide.block("Updates", "sh"), folder=app)
    return guide


@pytest.mark.parametrize("kind", ["ed25519", pytest.param("p256", marks=pytest.mark.slow)])
def test_the_example_takes_a_package(kind: Signature, tmp_path: Path) -> None:
    """With every file that ``sources.txt`` lists and no other."""
    guide = compiled("host", UpdateFacts(kind, VENDOR, CLASS, (0x1001, 0x1002)), tmp_path)
    slot = re.search(r"kSlot = (\d+U)", guide.block("Updates", "cpp"))
    assert slot
    objects = sorted((tmp_path / "app/objects").iterdir())
    flags = ["-std=c++17", f"-DSLOT={slot[1]}", f"-I{guide.bundle / 'include'}"]
    command("c++", *flags, BOARD, *objects, "-o", tmp_path / "app/app")
    delivered = tmp_path / "package"
    delivered.write_bytes(package(sample("tree", seed=1), 2, SIGNERS[kind], hardware=(7, 0x1001)))
    output = command(tmp_path / "app/app", guide.bundle / "model/model.ecui", delivered)
    words = [line.split(":")[0] for line in output.splitlines()]
    steps = ("factory", "begin", "take", "end", "start", "keep", "keep", "again", "reverted")
    assert words == [*(f"{step} ECU_OK" for step in steps), "damaged ECU_UPDATE_NO_MODEL"]
    assert "stack_size = kStack" in guide.block("Updates", "cpp")


@pytest.mark.slow
@pytest.mark.cross
@pytest.mark.parametrize("target", ["host", "cortex-m4f", "riscv32"])
@pytest.mark.parametrize("facts", [UpdateFacts(), UpdateFacts("p256"), UpdateFacts("ed25519", VENDOR, CLASS)])
def test_the_example_compiles(target: str, facts: UpdateFacts, tmp_path: Path) -> None:
    compiled(target, facts, tmp_path)
