"""What docs/porting.md prints compiles and runs, and what it cites is there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from building.guide import command
from building.native_bundles import Sample, build_sample, sample
from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.processes import run

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/porting.md").read_text(encoding="utf-8")

# Reads an image file into memory of 4096 bytes, erased before, and prints the outputs of one row as bits.
MAIN = """
#include <stdio.h>

static _Alignas(ECU_IMAGE_ALIGNMENT) unsigned char region[4096];

int main(int count, char** arguments) {
  const float inputs[4] = {%s};
  union { float value; uint32_t bits; } probabilities[3];
  int32_t label = -1;
  float out[3];
  for (size_t i = 0; i < sizeof region; ++i) {
    region[i] = 0xff;
  }
  if (count > 1) {
    FILE* file = fopen(arguments[1], "rb");
    if (file == NULL || fread(region, 1, sizeof region, file) == 0) {
      return 2;
    }
    fclose(file);
  }
  if (inference_init(region, sizeof region) != ECU_OK || inference_run(inputs, &label, out) != ECU_OK) {
    return 1;
  }
  printf("%%d", (int)label);
  for (int i = 0; i < 3; ++i) {
    probabilities[i].value = out[i];
    printf(" %%u", (unsigned)probabilities[i].bits);
  }
  return 0;
}
"""


def block(language: str) -> str:
    return PAGE.split(f"```{language}\n")[1].split("```")[0]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build_sample(sample("perceptron"), "host", tmp_path_factory.mktemp("bundle"))


def bits(chosen: Sample, row: int) -> str:
    outputs = chosen.expected.outputs
    values = [outputs["label"][row], *outputs["probabilities"][row].view(np.uint32)]
    return " ".join(str(int(value)) for value in np.concatenate([np.atleast_1d(v) for v in values]))


def test_the_calls_take_the_image_that_fits(bundle: BuildResult, tmp_path: Path) -> None:
    """Region B erased, damaged, with another interface, and with a retrained model."""
    retrained = sample("perceptron", 1)
    row = next(i for i, v in enumerate(retrained.rows.tensors["X"]) if np.isfinite(v).all())
    values = retrained.rows.tensors["X"][row]
    main = tmp_path / "main.c"
    main.write_text(block("c") + MAIN % ", ".join(f"{float(value).hex()}F" for value in values))
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{bundle.bundle_dir / 'include'}"]
    command("gcc", *flags, main, bundle.library, "-o", tmp_path / "program")

    damaged = bytearray(retrained.image.data)
    damaged[-1] ^= 1
    images = {
        "damaged": bytes(damaged),
        "other": sample("perceptron", features=3).image.data,
        "retrained": retrained.image.data,
    }
    printed = {"erased": command(tmp_path / "program")}
    for name, image in images.items():
        (tmp_path / name).write_bytes(image)
        printed[name] = command(tmp_path / "program", tmp_path / name)
    assert printed["retrained"] == bits(retrained, row)
    assert printed["damaged"] == printed["other"] == printed["erased"] != printed["retrained"]


def test_fast_math_does_not_compile(bundle: BuildResult) -> None:
    """Or else sums would be made in another order than the certificate has."""
    sources = [path for path in bundle.bundle_dir.glob("src/**/*.cpp") if path.parent.name == "math"]
    include = [f"-I{bundle.bundle_dir / folder}" for folder in ("include", "src", "src/ecu")]
    for flags, compiles in (([], True), (["-ffast-math"], False)):
        words: list[str | Path] = ["g++", "-std=c++17", "-fsyntax-only", *flags, *include, *sources]
        assert run(words, stage="build", seconds=60.0).ok == compiles


@pytest.mark.parametrize("section", ["MODEL_A", "MODEL_B"])
def test_an_image_lies_in_the_region_for_images(tmp_path: Path, section: str) -> None:
    source = tmp_path / "image.s"
    source.write_text(
        f'.global board_reset\n.text\nboard_reset: nop\n.section {section},"a"\n.balign 16\n.word 1\n'
    )
    script = TESTS.parent / "cmake/boards/memory.ld"
    places = {"flash": 0, "model": 0x200000, "ram": 0x20000000}
    memory = [f"-Wl,--defsym=ecu_{name}={place}" for name, place in places.items()]
    memory += [f"-Wl,--defsym=ecu_{name}_size=0x40000" for name in places]
    program = tmp_path / "program.elf"
    command("arm-none-eabi-gcc", "-mcpu=cortex-m3", "-nostdlib", "-T", script, *memory, source, "-o", program)
    listed = command("arm-none-eabi-objdump", "-h", program)
    found = re.search(rf" {section} +\S+ +(\S+)", listed)
    assert found is not None
    assert int(found.group(1), 16) == places["model"]


def test_the_regions_are_those_of_the_application() -> None:
    script = (TESTS / "rtos/freertos/memory.ld").read_text(encoding="utf-8")
    assert block("ld") in script


def test_every_cited_file_is_there() -> None:
    cited = re.findall(r"`((?:tests/)?[a-z_]+/[a-z_./]+)`", PAGE)
    assert len(cited) > 15
    in_a_bundle = {"tests/golden_vectors.cpp", "tests/self_test.cpp", "reports/resources.json"}
    checkout = TESTS.parent
    for name in set(cited) - in_a_bundle:
        assert any((folder / name).exists() for folder in (TESTS, checkout, checkout / "runtime")), name


def test_the_cited_functions_are_in_the_application() -> None:
    assert "void application_start() {" in (TESTS / "rtos/freertos/main.cpp").read_text(encoding="utf-8")
