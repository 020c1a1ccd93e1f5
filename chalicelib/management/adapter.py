"""Management API v1 as an adapter: who may call it, what its answers carry, and its one error shape."""

from collections.abc import Callable

from chalice.app import Blueprint, Request, Response

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.instants import Instant
from chalicelib.management.caller import Caller, authenticate
from chalicelib.management.errors import management_error, response_to
from chalicelib.management.reach import guard_reach
from chalicelib.usecases.call_rate import CALLS, Allowance
from chalicelib.web.endpoint import Arguments, Csv, Endpoint, Endpoints, ResponseBody, response_of
from chalicelib.web.errors import CODE_BY_STATUS, FinalResponse
from chalicelib.web.paths import is_below

PREFIX = "/api/v1"


class ManagementApi(Endpoints[Caller]):
    """Calls of a vendor's servers. Each declares its scope, and one that writes does it by `Caller.once`."""

    def authenticate(self, request: Request, endpoint: Endpoint, now: Instant) -> Caller:  # noqa: ARG002 - as all do
        """Raises `SeatkeeperError`, `Unavailable`."""
        return authenticate(request, now)

    def authorize(self, caller: Caller, endpoint: Endpoint, arguments: Arguments) -> None:
        """Raises `Forbidden` where the key lacks the scope, and as `guard_reach`."""
        assert endpoint.scope is not None, f"{endpoint.name} declares no scope"
        caller.key.guard_scope(endpoint.scope)
        guard_reach(caller, endpoint.reach, arguments)

    def respond(
        self,
        endpoint: Endpoint,
        answer: ResponseBody,
        arguments: Arguments,  # noqa: ARG002 - as all do
        caller: Caller | None,
    ) -> Response:
        """The answer, with how much the key may call yet, and whether it is that of an earlier call."""
        response = response_of(answer, endpoint.status, {})
        if isinstance(answer, Csv) and answer.next is not None:
            response.headers["Link"] = f'<{answer.next}>; rel="next"'
        if caller is not None:
            response.headers |= rate_headers(caller.allowance)
            if caller.is_replayed:
                response.headers["Idempotency-Replayed"] = "true"
        return response

    def respond_to_error(self, error: SeatkeeperError | None) -> FinalResponse:
        """An error in the shape of this API."""
        if error is None:
            return management_error("internal_error")
        response = response_to(error)
        if error.code == "rate_limit_exceeded":
            response.headers |= rate_headers(Allowance(0, error.retry_after or 1))
        return response


def in_shape(request: Request | None, get_response: Callable[..., Response]) -> Response:
    """The answer; what Chalice refuses by itself of this API (a method, a type of body) in its shape."""
    response = get_response(request)
    is_ours = request is not None and is_below(request.path, PREFIX)
    if not is_ours or response.status_code < 400 or isinstance(response, FinalResponse):
        return response
    shaped = management_error(CODE_BY_STATUS.get(response.status_code, "internal_error"))
    if "Allow" in response.headers:
        shaped.headers["Allow"] = response.headers["Allow"]
    return shaped


def rate_headers(allowance: Allowance) -> dict[str, str | list[str]]:
    """How much a key may call: the headers of the IETF's draft (draft-ietf-httpapi-ratelimit-headers-10)."""
    policy = f'"key";q={CALLS.changes};w={CALLS.within_ms // 1000}'
    return {"RateLimit-Policy": policy, "RateLimit": f'"key";r={allowance.remaining};t={allowance.seconds}'}


blueprint = Blueprint(__name__)
endpoint = ManagementApi(blueprint)
"""Each resource declares its calls with it, in a module of its own."""
