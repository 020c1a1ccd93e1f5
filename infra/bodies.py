"""The body of a request as API Gateway hands it on: not too long, and no more compressed."""

import zlib
from wsgiref.types import WSGIEnvironment

from chalicelib.web.errors import RequestError
from chalicelib.web.limits import MAX_BODY_BYTES

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def read_body(environ: WSGIEnvironment) -> bytes:
    """The body, however it is framed and coded; `environ` then tells of it as if it had come so.

    No more than `MAX_BODY_BYTES` + 1 bytes are read, and made of what is read. Raises `RequestError`:
    `payload_too_large`, `unsupported_media_type` for a coding but gzip, deflate and identity, `validation_error` for
    what is not coded so.
    """
    body: bytes = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    coding = environ.pop("HTTP_CONTENT_ENCODING", "").strip().lower()
    if coding in {"gzip", "x-gzip", "deflate"}:
        body = _expanded(body) if 0 < len(body) <= MAX_BODY_BYTES else body
        environ["CONTENT_LENGTH"] = str(len(body))
    elif coding not in {"", "identity"}:
        raise RequestError("unsupported_media_type", "The Content-Encoding must be gzip, deflate or identity.")
    if len(body) > MAX_BODY_BYTES:
        raise RequestError("payload_too_large")
    return body


def _expanded(body: bytes) -> bytes:
    expander = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = expander.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error:
        plain = b""
    if len(plain) <= MAX_BODY_BYTES and (not expander.eof or expander.unused_data):
        raise RequestError("validation_error", "The body is not what its Content-Encoding says.")
    return plain
