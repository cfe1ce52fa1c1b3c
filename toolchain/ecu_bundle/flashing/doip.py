"""What doipclient leaves to its user: limits of time and size, and closing what failed."""

from __future__ import annotations

import contextlib
import socket
import struct
import time

from doipclient import DoIPClient
from doipclient.client import Parser
from doipclient.constants import UDP_DISCOVERY
from doipclient.messages import DiagnosticMessage
from udsoncan.client import Client
from udsoncan.exceptions import TimeoutException
from udsoncan.Request import Request
from udsoncan.Response import Response

_SEARCH = bytes.fromhex("02fd000100000000")
"""Vehicle identification request of ISO 13400-2 without a condition."""


_MOST_BYTES = 8192
"""Of one message; the longest answer that is asked for is a signed record of 1024 bytes."""
_PENDING_SECONDS = 600.0
"""How long an ECU may ask for more time (0x78) within one request."""


class _BoundedParser(Parser):
    """Does not gather what no honest ECU sends."""

    def push_bytes(self, data_bytes: bytes) -> None:
        super().push_bytes(data_bytes)  # type: ignore[no-untyped-call]
        if len(self.rx_buffer) > 4 * _MOST_BYTES:
            raise OSError(f"the ECU sends more than {4 * _MOST_BYTES} bytes that nobody asked for")

    def read_message(self, data_bytes: bytes) -> object:
        message = super().read_message(data_bytes)  # type: ignore[no-untyped-call]
        if self.payload_size is not None and self.payload_size > _MOST_BYTES:
            raise OSError(f"the ECU announces a message of {self.payload_size} bytes, at most {_MOST_BYTES}")
        if self._state is Parser.ParserState.READ_INVERSE_PROTOCOL_VERSION and self.rx_buffer:
            raise OSError("what the ECU sends is no DoIP")  # the library would look for a header byte by byte
        return message


class Connection(DoIPClient):
    """A connection to one ECU, with routing activated."""

    @property
    def _tcp_parser(self) -> Parser:
        return self._bounded_parser

    @_tcp_parser.setter
    def _tcp_parser(self, _: Parser) -> None:  # the library sets its own, also when it connects again
        self._bounded_parser = _BoundedParser()  # type: ignore[no-untyped-call]

    def receive_diagnostic(self, timeout: float | None = None) -> bytearray:
        """The next answer of the ECU; what others send does not extend the time.

        Raises:
            TimeoutError: none in time. OSError: the link broke, or the ECU sends too much.
        """
        end = time.monotonic() + (_PENDING_SECONDS if timeout is None else timeout)
        while (left := end - time.monotonic()) > 0:
            found = self.read_doip(timeout=left)  # type: ignore[no-untyped-call]
            if isinstance(found, DiagnosticMessage) and (
                (found.source_address, found.target_address)
                == (self._ecu_logical_address, self._client_logical_address)
            ):
                return bytearray(found.user_data)
        raise TimeoutError("no answer in time")

    def __init__(self, host: str, port: int, ecu: int, tester: int, seconds: float) -> None:
        """
        Args:
            host: IP address.
            port: TCP port.
            ecu, tester: logical addresses.
            seconds: longest time for connecting.

        Raises:
            OSError: no connection, or routing is refused. ValueError, struct.error: no sense in the answer.
        """
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(seconds)  # the library connects without a limit of its own
        try:
            super().__init__(host, ecu, tcp_port=port, client_logical_address=tester)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, struct.error):
            with contextlib.suppress(AttributeError):  # closes in the order in which it opens
                self.close()  # type: ignore[no-untyped-call]
            raise
        finally:
            socket.setdefaulttimeout(before)


class PunctualClient(Client):
    """Grants each request some minutes, and all of them together no more than the time that is left.

    Attributes:
        deadline: on the clock of `time.monotonic`.
    """

    deadline: float

    def send_request(self, request: Request, timeout: int = -1) -> Response | None:
        """As `Client.send_request`.

        Raises:
            TimeoutException: also when no time is left.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutException("the time is over")  # type: ignore[no-untyped-call]
        self.config["request_timeout"] = min(_PENDING_SECONDS, left)
        return super().send_request(request, timeout)


def find(host: str, seconds: float) -> int:
    """The logical address that a host announces when asked by UDP.

    Raises:
        OSError: no answer in time.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.sendto(_SEARCH, (host, UDP_DISCOVERY))
        try:
            _, announcement = DoIPClient.await_vehicle_announcement(timeout=seconds, sock=asking)
        except OSError as error:
            raise OSError(
                "nothing there announces a logical address; is the ECU on? or give --ecu-address"
            ) from error
    return int(announcement.logical_address)
