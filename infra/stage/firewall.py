"""A firewall before a stage (AWS WAF): how much one address may ask for, so that none uses up what is there for all.

It is paid for also while nobody calls, so a stage has it only where `.chalice/config.json` says `firewall`.
"""

import json

from chalicelib.domain.types import Json
from chalicelib.web.errors import error_response
from infra.stage.stages import Firewall, Stage

GUARDED = (
    "/portal/log-in",
    "/portal/log-in/code",
    "/portal/forgotten",
    "/portal/forgotten/code",
    "/portal/invitation",
    "/api/v4/activate_license",
    "/api/v4/change_password",
    "/api/v4/user_licenses",
)
"""Where passwords and codes can be tried: hashing one takes a hundred times as long as a check."""
WINDOW_SECONDS = 60
RETRY_AFTER_SECONDS = 30
"""An address is let in again within some seconds of its asking for less."""
_BODY = "TooManyCalls"
_STAGE_ARN = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${RestAPI}/stages/${RestAPI.Stage}"
"""With the stage by reference: the association waits until there is one."""


def firewall(stage: Stage) -> Json:
    """The web ACL and its association with the API; nothing for a stage without one."""
    if stage.firewall is None:
        return {}
    return {
        "Firewall": {
            "Type": "AWS::WAFv2::WebACL",
            "Properties": {
                "Name": stage.stack,
                "Scope": "REGIONAL",
                "DefaultAction": {"Allow": {}},
                "CustomResponseBodies": {_BODY: _too_many()},
                "Rules": _rules(stage.firewall),
                "VisibilityConfig": _visibility(stage.stack),
            },
        },
        "FirewallOfApi": {
            "Type": "AWS::WAFv2::WebACLAssociation",
            "Properties": {
                "WebACLArn": {"Fn::GetAtt": ["Firewall", "Arn"]},
                "ResourceArn": {"Fn::Sub": _STAGE_ARN},
            },
        },
    }


def _rules(limits: Firewall) -> list[Json]:
    # A path as the client sent it: behind the stage's name, or what a domain of one's own has before it.
    guarded = {
        "RegexMatchStatement": {
            "RegexString": f"({'|'.join(GUARDED)})/?$",
            "FieldToMatch": {"UriPath": {}},
            "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE"}, {"Priority": 1, "Type": "NORMALIZE_PATH"}],
        }
    }
    return [
        _rule(0, "log-ins", limits.log_ins_a_minute, {"ScopeDownStatement": guarded}),
        _rule(1, "calls", limits.calls_a_minute, {}),
    ]


def _rule(priority: int, name: str, limit: int, scope: Json) -> Json:
    """Answers 429 to an address from its call `limit` + 1 on within a minute."""
    statement = {"Limit": limit, "EvaluationWindowSec": WINDOW_SECONDS, "AggregateKeyType": "IP", **scope}
    ours = error_response("rate_limit_exceeded", retry_after=RETRY_AFTER_SECONDS)
    headers = [{"Name": n, "Value": str(value)} for n, value in ours.headers.items() if n != "Content-Type"]
    answer = {"ResponseCode": ours.status_code, "CustomResponseBodyKey": _BODY, "ResponseHeaders": headers}
    return {
        "Name": name,
        "Priority": priority,
        "Action": {"Block": {"CustomResponse": answer}},
        "Statement": {"RateBasedStatement": statement},
        "VisibilityConfig": _visibility(name),
    }


def _too_many() -> dict[str, str]:
    body = json.dumps(json.loads(error_response("rate_limit_exceeded").body))
    return {"ContentType": "APPLICATION_JSON", "Content": body}


def _visibility(name: str) -> Json:
    # Samples would hold headers: sessions, and what a call is signed with.
    return {"MetricName": name, "CloudWatchMetricsEnabled": True, "SampledRequestsEnabled": False}
