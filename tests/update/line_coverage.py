"""Lines of ``runtime/src/update`` that the tests of this folder and the seeds of the fuzzer of vectors reach.

``python -m update.line_coverage`` in ``tests/`` prints them by source, and those that nothing reached.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from packages.device import CRYPTO, crypto_includes, write_crypto
from packages.test_reader_fuzzing import FUZZ, TARGETS
from runtime.build import RUNTIME, run, succeed
from update.build import PARTS, SOURCE, compile_program
from update.example_package import PLACE, SIGNERS, header
from update.test_campaign import SAMPLE

FLAGS = ("-O1", "--coverage")
REPLAY = """
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <vector>
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int main(int count, char** files) {
  for (int i = 1; i < count; ++i) {
    std::ifstream file(files[i], std::ios::binary);
    const std::vector<char> data{std::istreambuf_iterator<char>(file), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(data.data()), data.size());
  }
}
"""


def compile_all(folder: Path, sources: Iterable[Path], include: Sequence[str]) -> Path:
    """A program of these sources, each with its counters."""
    objects = [folder / f"{source.stem}.o" for source in sources]
    for source, target in zip(sources, objects, strict=True):
        language = ["g++", "-std=c++17"] if source.suffix == ".cpp" else ["gcc", "-std=c99"]
        places = (f"-I{RUNTIME}/include", f"-I{SOURCE}", f"-I{folder}", *include)
        succeed([*language, *FLAGS, "-ffp-contract=off", *places, "-c", source, "-o", target])
    succeed(["g++", *FLAGS, *objects, "-o", folder / "program"])
    return folder / "program"


def install_on_this_machine(folder: Path) -> None:
    """The program of a bundle, with both kinds of signature behind the function for any."""
    shipped = [SOURCE / "image/sha256.cpp", SOURCE / "image/reader.cpp", SOURCE / "model.cpp"]
    for kind in SIGNERS:
        place = folder / kind
        place.mkdir()
        text = header(kind).replace(f"&ecu_verify_{kind}", "&ecu_verify_any")
        (place / "update_package.h").write_text(text)
        sources = [PLACE / "update_install.cpp", *sorted((SOURCE / "update").glob("*.cpp")), *shipped]
        crypto = [path for path in write_crypto(place) if path.name in CRYPTO.values()]
        assert run([compile_all(place, [*sources, *crypto], crypto_includes(place))]).status == 0


def replay_vectors(folder: Path) -> None:
    """The seeds of the fuzzer of golden vectors, as they are and with bytes behind: it gives memory by their
    size."""
    target = TARGETS["vectors"]
    (folder / "replay.cpp").write_text(REPLAY)
    own = [FUZZ / name for name in target.own]
    program = compile_all(
        folder, [folder / "replay.cpp", *own, *(SOURCE / name for name in target.shipped)], ()
    )
    inputs = [data + bytes(more) for data in target.seeds() for more in (0, 100)]
    seeds = [folder / f"seed{number}" for number, _ in enumerate(inputs)]
    for path, data in zip(seeds, inputs, strict=True):
        path.write_bytes(data)
    from packages.test_golden_on_device import IMAGE

    (folder / "image.ecui").write_bytes(IMAGE.data)
    environment = {**os.environ, "ECU_FUZZ_IMAGE": str(folder / "image.ecui")}
    assert run([program, *seeds], env=environment).status == 0


def counts(folder: Path) -> dict[tuple[str, int], int]:
    """How often each line of the update sources ran, by file and line."""
    found: dict[tuple[str, int], int] = {}
    for counters in sorted(folder.rglob("*.gcda")):
        command = ["gcov", "--json-format", "--stdout", counters.name]
        text = subprocess.run(command, cwd=counters.parent, capture_output=True, check=True).stdout
        for file in json.loads(text)["files"]:
            path = Path(file["file"])
            if path.parent == SOURCE / "update" or path.parent.resolve() == SOURCE / "update":
                for line in file["lines"]:
                    key = (path.name, int(line["line_number"]))
                    found[key] = found.get(key, 0) + int(line["count"])
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = {name: compile_program(folder / name, name, flags=FLAGS) for name in PARTS}
        for words in SAMPLE:
            programs["campaign"].run(*words)
        for word in ("check", "refusals", "states"):
            programs["cases"].run(word)
        programs["attacks"].run("cases")
        install_on_this_machine(folder)
        (folder / "vectors").mkdir()
        replay_vectors(folder / "vectors")
        found = counts(folder)
    for file in sorted({file for file, _ in found}):
        lines = {line: count for (where, line), count in found.items() if where == file}
        missed = sorted(line for line, count in lines.items() if not count)
        print(f"{file}: {len(lines) - len(missed)} of {len(lines)} lines; not {missed}")  # noqa: T201
    reached = sum(1 for count in found.values() if count)
    print(f"all: {reached} of {len(found)} lines, {100 * reached / len(found):.1f} %")  # noqa: T201


if __name__ == "__main__":
    main()
