"""What a vendor keeps with an object of its own and nobody here reads: any object of JSON, up to a size."""

import json

from chalicelib.domain.errors import Invalid
from chalicelib.domain.types import Json

MAX_METADATA = 16_384
"""Bytes of it, as JSON without spaces."""


def guard_metadata(metadata: Json, most: int = MAX_METADATA) -> None:
    """That it may be kept. Raises `Invalid`, at the field `metadata`: `metadata_too_large`, with `most` in KB."""
    written = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    if len(written.encode(errors="surrogatepass")) > most:
        raise Invalid("metadata_too_large", field="metadata", most=most // 1024)
