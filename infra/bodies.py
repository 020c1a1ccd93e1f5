"""The body of a request as API Gateway hands it on: not too long, and no more compressed."""

import zlib
from wsgiref.types import WSGIEnvironment

from chalicelib.domain.errors import Invalid
from chalicelib.web.request_limits import MAX_BODY_BYTES

_GZIP = b"\x1f\x8b"
MAX_MEMBERS = 64
"""Of a body in gzip: for each of them all that comes behind it is copied."""


def read_body(environ: WSGIEnvironment) -> bytes:
    """The body, however it is framed and coded; `environ` then is as if it had come so.

    No more than `MAX_BODY_BYTES` + 1 bytes are read, and made of what is read. Raises `SeatkeeperError`:
    `payload_too_large`, `unsupported_media_type` for a coding but gzip, deflate and identity, `validation_error` for
    what is not coded so.
    """
    body: bytes = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    coding = environ.pop("HTTP_CONTENT_ENCODING", "").strip().lower()
    if coding in {"gzip", "x-gzip", "deflate"}:
        body = _expanded(body) if 0 < len(body) <= MAX_BODY_BYTES else body
        environ["CONTENT_LENGTH"] = str(len(body))
    elif coding not in {"", "identity"}:
        raise Invalid("unsupported_media_type", of="encoding")
    if len(body) > MAX_BODY_BYTES:
        raise Invalid("payload_too_large")
    return body


def _expanded(body: bytes) -> bytes:
    """What it holds; in gzip it may be packed in members, one behind the other (RFC 1952, 2.2)."""
    is_gzip = body.startswith(_GZIP)
    plain, rest = b"", body
    for _ in range(MAX_MEMBERS if is_gzip else 1):
        expander = zlib.decompressobj(zlib.MAX_WBITS + (16 if is_gzip else 0))
        try:
            plain += expander.decompress(rest, MAX_BODY_BYTES + 1 - len(plain))
        except zlib.error:
            break
        rest = expander.unused_data
        if len(plain) > MAX_BODY_BYTES or (expander.eof and not rest):
            return plain
        if not expander.eof:
            break
    raise Invalid("validation_error", of="encoding")
