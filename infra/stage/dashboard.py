"""The dashboard of a stage: what it does, how long that takes, and what it costs the database."""

import json

from chalicelib.domain.types import Json
from chalicelib.observability import (
    ACTIVATIONS,
    ANNOUNCEMENTS_FAILED,
    CODE,
    CONFLICTS,
    DELIVERIES_FAILED,
    ENDPOINTS_DISABLED,
    ERROR_RESPONSES,
    MAILS_SENT,
    NAMESPACE,
    OBSERVATIONS_LOST,
    OLDEST_DUE_AGE,
    OLDEST_MAIL_AGE,
    OLDEST_UNDELIVERED_EVENT_AGE,
    RETRIES,
    STAGE,
    SWEEP_TRANSITIONS,
)
from infra.stage.alarms import ALARMS, PERIOD_SECONDS
from infra.stage.functions import FUNCTIONS
from infra.stage.tables import TABLES

WIDTH, HEIGHT, COLUMNS = 8, 6, 3
API = ("AWS/ApiGateway", "ApiName", "${AWS::StackName}")
OURS = (NAMESPACE, STAGE, "${AWS::StackName}")

Line = list[object]
"""Of a graph: a metric or an expression, as CloudWatch has it."""


def dashboard() -> Json:
    """It is free of charge: an account's first three are."""
    graphs = [_graph(title, lines) for title, lines in _graphs().items()]
    widgets = [_alarms(), *graphs]
    for number, widget in enumerate(widgets):
        row, column = divmod(number, COLUMNS)
        widget |= {"x": column * WIDTH, "y": row * HEIGHT, "width": WIDTH, "height": HEIGHT}
    return {
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {
                "DashboardName": {"Ref": "AWS::StackName"},
                "DashboardBody": {"Fn::Sub": json.dumps({"widgets": widgets})},
            },
        }
    }


def _graphs() -> dict[str, list[Line]]:
    functions = [("AWS/Lambda", "FunctionName", f"${{{function}}}") for function in FUNCTIONS.values()]
    tables = [("AWS/DynamoDB", "TableName", f"${{{table}}}") for table in TABLES.values()]
    sweep = ("AWS/Lambda", "FunctionName", "${SweepDue}")
    mail = ("AWS/Lambda", "FunctionName", "${SendQueuedMails}")
    events = ("AWS/Lambda", "FunctionName", "${DeliverQueuedEvents}")
    letters = ("AWS/SQS", "QueueName", "${DeadLetters.QueueName}")
    return {
        "Calls": [_line(API, "Count"), _line(API, "4XXError"), _line(API, "5XXError")],
        "Latency, ms": [_line(API, "Latency", statistic) for statistic in ("p50", "p90", "p99")],
        "Activations and error responses": [_line(OURS, ACTIVATIONS), _line(OURS, ERROR_RESPONSES)],
        "Error responses by code": [_by_code()],
        "Conflicts and retries": [_line(OURS, metric) for metric in (CONFLICTS, RETRIES, OBSERVATIONS_LOST)],
        "Sweep: oldest that was due, s": [_line(OURS, OLDEST_DUE_AGE, "Maximum")],
        "Sweep: transitions": [_line(OURS, SWEEP_TRANSITIONS), _line(OURS, ANNOUNCEMENTS_FAILED)],
        "Sweep: runs": [_line(sweep, "Invocations"), _line(sweep, "Errors")],
        "Mail: sent": [_line(OURS, MAILS_SENT)],
        "Mail: oldest that was not sent, s": [_line(OURS, OLDEST_MAIL_AGE, "Maximum")],
        "Mail: runs": [_line(mail, "Invocations"), _line(mail, "Errors")],
        "Events: oldest that waited, s": [_line(OURS, OLDEST_UNDELIVERED_EVENT_AGE, "Maximum")],
        "Events: failed deliveries": [_line(OURS, DELIVERIES_FAILED), _line(OURS, ENDPOINTS_DISABLED)],
        "Events: runs": [_line(events, "Invocations"), _line(events, "Errors")],
        "Runs that were given up": [_line(letters, "ApproximateNumberOfMessagesVisible", "Maximum")],
        "Capacity used, units": [
            _line(table, f"Consumed{kind}CapacityUnits") for table in tables for kind in ("Read", "Write")
        ],
        "Throttled": [
            *(_line(function, "Throttles") for function in functions),
            *(_line(table, f"{kind}ThrottleEvents") for table in tables for kind in ("Read", "Write")),
        ],
        "Functions at once": [_line(function, "ConcurrentExecutions", "Maximum") for function in functions],
    }


def _line(source: tuple[str, str, str], metric: str, statistic: str = "Sum") -> Line:
    namespace, dimension, value = source
    return [namespace, metric, dimension, value, {"stat": statistic}]


def _by_code() -> Line:
    """Whatever codes there have been: CloudWatch finds them."""
    schema = f"{{{NAMESPACE},{CODE},{STAGE}}}"
    search = f'{schema} {STAGE}="${{AWS::StackName}}" MetricName="{ERROR_RESPONSES}"'
    return [{"expression": f"SEARCH('{search}', 'Sum', {PERIOD_SECONDS})"}]


def _graph(title: str, lines: list[Line]) -> Json:
    shown = {"title": title, "metrics": lines, "region": "${AWS::Region}", "period": PERIOD_SECONDS}
    return {"type": "metric", "properties": shown}


def _alarms() -> Json:
    arns = [f"${{{alarm.logical_id}.Arn}}" for alarm in ALARMS]
    return {"type": "alarm", "properties": {"title": "Alarms", "alarms": arns}}
