"""What doipclient leaves to its user: limits of time and size, and closing what failed."""

from __future__ import annotations

import contextlib
import socket
import struct
import time

from doipclient import DoIPClient
from doipclient.client import Parser
from doipclient.constants import UDP_DISCOVERY
from doipclient.messages import (
    DiagnosticMessage,
    DiagnosticMessageNegativeAcknowledgement,
    RoutingActivationResponse,
)
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


_UNDELIVERED: dict[int, str] = {
    0x02: "the address {tester:#06x} of this tester is not accepted there, see --tester-address",
    0x03: "no ECU there has the logical address {ecu:#06x}, see --ecu-address",
    0x04: "the request is too long for the ECU",
    0x05: "the ECU has no memory left for the request",
    0x06: "the ECU {ecu:#06x} cannot be reached behind its gateway",
    0x07: "the network of the ECU {ecu:#06x} is not known there",
    0x08: "the network behind the gateway failed",
}
"""Negative acknowledgements of a diagnostic message, ISO 13400-2."""

_NOT_ACTIVATED: dict[int, str] = {
    0x00: "the address {tester:#06x} of this tester is not known there, see --tester-address",
    0x01: "all its connections are in use: another tester is connected",
    0x02: "this connection is in use with another tester's address",
    0x03: "another tester with the address {tester:#06x} is connected, see --tester-address",
    0x04: "it demands an authentication, which is not supported",
    0x05: "it was not confirmed there",
    0x06: "this kind of activation is not supported there",
    0x07: "it demands TLS, which is not supported",
    0x11: "it has to be confirmed there first",
}
"""Refusals of a routing activation, ISO 13400-2."""


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

    def request_activation(self, *arguments: object, **options: object) -> RoutingActivationResponse:
        """Asks for routing.

        Raises:
            OSError: the link broke, or it is refused.
        """
        found: RoutingActivationResponse = super().request_activation(*arguments, **options)  # type: ignore[no-untyped-call]
        code = int(found.response_code)
        if code != RoutingActivationResponse.ResponseCode.Success:
            raise OSError(f"routing is refused: {self._words(_NOT_ACTIVATED, code)}")
        return found

    def read_doip(self, *arguments: object, **options: object) -> object:
        """The next message.

        Raises:
            OSError: the link broke, or the message says that a request was not delivered.
        """
        found: object = super().read_doip(*arguments, **options)  # type: ignore[no-untyped-call]
        if isinstance(found, DiagnosticMessageNegativeAcknowledgement) and (
            (found.source_address, found.target_address)
            == (self._ecu_logical_address, self._client_logical_address)
        ):
            raise OSError(self._words(_UNDELIVERED, int(found.nack_code)))
        return found

    def _words(self, table: dict[int, str], code: int) -> str:
        text = table.get(code, "code {code:#04x} of its manufacturer")
        return text.format(ecu=self._ecu_logical_address, tester=self._client_logical_address, code=code)

    def receive_diagnostic(self, timeout: float | None = None) -> bytearray:
        """The next answer of the ECU; what others send does not extend the time.

        Raises:
            TimeoutError: none in time. OSError: the link broke, or the ECU sends too much.
        """
        end = time.monotonic() + (_PENDING_SECONDS if timeout is None else timeout)
        while (left := end - time.monotonic()) > 0:
            found = self.read_doip(timeout=left)
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
