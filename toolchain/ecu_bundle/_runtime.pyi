"""Types of the compiled module; the source is ``runtime/bindings/module.cpp``."""

from collections.abc import Sequence
from typing import Any

from ecu_bundle.interface import Array

class StatusError(Exception):
    status: int
    text: str
    detail: str
    row: int | None

class Model:
    def __init__(self, image: bytes) -> None: ...
    def run(self, inputs: Sequence[Array]) -> list[Array]: ...
    def info(self) -> dict[str, Any]: ...
    def close(self) -> None: ...

def test_golden(payload: bytes, memory_size: int) -> None: ...
