"""API Gateway before a stage: what it answers by itself, how much it lets through, and what it writes down."""

import json

from chalicelib.domain.types import Json
from chalicelib.web.errors import BUSY_RETRY_SECONDS, error_response
from infra.stage.functions import log_group
from infra.stage.stages import Stage

ANSWERS = {
    # Unknown paths and methods. One with our Authorization header is taken for a badly signed call of AWS.
    "MISSING_AUTHENTICATION_TOKEN": "not_found",
    "RESOURCE_NOT_FOUND": "not_found",
    "INVALID_SIGNATURE": "not_found",
    "INVALID_API_KEY": "not_found",
    "EXPIRED_TOKEN": "not_found",
    "ACCESS_DENIED": "not_found",
    "UNAUTHORIZED": "authorization_invalid_headers",
    "BAD_REQUEST_BODY": "validation_error",
    "BAD_REQUEST_PARAMETERS": "validation_error",
    "REQUEST_TOO_LARGE": "payload_too_large",
    "UNSUPPORTED_MEDIA_TYPE": "unsupported_media_type",
    # "Could not ask" is never to be read as "no": whoever is kept out here has to come again.
    "THROTTLED": "rate_limit_exceeded",
    "QUOTA_EXCEEDED": "rate_limit_exceeded",
    "WAF_FILTERED": "rate_limit_exceeded",
    "INTEGRATION_FAILURE": "service_busy",
    "INTEGRATION_TIMEOUT": "service_busy",
    "API_CONFIGURATION_ERROR": "internal_error",
    "AUTHORIZER_CONFIGURATION_ERROR": "internal_error",
    "AUTHORIZER_FAILURE": "internal_error",
    "DEFAULT_4XX": "not_found",  # as which an incomplete signature of AWS counts, and our header may be taken for one
    "DEFAULT_5XX": "internal_error",
}
"""Every kind of answer that API Gateway makes without asking the function, and the code that it has with us."""

COME_AGAIN = {"rate_limit_exceeded", "service_busy"}

OPEN = (
    ("/", ("GET", "HEAD")),
    ("/healthz", ("GET", "HEAD")),
    ("/api/v4", ("GET",)),
    ("/api/v4/public_key", ("GET",)),
    ("/api/v1/openapi.json", ("GET",)),
    ("/portal/{nowhere}", ("GET",)),
    ("/portal/log-in", ("GET", "POST")),
    ("/portal/log-in/code", ("GET", "POST")),
    ("/portal/forgotten", ("GET", "POST")),
    ("/portal/forgotten/code", ("GET", "POST")),
    ("/portal/invitation", ("GET", "POST")),
    ("/portal/theme/{name}", ("GET",)),
    ("/static/{name}", ("GET",)),
)
"""What is answered to anybody, who needs neither a key nor a session: a fifth of the stage's calls, each, at most.

So a rush there leaves room for applications and for who is logged in."""

ACCESS_LOG = {
    "requestId": "$context.extendedRequestId",  # the other one, `requestId`, is a client's to choose
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "status": "$context.status",
    "length": "$context.responseLength",
    "latency": "$context.responseLatency",
    "integrationLatency": "$context.integrationLatency",
    "integrationError": "$context.integration.error",
    "answeredAs": "$context.error.responseType",
}
"""One line a request. The path is the route's, `/portal/licenses/{license_id}`: no ids, no query string, no headers."""


def gateway(stage: Stage) -> Json:
    """Additions to Chalice's API, and its access log."""
    rate, burst = (1000, 2000) if stage.is_protected else (50, 100)
    # A thousand a second is ten million devices that check in eight times a day; the rest is what a mistake may cost.
    return {
        "RestAPI": {
            "Properties": {
                "DefinitionBody": {"info": {"title": stage.stack}},  # its name, by which its metrics are found
                "GatewayResponses": {kind: _answer(code) for kind, code in ANSWERS.items()},
                "MethodSettings": [
                    _throttled("/*", "*", rate, burst),
                    *(_throttled(path, method, rate // 5, burst // 5) for path, methods in OPEN for method in methods),
                ],
                "TracingEnabled": False,
                "AccessLogSetting": {
                    "DestinationArn": {"Fn::GetAtt": ["AccessLogs", "Arn"]},
                    "Format": json.dumps(ACCESS_LOG),
                },
            }
        },
        "AccessLogs": log_group(stage, "access"),
    }


def _throttled(path: str, method: str, rate: int, burst: int) -> Json:
    """How many calls a second a method takes from all clients together, and how many at once."""
    return {
        "ResourcePath": path if path in ("/", "/*") else "/" + path.replace("/", "~1"),
        "HttpMethod": method,
        "ThrottlingRateLimit": rate,
        "ThrottlingBurstLimit": burst,
        "LoggingLevel": "OFF",  # it would write headers and bodies down
        "DataTraceEnabled": False,
        "MetricsEnabled": False,  # a set of metrics for each route, that are paid for
    }


def _answer(code: str) -> Json:
    """What the function itself would have answered."""
    answer = error_response(code, retry_after=BUSY_RETRY_SECONDS if code in COME_AGAIN else None)
    headers = {name: f"'{value}'" for name, value in answer.headers.items() if name != "Content-Type"}
    return {
        "StatusCode": str(answer.status_code),
        "ResponseParameters": {"Headers": headers},
        "ResponseTemplates": {"application/json": answer.body},
    }
