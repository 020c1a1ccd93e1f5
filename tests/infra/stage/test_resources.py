"""Assertions on what is packaged: each thing that an operator relies on stands in the template of every stage."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from app import app
from chalicelib.domain.webhooks import SECONDS
from chalicelib.observability import METRICS, NAMESPACE
from chalicelib.store.deliveries import LEASE_MS
from chalicelib.store.items.webhooks import OutgoingItem
from chalicelib.store.keys import out_pk
from chalicelib.usecases.send_mails import RUN_SECONDS
from chalicelib.web.errors import ERRORS
from infra.stage.alarms import ALARMS
from infra.stage.functions import FUNCTIONS, SCHEDULES, SENDER
from infra.stage.gateway import ACCESS_LOG
from infra.stage.resources import resources
from infra.stage.stages import PROTECTED, Stage, StageError
from infra.stage.tables import TABLES
from tests.infra.stage.templates import (
    MODELS,
    STAGES,
    events_of,
    functions,
    listed,
    of_type,
    policy,
    properties,
    schedules,
    template,
    texts,
)
from tests.web import events

each_stage = pytest.mark.parametrize("stage", STAGES)
QUEUE = {"Fn::GetAtt": ["DeadLetters", "Arn"]}


@pytest.mark.slow
def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    for stage in STAGES:
        (tmp_path / f"{stage}.json").write_text(json.dumps(template(stage)))
    lint = [str(Path(sys.executable).with_name("cfn-lint")), *(f"{stage}.json" for stage in STAGES)]
    done = subprocess.run(lint, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- tables ----------------------------------------------------------------------------------------------------


@each_stage
def test_every_table_is_paid_by_the_call_encrypted_and_recoverable_to_any_second(stage: str) -> None:
    stored = of_type(stage, "DynamoDB::Table")
    assert len(stored) == 3
    for table in stored.values():
        assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
        assert table["Properties"]["SSESpecification"] == {"SSEEnabled": True}
        assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@each_stage
def test_the_keys_are_those_of_the_store(stage: str) -> None:
    for model in MODELS:
        keys = {"HASH": "pk", "RANGE": "part" if hasattr(model, "sort_key") else None}
        table = TABLES[model.Meta.table_name]
        schema = {key["KeyType"]: key["AttributeName"] for key in properties(stage, table)["KeySchema"]}
        assert schema == {kind: key for kind, key in keys.items() if key}


@each_stage
def test_only_ephemera_end_by_themselves_by_the_attribute_that_all_of_them_have(stage: str) -> None:
    expiring = {
        name: table["Properties"]["TimeToLiveSpecification"]
        for name, table in of_type(stage, "DynamoDB::Table").items()
        if "TimeToLiveSpecification" in table["Properties"]
    }
    assert expiring == {"EphemeraTable": {"AttributeName": "expires", "Enabled": True}}
    lasting = {model.Meta.table_name for model in MODELS if "expires" not in model.get_attributes()}
    assert lasting == {"licenses", "accounts"}


@each_stage
def test_the_changes_of_the_outboxs_table_alone_are_streamed_and_of_them_nothing_but_the_keys(stage: str) -> None:
    streams = {
        name: table["Properties"]["StreamSpecification"]
        for name, table in of_type(stage, "DynamoDB::Table").items()
        if "StreamSpecification" in table["Properties"]
    }
    assert streams == {"LicensesTable": {"StreamViewType": "KEYS_ONLY"}}


@each_stage
def test_tables_that_hold_what_was_sold_outlive_their_stack_and_others_do_not(stage: str) -> None:
    kept = stage == PROTECTED
    for table in of_type(stage, "DynamoDB::Table").values():
        results = (
            table["DeletionPolicy"],
            table["UpdateReplacePolicy"],
            table["Properties"]["DeletionProtectionEnabled"],
        )
        assert results == (("Retain", "Retain", True) if kept else ("Delete", "Delete", False))


# --- functions and schedules -----------------------------------------------------------------------------------


@each_stage
def test_every_handler_is_in_app_where_the_middleware_is(stage: str) -> None:
    handlers = sorted(function["Handler"] for function in functions(stage).values())
    assert handlers == ["app.app", "app.deliver_queued_events", "app.send_queued_mails", "app.sweep_due"]


@each_stage
def test_all_functions_and_schedules_are_known(stage: str) -> None:
    assert set(functions(stage)) == set(FUNCTIONS.values())
    assert schedules(stage) == set(SCHEDULES.values())


@each_stage
def test_every_schedule_has_alarms_for_runs_that_fail_and_for_runs_that_are_missing(stage: str) -> None:
    assert schedules(stage)
    watched = {alarm["Properties"]["AlarmName"]["Fn::Sub"]: alarm["Properties"] for alarm in alarms(stage)}
    for name, function in SCHEDULES.items():
        failed, missing = (watched[f"${{AWS::StackName}}-{name}-{how}"] for how in ("failed", "missing"))
        assert failed["MetricName"] == "Errors"
        assert failed["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": function}}]
        assert (failed["Threshold"], failed["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
        assert (missing["Threshold"], missing["ComparisonOperator"]) == (1, "LessThanThreshold")
        assert (missing["Statistic"], missing["TreatMissingData"]) == ("SampleCount", "breaching")


@each_stage
def test_a_run_that_is_lost_is_kept_after_a_bounded_number_of_tries(stage: str) -> None:
    for name in schedules(stage):
        function = functions(stage)[name]
        (event,) = events_of(stage, name, "Schedule").values()
        assert event["Properties"]["DeadLetterConfig"] == {"Arn": QUEUE}
        failed = function["EventInvokeConfig"]
        assert failed["DestinationConfig"]["OnFailure"]["Destination"] == QUEUE
        for tries in (failed, event["Properties"]["RetryPolicy"]):
            assert tries["MaximumRetryAttempts"] <= 2
            assert tries["MaximumEventAgeInSeconds"] <= 300
        (send,) = [s for s in policy(stage, name) if "sqs:SendMessage" in listed(s["Action"])]
        assert (listed(send["Action"]), send["Resource"]) == (["sqs:SendMessage"], QUEUE)
    assert properties(stage, "DeadLetters")["SqsManagedSseEnabled"] is True


@each_stage
def test_a_queue_takes_letters_from_the_rules_of_the_schedules_alone(stage: str) -> None:
    statements = properties(stage, "DeadLettersPolicy")["PolicyDocument"]["Statement"]
    rules = {statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0] for statement in statements}
    assert rules == {f"{name}{event}" for name in schedules(stage) for event in events_of(stage, name, "Schedule")}


@each_stage
def test_what_is_put_into_the_outbox_and_nothing_else_calls_the_sender_at_once(stage: str) -> None:
    (kick,) = (each["Properties"] for each in events_of(stage, SENDER, "DynamoDB").values())
    assert kick["Stream"] == {"Fn::GetAtt": [TABLES[OutgoingItem.Meta.table_name], "StreamArn"]}
    (filter,) = kick["FilterCriteria"]["Filters"]
    assert json.loads(filter["Pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"Keys": {"pk": {"S": [{"prefix": out_pk()}]}}},
    }
    assert kick.get("MaximumBatchingWindowInSeconds", 0) == 0


@each_stage
def test_a_kick_is_of_now_and_one_that_fails_is_not_tried_again_for_the_clock_comes_by_then(stage: str) -> None:
    (kick,) = (each["Properties"] for each in events_of(stage, SENDER, "DynamoDB").values())
    assert (kick["StartingPosition"], kick["MaximumRetryAttempts"]) == ("LATEST", 0)
    (clock,) = (each["Properties"] for each in events_of(stage, SENDER, "Schedule").values())
    assert (clock["Schedule"], kick["MaximumRecordAgeInSeconds"]) == ("rate(1 minute)", 60)


@each_stage
def test_runs_of_the_sender_at_once_are_as_many_as_the_stream_has_parts_and_the_clocks(stage: str) -> None:
    (kick,) = (each["Properties"] for each in events_of(stage, SENDER, "DynamoDB").values())
    assert kick.get("ParallelizationFactor", 1) == 1


@each_stage
def test_a_run_has_time_to_end_before_the_function_does(stage: str) -> None:
    assert RUN_SECONDS + SECONDS < functions(stage)[SENDER]["Timeout"] <= 60 < LEASE_MS / 1000


@each_stage
def test_every_log_ends_and_a_function_may_write_to_its_own_alone(stage: str) -> None:
    groups = of_type(stage, "Logs::LogGroup")
    assert len(groups) == len(FUNCTIONS) + 1  # and the access log
    assert all(1 <= group["Properties"]["RetentionInDays"] <= 90 for group in groups.values())
    for name, function in functions(stage).items():
        own = function["LoggingConfig"]["LogGroup"]["Ref"]
        (write,) = [s for s in policy(stage, name) if any(action.startswith("logs:") for action in s["Action"])]
        assert write["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
        assert write["Resource"] == {"Fn::GetAtt": [own, "Arn"]}
        assert own in groups


# --- API Gateway -----------------------------------------------------------------------------------------------


@each_stage
def test_whatever_api_gateway_answers_by_itself_has_our_shape(stage: str) -> None:
    answers = properties(stage, "RestAPI")["GatewayResponses"]
    kinds: Any = botocore.session.get_session().get_service_model("apigateway").shape_for("GatewayResponseType")
    assert set(answers) == set(kinds.enum)
    for answer in answers.values():
        assert set(answer["ResponseTemplates"]) == {"application/json"}
        body = json.loads(answer["ResponseTemplates"]["application/json"])
        status, message = ERRORS[body["code"]]
        assert body == {"status": status, "code": body["code"], "message": message}
        assert answer["StatusCode"] == str(status)
        assert answer["ResponseParameters"]["Headers"]["Cache-Control"] == "'no-store'"


@pytest.mark.parametrize(
    ("kind", "code", "retry_after"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", "not_found", None),
        ("INVALID_SIGNATURE", "not_found", None),  # an unknown path, called with our Authorization header
        ("DEFAULT_4XX", "not_found", None),  # so may that be answered, too
        ("THROTTLED", "rate_limit_exceeded", "'1'"),
        ("QUOTA_EXCEEDED", "rate_limit_exceeded", "'1'"),
        ("WAF_FILTERED", "rate_limit_exceeded", "'1'"),
        ("REQUEST_TOO_LARGE", "payload_too_large", None),
        ("UNSUPPORTED_MEDIA_TYPE", "unsupported_media_type", None),
        ("BAD_REQUEST_BODY", "validation_error", None),
        ("BAD_REQUEST_PARAMETERS", "validation_error", None),
        ("INTEGRATION_TIMEOUT", "service_busy", "'1'"),
        ("INTEGRATION_FAILURE", "service_busy", "'1'"),
        ("DEFAULT_5XX", "internal_error", None),
    ],
)
def test_who_is_not_asked_is_told_why_and_whether_to_come_again(kind: str, code: str, retry_after: str | None) -> None:
    answer = properties(STAGES[0], "RestAPI")["GatewayResponses"][kind]
    assert json.loads(answer["ResponseTemplates"]["application/json"])["code"] == code
    assert answer["ResponseParameters"]["Headers"].get("Retry-After") == retry_after


@each_stage
def test_access_logs_have_no_query_string_no_header_and_no_id(stage: str) -> None:
    log = properties(stage, "RestAPI")["AccessLogSetting"]
    assert log["DestinationArn"] == {"Fn::GetAtt": ["AccessLogs", "Arn"]}
    line = json.loads(log["Format"])
    assert line == ACCESS_LOG
    allowed = (
        r"\$context\.(extendedRequestId|requestTime|httpMethod|resourcePath|status|responseLength|responseLatency|"
    )
    allowed += r"integrationLatency|identity\.sourceIp|integration\.error|error\.responseType)"
    assert [value for value in line.values() if not re.fullmatch(allowed, value)] == []


@each_stage
def test_calls_are_bounded_and_never_written_down_or_traced(stage: str) -> None:
    api = properties(stage, "RestAPI")
    every, *some = api["MethodSettings"]
    assert (every["ResourcePath"], every["HttpMethod"]) == ("/*", "*")
    for method in (every, *some):
        assert 0 < method["ThrottlingRateLimit"] <= method["ThrottlingBurstLimit"] <= 5000
        assert (method["LoggingLevel"], method["DataTraceEnabled"], method["MetricsEnabled"]) == ("OFF", False, False)
    assert api["TracingEnabled"] is False
    assert {function["Tracing"] for function in functions(stage).values()} == {"PassThrough"}


@each_stage
def test_what_anybody_may_call_takes_no_more_than_a_fifth_of_the_stage(stage: str) -> None:
    every, *some = properties(stage, "RestAPI")["MethodSettings"]
    named = {(one["ResourcePath"], one["HttpMethod"]): one for one in some}
    open_to_all = {
        ("/" + path.replace("/", "~1") if path != "/" else path, method)
        for path, methods in app.routes.items()
        if _is_open(path)
        for method in methods
        if method != "OPTIONS"  # reads nothing
    }
    assert len(open_to_all) > 8
    assert open_to_all <= set(named)
    for one in some:
        assert 5 * one["ThrottlingRateLimit"] <= every["ThrottlingRateLimit"]
        assert 5 * one["ThrottlingBurstLimit"] <= every["ThrottlingBurstLimit"]


def _is_open(path: str) -> bool:
    """Whether a stranger is told anything but to sign, to log in, or that nothing is there. Asked of the app itself."""
    if "GET" not in app.routes[path]:
        return False  # what only changes things asks who does it
    parts = dict.fromkeys(re.findall(r"{(\w+)}", path), "1")
    history = events.answer(events.event("GET", path, {"Host": "licenses.vendor.test"}, parts=parts))
    return bool(history["statusCode"] < 400) and "/portal/log-in?next=" not in str(history)


@each_stage
def test_only_prod_pays_for_a_firewall(stage: str) -> None:
    acls, associations = of_type(stage, "WAFv2::WebACL"), of_type(stage, "WAFv2::WebACLAssociation")
    assert len(acls) == len(associations) == (1 if stage == PROTECTED else 0)


def firewall() -> dict[str, Any]:
    """That of prod: rules by name."""
    acl = properties(PROTECTED, "Firewall")
    assert (acl["Scope"], acl["DefaultAction"]) == ("REGIONAL", {"Allow": {}})
    return {rule["Name"]: rule for rule in acl["Rules"]}


def test_one_address_can_use_up_no_tenth_of_what_a_stage_takes_and_less_for_log_ins() -> None:
    rules = {name: rule["Statement"]["RateBasedStatement"] for name, rule in firewall().items()}
    assert set(rules) == {"calls", "log-ins"}
    assert {rule["AggregateKeyType"] for rule in rules.values()} == {"IP"}
    a_second = {name: rule["Limit"] / rule["EvaluationWindowSec"] for name, rule in rules.items()}
    every = properties(PROTECTED, "RestAPI")["MethodSettings"][0]["ThrottlingRateLimit"]
    assert 10 * a_second["calls"] <= every
    assert 10 * a_second["log-ins"] <= a_second["calls"]
    assert "ScopeDownStatement" not in rules["calls"]


def test_the_stricter_rule_is_for_every_route_where_a_password_or_a_code_can_be_tried() -> None:
    scope = firewall()["log-ins"]["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["RegexMatchStatement"]
    assert scope["FieldToMatch"] == {"UriPath": {}}
    pattern = re.compile(scope["RegexString"])
    tried = {
        path
        for path in app.routes
        if not path.startswith("/api/v1/")  # there a vendor's own key sets a password, and nobody tries one
        and re.search(r"/(log-in.*|forgotten.*|portal/invitation|activate_license|.*_password|user_licenses)$", path)
    }
    assert tried >= {"/portal/log-in", "/portal/forgotten", "/api/v4/activate_license"}
    assert {path for path in app.routes if pattern.search(path)} == tried
    for path in tried:  # at the address of API Gateway, at a domain of one's own, with a slash at the end
        assert pattern.search(f"/prod{path}")
        assert pattern.search(f"{path}/")


def test_whom_the_firewall_stops_is_told_in_our_shape_and_to_come_again() -> None:
    bodies = properties(PROTECTED, "Firewall")["CustomResponseBodies"]
    for rule in firewall().values():
        answer = rule["Action"]["Block"]["CustomResponse"]
        body = bodies[answer["CustomResponseBodyKey"]]
        status, message = ERRORS["rate_limit_exceeded"]
        assert body["ContentType"] == "APPLICATION_JSON"
        assert json.loads(body["Content"]) == {"status": status, "code": "rate_limit_exceeded", "message": message}
        assert answer["ResponseCode"] == status
        assert int({h["Name"]: h["Value"] for h in answer["ResponseHeaders"]}["Retry-After"]) > 0


def test_the_firewall_keeps_no_sample_of_calls_for_they_hold_sessions_and_signatures() -> None:
    acl = properties(PROTECTED, "Firewall")
    kept = [one["VisibilityConfig"]["SampledRequestsEnabled"] for one in (acl, *acl["Rules"])]
    assert kept == [False, False, False]


def test_the_firewall_keeps_to_what_aws_says_of_rules_and_cfn_lint_does_not_look_at() -> None:
    """The AWS WAF Developer Guide: what has to differ, which names are AWS's own, what a web ACL may cost at most."""
    acl = properties(PROTECTED, "Firewall")
    assert (
        len({rule["Priority"] for rule in acl["Rules"]}) == len({r["Name"] for r in acl["Rules"]}) == len(acl["Rules"])
    )
    metrics = [one["VisibilityConfig"]["MetricName"] for one in (acl, *acl["Rules"])]
    assert len(set(metrics)) == len(metrics)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name) for name in metrics)
    assert not {"All", "Default_Action"} & set(metrics)
    for rule in acl["Rules"]:
        headers = rule["Action"]["Block"]["CustomResponse"]["ResponseHeaders"]
        assert "content-type" not in {header["Name"].lower() for header in headers}
        assert len(headers) <= 10
    assert sum(capacity_units(rule) for rule in acl["Rules"]) <= 1500  # more is paid for by the request


def capacity_units(rule: dict[str, Any]) -> int:
    """What AWS says that a rule costs: a rate 2, a pattern 3, each transformation of a text 10."""
    scope = rule["Statement"]["RateBasedStatement"].get("ScopeDownStatement")
    if scope is None:
        return 2
    changes = scope["RegexMatchStatement"]["TextTransformations"]
    assert len({change["Priority"] for change in changes}) == len(changes)
    return 2 + 3 + 10 * len(changes)


def test_the_firewall_stands_before_the_stage_of_the_api_once_there_is_one() -> None:
    where = properties(PROTECTED, "FirewallOfApi")
    assert where["WebACLArn"] == {"Fn::GetAtt": ["Firewall", "Arn"]}
    # arn:partition:apigateway:region::/restapis/api-id/stages/stage-name
    arn = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${RestAPI}/stages/${RestAPI.Stage}"
    assert where["ResourceArn"] == {"Fn::Sub": arn}


# --- alarms and dashboard --------------------------------------------------------------------------------------


def alarms(stage: str) -> list[dict[str, Any]]:
    return list(of_type(stage, "CloudWatch::Alarm").values())


@each_stage
def test_every_alarm_says_what_it_means_and_where_more_stands_and_tells_the_topic(stage: str) -> None:
    names = {f"${{AWS::StackName}}-{alarm.name}" for alarm in ALARMS}
    assert len(names) == len(ALARMS)
    assert {alarm["Properties"]["AlarmName"]["Fn::Sub"] for alarm in alarms(stage)} == names
    for alarm in alarms(stage):
        name = alarm["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        assert alarm["Properties"]["AlarmDescription"].endswith(f". What to do: docs/operations.md, {name}.")
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}]


@each_stage
def test_all_that_an_operator_has_to_hear_of_has_an_alarm(stage: str) -> None:
    watched = {
        (alarm["Properties"]["Namespace"], alarm["Properties"]["MetricName"], value if isinstance(value, str) else "")
        for alarm in alarms(stage)
        for value in (alarm["Properties"]["Dimensions"][-1]["Value"],)
    }
    assert watched >= {
        ("AWS/ApiGateway", "5XXError", ""),
        ("AWS/ApiGateway", "Latency", ""),
        ("AWS/Lambda", "Throttles", ""),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", ""),
        (NAMESPACE, "OldestDueAge", ""),
        (NAMESPACE, "OldestUndeliveredEventAge", ""),
        (NAMESPACE, "DeliveriesFailed", ""),
        (NAMESPACE, "EndpointsDisabled", ""),
        (NAMESPACE, "ErrorResponses", "service_busy"),
    }
    throttled = {
        (alarm["Properties"]["Dimensions"][0]["Value"]["Ref"], alarm["Properties"]["MetricName"])
        for alarm in alarms(stage)
        if alarm["Properties"]["Namespace"] == "AWS/DynamoDB"
    }
    kinds = ("ReadThrottleEvents", "WriteThrottleEvents")
    assert throttled == {(table, kind) for table in of_type(stage, "DynamoDB::Table") for kind in kinds}


@each_stage
def test_cloudwatch_may_speak_through_the_encrypted_topic(stage: str) -> None:
    assert properties(stage, "AlarmTopic")["KmsMasterKeyId"] == {"Ref": "AlarmKey"}
    for document, actions in (
        (properties(stage, "AlarmKey")["KeyPolicy"], {"kms:Decrypt", "kms:GenerateDataKey"}),
        (properties(stage, "AlarmTopicPolicy")["PolicyDocument"], {"sns:Publish"}),
    ):
        watcher = {"Service": "cloudwatch.amazonaws.com"}
        (statement,) = [s for s in document["Statement"] if s["Principal"] == watcher]
        assert set(listed(statement["Action"])) == actions
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@each_stage
def test_the_dashboard_shows_every_metric_of_ours_and_all_tables_and_functions(stage: str) -> None:
    body = properties(stage, "Dashboard")["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(body)["widgets"]
    shown = set(texts([widget["properties"].get("metrics", []) for widget in widgets]))
    assert set(METRICS) <= shown
    assert {f"${{{name}}}" for name in {*of_type(stage, "DynamoDB::Table"), *functions(stage)}} <= shown
    assert {"Count", "5XXError", "Latency", "Throttles", "ConsumedWriteCapacityUnits"} <= shown
    (overview,) = [widget["properties"]["alarms"] for widget in widgets if widget["type"] == "alarm"]
    assert set(overview) == {f"${{{name}.Arn}}" for name in of_type(stage, "CloudWatch::Alarm")}
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)


# --- what is asked of the operator -----------------------------------------------------------------------------


@each_stage
def test_a_stage_tells_where_it_is(stage: str) -> None:
    answer = {"EndpointURL", "AlarmTopicArn", "DashboardName", "DeadLettersUrl"}
    assert answer <= set(template(stage)["Outputs"])


def test_a_stage_whose_webhooks_could_reach_what_is_not_public_is_refused() -> None:
    mail = {"SEATKEEPER_MAIL": "ses:licenses@example.com"}
    with pytest.raises(StageError, match=r"^SEATKEEPER_WEBHOOKS of stage dev .* must be public, or absent\.$"):
        resources(Stage("dev", mail | {"SEATKEEPER_WEBHOOKS": "any"}))
    assert resources(Stage("dev", mail | {"SEATKEEPER_WEBHOOKS": "public"}))


@each_stage
def test_who_sends_mail_knows_where_the_portal_is(stage: str) -> None:
    url = properties(stage, "SendQueuedMails")["Environment"]["Variables"]["SEATKEEPER_PORTAL_URL"]
    assert f"{url['Fn::Sub']}/" == template(stage)["Outputs"]["EndpointURL"]["Value"]["Fn::Sub"]
    own = {"SEATKEEPER_MAIL": "ses:ada@vendor.test", "SEATKEEPER_PORTAL_URL": "https://licenses.vendor.test"}
    made = resources(Stage("dev", own))["Resources"]["SendQueuedMails"]["Properties"]
    assert "Environment" not in made, "what Chalice gives each function stands"


@pytest.mark.parametrize("mail", ["", "file:mails", "ses:nobody"])
def test_a_stage_whose_functions_could_not_send_mail_is_refused_in_one_sentence(mail: str) -> None:
    with pytest.raises(StageError, match=r"^SEATKEEPER_MAIL of stage dev .* must be ses:<address>: .*\.$"):
        resources(Stage("dev", {"SEATKEEPER_MAIL": mail}))
    with pytest.raises(StageError, match=r"^SEATKEEPER_MAIL of stage dev .* no mail goes out from that address: .*\.$"):
        resources(Stage("dev", {"SEATKEEPER_MAIL": "ses:m\xfcller@vendor.test"}))
