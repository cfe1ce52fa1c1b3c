"""Reading a package front to back: each byte is one that the profile allows, or the package is refused."""

from __future__ import annotations

from ecu_bundle.packaging.cbor import Major, head
from ecu_bundle.packaging.refusals import PackageError, Status

_ARGUMENT_SIZES = {24: 1, 25: 2, 26: 4}


class Cursor:
    """Reads bytes from an offset on.

    Args:
        data: what is there.
        limit: no byte at or after this offset is read; a package may have at most so many before its payload.
        origin: offset of the data in the file, for messages.
        short: the status when the bytes end too early.
    """

    def __init__(
        self,
        data: bytes,
        *,
        limit: int | None = None,
        origin: int = 0,
        short: Status = Status.ECU_PACKAGE_TRUNCATED,
    ) -> None:
        self._data = data
        self._limit = limit
        self._origin = origin
        self._short = short
        self.at = 0

    def refuse(self, status: Status, cause: str, *, hint: str = "") -> PackageError:
        """The error to raise for what was read last."""
        return PackageError(status, cause, place=f"byte offset {self._origin + self.at}", hint=hint)

    def malformed(self, cause: str) -> PackageError:
        """The error for a byte that the profile does not allow."""
        return self.refuse(Status.ECU_PACKAGE_MALFORMED, f"the package is malformed: {cause}")

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self.at

    def require(self, count: int) -> None:
        """Makes sure that `count` more bytes may be read and are there."""
        if self._limit is not None and self.at + count > self._limit:
            raise self.refuse(
                Status.ECU_PACKAGE_TOO_LONG, f"more than {self._limit} bytes before the payload"
            )
        if count > self.left:
            raise self.refuse(self._short, f"{count} bytes wanted, {self.left} are left")

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        self.require(count)
        self.at += count
        return self._data[self.at - count : self.at]

    def expect(
        self,
        wanted: bytes,
        what: str,
        status: Status = Status.ECU_PACKAGE_MALFORMED,
        *,
        hint: str = "",
    ) -> None:
        """Reads bytes that must be these, one by one.

        Raises:
            PackageError: with the status, at the first byte that differs.
        """
        end = self.at + len(wanted)
        if self._data[self.at : end] == wanted and (self._limit is None or end <= self._limit):
            self.at = end
            return
        for position, byte in enumerate(wanted):
            self.require(1)
            if self._data[self.at] != byte:
                found = self._data[self.at]
                raise self.refuse(
                    status, f"{what}: byte {position} is {found:02x}, not {byte:02x}", hint=hint
                )
            self.at += 1

    def peek(self, distance: int) -> int:
        """The byte so far ahead, without reading it; 0 where there is none."""
        return self._data[self.at + distance] if distance < self.left else 0

    def argument(self, major: Major, what: str) -> int:
        """The argument of a head of this major type in its shortest form, 0 to 2^32 - 1."""
        initial = self.take(1)[0]
        code = initial & 31
        if initial >> 5 != major or code > 26:
            self.at -= 1
            raise self.malformed(f"{what}: byte {initial:02x} begins no {major.name.lower()} of the profile")
        if code < 24:
            return code
        value = int.from_bytes(self.take(_ARGUMENT_SIZES[code]), "big")
        if len(head(major, value)) != 1 + _ARGUMENT_SIZES[code]:
            raise self.malformed(f"{what}: the head of {value} is not the shortest")
        return value

    def unsigned(self, what: str, *, least: int = 0, most: int = (1 << 32) - 1) -> int:
        """An unsigned integer within limits."""
        value = self.argument(Major.UNSIGNED, what)
        if not least <= value <= most:
            raise self.malformed(f"{what} is {value}, allowed are {least} to {most}")
        return value

    def byte_string(self, what: str, *, least: int = 0, most: int = (1 << 32) - 1) -> bytes:
        """A byte string of a length within limits."""
        return self.take(self._length(Major.BYTES, what, least, most))

    def text(self, what: str, *, most: int) -> str:
        """A text of at most so many bytes of UTF-8."""
        data = self.take(self._length(Major.TEXT, what, 0, most))
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise self.malformed(f"{what} is not UTF-8") from error

    def count(self, major: Major, what: str, *, most: int) -> int:
        """How many items an array or map has."""
        return self._length(major, what, 0, most)

    def end(self, what: str) -> None:
        """Nothing may be left."""
        if self.left:
            raise self.malformed(f"{self.left} bytes too many in {what}")

    def _length(self, major: Major, what: str, least: int, most: int) -> int:
        value = self.argument(major, what)
        if not least <= value <= most:
            raise self.malformed(f"{what} has {value} elements, allowed are {least} to {most}")
        return value
