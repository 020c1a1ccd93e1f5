"""Events as API Gateway hands them to the Lambda, and what the app answers to them."""

from typing import Any
from uuid import uuid4

from app import app


class Context:
    """What the app reads of Lambda's context."""

    def __init__(self) -> None:
        self.aws_request_id = str(uuid4())


def event(
    method: str,
    resource: str,
    headers: dict[str, str] | None,
    *,
    query: dict[str, str] | None = None,
    body: str | None = None,
    parts: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A REST API's proxy event. `resource` is the pattern of the path, `parts` are what its names stand for."""
    path = resource.format(**parts or {})
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": None if headers is None else {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": None if query is None else {name: [value] for name, value in query.items()},
        "pathParameters": parts,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "a1b2c3",
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/api{path}",
            "stage": "api",
            "requestId": str(uuid4()),
            "extendedRequestId": f"{uuid4().hex[:15]}=",
            "protocol": "HTTP/1.1",
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "requestTimeEpoch": 1_795_500_000_000,
            "identity": {"sourceIp": "192.0.2.7", "userAgent": "an application"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def answer(event: dict[str, Any]) -> dict[str, Any]:
    """What the app hands back to API Gateway."""
    events: dict[str, Any] = app(event, Context())
    return events
