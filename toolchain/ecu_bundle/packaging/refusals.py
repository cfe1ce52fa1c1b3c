"""Why a package is refused: the statuses of the device, in the order of the checks.

Numbers and names are those of ``runtime/include/ecu/status.h``; ``docs/update_package.md`` is normative.
"""

from __future__ import annotations

from enum import IntEnum

from ecu_bundle.errors import VerificationError


class Status(IntEnum):
    """Family 64 to 85 of ``ecu_status``."""

    ECU_PACKAGE_TRUNCATED = 64
    ECU_PACKAGE_BAD_MAGIC = 65
    ECU_PACKAGE_BAD_VERSION = 66
    ECU_PACKAGE_BAD_ALGORITHM = 67
    ECU_PACKAGE_MALFORMED = 68
    ECU_PACKAGE_HEADER_TOO_LONG = 69
    ECU_PACKAGE_BAD_DIGEST = 70
    ECU_PACKAGE_UNKNOWN_KEY = 71
    ECU_PACKAGE_KEY_NOT_VALID = 72
    ECU_PACKAGE_BAD_SIGNATURE = 73
    ECU_PACKAGE_WRONG_VENDOR = 74
    ECU_PACKAGE_WRONG_CLASS = 75
    ECU_PACKAGE_WRONG_HARDWARE = 76
    ECU_PACKAGE_ROLLED_BACK = 77
    ECU_PACKAGE_WRONG_ENGINE = 78
    ECU_PACKAGE_WRONG_INTERFACE = 79
    ECU_PACKAGE_KERNEL_MISSING = 80
    ECU_PACKAGE_ARENA_TOO_SMALL = 81
    ECU_PACKAGE_STACK_TOO_SMALL = 82
    ECU_PACKAGE_TOO_LARGE = 83
    ECU_PACKAGE_BAD_PAYLOAD = 84
    ECU_PACKAGE_TRAILING_BYTES = 85


class PackageError(VerificationError):
    """A package that a device refuses.

    Args:
        status: what the device would say.
        cause: what is wrong, one sentence without a final full stop.
        place: byte offset, or what the check looked at.
        hint: the next step.
    """

    def __init__(self, status: Status, cause: str, *, place: str = "", hint: str = "") -> None:
        super().__init__("package", f"{cause} ({status.name})", place=place, hint=hint)
        self.status = status
