"""Runs in ministack's own environment: `.ministack/bin/python launch.py INTERPRETER` is ministack, with four repairs.

* Functions run in INTERPRETER, which has no libraries but those of their packages: ministack would lend them its own.
* `ssm:GetParameters` is judged by the parameter that the call names first; ministack judges it as a call for all.
* `ses:SendEmail` is judged by its sender; ministack judges it as a call for all, and knows no `ses:FromAddress`.
* What an API's definition says of gateway responses and binary media types is taken from there; ministack takes both
  from resources and properties of their own alone, which the transform of a serverless template does not make.

`docs/verify.md` says what else differs from AWS.
"""

import json
import sys
from contextvars import ContextVar
from email.utils import parseaddr
from typing import Any

from ministack import app  # type: ignore[import-not-found] # it is not installed where types are checked
from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-not-found]
from ministack.services import apigateway_v1  # type: ignore[import-not-found]

_MAIL = "/outbound-emails"
_judged_as, _enforce, _enforce_mail = iam_actions.extract_resource_arn, iam_evaluator.enforce, app._enforce_ses_v2
_import_api = apigateway_v1._import_rest_api
_sender: ContextVar[str] = ContextVar("sender", default="")


def _resource(service: str, method: str, path: str, headers: dict[str, str], body: bytes, *more: Any) -> Any:
    if service == "ssm" and headers.get("x-amz-target", "").endswith(".GetParameters"):
        body = json.dumps({"Name": json.loads(body)["Names"][0]}).encode()
    if service == "ses" and path.endswith(_MAIL):
        _, region, account = more
        return f"arn:aws:ses:{region}:{account}:identity/{_sender.get()}"
    return _judged_as(service, method, path, headers, body, *more)


def _judge_of_mail(method: str, path: str, headers: dict[str, str], body: bytes, *more: Any) -> Any:
    token = _sender.set(parseaddr(json.loads(body).get("FromEmailAddress", ""))[1] if path.endswith(_MAIL) else "")
    try:
        return _enforce_mail(method, path, headers, body, *more)
    finally:
        _sender.reset(token)


def _judge(*asked: Any, service_context: dict[str, Any] | None = None, **more: Any) -> Any:
    known = {"ses:FromAddress": _sender.get()} if _sender.get() else {}
    return _enforce(*asked, service_context=(service_context or {}) | known, **more)


def _whole_api(definition: dict[str, Any], properties: dict[str, Any]) -> Any:
    types = definition.get("x-amazon-apigateway-binary-media-types", [])
    api_id = _import_api(definition, properties | {"binaryMediaTypes": types})
    for kind, answer in definition.get("x-amazon-apigateway-gateway-responses", {}).items():
        apigateway_v1._put_gateway_response(api_id, kind, answer)
    return api_id


iam_actions.extract_resource_arn, iam_evaluator.enforce, app._enforce_ses_v2 = _resource, _judge, _judge_of_mail
apigateway_v1._import_rest_api = _whole_api
sys.executable = sys.argv.pop()
app.main()
