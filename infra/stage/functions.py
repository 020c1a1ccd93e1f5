"""What the functions of a stage have beside them: a log each, what calls them, and a queue for runs that were lost."""

import json

from chalicelib.domain.types import Json
from chalicelib.store.keys import out_pk
from infra.stage.stages import Stage
from infra.stage.tables import STREAMING, TABLES

SENDER = "DeliverQueuedEvents"
SCHEDULES = {"sweep": "SweepDue", "mail": "SendQueuedMails", "events": SENDER}
"""The functions that the clock calls: our name and Chalice's logical id."""
FUNCTIONS = {"api": "APIHandler"} | SCHEDULES
"""All functions."""

ALIAS = "live"
"""Of the version of the API's function that is kept started, where some are."""
ALIAS_RESOURCE = f"{FUNCTIONS['api']}Alias{ALIAS}"
"""As the transform of a serverless template names it."""

STALE_SECONDS = 300
"""A run that cannot begin for as long is given up: the next one, which does its work as well, is due by then."""
FORTNIGHT_SECONDS = 14 * 24 * 3600  # no queue keeps a message longer


def functions(stage: Stage) -> Json:
    """The logs and the queue, and what Chalice's functions have to know of them."""
    return {
        **{f"{name.capitalize()}Logs": log_group(stage, name) for name in FUNCTIONS},
        **{function: {"Properties": _properties(name)} for name, function in SCHEDULES.items() if name != "mail"},
        SCHEDULES["mail"]: {"Properties": _properties("mail") | _portal_url(stage)},
        **_called_by_gateway(stage),
        "DeadLetters": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": f"{stage.stack}-dead-letters",
                "MessageRetentionPeriod": FORTNIGHT_SECONDS,
                "SqsManagedSseEnabled": True,
            },
        },
        "DeadLettersPolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "DeadLetters"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [*map(_may_send, SCHEDULES.values())]},
            },
        },
    }


def log_group(stage: Stage, name: str) -> Json:
    """A log, kept while questions about it still come, and no longer: it holds people's addresses.

    Made here and not by the function, whose role may then do no more than write to it; and not by Chalice's own
    `log_retention_in_days`, whose template names a function that it has not got.
    """
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {
            "LogGroupName": f"/{stage.stack}/{name}",
            "RetentionInDays": 90 if stage.is_protected else 14,
        },
    }


def _properties(name: str) -> Json:
    logs = {"LoggingConfig": {"LogGroup": {"Ref": f"{name.capitalize()}Logs"}}}
    return logs | _schedule(SCHEDULES[name]) if name in SCHEDULES else logs


def _portal_url(stage: Stage) -> Json:
    """Where the portal is, for who sends mail: what the stage's settings say, or API Gateway's own address.

    The functions that API Gateway calls could not be given that one: it is made of them.
    """
    if "SEATKEEPER_PORTAL_URL" in stage.environment:
        return {}
    url = f"https://${{RestAPI}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{stage.name}"
    return {"Environment": {"Variables": {"SEATKEEPER_PORTAL_URL": {"Fn::Sub": url}}}}


def _called_by_gateway(stage: Stage) -> Json:
    """The API's function, and who may call it. What is kept started is a version, which its alias leads to.

    API Gateway then calls the alias (`project.run_chalice`), which it must be allowed to.
    """
    properties = _properties("api")
    if not stage.provisioned_concurrency:
        return {FUNCTIONS["api"]: {"Properties": properties}}
    provisioned = {
        "AutoPublishAlias": ALIAS,
        "AutoPublishAliasAllProperties": True,  # else a changed setting would be no new version
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": stage.provisioned_concurrency},
    }
    return {
        FUNCTIONS["api"]: {"Properties": properties | provisioned},
        f"{FUNCTIONS['api']}InvokePermission": {"Properties": {"FunctionName": {"Ref": ALIAS_RESOURCE}}},
    }


def _schedule(function: str) -> Json:
    """What becomes of a run that fails, or that cannot even begin: tried once more, then kept for whoever asks why."""
    dead_letters = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    clock = {
        "RetryPolicy": {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": STALE_SECONDS},
        "DeadLetterConfig": {"Arn": dead_letters},
    }
    return {
        "EventInvokeConfig": {
            "MaximumRetryAttempts": 1,
            "MaximumEventAgeInSeconds": STALE_SECONDS,
            "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": dead_letters}},
        },
        "Events": _events_of_sender(clock) if function == SENDER else {f"{function}Event": {"Properties": clock}},
    }


def _events_of_sender(clock: Json) -> Json:
    """Chalice knows no function that both the clock and a stream call: what it says of other schedules stands here."""
    each_minute = {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)"} | clock}
    return {f"{SENDER}Event": each_minute, f"{SENDER}Kick": _kick()}


def _kick() -> Json:
    """The table's stream calls the sender as soon as something is put into the outbox.

    A call that fails is not made again, for the clock's comes within a minute. For each part of the stream one goes on
    at a time; what is put meanwhile is all in the next.
    """
    is_put_into_outbox = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": out_pk()}]}}}}
    return {
        "Type": "DynamoDB",
        "Properties": {
            "Stream": {"Fn::GetAtt": [TABLES[STREAMING], "StreamArn"]},
            "StartingPosition": "LATEST",
            "FilterCriteria": {"Filters": [{"Pattern": json.dumps(is_put_into_outbox)}]},
            "BatchSize": 1000,
            "MaximumRetryAttempts": 0,
            "MaximumRecordAgeInSeconds": 60,
        },
    }


def _may_send(function: str) -> Json:
    """The rule of a schedule, and nothing else of EventBridge, may send to the queue; functions may by their roles."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["DeadLetters", "Arn"]},
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [f"{function}{function}Event", "Arn"]}}},
    }
