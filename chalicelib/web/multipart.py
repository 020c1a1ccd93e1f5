"""Forms with files, as browsers and programs send them: each part begins behind a line with the boundary.

Not by the standard library's MIME parser: a part that holds parts in parts keeps it busy for a minute. Nor by
`multipart`: it has no types, refuses a file that is named by `filename*`, and is 51 KB for these lines.
"""

import re

from chalicelib.domain.errors import Invalid

MAX_FIELDS = 50
MAX_HEAD = 2000
"""Bytes of the head of one part of a form."""
_BOUNDARY = re.compile(r";\s*boundary=(?:\"([^\"]{1,70})\"|([^\s;\"]{1,70}))(?:[\s;]|$)", re.IGNORECASE)
_NAME = re.compile(rb'^content-disposition:[^\r\n]*[;\s]name="([^"\r\n]*+)"', re.IGNORECASE | re.MULTILINE)
_FILE = re.compile(rb"^content-disposition:[^\r\n]*[;\s]filename\*?=", re.IGNORECASE | re.MULTILINE)


def read_parts(kind: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """The fields and the files of a form, by their names; `kind`: its Content-Type. Raises `Invalid`."""
    boundary = _BOUNDARY.search(kind)
    if boundary is None:
        return {}, {}
    line = b"\r\n--" + (boundary[1] or boundary[2]).encode(errors="replace")
    parts = (b"\r\n" + body).split(line, MAX_FIELDS + 2)[1:-1]
    if len(parts) > MAX_FIELDS:
        raise Invalid("validation_error", of="form")
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        head = head[:MAX_HEAD]
        if (name := _NAME.search(head)) is None:
            continue
        if _FILE.search(head):
            files[_text(name[1])] = content
        else:
            fields[_text(name[1])] = _text(content)
    return fields, files


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Invalid("validation_error", of="form") from None
