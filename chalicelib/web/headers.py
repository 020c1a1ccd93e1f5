"""The two headers that may come under another name: `Date` and `Authorization`.

API Gateway keeps some headers for itself: what was sent under such a name comes as `x-amzn-remapped-<name>`, and under
the plain name stands nothing, or API Gateway's own. So where both are there, the remapped one is the client's.

A page in a browser cannot set `Date`: it sends `X-Date` instead.

A client that sends another name itself gains nothing: what is read under any name is only a claim, and has to
pass the same window and the same signature. Who can sign a date may as well send it as `Date`.
"""

from collections.abc import Mapping
from typing import Literal

MAX_IDEMPOTENCY_KEY = 255
"""Characters of the header `Idempotency-Key`, which names a call that may come again."""
REMAPPED = "x-amzn-remapped-"
OF_PAGES = "x-"


def sent_by_client(headers: Mapping[str, str], name: Literal["date", "authorization"]) -> str | None:
    """The header as the client sent it; None where it sent none. `headers` must not mind upper and lower case."""
    of_page = headers.get(OF_PAGES + name) if name == "date" else None
    return of_page or headers.get(REMAPPED + name) or headers.get(name)


def wants_page(accept: str) -> bool:
    """Whether a header Accept is a browser's that opens an address: it names HTML, as no application's does."""
    return any(kind.partition(";")[0].strip().lower() == "text/html" for kind in accept.split(","))
