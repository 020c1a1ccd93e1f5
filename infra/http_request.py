"""A request as it arrives: read by llhttp (httptools), within the bounds of docs/serving.md, and of one length."""

from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIEnvironment

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from chalicelib.web.request_limits import MAX_BODY_BYTES

MAX_HEADER_BYTES = 32 * 1024
"""Of the request line and the headers together, each with what it takes to keep one; and of what is sent between two
bytes of a body, or behind the last: trailers, whose last one is kept until it is here whole."""
_BYTES_PER_HEADER = 32  # as HTTP/2 counts (RFC 7541, 4.1): thousands of short ones would fill 30 times their length
MAX_READ_BYTES = 4 * MAX_BODY_BYTES
"""Of a body, that are read. One that is too long, but not by so much, is read to its end: a client that is still
sending may not look for an answer."""
MAX_FRAMED_BYTES = 2 * MAX_READ_BYTES
"""Of a request with all that frames its body."""
_VERSIONS = {"1.0", "1.1"}


class Refused(Exception):
    """A request that is none, or too long; `status` says which."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class ArrivingRequest:
    """What has arrived of a request so far."""

    def __init__(self, begun: float) -> None:
        self.begun = begun
        """When its first byte came."""
        self.headers_finished = False
        self.keep_alive = False
        """Whether the connection outlives the answer."""
        self.refused: HTTPStatus | None = None
        """Why it is not answered by the app."""
        self.method = self.version = ""
        self.target = self.framing = b""
        """What it asks for; the header that tells the length of its body, if it has one."""
        self.headers: dict[str, str] = {}
        """By their names in WSGI's form without `HTTP_`: `X_FORWARDED_FOR`."""
        self.later_bytes = 0
        """Received since those with which it has begun."""
        self._framing_bytes = 0
        """And since the last of its body."""
        self._header_bytes = self._body_bytes = self._framings = self._hosts = 0
        self._body = bytearray()

    def add_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer: that is not looked at. Raises `Refused`."""
        if self.headers_finished:
            return
        self._header_bytes += len(name) + len(value) + _BYTES_PER_HEADER
        if self._header_bytes + len(self.target) > MAX_HEADER_BYTES:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        # One with a line below would take the place of one with a dash: no server before us has looked at it.
        if b"_" in name:
            return
        key, text = name.decode("latin-1").upper().replace("-", "_"), value.strip(b" \t").decode("latin-1")
        self._framings += key in {"CONTENT_LENGTH", "TRANSFER_ENCODING"}
        self._hosts += key == "HOST"
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def finish_headers(self, method: str, version: str) -> None:
        """All headers are here. Raises `Refused`: what is no request, has no one length or host, or is to be too long.

        Of two lengths one would be taken: before us another server may have taken the other, and what is body to it
        would be a request to us.
        """
        self.method, self.version, self.headers_finished = method, version, True
        coding, length = self.headers.pop("TRANSFER_ENCODING", None), self.headers.get("CONTENT_LENGTH", "0")
        is_chunked = coding is not None and coding.lower() == "chunked" and version == "1.1"
        if version not in _VERSIONS or self._framings > 1 or (coding is not None and not is_chunked):
            raise Refused(HTTPStatus.BAD_REQUEST)
        if self._hosts > 1 or (version == "1.1" and not self._hosts):  # RFC 9112, 3.2
            raise Refused(HTTPStatus.BAD_REQUEST)
        if len(length) > len(str(MAX_READ_BYTES)) or int(length) >= MAX_READ_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if is_chunked:
            self.framing = b"Transfer-Encoding: chunked"
        elif int(length):
            self.framing = b"Content-Length: %d" % int(length)

    def add_body(self, part: bytes) -> None:
        """More of the body, of which no more is kept than tells that it is too long. Raises `Refused`."""
        if self._body_bytes <= MAX_BODY_BYTES:
            self._body += part  # in one piece: as many objects as chunks of two bytes would fill 30 times their length
        self._body_bytes += len(part)
        self._framing_bytes = 0
        if self._body_bytes >= MAX_READ_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def count(self, more: int) -> None:
        """So many bytes more have arrived, whatever they are. Raises `Refused`."""
        self.later_bytes += more
        self._framing_bytes += more
        if self.later_bytes > MAX_FRAMED_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self._framing_bytes > MAX_HEADER_BYTES:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def environ(self, peer: str) -> WSGIEnvironment:
        """The request as WSGI has it. Raises `Refused` for an address that is none."""
        path, query = _path_and_query(self.target.decode("latin-1"))
        body = bytes(self._body)
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": f"HTTP/{self.version}",
            "REMOTE_ADDR": peer,
            "wsgi.input": BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.url_scheme": "http",
        }
        for name, value in self.headers.items():
            environ[name if name == "CONTENT_TYPE" else f"HTTP_{name}"] = value
        environ.pop("HTTP_CONTENT_LENGTH", None)
        if self.framing:
            environ["CONTENT_LENGTH"] = str(len(body))
        return environ


def _path_and_query(target: str) -> tuple[str, str]:
    """Not by `urlsplit`, which remembers what it has split, as long as a client likes."""
    path, _, query = target.partition("#")[0].partition("?")
    if not path.startswith("/") and "://" in path:  # two slashes begin a path, too, and no host
        host, _, path = path.partition("://")[2].partition("/")
        if ("[" in host) != ("]" in host):
            raise Refused(HTTPStatus.BAD_REQUEST)
        path = f"/{path}"
    return path, query


class RequestReader:
    """Reads the requests of one connection, one after the other.

    `on_headers` is called when those of `arriving` are here, `on_request` with each that is here whole, or refused.
    """

    def __init__(
        self, clock: Callable[[], float], on_headers: Callable[[], None], on_request: Callable[[ArrivingRequest], None]
    ) -> None:
        self.arriving: ArrivingRequest | None = None
        """The request that is half here."""
        self._clock, self._on_headers, self._on_request = clock, on_headers, on_request
        self._parser = HttpRequestParser(self)
        self._cut: ArrivingRequest | None = None
        """One for another protocol, whose body is not here yet."""

    def read(self, data: bytes) -> bytes:
        """Read what has come; answers what is not read yet: it follows a request for another protocol.

        After a request that is refused or ends the connection nothing may be read any more.
        """
        before, rest = self.arriving, b""
        try:
            try:
                self._parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                rest = data[upgrade.args[0] :]
                self._go_on_in_http()
            if self.arriving is not None and self.arriving is before:
                self.arriving.count(len(data))
        except (HttpParserError, Refused) as error:
            of_ours = error if isinstance(error, Refused) else error.__context__
            self._refuse(of_ours.status if isinstance(of_ours, Refused) else HTTPStatus.BAD_REQUEST)
        return rest

    def _go_on_in_http(self) -> None:
        """After a request for another protocol, which we do not speak: llhttp reads no further, not even its body."""
        self._parser, request = HttpRequestParser(self), self._cut
        if request is not None:
            self._parser.feed_data(b"POST / HTTP/1.1\r\nHost:\r\n%b\r\n\r\n" % request.framing)
            self.arriving, self._cut = request, None

    def _refuse(self, status: HTTPStatus) -> None:
        request, self.arriving = self.arriving or ArrivingRequest(self._clock()), None
        request.refused, request.keep_alive = status, False
        self._on_request(request)

    # What httptools calls. It hands on what is raised here as the context of an error of its own.

    def on_message_begin(self) -> None:
        self.arriving = ArrivingRequest(self._clock())

    def on_url(self, part: bytes) -> None:
        assert self.arriving is not None
        self.arriving.target += part
        if len(self.arriving.target) > MAX_HEADER_BYTES:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_header(self, name: bytes, value: bytes) -> None:
        assert self.arriving is not None
        self.arriving.add_header(name, value)

    def on_headers_complete(self) -> None:
        request, parser = self.arriving, self._parser
        assert request is not None
        request.finish_headers(parser.get_method().decode(), parser.get_http_version())
        request.keep_alive = request.version == "1.1" and parser.should_keep_alive()
        if self._cut is None:
            self._on_headers()

    def on_body(self, part: bytes) -> None:
        assert self.arriving is not None
        self.arriving.add_body(part)

    def on_message_complete(self) -> None:
        request, self.arriving = self.arriving, None
        assert request is not None
        if self._parser.should_upgrade() and request.framing:
            self._cut = request
        else:
            self._on_request(request)
