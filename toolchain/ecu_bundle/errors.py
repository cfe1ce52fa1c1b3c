"""The one family of errors that ecu-bundle raises on purpose.

Each error says the stage that failed, the cause, the place (estimator, ONNX node, byte offset, row)
and the next step, and carries the exit code of the command line.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command line."""

    OK = 0
    VERIFICATION_FAILED = 1
    USAGE = 2
    UNSUPPORTED_MODEL = 3
    TOOL_MISSING = 4
    INTERNAL = 5


class BundleError(Exception):
    """An error that a person can act on.

    Args:
        stage: pipeline stage, for instance ``"load"`` or ``"convert"``.
        cause: what is wrong, one sentence without a final full stop.
        place: where: an estimator, an ONNX node, a file and byte offset, a row. Empty when unknown.
        hint: the next step for the reader. Empty when there is none.
    """

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, stage: str, cause: str, *, place: str = "", hint: str = "") -> None:
        super().__init__(stage, cause, place, hint)
        self.stage = stage
        self.cause = cause
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.stage}: {self.cause}"
        if self.place:
            text += f"\n  at: {self.place}"
        if self.hint:
            text += f"\n  next: {self.hint}"
        return text

    def as_dict(self) -> dict[str, str | int]:
        """The same for machines (``--json``)."""
        return {
            "error": type(self).__name__,
            "exit_code": int(self.exit_code),
            "stage": self.stage,
            "cause": self.cause,
            "place": self.place,
            "hint": self.hint,
        }


class VerificationError(BundleError):
    """A proof failed: the outputs differ from the reference, or a digest does not match."""

    exit_code = ExitCode.VERIFICATION_FAILED


class UsageError(BundleError):
    """The command line, a configuration file, an input file or an output folder is wrong."""

    exit_code = ExitCode.USAGE


class UnsupportedModelError(BundleError):
    """The file is not a model that can be loaded, or the model cannot be converted truly."""

    exit_code = ExitCode.UNSUPPORTED_MODEL


class ToolMissingError(BundleError):
    """A compiler, an emulator or a library is missing; the hint installs it."""

    exit_code = ExitCode.TOOL_MISSING


class EcuUnavailableError(BundleError):
    """No ECU answers, the link broke too often, or the ECU cannot be flashed in its present condition."""

    exit_code = ExitCode.TOOL_MISSING


class InternalError(BundleError):
    """A defect of ecu-bundle itself."""

    exit_code = ExitCode.INTERNAL
