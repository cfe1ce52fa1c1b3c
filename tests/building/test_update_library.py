"""``ecu::update`` as bundles carry it: built by CMake, with both signature libraries, on flash in a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from building.guide import command
from building.native_bundles import Sample, sample, write_sample
from ecu_bundle.golden import choose_golden
from ecu_bundle.image import read_image
from ecu_bundle.packaging.facts import Information, encode_facts
from ecu_bundle.packaging.key_header import key_header
from ecu_bundle.packaging.key_set import TrustedKey
from ecu_bundle.packaging.layout import class_id, vendor_id
from ecu_bundle.packaging.packing import image_facts
from ecu_bundle.packaging.payload import ModelPayload, encode_golden
from ecu_bundle.packaging.signing import KeySigner, sign_envelope
from ecu_bundle.packaging.suit import make_envelope
from packages.device import write_crypto
from packages.examples import ED25519, P256
from runtime.build import Outcome, run

VENDOR, CLASS = "ecu.example", "brake"
LISTS = """\
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C CXX)
set(ECU_UPDATE ON)
set(ECU_WARNINGS ON)
set(ECU_WARNINGS_AS_ERRORS ON)
add_subdirectory(bundle)
add_executable(app {source})
target_include_directories(app PRIVATE ${{CMAKE_CURRENT_SOURCE_DIR}})
target_compile_definitions(app PRIVATE "VENDOR_ID={vendor}" "CLASS_ID={class_}")
target_link_libraries(app PRIVATE ecu::model ecu::update)
"""
SLOT = 16 * 4096


def package(
    chosen: Sample,
    sequence: int,
    signer: KeySigner,
    *,
    wrong_outputs: bool = False,
    hardware: tuple[int, ...] = (),
) -> bytes:
    """A signed package with the golden vectors of a sample."""
    vectors = choose_golden(chosen.model, chosen.rows, chosen.expected.outputs, chosen.expected.tolerance)
    golden = encode_golden(vectors, chosen.model.interface)
    if wrong_outputs:
        body = bytearray(golden[:-32])
        body[-1] ^= 1
        golden = bytes(body) + hashlib.sha256(body).digest()
    image = chosen.image.data
    vendor = vendor_id(VENDOR)
    envelope = make_envelope(
        "model",
        sequence=sequence,
        vendor=vendor,
        device_class=class_id(VENDOR, CLASS),
        facts=encode_facts(
            replace(image_facts(read_image(image)), hardware=hardware), Information(VENDOR, CLASS)
        ),
        payload=ModelPayload(image, golden).encode(),
    )
    return sign_envelope(envelope, signer).encode()


@dataclass(frozen=True, slots=True)
class Ecu:
    """The application and its flash."""

    app: Path
    flash: Path

    def boot(self, delivered: bytes | None = None, chunk: int = 512) -> Outcome:
        words: list[str | Path] = [self.app, self.flash]
        if delivered is not None:
            path = self.flash.with_name("package")
            path.write_bytes(delivered)
            words += [path, str(chunk)]
        return run(words)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("update")
    chosen = sample("tree")
    bundle = write_sample(chosen, "host", folder / "bundle")
    write_crypto(bundle)
    vendor = vendor_id(VENDOR)
    ids = {
        key: ",".join(map(str, value))
        for key, value in (("vendor", vendor), ("class_", class_id(VENDOR, CLASS)))
    }
    source = Path(__file__).parent / "programs/update_app.cpp"
    (folder / "CMakeLists.txt").write_text(LISTS.format(source=source, **ids))
    keys = [TrustedKey(ED25519.public), TrustedKey(P256.public, minimum=5)]
    (folder / "keys.h").write_text(key_header(keys, "factory"))
    command("cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build", "-DCMAKE_BUILD_TYPE=Release")
    command("cmake", "--build", folder / "build")
    return folder / "build/app"


@pytest.fixture
def ecu(app: Path, tmp_path: Path) -> Ecu:
    flash = tmp_path / "flash"
    flash.write_bytes(sample("tree").image.data.ljust(2 * SLOT, b"\xff"))
    return Ecu(app, flash)


def _image(chosen: Sample) -> str:
    return chosen.image.data[-32:][:4].hex()


def test_a_model_is_replaced_and_confirmed(ecu: Ecu) -> None:
    old, new = sample("tree"), sample("tree", seed=1)
    first = ecu.boot(package(new, 2, ED25519), chunk=7)
    assert first.status == 0, first.output
    assert first.values("slot") == ["0 trial 0 sequence 0 reverted 0"]
    assert first.values("image") == [_image(old)]
    trial = ecu.boot()
    assert trial.values("slot") == ["1 trial 1 sequence 2 reverted 0"], trial.output
    assert trial.values("image") == [_image(new)]
    assert trial.values("header") == ["d86ba402"]
    assert trial.values("confirm:") == ["ECU_OK: success"]
    last = ecu.boot(package(old, 5, P256))
    assert last.values("slot") == ["1 trial 0 sequence 2 reverted 0"]
    assert last.values("install:") == ["ECU_OK: success"]
    assert ecu.boot().values("slot") == ["0 trial 1 sequence 5 reverted 0"]


def test_a_model_that_fails_its_golden_vectors_is_given_up(ecu: Ecu) -> None:
    assert ecu.boot(package(sample("tree", seed=1), 2, ED25519, wrong_outputs=True)).status == 0
    for reverted in (70, 0):
        again = ecu.boot()
        assert again.values("slot") == [f"0 trial 0 sequence 0 reverted {reverted}"], again.output


@pytest.mark.parametrize(
    ("status", "delivered"),
    {
        "ECU_PACKAGE_KEY_RETIRED": lambda: package(sample("tree", seed=1), 4, P256),
        "ECU_PACKAGE_WRONG_INTERFACE": lambda: package(sample("tree", features=3), 2, ED25519),
        "ECU_PACKAGE_BAD_MAGIC": lambda: sample("tree", seed=1).image.data,
        "ECU_PACKAGE_TRUNCATED": lambda: package(sample("tree", seed=1), 2, ED25519)[:-1],
        "ECU_PACKAGE_TOO_LONG": lambda: package(sample("tree", seed=1), 2, ED25519) + b"\0",
        "ECU_PACKAGE_BAD_SIGNATURE": lambda: _forged(package(sample("tree", seed=1), 2, ED25519)),
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_package_is_refused(ecu: Ecu, status: str, delivered: object) -> None:
    assert callable(delivered)
    outcome = ecu.boot(delivered())
    assert outcome.values("install:")[0].startswith(f"{status}: "), outcome.output
    assert ecu.boot().values("slot") == ["0 trial 0 sequence 0 reverted 0"]


def _forged(data: bytes) -> bytes:
    """Another byte in the signature."""
    wrong = bytearray(data)
    wrong[data.index(b"\xa0\xf6\x58\x40") + 10] ^= 1
    return bytes(wrong)


def test_without_the_option_there_is_no_update_library(tmp_path: Path) -> None:
    bundle = write_sample(sample("tree"), "host", tmp_path / "bundle")
    command("cmake", "-G", "Ninja", "-S", bundle, "-B", tmp_path / "build")
    targets = command("cmake", "--build", tmp_path / "build", "--target", "help")
    assert "ecu_update: " not in targets
    command("cmake", "-S", bundle, "-B", tmp_path / "build", "-DECU_UPDATE=ON")
    assert "ecu_update: " in command("cmake", "--build", tmp_path / "build", "--target", "help")
