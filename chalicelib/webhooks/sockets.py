"""Connections to hosts that strangers have named: where they lead, how long they take, and how much is read of them."""

import io
import select
import socket
import time
from contextlib import suppress
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from chalicelib.domain.webhooks import Failure, HttpAddress, IpAddress, is_public, literal_address
from chalicelib.once import Once

if TYPE_CHECKING:
    import ssl

_MAX_ADDRESSES = 4
"""Of one name, that are tried: each has its part of the time."""


class DeliveryError(Exception):
    """A webhook cannot be delivered now, for the reason `failure`."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure: Failure = failure


class Deadline:
    """When all has to be done that is begun now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left. Raises `TimeoutError` where there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class BoundedSocket:
    """A connection as `http.client` uses one; whatever it waits for ends with the deadline of its `turn`."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._deadline, self._readable = Deadline(0), 0
        self.may_end = False
        """Whether it is an end where no more comes: not in the head of an answer, where `http.client` would take it."""

    def turn(self, deadline: Deadline, readable: int) -> None:
        """Let one request and its answer, of so many bytes, be done by then."""
        self._deadline, self._readable, self.may_end = deadline, readable, False

    def sendall(self, data: bytes) -> None:
        """Send it all. Raises `OSError`, `TimeoutError` among them."""
        left = memoryview(data)
        while left:
            self._socket.settimeout(self._deadline.left())
            left = left[self._socket.send(left) :]

    def receive_into(self, buffer: memoryview) -> int:
        """Wait for some bytes; how many, 0 at the end. Raises `OSError`, and `DeliveryError`: too much, too little."""
        if not self._readable:
            raise DeliveryError("too_much")
        self._socket.settimeout(self._deadline.left())
        received = self._socket.recv_into(buffer[: self._readable])
        self._readable -= received
        if not (received or self.may_end):
            raise DeliveryError("broken_off")
        return received

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What an answer is read from."""
        return io.BufferedReader(_Receiver(self))

    def is_idle(self) -> bool:
        """Whether it is open, and nothing has come that nobody has asked for."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """Nothing: `http.client` closes while there is still to be read; whoever has opened it calls `end`."""

    def end(self) -> None:
        """Close it."""
        self._socket.close()


class _Receiver(io.RawIOBase):
    def __init__(self, source: BoundedSocket) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # `BufferedReader` hands over nothing else
        return self._source.receive_into(memoryview(buffer))


def connect(
    address: HttpAddress, tls: "Once[ssl.SSLContext]", deadline: Deadline, *, may_be_private: bool
) -> BoundedSocket:
    """Connect to a host that was looked up once: its IP address is checked, and the one that is connected to.

    By TLS it has to prove its name. Raises `DeliveryError`, and `TimeoutError`.
    """
    found = [each for each in _look_up(address.host, deadline) if may_be_private or is_public(each)]
    if not found:
        raise DeliveryError("refused_address")
    connected = _connected(found[:_MAX_ADDRESSES], address.port, deadline)
    try:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return BoundedSocket(
            _encrypted(connected, address.host, tls(), deadline) if address.is_encrypted else connected
        )
    except BaseException:
        connected.close()
        raise


def _look_up(host: str, deadline: Deadline) -> list[IpAddress]:
    """The IP addresses of a host, in the order of preference. In a thread: no system bounds how long a name takes."""
    if literal := literal_address(host):
        return [literal]
    answers: SimpleQueue[list[IpAddress]] = SimpleQueue()
    Thread(target=lambda: answers.put(_resolve(host)), daemon=True).start()
    try:
        found = answers.get(timeout=deadline.left())
    except Empty:
        raise TimeoutError from None
    if not found:
        raise DeliveryError("not_resolved")
    return found


def _resolve(host: str) -> list[IpAddress]:
    """The IP addresses of a name; none where it has none, or nobody knows."""
    found = list[IpAddress]()
    with suppress(OSError, UnicodeError):
        for *_, where in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
            found.append(ip_address(where[0]))
    return list(dict.fromkeys(found))


def _connected(addresses: list[IpAddress], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes it. Raises `DeliveryError` and `TimeoutError`, those of the last."""
    failure: Exception = DeliveryError("no_connection")
    for untried, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        connecting = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
        try:
            connecting.settimeout(deadline.left() / untried)
            connecting.connect((str(address), port))
            return connecting
        except OSError as error:
            connecting.close()
            failure = error if isinstance(error, TimeoutError) else DeliveryError("no_connection")
    raise failure from None


def _encrypted(connected: socket.socket, host: str, tls: "ssl.SSLContext", deadline: Deadline) -> socket.socket:
    try:
        connected.settimeout(deadline.left())  # of the handshake as a whole
        return tls.wrap_socket(connected, server_hostname=host)
    except TimeoutError:
        raise
    except (OSError, ValueError):  # ValueError: a name that TLS knows no form of
        raise DeliveryError("tls") from None
