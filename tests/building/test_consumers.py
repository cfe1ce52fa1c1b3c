"""Programs of an integrator use bundles in every way that INTEGRATION.md promises."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pybind11
import pytest

from building.guide import Guide, command
from ecu_bundle.interface import Rows
from generation.bundles import write_bundle
from generation.samples import classifier, expected, regressor, rows

FUEL_MAIN = """\
#include <cstdio>

#include "fuel.hpp"

int main() {
  static fuel::Model model;
  fuel::Inputs inputs;
  if (model.predict(inputs).mpg == 0.0F || model.status() != ECU_NOT_OPEN || model.open() != ECU_OK) {
    std::fprintf(stderr, "%s %s\\n", ecu_status_text(model.status()), model.error());
    return 1;
  }
  fuel::Outputs outputs;
  if (model.predict(inputs, outputs) != ECU_NAN_REFUSED || outputs.mpg == outputs.mpg) {
    return 2;
  }
  inputs.horse_power = 100.0F;
  inputs.weight = 2500.0F;
  inputs.origin = fuel::Origin::kJapan;
  static_assert(fuel::Inputs::kHorsePowerRange.maximum == 230.0F, "");
  std::printf("%.9g\\n", static_cast<double>(model.predict(inputs).mpg));
  return model.status() == ECU_OK ? 0 : 3;
}
"""
GEAR_PART = """\
#include <cstdio>

#include "gear_fault.hpp"

int gear() {
  static gear_fault::Model model;
  gear_fault::Inputs inputs;
  inputs.vibration = {0.25F, -1.0F, 3.0F, 0.5F};
  inputs.temperature = 80.0F;
  if (model.open() != ECU_OK) {
    return 1;
  }
  const gear_fault::Outputs outputs = model.predict(inputs);
  const auto label = static_cast<int>(outputs.label);
  std::printf("%d %.9g\\n", label, static_cast<double>(outputs.score[2]));
  return outputs.label == gear_fault::Label::kUnknown ? 1 : 0;
}
"""
BOTH_MAIN = FUEL_MAIN.replace(
    "int main() {", "int gear();\n\nint main() {\n  if (gear() != 0) {\n    return 9;\n  }"
)
LISTS = """\
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
{before}
add_executable(app {sources})
target_link_libraries(app PRIVATE {libraries})
"""


def fuel_output() -> str:
    row = Rows(
        {
            "Horse Power": np.array([[100.0]], np.float32),
            "weight": np.array([[2500.0]], np.float32),
            "origin": np.array([[1]], np.int32),
        }
    )
    return f"{text(expected(regressor(), row)['mpg'][0, 0])}\n"


def gear_output() -> str:
    row = Rows(
        {
            "vibration": np.array([[0.25, -1.0, 3.0, 0.5]], np.float32),
            "temperature": np.array([[80.0]], np.float32),
        }
    )
    outputs = expected(classifier(), row)
    return f"{outputs['label'][0, 0]} {text(outputs['score'][0, 2])}\n"


def text(value: np.float32 | np.int32) -> str:
    """As C prints it with ``%.9g``: enough digits for every float32."""
    return f"{float(value):.9g}"


@dataclass(frozen=True, slots=True)
class Bundles:
    fuel: Path
    gear: Path


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    folder = tmp_path_factory.mktemp("bundles")
    return Bundles(
        write_bundle(regressor(), folder / "fuel"), write_bundle(classifier(), folder / "gear_fault")
    )


def build_consumer(folder: Path, before: str, *, both: bool = False, options: tuple[str, ...] = ()) -> Path:
    """A project of an integrator with one or both bundles; returns its program."""
    folder.mkdir()
    (folder / "main.cpp").write_text(BOTH_MAIN if both else FUEL_MAIN)
    (folder / "gear.cpp").write_text(GEAR_PART)
    sources = "main.cpp gear.cpp" if both else "main.cpp"
    libraries = "ecu::fuel ecu::gear_fault" if both else "ecu::fuel"
    (folder / "CMakeLists.txt").write_text(LISTS.format(before=before, sources=sources, libraries=libraries))
    command("cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build", *options)
    command("cmake", "--build", folder / "build")
    return folder / "build/app"


def test_add_subdirectory(bundles: Bundles, tmp_path: Path) -> None:
    app = build_consumer(tmp_path / "app", f'add_subdirectory("{bundles.fuel}" fuel)')
    assert command(app) == fuel_output()
    assert not (app.parent / "fuel/tests").exists()


def test_two_bundles_in_one_program(bundles: Bundles, tmp_path: Path) -> None:
    before = f'add_subdirectory("{bundles.fuel}" fuel)\nadd_subdirectory("{bundles.gear}" gear)'
    app = build_consumer(tmp_path / "app", before, both=True)
    assert command(app) == gear_output() + fuel_output()


@pytest.mark.parametrize("way", ["add_subdirectory", "find_package"])
def test_bundles_of_two_versions_do_not_link(way: str, bundles: Bundles, tmp_path: Path) -> None:
    """They share one runtime, so a mixture would run a model with the runtime of the other version."""
    old = shutil.copytree(bundles.gear, tmp_path / "gear_fault", symlinks=True)
    lists = old / "CMakeLists.txt"
    lists.write_text(lists.read_text().replace('ECU_BUNDLE_VERSION "0.1.0"', 'ECU_BUNDLE_VERSION "0.0.9"'))
    before = f'add_subdirectory("{bundles.fuel}" fuel)\nadd_subdirectory("{old}" gear)'
    if way == "find_package":
        command("cmake", "-G", "Ninja", "-DECU_BUILD_TESTS=OFF", "-S", old, "-B", tmp_path / "build")
        command("cmake", "--build", tmp_path / "build")
        command("cmake", "--install", tmp_path / "build", "--prefix", tmp_path / "prefix")
        before = f'add_subdirectory("{bundles.fuel}" fuel)\nfind_package(gear_fault REQUIRED)'
    with pytest.raises(AssertionError, match=r"ECU_BUNDLE_VERSION.*does\s+not\s+agree"):
        build_consumer(
            tmp_path / "app", before, both=True, options=(f"-DCMAKE_PREFIX_PATH={tmp_path}/prefix",)
        )


@pytest.mark.parametrize("source", ["SOURCE_DIR", "URL"])
def test_fetch_content(source: str, bundles: Bundles, tmp_path: Path) -> None:
    place = bundles.fuel
    if source == "URL":
        place = tmp_path / "fuel.tar"
        with tarfile.open(place, "w", dereference=True) as archive:
            archive.add(bundles.fuel, "fuel")
    declare = f'FetchContent_Declare(fuel {source} "{place}")'
    before = f"include(FetchContent)\n{declare}\nFetchContent_MakeAvailable(fuel)"
    app = build_consumer(tmp_path / "app", before, options=("-DCMAKE_POLICY_DEFAULT_CMP0135=NEW",))
    assert command(app) == fuel_output()


@pytest.fixture(scope="module")
def prefix(bundles: Bundles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both bundles installed side by side, then moved, with nothing else left."""
    folder = tmp_path_factory.mktemp("installed")
    for bundle in (bundles.fuel, bundles.gear):
        options = ("-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DECU_BUILD_TESTS=OFF")
        command("cmake", *options, "-S", bundle, "-B", folder / "build")
        command("cmake", "--build", folder / "build")
        command("cmake", "--install", folder / "build", "--prefix", folder / "first")
        shutil.rmtree(folder / "build")
    (folder / "first").rename(folder / "moved")
    return folder / "moved"


def test_find_package_from_a_moved_prefix(prefix: Path, tmp_path: Path) -> None:
    before = (
        "find_package(fuel 1.2.0 EXACT REQUIRED)\nfind_package(gear_fault REQUIRED)\n"
        "get_target_property(library ecu::fuel ECU_ORT_LIBRARY)\n"
        'if(NOT EXISTS "${library}")\n  message(FATAL_ERROR "no library at ${library}")\nendif()'
    )
    options = (f"-DCMAKE_PREFIX_PATH={prefix}",)
    app = build_consumer(tmp_path / "app", before, both=True, options=options)
    assert command(app) == gear_output() + fuel_output()


def test_pkg_config_from_c_and_cpp(bundles: Bundles, prefix: Path, tmp_path: Path) -> None:
    search = {"PKG_CONFIG_PATH": str(next(prefix.glob("lib*/**/pkgconfig")))}
    flags = command("pkg-config", "--cflags", "fuel", environment=search).split()
    libraries = command("pkg-config", "--libs", "fuel", environment=search).split()
    (tmp_path / "main.cpp").write_text(FUEL_MAIN)
    command("g++", "-std=c++17", *flags, tmp_path / "main.cpp", *libraries, "-o", tmp_path / "app")
    assert command(tmp_path / "app") == fuel_output()
    guide = Guide(bundles.fuel)
    (tmp_path / "main.c").write_text(guide.block("Call it from C", "c"))
    command(
        "gcc", "-std=c11", "-Wall", "-Werror", *flags, tmp_path / "main.c", *libraries, "-o", tmp_path / "c"
    )
    assert command(tmp_path / "c") == guide.block("Call it from C++", "text")


def source_list(bundle: Path) -> dict[str, list[str]]:
    parser = configparser.ConfigParser(allow_no_value=True, delimiters=("\0",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(bundle / "sources.txt")
    return {section: list(parser[section]) for section in parser.sections()}


def test_plain_compiler_with_the_source_list(bundles: Bundles, tmp_path: Path) -> None:
    listed = source_list(bundles.fuel)
    assert set(listed) == {"sources", "include_directories", "defines", "flags", "libraries", "runtime_files"}
    flags = [*listed["flags"], *(f"-I{path}" for path in listed["include_directories"])]
    flags += [f"-D{define}" for define in listed["defines"]]
    (tmp_path / "main.cpp").write_text(FUEL_MAIN)
    libraries = [f"-l{name}" for name in listed["libraries"]]
    main, app = tmp_path / "main.cpp", tmp_path / "app"
    command("g++", *flags, *listed["sources"], main, *libraries, "-o", app, folder=bundles.fuel)
    assert (bundles.fuel / listed["runtime_files"][0]).is_file()
    path = str((bundles.fuel / listed["runtime_files"][0]).parent)
    assert command(app, environment={"LD_LIBRARY_PATH": path}) == fuel_output()


def test_the_workflow_of_the_readme(bundles: Bundles, tmp_path: Path) -> None:
    bundle = shutil.copytree(bundles.fuel, tmp_path / "fuel", symlinks=True)
    output = command("cmake", "--workflow", "--preset", "default", folder=bundle)
    assert "100% tests passed, 0 tests failed out of 1" in output


def test_an_own_onnxruntime_is_used_and_its_version_is_checked(bundles: Bundles, tmp_path: Path) -> None:
    root = tmp_path / "ort"
    (root / "lib").mkdir(parents=True)
    shutil.copy(bundles.fuel / "third_party/onnxruntime/lib/libonnxruntime.so.1", root / "lib")
    bundle = shutil.copytree(bundles.fuel, tmp_path / "fuel", symlinks=True)
    shutil.rmtree(bundle / "third_party")
    configure = ("cmake", "-G", "Ninja", "-S", bundle, "-B", bundle / "build", f"-DECU_ORT_ROOT={root}")
    failed = subprocess.run(configure, capture_output=True, text=True, check=False)
    assert "VERSION_NUMBER" in failed.stderr
    for version, code in (("1.32.0", 0), ("1.31.9", 126)):
        (root / "VERSION_NUMBER").write_text(f"{version}\n")
        done = subprocess.run(configure, capture_output=True, text=True, check=True)
        assert ("not the version of the" in done.stderr) == (code != 0)
        command("cmake", "--build", bundle / "build")
        assert (
            subprocess.run([bundle / "build/tests/self_test"], check=False, capture_output=True).returncode
            == code
        )


def test_python_module_of_the_bundle(bundles: Bundles, tmp_path: Path) -> None:
    options = [f"-DPython_EXECUTABLE={sys.executable}", f"-Dpybind11_DIR={pybind11.get_cmake_dir()}"]
    options += ["-DECU_BUILD_PYTHON=ON", "-DECU_BUILD_TESTS=OFF", "-DCMAKE_BUILD_TYPE=Release"]
    command("cmake", "-G", "Ninja", "-S", bundles.gear, "-B", tmp_path / "build", *options)
    command("cmake", "--build", tmp_path / "build")
    model = classifier()
    inputs = rows(model.interface, 20, seed=5)
    np.savez(tmp_path / "inputs.npz", *inputs.tensors.values())
    script = f"""
import sys
import numpy as np
sys.path.insert(0, {str(tmp_path / "build/tests")!r})
import gear_fault
model, second = gear_fault.Model(), gear_fault.Model()
inputs = list(np.load({str(tmp_path / "inputs.npz")!r}).values())
outputs = model.run(inputs)
np.savez({str(tmp_path / "outputs.npz")!r}, *outputs)
assert all(np.array_equal(a, b) for a, b in zip(outputs, second.run(inputs)))
for wrong in ([], inputs[:1], [inputs[0], inputs[1].astype(float)], [inputs[0], inputs[1][:3]], inputs[::-1]):
    try:
        model.run(wrong)
    except ValueError:
        continue
    raise SystemExit("a wrong argument was accepted")
inputs[1][4] = np.nan
try:
    model.run(inputs)
except RuntimeError as error:
    assert "row 4: status 7" in str(error), error
"""
    command(sys.executable, "-c", script)
    computed = list(np.load(tmp_path / "outputs.npz").values())
    for actual, reference in zip(computed, expected(model, inputs).values(), strict=True):
        assert actual.dtype == reference.dtype
        assert np.array_equal(actual.view(np.uint32), reference.view(np.uint32))
