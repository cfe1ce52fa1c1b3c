"""``python -m benchmarks.native_models``: what models cost on the native engine of a Cortex-M4F in QEMU."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import ecu_bundle
from benchmarks.subjects import CHECKOUT
from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion.exactness import exact_outputs
from ecu_bundle.errors import InternalError
from ecu_bundle.lowering import Program, encode_program, lower
from ecu_bundle.parity.session import open_session

_RUNTIME: Final = CHECKOUT / "runtime"
_NATIVE: Final = _RUNTIME / "src" / "native"
_PROGRAMS: Final = CHECKOUT / "benchmarks" / "programs"
_COMPILER: Final = "arm-none-eabi-g++"
_FLAGS: Final = (
    *("-std=c++17", "-O2", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    *("-ffreestanding", "-fno-exceptions", "-fno-rtti", "-ffp-contract=off", "-ffunction-sections"),
    *("-fdata-sections", "-I", str(_RUNTIME / "include"), "-I", str(_RUNTIME / "src")),
)
_QEMU: Final = (
    *("qemu-system-arm", "-M", "mps2-an386", "-icount", "shift=0", "-nic", "none", "-display", "none"),
    *("-monitor", "none", "-serial", "none", "-chardev", "stdio,id=sh0"),
    *("-semihosting-config", "enable=on,target=native,chardev=sh0", "-kernel"),
)
_ROWS: Final = 50
_REPEATS: Final = 40
_INSTRUCTIONS_PER_TICK: Final = 40
_TOLERANCE: Final = 1e-5
"""Of outputs that are not exact."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one model.

    Attributes:
        nodes: splits and leaves of all trees; 0 without any.
        kernels: in the order in which they run.
        mean, most: instructions of a row, engine included.
        text, rodata: bytes of flash; the program of the model is in rodata.
        model: bytes of the program.
        ram: bytes of .data and .bss.
        workspace, stack: bytes.
        double_helpers: functions of the compiler's float64 library that are linked.
        error: of float32 outputs, the largest difference from ONNX Runtime.
    """

    name: str
    nodes: int
    kernels: tuple[str, ...]
    mean: int
    most: int
    text: int
    rodata: int
    model: int
    ram: int
    workspace: int
    stack: int
    double_helpers: tuple[str, ...]
    error: float


def models() -> dict[str, tuple[Any, NDArray[np.float32]]]:
    """The models of the comparison with other generators, and rows they have not seen."""
    from sklearn import datasets, ensemble, tree
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    def split(load: Any) -> Any:
        values, wanted = load(return_X_y=True)
        return train_test_split(values.astype(np.float32), wanted, test_size=0.3, random_state=0)

    cancer, digits, diabetes = map(
        split, (datasets.load_breast_cancer, datasets.load_digits, datasets.load_diabetes)
    )
    forest = {"n_estimators": 100, "max_depth": 10, "random_state": 0}
    chosen = {
        "rf_bc": (ensemble.RandomForestClassifier(**forest), cancer),
        "rf_dig": (ensemble.RandomForestClassifier(**forest), digits),
        "gbr": (ensemble.GradientBoostingRegressor(n_estimators=200, max_depth=3, random_state=0), diabetes),
        "hgb": (ensemble.HistGradientBoostingRegressor(max_iter=200, random_state=0), diabetes),
        "dt": (tree.DecisionTreeClassifier(random_state=0), cancer),
        "lr": (make_pipeline(StandardScaler(), LogisticRegression()), cancer),
        "mlp": (MLPClassifier((64, 32), max_iter=300, random_state=0), digits),
        "svc": (make_pipeline(StandardScaler(), SVC()), cancer),
    }
    return {name: (model.fit(data[0], data[2]), data[1]) for name, (model, data) in chosen.items()}


def measure(name: str, estimator: Any, rows: NDArray[np.float32], folder: Path) -> Figures:
    """Builds and runs one model; its outputs must be those of ONNX Runtime.

    Raises:
        InternalError: labels or sums over trees have other bits, or smooth outputs differ by more than
            `_TOLERANCE`.
    """
    converted = ecu_bundle.convert(estimator, sample=rows)
    program = lower(converted)
    chosen = rows[np.linspace(0, len(rows) - 1, min(_ROWS, len(rows))).astype(int)]
    (folder / "definitions.cpp").write_text(_definitions(converted, program, chosen))
    image = _build(folder)
    output = _tool(*_QEMU, str(image))
    found = [
        [int(word, 16) for word in line.split()[1:]] for line in output.splitlines() if line.startswith("row")
    ]
    outputs = np.array([row[1:] for row in found], dtype=np.uint32)
    error = _error(converted, outputs, _expected(converted, chosen))
    if error > _TOLERANCE:
        raise InternalError("benchmark", "the outputs differ from those of ONNX Runtime", place=name)
    costs = [row[0] * _INSTRUCTIONS_PER_TICK / _REPEATS for row in found]
    sizes = dict(
        re.findall(r"^\.(text|rodata|data|bss)\s+(\d+)", _tool("arm-none-eabi-size", "-A", str(image)), re.M)
    )
    stack = re.search(r"^stack (0x[0-9a-f]+)$", output, re.M)
    return Figures(
        name=name,
        nodes=sum(
            len(attribute.strings)
            for node in converted.proto.graph.node
            for attribute in node.attribute
            if attribute.name == "nodes_modes"
        ),
        kernels=tuple(operation.kernel.name for operation in program.operations),
        mean=round(float(np.mean(costs))),
        most=round(max(costs)),
        text=int(sizes.get("text", 0)),
        rodata=int(sizes.get("rodata", 0)),
        model=len(encode_program(program)),
        ram=int(sizes.get("data", 0)) + int(sizes.get("bss", 0)),
        workspace=program.workspace,
        stack=int(stack[1], 16) if stack else -1,
        double_helpers=_double_helpers(image),
        error=error,
    )


def _error(model: OnnxModel, found: NDArray[np.uint32], expected: NDArray[np.uint32]) -> float:
    """The largest difference of smooth outputs, (rows, words) each; infinite when other words differ."""
    exact = exact_outputs(model.proto)
    largest, at = 0.0, 0
    for tensor in model.interface.outputs:
        words = slice(at, at + tensor.elements)
        at += tensor.elements
        if tensor.dtype == "int32" or tensor.name in exact:
            largest = largest if np.array_equal(found[:, words], expected[:, words]) else np.inf
            continue
        values, wanted = (
            np.ascontiguousarray(bits[:, words]).view(np.float32).astype(np.float64)
            for bits in (found, expected)
        )
        largest = max(largest, float(np.abs(values - wanted).max()))
    return largest


def _double_helpers(image: Path) -> tuple[str, ...]:
    names = _tool("arm-none-eabi-nm", str(image)).split()
    return tuple(sorted(name for name in names if re.match(r"__aeabi_(c?d|\w+2d)", name)))


def _expected(model: OnnxModel, rows: NDArray[np.float32]) -> NDArray[np.uint32]:
    """The bits of all outputs, (rows, words)."""
    session = open_session(model.proto)
    names = [tensor.name for tensor in model.interface.outputs]
    results = []
    for row in rows:
        values = session.run(names, {model.interface.inputs[0].name: row[np.newaxis]})
        typed = (
            np.asarray(value).astype(tensor.numpy_dtype).ravel().view(np.uint32)
            for tensor, value in zip(model.interface.outputs, values, strict=True)
        )
        results.append([int(word) for part in typed for word in part])
    return np.array(results, dtype=np.uint32)


def _definitions(model: OnnxModel, program: Program, rows: NDArray[np.float32]) -> str:
    tensors = (*model.interface.inputs, *model.interface.outputs)
    kinds = {"float32": "ECU_FLOAT32", "int32": "ECU_INT32"}
    infos = ", ".join(f'{{"", "", {kinds[t.dtype]}, {t.elements}U}}' for t in tensors)
    kernels = program.kernels
    payload = ",".join(map(str, encode_program(program)))
    numbers = ",".join('__builtin_nanf("")' if np.isnan(x) else f"{float(x).hex()}F" for x in rows.ravel())
    return "\n".join(
        [
            '#include "cortex_m4_model.h"',
            'extern "C" {',
            *(f"extern const struct ecu_kernel ecu_kernel_{kernel};" for kernel in kernels),
            "extern const void* const bench_kernels[];",
            f"const void* const bench_kernels[] = {{{', '.join(f'&ecu_kernel_{k}' for k in kernels)}}};",
            f"alignas(16) const uint8_t bench_payload[] = {{{payload}}};",
            f"const uint32_t bench_payload_size = {len(encode_program(program))}U;",
            f'__attribute__((section(".harness.r"))) const ecu_tensor_info bench_tensors[] = {{{infos}}};',
            f"const uint32_t bench_outputs = {len(model.interface.outputs)}U;",
            f'__attribute__((section(".harness.r"))) const float bench_inputs[] = {{{numbers}}};',
            f"const uint32_t bench_rows = {len(rows)}U;",
            "}",
        ]
    )


def _build(folder: Path) -> Path:
    """Links the probe, the model, and what they need of the engine."""
    folder.mkdir(parents=True, exist_ok=True)
    library = _library(folder.parent / "objects")
    definitions, image = folder / "definitions.o", folder / "model.elf"
    _tool(
        _COMPILER,
        *_FLAGS,
        "-I",
        str(_PROGRAMS),
        "-c",
        str(folder / "definitions.cpp"),
        "-o",
        str(definitions),
    )
    _tool(
        *(_COMPILER, *_FLAGS, "-nostdlib", "-T", str(_PROGRAMS / "cortex_m4.ld")),
        *(str(library.with_name("probe.o")), str(definitions), str(library), "-lgcc"),
        *("-Wl,--gc-sections", "-Wl,--undefined=bench_kernels", "-o", str(image)),
    )
    return image


def _library(folder: Path) -> Path:
    """An archive of the engine with all kernels, and the probe beside it; compiled once for each content."""
    runtime = sorted(path for path in (_RUNTIME / "src").rglob("*") if path.suffix in (".cpp", ".h"))
    probe = _PROGRAMS / "cortex_m4_probe.cpp"
    content = hashlib.sha256(b"".join(path.read_bytes() for path in (*runtime, probe))).hexdigest()
    library, stamp = folder / "native.a", folder / "stamp"
    if stamp.exists() and stamp.read_text() == content:
        return library
    folder.mkdir(parents=True, exist_ok=True)
    native = [path for path in runtime if path.suffix == ".cpp" and path.is_relative_to(_NATIVE)]
    objects = [folder / f"{path.parent.name}_{path.stem}.o" for path in native]
    for source, target in zip((*native, probe), (*objects, folder / "probe.o"), strict=True):
        _tool(_COMPILER, *_FLAGS, "-c", str(source), "-o", str(target))
    library.unlink(missing_ok=True)
    _tool("arm-none-eabi-ar", "rcs", str(library), *map(str, objects))
    stamp.write_text(content)
    return library


def _tool(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise InternalError("benchmark", f"{command[0]} failed", place=(done.stderr + done.stdout)[-2000:])
    return done.stdout


def main() -> int:
    """Prints a table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.native_models", description=__doc__)
    parser.add_argument("--model", action="append", default=[], help="only this model; repeatable")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "build" / "native_models")
    options = parser.parse_args()
    results = []
    for model, (estimator, rows) in models().items():
        if not options.model or model in options.model:
            folder: Path = options.output / model
            folder.mkdir(parents=True, exist_ok=True)
            results.append(measure(model, estimator, rows, folder))
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
        return 0
    sizes_of = "text | model | .data+.bss | workspace | stack"
    print(f"| model | nodes | kernels | mean | most | {sizes_of} | float64 | error |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for r in results:
        sizes = f"{r.text} | {r.model} | {r.ram} | {r.workspace} | {r.stack}"
        helpers = ", ".join(r.double_helpers) or "none"
        print(
            f"| {r.name} | {r.nodes} | {', '.join(r.kernels)} | {r.mean} | {r.most} | {sizes} | {helpers} "
            f"| {r.error:.1e} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
