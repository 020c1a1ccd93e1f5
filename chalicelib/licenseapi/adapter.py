"""License API v4 as an adapter: who may call it, and that each answer is signed, and fresh where that is asked for."""

from chalice.app import Request, Response

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.instants import Instant
from chalicelib.licenseapi.refused_calls import record_refused_call
from chalicelib.runtime import runtime
from chalicelib.web import clock
from chalicelib.web.authentication import Caller, authenticate
from chalicelib.web.cors import readable
from chalicelib.web.endpoint import Arguments, Endpoint, Endpoints, ResponseBody, response_of
from chalicelib.web.freshness import Call, freshness


class LicenseApi(Endpoints[Caller]):
    """Calls of applications, each with a query or a body that is a `Call`."""

    cross_origin = True

    def authenticate(self, request: Request, endpoint: Endpoint, now: Instant) -> Caller:
        """Raises `SeatkeeperError`, `Unavailable`."""
        caller = authenticate(request, writes=endpoint.writes, now=now)
        caller.guard_origin()
        return caller

    def authorize(self, caller: Caller, endpoint: Endpoint, arguments: Arguments) -> None:
        """Raises `SeatkeeperError` where the key is for other products, or lacks the scope."""
        product = getattr(_call(arguments), "product", None)
        if product is not None:
            caller.guard_product(product)
        caller.guard_scope(endpoint.scope)

    def record_denial(self, error: SeatkeeperError, caller: Caller, endpoint: Endpoint, arguments: Arguments) -> None:
        """Record it for support."""
        record_refused_call(endpoint.name, _call(arguments), caller, error)

    def respond(
        self, endpoint: Endpoint, answer: ResponseBody, arguments: Arguments, caller: Caller | None
    ) -> Response:
        """The answer with its signature in the header `LicenseSignature`, over the exact bytes of the body."""
        now, signer = (clock.now(), runtime().keyring.current) if caller is None else (caller.now, caller.signer)
        response = response_of(answer, endpoint.status, freshness(_call(arguments), now))
        response.headers["LicenseSignature"] = signer.sign(response.body.encode())
        if caller is None:
            response.headers |= readable()
        elif caller.origin and caller.api_key.origins:
            response.headers |= readable(caller.origin)
        return response


def _call(arguments: Arguments) -> Call:
    call: Call = arguments.get("body") or arguments["query"]
    return call
