"""Sources of a model for our own runtime: the device API around the native engine or ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

from benchmarks.subjects import CHECKOUT
from ecu_bundle.artifacts import Engine, OnnxModel
from ecu_bundle.image.writer import compile_image
from ecu_bundle.lowering import lower

RUNTIME = CHECKOUT / "runtime"
_SHARED = ("status.cpp", "model.cpp", "image/reader.cpp", "image/sha256.cpp")


def sources(engine: Engine) -> tuple[Path, ...]:
    """Of the runtime; the linker takes what the model needs."""
    source = RUNTIME / "src"
    folder = source / ("native" if engine == "native" else "ort")
    return (*(source / name for name in _SHARED), *sorted(folder.rglob("*.cpp")))


def write(model: OnnxModel, engine: Engine, folder: Path) -> int:
    """Writes ``peer.cpp``; returns how many numbers a row gives."""
    image = compile_image(model, engine=engine)
    kernels = lower(model).kernels if engine == "native" else ()
    names = [*(f"ecu_kernel_{name}" for name in kernels), f"ecu_engine_{engine}"]
    outputs = model.interface.outputs
    at, moves = 0, []
    for index, tensor in enumerate(outputs):
        moves.append(f"buffers[{index}] = out + {at};")
        at += tensor.elements
    lines = [
        '#include "peer_model.h"',
        '#include "ecu/model.h"',
        'extern "C" {',
        "struct ecu_kernel; struct ecu_engine;",
        *(
            f"extern const struct {'ecu_kernel' if 'kernel' in name else 'ecu_engine'} {name};"
            for name in names
        ),
        "extern const void* const bench_needs[];",
        f"const void* const bench_needs[] = {{{', '.join('&' + name for name in names)}}};",
        "}",
        f"alignas(16) static const unsigned char image[] = {{{','.join(map(str, image.data))}}};",
        f"alignas(16) static unsigned char arena[{_arena(image.data)}];",
        "static ecu_model model;",
        "int peer_open(void) {",
        "  return (int)ecu_model_open(&model, image, sizeof image, arena, sizeof arena);",
        "}",
        "void peer_predict(const float* row, float* out) {",
        f"  const void* const inputs[] = {{row}}; void* buffers[{len(outputs)}]; {' '.join(moves)}",
        "  if (ecu_model_run(&model, inputs, buffers) != ECU_OK) { out[0] = -1.0F; }",
        "}",
    ]
    (folder / "peer.cpp").write_text("\n".join(lines) + "\n")
    return at


def _arena(image: bytes) -> int:
    return int.from_bytes(image[12:16], "little")
