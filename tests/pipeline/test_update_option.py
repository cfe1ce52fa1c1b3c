"""`[build] update` brings one library for signatures into the halves that can use it, and into the SBOM."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from building.native_bundles import sample, write_sample
from ecu_bundle.artifacts import BundleSources
from ecu_bundle.assembly import Assembly
from ecu_bundle.building.crypto_sources import Signature, carried_signatures, crypto_library
from ecu_bundle.building.provision import default_cache_dir, onnxruntime_library
from ecu_bundle.building.targets import get_target
from ecu_bundle.config import read_config
from ecu_bundle.errors import UsageError
from ecu_bundle.generation.options import UpdateFacts
from ecu_bundle.pipeline import Options, make_plan, update_facts
from ecu_bundle.reporting.sbom import sbom, standard_components
from generation.bundles import write
from reporting.certificates import regressor
from runtime.build import succeed

LIBRARIES: dict[Signature, str] = {"ed25519": "monocypher", "p256": "p256-m"}
KINDS = tuple(LIBRARIES)


@pytest.mark.parametrize("kind", KINDS)
def test_native_halves_carry_the_library(kind: Signature) -> None:
    library = crypto_library(kind, default_cache_dir())
    onnxruntime = onnxruntime_library(get_target("host"), default_cache_dir())
    halves = {"": onnxruntime, "native/": None}
    files = Assembly(BundleSources("m", {}), halves, {}, library).files
    folder = f"native/third_party/{LIBRARIES[kind]}"
    assert files[f"{folder}/LICENSE"]
    assert f"{folder}/{LIBRARIES[kind]}.c" in files
    assert not [path for path in files if path.startswith("third_party/") and "onnxruntime" not in path]
    rest = {path for path in files if path.startswith("native/") and not path.startswith(folder)}
    assert rest == set()
    assert carried_signatures(files, "native/") == frozenset({kind})
    assert not carried_signatures(files)


@pytest.mark.parametrize("kind", KINDS)
def test_what_tries_the_update_code_is_certified(kind: Signature, tmp_path: Path) -> None:
    """It is one of the generated sources, as the digest in the certificate has them."""
    bundle = write_sample(sample("tree"), "host", tmp_path, update=UpdateFacts(kind))
    assert f"ecu_verify_{kind}" in (bundle / "tests/update_package.h").read_text()
    assert (bundle / "tests/update_install.cpp").is_file()
    for name in ("ecu.cpp", "device.h", "host.cpp", "mps2.cpp", "virt.cpp"):  # of docs/porting.md
        assert (bundle / "examples/update/ecu" / name).is_file()
    assert (bundle / "docs/security.md").is_file() and not (bundle / "docs/peers.md").exists()
    pages = "".join(page.read_text(encoding="utf-8") for page in (bundle / "docs").glob("*.md"))
    linked = re.findall(r"\]\(([\w./]+)", pages)
    assert linked and [name for name in linked if not (bundle / "docs" / name).is_file()] == []
    preset = json.loads((bundle / "CMakePresets.json").read_text())["configurePresets"][0]
    assert preset["cacheVariables"]["ECU_UPDATE"]["value"] == "ON"  # so that `ctest` runs it


@pytest.mark.cross
@pytest.mark.parametrize("kind", ["ed25519", pytest.param("p256", marks=pytest.mark.slow)])
def test_a_bundle_alone_builds_it_for_a_board(kind: Signature, tmp_path: Path) -> None:
    """With C enabled by nobody else."""
    bundle = write_sample(sample("tree"), "cortex-m4f", tmp_path / "bundle")
    write(crypto_library(kind, default_cache_dir()).bundle_files(), bundle)
    options = ["-DECU_UPDATE=ON", "-DECU_WARNINGS_AS_ERRORS=ON", "-DECU_BUILD_TESTS=OFF"]
    tools = bundle / "cmake" / get_target("cortex-m4f").toolchain
    succeed(["cmake", "-G", "Ninja", "-S", bundle, "-B", tmp_path / "build", "--toolchain", tools, *options])
    succeed(["cmake", "--build", tmp_path / "build", "--target", "ecu_update"])
    symbols = succeed(["arm-none-eabi-nm", "--defined-only", tmp_path / "build/libecu_update.a"])
    assert f"T ecu_verify_{kind}\n" in symbols


def test_without_the_option_nothing_is_carried() -> None:
    assert Assembly(BundleSources("m", {}), {"": None}, {}).files == {}


@pytest.mark.parametrize("kind", KINDS)
def test_the_bill_of_materials_names_it(kind: Signature) -> None:
    certificate = regressor()
    library = crypto_library(kind, default_cache_dir())
    components = standard_components(certificate, tool_version="0.1.0", signatures=library)
    document = json.loads(sbom(certificate, components))
    found = [part for part in document["components"] if part["name"] == LIBRARIES[kind]]
    assert [part["licenses"] for part in found] == [[{"expression": library.licence}]]


@pytest.mark.parametrize(("text", "expected"), [("", None), ('update = "p256"\n', "p256")])
def test_the_configuration(text: str, expected: str | None, tmp_path: Path) -> None:
    path = tmp_path / "ecu-bundle.toml"
    path.write_text(f"[build]\n{text}")
    assert read_config(path).build.update == expected


def test_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ecu-bundle.toml"
    path.write_text('[build]\nupdate = "rsa"\n')
    with pytest.raises(UsageError, match="update"):
        read_config(path)


@pytest.mark.parametrize(
    ("update", "said", "expected"), [(None, "p256", "p256"), ("ed25519", "p256", "ed25519"), (None, None, "")]
)
def test_the_option_wins(update: Signature | None, said: str | None, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "ecu-bundle.toml"
    path.write_text((f'[build]\nupdate = "{said}"\n' if said else "") + "[update]\nhardware = [0x1001]\n")
    plan = make_plan(tmp_path / "m.skops", Options(engine="native", update=update))
    assert update_facts(plan) == UpdateFacts(expected, "", "", (0x1001,))  # type: ignore[arg-type]


def test_a_bundle_that_cannot_install_packages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="goes with the native engine"):
        make_plan(tmp_path / "m.skops", Options(engine="ort", update="p256"))
