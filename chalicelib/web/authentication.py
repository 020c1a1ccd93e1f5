"""Who calls: an application with an API key, proved by an HMAC over the Date header, or over the whole request."""

from collections.abc import Callable
from dataclasses import dataclass

from chalice.app import Request

from chalicelib import observability, signing
from chalicelib.domain.catalog import ApiKey
from chalicelib.domain.errors import Forbidden, Invalid, Unauthenticated
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import MINUTE_MS, Instant
from chalicelib.runtime import runtime
from chalicelib.usecases.catalog import find_credentials
from chalicelib.web import hmac_signature
from chalicelib.web.headers import MAX_IDEMPOTENCY_KEY, sent_by_client


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated caller, and the instant at which the call is taken to happen."""

    api_key: ApiKey
    ip: str
    now: Instant
    signer: signing.Signer
    """Signs what the caller is answered."""
    origin: str | None
    """Of the page that calls, where a browser does."""
    idempotency_key: str | None = None
    """What names the call, of those that change something at each call."""

    @property
    def company(self) -> str:
        """The tenant that all of the call's keys start from."""
        return self.api_key.company

    @property
    def actor(self) -> Actor:
        """The caller as it stands in history."""
        return Actor(f"api:{self.api_key.api_key}", self.ip)

    def guard_product(self, product: str) -> None:
        """Raises `SeatkeeperError` where the key is limited to other products."""
        if not _allows(self.api_key, self.now, lambda key: not key.products or product in key.products):
            raise Forbidden("api_key_product_not_allowed")

    def guard_origin(self) -> None:
        """Raises `Forbidden` where a page calls, and the key is for others; a key that names no page asks nobody."""
        if self.origin and not _allows(
            self.api_key, self.now, lambda key: not key.origins or self.origin in key.origins
        ):
            raise Forbidden("api_key_origin_not_allowed")

    def guard_scope(self, scope: str | None) -> None:
        """Raises `SeatkeeperError` where the call needs a scope that the key lacks."""
        if scope is not None and not _allows(self.api_key, self.now, lambda key: scope in key.scopes):
            raise Forbidden("api_key_scope_missing", scope=scope)


def authenticate(request: Request, *, writes: bool, now: Instant) -> Caller:
    """The caller of a request that writes, or not. Raises `SeatkeeperError`, `Unavailable`."""
    date = sent_by_client(request.headers, "date")
    credentials = hmac_signature.parse_authorization(sent_by_client(request.headers, "authorization"))
    hmac_signature.check_date(date, now, runtime().settings.hmac_window_minutes * MINUTE_MS)
    found = find_credentials(credentials.api_key, now=now)
    if found is None:
        raise Unauthenticated("invalid_api_key")
    api_key, shared_key = found
    _verify(credentials, shared_key, date or "", request)
    observability.add_fields(company=api_key.company)
    if not _allows(api_key, now, lambda key: not key.revoked):
        raise Unauthenticated("api_key_revoked")
    if not _allows(api_key, now, lambda key: not key.disabled):
        raise Unauthenticated("api_key_disabled")
    if not credentials.cover_request and not _allows(api_key, now, lambda key: not key.require_digest):
        raise Unauthenticated("api_key_digest_required")
    if writes and not _allows(api_key, now, lambda key: not key.read_only):
        raise Forbidden("api_key_read_only")
    signer = runtime().keyring.signer(api_key.signing_key, now=now)  # before anything is done: its absence is our fault
    ip = request.context.get("identity", {}).get("sourceIp", "")
    return Caller(api_key, ip, now, signer, request.headers.get("origin"), _idempotency_key(request))


def _idempotency_key(request: Request) -> str | None:
    """Raises `Invalid`."""
    given: str | None = request.headers.get("idempotency-key")
    if given is not None and not 1 <= len(given) <= MAX_IDEMPOTENCY_KEY:
        raise Invalid("name_length", field="Idempotency-Key", most=MAX_IDEMPOTENCY_KEY)
    return given


def _allows(known: ApiKey, now: Instant, allows: Callable[[ApiKey], bool]) -> bool:
    """Whether a key allows what is asked. A refusal never rests on what is remembered of it."""
    if allows(known):
        return True
    stored = find_credentials(known.api_key, fresh=True, now=now)
    return stored is not None and allows(stored[0])


def _verify(credentials: hmac_signature.Credentials, key: str, date: str, request: Request) -> None:
    if not credentials.cover_request:
        hmac_signature.verify(credentials, key, date)
        return
    digest = request.headers.get("digest")
    if not digest:
        raise Unauthenticated("missing_headers")
    given = request.query_params
    query = [] if given is None else [(name, value) for name in given for value in given.getlist(name)]
    sent = request.context.get("path", "")  # with a stage's name before ours, where there is one
    targets = [
        hmac_signature.request_target(request.method, path, query) for path in (sent, hmac_signature.own_path(sent))
    ]
    hmac_signature.verify(credentials, key, *(hmac_signature.Covered(date, target, digest) for target in targets))
    hmac_signature.check_digest(digest, bytes(request.raw_body))  # type: ignore[arg-type] # never a str
