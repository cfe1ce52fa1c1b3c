"""Reading bytes front to back; whatever is wrong is an error that names the byte offset."""

from __future__ import annotations

import struct
from typing import Any

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.image.layout import MAX_TEXT


class Cursor:
    """Reads one section of an image.

    Args:
        data: the section, exactly.
        offset: where the section starts in the image, for error texts.
    """

    def __init__(self, data: bytes, offset: int = 0) -> None:
        self._data = data
        self._offset = offset
        self._at = 0

    def malformed(self, cause: str) -> UnsupportedModelError:
        """The error to raise for what was read last."""
        return UnsupportedModelError(
            "image",
            f"the model image is malformed: {cause}",
            place=f"byte offset {self._offset + self._at}",
            hint="make the image again; format in docs/model_image.md",
        )

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > len(self._data) - self._at:
            raise self.malformed(f"{count} bytes wanted, {len(self._data) - self._at} are left")
        self._at += count
        return self._data[self._at - count : self._at]

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        """The next fields of a fixed layout."""
        return layout.unpack(self.take(layout.size))

    def text(self) -> str:
        """A text: u16 length with the final NUL, UTF-8 bytes, NUL."""
        length = int.from_bytes(self.take(2), "little")
        if not 0 < length <= MAX_TEXT:
            raise self.malformed(f"a text of {length} bytes")
        data = self.take(length)
        if data.find(0) != length - 1:
            raise self.malformed("a text does not end with its only NUL")
        try:
            return data[:-1].decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.malformed("a text is not UTF-8") from error

    def expect_end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._data):
            raise self.malformed(f"{len(self._data) - self._at} bytes too many")
