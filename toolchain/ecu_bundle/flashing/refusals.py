"""Negative responses of an ECU as errors that a person can act on."""

from __future__ import annotations

from ecu_bundle.errors import BundleError, EcuUnavailableError, UsageError, VerificationError

BUSY = 0x21
SEQUENCE_ERROR = 0x24
WRONG_BLOCK = 0x73


class BusyError(EcuUnavailableError):
    """The ECU is busy for longer than it is asked again."""


_KEY_HINT = "check --security-command and --security-level: the ECU unlocks only for the right key"

_SECURITY: dict[int, tuple[str, str]] = {
    0x33: ("the ECU demands that it is unlocked first", "give --security-command, which computes the key"),
    0x34: ("the ECU demands an authentication (0x29), which is not supported", "use the OEM's own tool"),
    0x35: ("the ECU refuses the key", _KEY_HINT),
    0x36: ("the ECU refuses more keys: too many wrong ones", "wait or restart the ECU; " + _KEY_HINT),
    0x37: ("the ECU takes no key yet: its delay after a wrong one runs", "wait about 10 seconds"),
}
"""What the user can mend."""

_PACKAGE: dict[int, str] = {
    0x10: "the ECU rejects the request",
    0x31: "the ECU does not take this address or size",
    0x70: "the ECU does not accept the package",
    0x71: "the ECU has stopped the transfer",
    0x72: "the ECU could not program the package",
}
"""Answers to the package itself."""

_CONDITIONS: dict[int, str] = {
    0x11: "the ECU does not have this service",
    0x12: "the ECU does not have this kind of the service",
    0x13: "the ECU expects another length of this request",
    0x14: "the answer is too long for the ECU's transport",
    BUSY: "the ECU stays busy",
    0x22: "conditions are not correct for the ECU, for instance the vehicle moves",
    SEQUENCE_ERROR: "the ECU expects another request at this point",
    0x25: "the ECU behind the gateway does not answer",
    0x26: "a failure in the ECU prevents this",
    WRONG_BLOCK: "the ECU expects another block",
    0x7E: "this kind of the service is not available in the ECU's present session",
    0x7F: "the service is not available in the ECU's present session",
    0x81: "the engine speed is too high",
    0x82: "the engine speed is too low",
    0x83: "the engine is running",
    0x84: "the engine is not running",
    0x85: "the engine has not run long enough",
    0x86: "the temperature is too high",
    0x87: "the temperature is too low",
    0x88: "the vehicle moves too fast",
    0x89: "the vehicle moves too slowly",
    0x8A: "the throttle pedal is too far down",
    0x8B: "the throttle pedal is not down far enough",
    0x8C: "the transmission is not in neutral",
    0x8D: "the transmission is not in gear",
    0x8F: "the brake is not pressed",
    0x90: "the shifter lever is not in park",
    0x91: "the torque converter clutch is locked",
    0x92: "the voltage is too high",
    0x93: "the voltage is too low",
    0x94: "a resource of the ECU is not available for now",
}
"""What may be otherwise at another time, or with another ECU."""


_OPTIONS: dict[tuple[str, int], str] = {
    ("unlock", 0x12): "check --security-level; ",
    ("unlock", 0x31): "check --security-level; ",
    ("erase", 0x31): "check --memory-address, which is 0 for an ECU that chooses the slot itself; ",
    ("download", 0x31): "check --memory-address, which is 0 for an ECU that chooses the slot itself; ",
}
"""What may be a wrong option, by stage and code."""


def refusal(stage: str, code: int, *, status: str = "") -> BundleError:
    """The error for a negative response.

    Args:
        stage: which request was refused.
        code: negative response code.
        status: the ECU's own status of the update in words; empty when it has none to tell.
    """
    number = f"negative response 0x{code:02X}"
    option = _OPTIONS.get((stage, code), "")
    if code in _SECURITY:
        cause, hint = _SECURITY[code]
        return UsageError(stage, cause, place=number, hint=hint)
    if code in _PACKAGE or status:
        cause = _PACKAGE.get(code) or _CONDITIONS.get(code, "the ECU refuses the package")
        return VerificationError(
            stage,
            cause + (f": {status}" if status else ""),
            place=number,
            hint=option
            + "the model that was active before stays active; "
            + ("docs/flashing.md lists what each status asks for" if status else "the ECU gives no status"),
        )
    cause = _CONDITIONS.get(code, "the ECU refuses the request with a code of its manufacturer")
    kind = BusyError if code == BUSY else EcuUnavailableError
    return kind(
        stage,
        cause,
        place=number,
        hint=option + "bring the ECU into the condition that it asks for, and flash again",
    )
