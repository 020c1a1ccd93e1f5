"""Who calls the Management API, and what the headers of a call ask for besides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from chalice.app import Request

from chalicelib import observability
from chalicelib.domain.errors import Invalid, Unauthenticated
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.management_keys import ManagementKey
from chalicelib.usecases.call_rate import Allowance, take_call
from chalicelib.usecases.idempotency import IdempotencyKey, find_performed, perform_once
from chalicelib.usecases.management_keys import find_caller
from chalicelib.web.headers import MAX_IDEMPOTENCY_KEY, sent_by_client

R = TypeVar("R")
# Of any kind: the function that shapes it says which.
B = TypeVar("B", bound=Mapping[str, Any])

_SCHEME = "Api-Key "


@dataclass(slots=True)
class Caller:
    """The authenticated caller, and the instant at which the call is taken to happen."""

    key: ManagementKey
    ip: str
    now: Instant
    allowance: Allowance
    address: str
    """That was called, without its query: links of a list begin with it."""
    idempotency_key: IdempotencyKey | None
    if_match: int | None
    """The revision that the caller has seen of what is changed; None: whichever there is."""
    is_replayed: bool = False
    """Whether the answer is that of an earlier call."""

    @property
    def company(self) -> str:
        """The tenant that all of the call's keys start from."""
        return self.key.company

    @property
    def actor(self) -> Actor:
        """The caller as it stands in history."""
        return Actor(f"management:{self.key.id}", self.ip)

    def is_repeat(self) -> bool:
        """Whether the call was answered before, under its own key. Raises `Denied`: `idempotency_key_reused`."""
        return self.idempotency_key is not None and find_performed(self.idempotency_key, now=self.now) is not None

    def once(self, change: Callable[[], R], body: Callable[[R], B]) -> B:
        """Make a change, and the body of its result; the body of then, where the call came before under its key.

        Each call that writes goes through this. What it names is looked up in `change`: where it is gone meanwhile, the
        answer of then is given all the same. Raises `Denied`: `idempotency_key_reused`, and what `change` does.
        """
        if self.idempotency_key is None:
            return body(change())
        performed = perform_once(self.idempotency_key, change, lambda result: dict(body(result)), now=self.now)
        self.is_replayed = performed.replayed
        return cast(B, performed.answer)  # of this call, which has stored it: the key covers method and path


def authenticate(request: Request, now: Instant) -> Caller:
    """The caller of a request, whose call is counted. Raises `SeatkeeperError`, `Unavailable`."""
    authorization = sent_by_client(request.headers, "authorization") or ""
    if not authorization.startswith(_SCHEME):
        raise Unauthenticated("management_key_invalid")
    key = find_caller(authorization.removeprefix(_SCHEME), now=now)
    observability.add_fields(company=key.company)
    allowance = take_call(key, now=now)
    ip = request.context.get("identity", {}).get("sourceIp", "")
    idempotency_key, if_match = _idempotency_key(request, key), _if_match(request.headers.get("if-match"))
    return Caller(key, ip, now, allowance, _address(request), idempotency_key, if_match)


def _idempotency_key(request: Request, key: ManagementKey) -> IdempotencyKey | None:
    """Of the call, with all that it says. Raises `Invalid`."""
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    if not 1 <= len(given) <= MAX_IDEMPOTENCY_KEY:
        raise Invalid("name_length", field="Idempotency-Key", most=MAX_IDEMPOTENCY_KEY)
    query = [] if request.query_params is None else [(n, request.query_params.getlist(n)) for n in request.query_params]
    said = f"{request.method} {request.context.get('path')} {query}\n{bytes(request.raw_body)!r}"  # type: ignore[arg-type] # never a str
    return IdempotencyKey(f"management {key.company} {key.id}", given, said)


def _if_match(header: str | None) -> int | None:
    """The revision in the header `If-Match`: `"3"`. One that is no revision of ours matches none."""
    if header is None or header.strip() == "*":
        return None
    digits = header.strip().removeprefix('"').removesuffix('"')
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 16 else -1


def _address(request: Request) -> str:
    scheme, host = request.headers.get("x-forwarded-proto", "http"), request.headers.get("host", "localhost")
    return f"{scheme}://{host}{request.context.get('path', '')}"
