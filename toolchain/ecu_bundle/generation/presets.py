"""CMakePresets.json: one command configures, builds and tests the bundle."""

from __future__ import annotations

import json


def presets(toolchain: str, target: str, *, update: bool = False) -> bytes:
    """The presets file.

    Args:
        toolchain: file in ``cmake/`` of the bundle; empty for the host's own compiler.
        target: target name, for people.
        update: also build ``ecu::update`` and the program that tries it.
    """
    cache: dict[str, object] = {
        "CMAKE_BUILD_TYPE": "Release",
        "ECU_WARNINGS_AS_ERRORS": {"type": "BOOL", "value": "ON"},
    }
    configure: dict[str, object] = {
        "name": "default",
        "displayName": f"Release build for {target}",
        "binaryDir": "${sourceDir}/build",
        "cacheVariables": cache,
    }
    if update:
        cache["ECU_UPDATE"] = {"type": "BOOL", "value": "ON"}
    if toolchain:
        configure["toolchainFile"] = f"${{sourceDir}}/cmake/{toolchain}"
    step = {"name": "default", "configurePreset": "default"}
    document = {
        "version": 6,
        "cmakeMinimumRequired": {"major": 3, "minor": 25, "patch": 0},
        "configurePresets": [configure],
        "buildPresets": [step],
        "testPresets": [{**step, "output": {"outputOnFailure": True}}],
        "workflowPresets": [
            {
                "name": "default",
                "steps": [{"type": kind, "name": "default"} for kind in ("configure", "build", "test")],
            }
        ],
    }
    return (json.dumps(document, indent=2) + "\n").encode()
