"""OnnxModel and ModelImage -> BundleSources: a pure function that returns paths and bytes."""

from __future__ import annotations

import re
from typing import Any

from ecu_bundle.artifacts import BundleSources, GoldenVectors, ModelImage, OnnxModel
from ecu_bundle.errors import InternalError
from ecu_bundle.generation import literals
from ecu_bundle.generation.example import example
from ecu_bundle.generation.golden import golden_view
from ecu_bundle.generation.options import GenerationOptions, UpdateFacts
from ecu_bundle.generation.presets import presets
from ecu_bundle.generation.rules import rules_view
from ecu_bundle.generation.sources import (
    CODE_FLAGS,
    ENGINE_TABLES,
    PRIVATE_INCLUDES,
    WARNING_FLAGS,
    cited_pages,
    library_sources,
    runtime_files,
    source_list,
    update_example,
    update_sources,
    update_test_files,
)
from ecu_bundle.generation.templates import STATIC, render, tree
from ecu_bundle.generation.toolchains import HOST, ToolchainView, toolchain_view
from ecu_bundle.generation.views import interface_view
from ecu_bundle.identifiers import bundle_name
from ecu_bundle.image.layout import DIGEST_SIZE, HEADER
from ecu_bundle.image.reader import read_image
from ecu_bundle.interface import Interface
from ecu_bundle.lowering.kernels import KERNELS, in_order, kernel_set
from ecu_bundle.packaging.layout import class_id, vendor_id

# The header ends with the interface hash and the model digest; docs/model_image.md.
_INTERFACE_HASH_OFFSET = HEADER.size - 2 * DIGEST_SIZE

# Of the example of an update: a sector, and what a slot holds beside an image of twice the size.
_SECTOR = 4096
_HEADER_AND_VECTORS = 8192


def generate(
    model: OnnxModel, image: ModelImage, golden: GoldenVectors, options: GenerationOptions
) -> BundleSources:
    """Everything of a bundle that is known before a compiler runs.

    Reads templates and runtime sources of this installation, and nothing else. The ONNX Runtime
    library, ``bundle.json`` and ``reports/`` are added by the pipeline.

    Args:
        model: the model; its interface names everything.
        image: the same model as an image.
        golden: rows of the self-test; at least one.
        options: facts of the project and of the target.

    Raises:
        InternalError: the parts do not belong together.
    """
    _check(model, image, options)
    context = _context(model, image, golden, options)
    name = context["name"]
    runtime = runtime_files(image.engine, context["kernels"])
    sources = sorted([f"src/{name}.cpp", *library_sources(runtime)])
    update = update_sources(runtime)
    context |= {"sources": sources, "update_sources": update}
    files = {
        **tree(STATIC),
        **runtime,
        "CMakePresets.json": presets(
            options.toolchain, options.target, update=bool(options.update.signature and update)
        ),
        "sources.txt": source_list(
            context["banner"],
            sources,
            update,
            options.onnxruntime,
            section="MODEL_A" if options.startup else "",
            signature=options.update.signature,
        ),
        f"model/{name}.onnx": model.data,
        f"model/{name}.ecui": image.data,
    }
    if options.update.signature and update:
        files |= update_test_files(options.update.signature) | update_example()
    if options.toolchain:
        files[f"cmake/{options.toolchain}"] = tree("cmake/toolchains")[options.toolchain]
    if options.startup:
        files |= _board(options.startup)
    if options.cxx_headers:
        files |= {f"cmake/cxx_headers/{name}": data for name, data in tree("cmake/cxx_headers").items()}
    for path, template in (
        ("CMakeLists.txt", "CMakeLists.txt.jinja"),
        ("INTEGRATION.md", "INTEGRATION.md.jinja"),
        ("README.md", "README.md.jinja"),
        (f"include/{name}.h", "model.h.jinja"),
        (f"include/{name}.hpp", "model.hpp.jinja"),
        (f"src/{name}.cpp", "model.cpp.jinja"),
        ("tests/golden_vectors.cpp", "golden_vectors.cpp.jinja"),
    ):
        files[path] = render(template, context)
    files |= cited_pages(files)
    return BundleSources(name, dict(sorted(files.items())))


def _ids(update: UpdateFacts) -> dict[str, str]:
    """The ids that packages are compared with, as tables of bytes; empty where they are not known."""
    if not update.has_ids:
        return {"vendor_id": "", "class_id": "", "vendor_words": ""}
    ids = {"vendor_id": vendor_id(update.vendor), "class_id": class_id(update.vendor, update.device_class)}
    words = literals.comment(f"{update.vendor}, {update.device_class}")
    return {"vendor_words": words} | {key: literals.byte_table(value, indent=4) for key, value in ids.items()}


def _golden_memory(arena_size: int, interface: Interface) -> int:
    """``ECU_GOLDEN_MEMORY_SIZE`` of ecu/golden.h on a 32-bit processor, bytes."""
    tensors = (*interface.inputs, *interface.outputs)
    return -(-arena_size // 16) * 16 + 4 * len(tensors) + 4 * sum(tensor.elements for tensor in tensors)


def _board(startup: str) -> dict[str, bytes]:
    """What starts the test programs where no operating system does."""
    boards = tree("cmake/boards")
    files = {f"tests/board/{name}": boards[name] for name in boards if name.endswith((".h", ".ld", ".cmake"))}
    return {**files, "tests/board/startup.cpp": boards[startup]}


def _toolchain(options: GenerationOptions) -> ToolchainView:
    """The compiler of the target, and how its programs are linked and run."""
    if not options.toolchain:
        return HOST
    return toolchain_view(tree("cmake/toolchains")[options.toolchain].decode())


def _check(model: OnnxModel, image: ModelImage, options: GenerationOptions) -> None:
    if image.interface != model.interface:
        raise InternalError("generate", "image and model differ in their interface", place=model.name)
    if (options.onnxruntime is not None) != (image.engine == "ort"):
        raise InternalError("generate", "ONNX Runtime facts belong to the ort engine only", place=model.name)


def _context(
    model: OnnxModel, image: ModelImage, golden: GoldenVectors, options: GenerationOptions
) -> dict[str, Any]:
    """The variables of all templates, as final words of C++, CMake and Markdown."""
    name = bundle_name(model.name)
    upper = name.upper()
    interface = model.interface
    view = interface_view(interface, upper)
    vectors = golden_view(golden, interface)
    title = options.title or model.name
    version_text = f", version {options.version}" if options.version else ""
    about = f"{title}{version_text}: {interface.kind} with {len(interface.inputs)} inputs."
    ort = options.onnxruntime
    numeric = re.match(r"\d{1,9}(\.\d{1,9}){0,3}", options.version)
    contents = read_image(image.data)
    linked = in_order((*contents.kernels, *options.kernels))
    kernels = kernel_set(KERNELS[kernel].number for kernel in linked)
    return {
        "name": name,
        "app": "app" if name != "app" else "program",  # CMake target of the guide's examples
        "upper": upper,
        "headers": sorted((f"{name}.h", "ecu/model.h", "ecu/typed.hpp")),
        "banner": f"Generated by ecu-bundle {options.tool_version}, model {model.digest[:16]}. Do not edit.",
        "tool_version": options.tool_version,
        "about": literals.comment_lines(about, indent=0, mark="///"),
        "title": literals.markdown(title),
        "summary": literals.markdown(about),
        "version": literals.markdown(options.version),
        "numeric_version": numeric[0] if numeric else "0",
        "kind": interface.kind.replace("_", " "),
        "target": options.target,
        "packages": options.system_packages,
        "notes": [literals.markdown(note) for note in options.notes],
        "engine_text": f"ONNX Runtime {ort.version}" if ort else "native",
        "onnxruntime": ort,
        "engines": (image.engine, *options.other_engines),
        "onnx_digest": model.digest,
        "image_digest": image.digest,
        "image_size": len(image.data),
        "slot_size": -(-(2 * len(image.data) + _HEADER_AND_VECTORS) // _SECTOR) * _SECTOR,
        "sector_size": _SECTOR,
        "golden_memory": _golden_memory(contents.arena_size, interface),
        "image_bytes": literals.byte_table(image.data, indent=4),
        "arena_size": contents.arena_size,
        "interface": view,
        "rules": rules_view(interface, [field.name for field in view.inputs]),
        "interface_hash": literals.byte_table(contents.interface_hash, indent=4),
        "interface_hash_offset": _INTERFACE_HASH_OFFSET,
        "engine_table": ENGINE_TABLES[image.engine],
        "kernels": linked,
        "own_kernels": len(contents.kernels),
        "kernel_set": literals.byte_table(kernels, indent=4),
        "kernel_set_size": len(kernels),
        "example": example(interface, view, golden, namespace=name, upper=upper),
        "example_is_exact": not any((*golden.abs_tolerance.values(), *golden.rel_tolerance.values())),
        "update": options.update,
        "inside": options.inside,
        **_ids(options.update),
        "toolchain": options.toolchain,
        "startup": options.startup,
        "tools": _toolchain(options),
        "cxx_headers": options.cxx_headers,
        "rows": vectors.rows,
        "inputs": vectors.inputs,
        "outputs": vectors.outputs,
        "tensors": vectors.tensors,
        "input_elements": vectors.input_elements,
        "output_elements": vectors.output_elements,
        "private_includes": PRIVATE_INCLUDES,
        "code_flags": CODE_FLAGS,
        "warning_flags": WARNING_FLAGS,
    }
