"""Why a package is refused: the statuses of the device.

Numbers and names are those of ``runtime/include/ecu/status.h``; ``docs/update_package.md`` is normative.
"""

from __future__ import annotations

from enum import IntEnum

from ecu_bundle.errors import VerificationError


class Status(IntEnum):
    """The family of packages of ``ecu_status``."""

    ECU_PACKAGE_TRUNCATED = 72
    ECU_PACKAGE_MALFORMED = 73
    ECU_PACKAGE_TOO_LONG = 74
    ECU_PACKAGE_BAD_DIGEST = 75
    ECU_PACKAGE_UNKNOWN_KEY = 76
    ECU_PACKAGE_BAD_SIGNATURE = 77
    ECU_PACKAGE_KEY_RETIRED = 78
    ECU_PACKAGE_WRONG_VENDOR = 79
    ECU_PACKAGE_WRONG_CLASS = 80
    ECU_PACKAGE_WRONG_HARDWARE = 81
    ECU_PACKAGE_ROLLBACK = 82
    ECU_PACKAGE_OTHER_CONTENT = 83
    ECU_PACKAGE_WRONG_FORMAT = 84
    ECU_PACKAGE_WRONG_INTERFACE = 85
    ECU_PACKAGE_KERNEL_MISSING = 86
    ECU_PACKAGE_ARENA_TOO_SMALL = 87
    ECU_PACKAGE_STACK_TOO_SMALL = 88
    ECU_PACKAGE_TOO_LARGE = 89
    ECU_PACKAGE_BAD_PAYLOAD = 90
    ECU_PACKAGE_BAD_KEY_SET = 91
    ECU_PACKAGE_BAD_VECTORS = 92
    ECU_PACKAGE_BAD_MAGIC = 93
    ECU_PACKAGE_BAD_VERSION = 94
    ECU_PACKAGE_BAD_ALGORITHM = 95
    ECU_PACKAGE_WRONG_USE = 97


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

    def as_dict(self) -> dict[str, str | int]:
        return {**super().as_dict(), "status": self.status.name}
