"""The alarms of a stage, and the topic that they speak through. Who is to hear them subscribes to it by hand."""

from dataclasses import dataclass

from chalicelib.domain.types import Json
from chalicelib.observability import (
    ANNOUNCEMENTS_FAILED,
    CODE,
    DELIVERIES_FAILED,
    ENDPOINTS_DISABLED,
    ERROR_RESPONSES,
    MAILS_SENT,
    NAMESPACE,
    OLDEST_DUE_AGE,
    OLDEST_MAIL_AGE,
    OLDEST_UNDELIVERED_EVENT_AGE,
    STAGE,
    SWEEP_TRANSITIONS,
)
from infra.stage.functions import FUNCTIONS, SCHEDULES
from infra.stage.tables import TABLES

PERIOD_SECONDS = 300
STACK = {"Ref": "AWS::StackName"}
AT_LEAST, LESS_THAN = "GreaterThanOrEqualToThreshold", "LessThanThreshold"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is watched, and from when on it wakes somebody."""

    name: str
    means: str
    """One plain sentence for who is woken."""
    metric: Json
    """As CloudFormation has it."""
    threshold: int
    periods: int = 1
    """How many in a row, each of `PERIOD_SECONDS`."""
    comparison: str = AT_LEAST
    silence: str = "notBreaching"
    """What it is when nothing is heard: mostly that nobody calls."""

    @property
    def logical_id(self) -> str:
        """In the template."""
        return "".join(word.capitalize() for word in self.name.split("-")) + "Alarm"


def alarms() -> Json:
    """All alarms, the topic and its key."""
    return {alarm.logical_id: _resource(alarm) for alarm in ALARMS} | _topic()


def _of(namespace: str, metric: str, statistic: str = "Sum", /, **dimensions: object) -> Json:
    """One metric."""
    return {
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "Period": PERIOD_SECONDS,
        "ExtendedStatistic" if statistic.startswith("p") else "Statistic": statistic,
    }


def _function(metric: str, function: str) -> Json:
    return _of("AWS/Lambda", metric, FunctionName={"Ref": function})


def _api(metric: str, statistic: str = "Sum") -> Json:
    return _of("AWS/ApiGateway", metric, statistic, ApiName=STACK)


def _ours(metric: str, statistic: str = "Sum", **dimensions: str) -> Json:
    return _of(NAMESPACE, metric, statistic, **{STAGE: STACK}, **dimensions)


ALARMS: tuple[Alarm, ...] = (
    *(
        Alarm(
            f"{name}-failed",
            f"A run of the {name} ended in an error or ran out of time.",
            _function("Errors", function),
            1,
        )
        for name, function in SCHEDULES.items()
    ),
    Alarm(
        "sweep-missing",
        "For a quarter of an hour no sweep has run to its end.",
        _ours(SWEEP_TRANSITIONS, "SampleCount"),  # reported at the end of each run, also of none
        1,
        periods=3,
        comparison=LESS_THAN,
        silence="breaching",
    ),
    Alarm(
        "sweep-behind",
        "Sweeps run, but what they find has been due for half an hour or longer.",
        _ours(OLDEST_DUE_AGE, "Maximum"),
        1800,
        periods=2,
    ),
    Alarm(
        "announcements-failed",
        "For a quarter of an hour no sweep could announce all that it found: some licenses stay due.",
        _ours(ANNOUNCEMENTS_FAILED),
        1,
        periods=3,
    ),
    Alarm(
        "mail-missing",
        "For a quarter of an hour no run of the mail has come to its end.",
        _ours(MAILS_SENT, "SampleCount"),  # reported at the end of each run, also of none
        1,
        periods=3,
        comparison=LESS_THAN,
        silence="breaching",
    ),
    Alarm(
        "mail-behind",
        "Runs of the mail end, but there are mails that could not be sent for ten minutes or longer.",
        _ours(OLDEST_MAIL_AGE, "Maximum"),
        600,
        periods=2,
    ),
    Alarm(
        "events-missing",
        "For a quarter of an hour no run of the events has come to its end.",
        _ours(DELIVERIES_FAILED, "SampleCount"),  # reported at the end of each run, also of none
        1,
        periods=3,
        comparison=LESS_THAN,
        silence="breaching",
    ),
    Alarm(
        "events-behind",
        "Runs of the events end, but events for endpoints that take them have waited for ten minutes or longer.",
        _ours(OLDEST_UNDELIVERED_EVENT_AGE, "Maximum"),
        600,
        periods=2,
    ),
    Alarm(
        "deliveries-failed",
        "For a quarter of an hour ten or more deliveries of events have failed within each five minutes.",
        _ours(DELIVERIES_FAILED),
        10,
        periods=3,
    ),
    Alarm(
        "endpoints-disabled",
        "An endpoint has taken nothing for so long that it was disabled: its company is sent no more events there.",
        _ours(ENDPOINTS_DISABLED),
        1,
    ),
    Alarm(
        "dead-letters",
        "A scheduled run failed twice, or could not begin; why stands in the message that it left in the queue.",
        _of(
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            "Maximum",
            QueueName={"Fn::GetAtt": ["DeadLetters", "QueueName"]},
        ),
        1,
    ),
    Alarm("api-5xx", "Five or more calls within five minutes were answered with a 5xx.", _api("5XXError"), 5),
    Alarm(
        "api-slow",
        "For a quarter of an hour the slowest hundredth of the calls has taken three seconds or longer.",
        _api("Latency", "p99"),
        3000,
        periods=3,
    ),
    Alarm(
        "service-busy",
        "Five or more calls within five minutes were sent away, because the database did not take them in time.",
        _ours(ERROR_RESPONSES, **{CODE: "service_busy"}),
        5,
    ),
    *(
        Alarm(
            f"{name}-throttled",
            f"Lambda would not run the function {name}: the account's limit of functions at once is reached.",
            _function("Throttles", function),
            1,
        )
        for name, function in FUNCTIONS.items()
    ),
    *(
        Alarm(
            f"{name}-{kind}s-throttled",
            f"DynamoDB has put off {kind}s of the table {name}: too many at once, or too many of one license.",
            _of("AWS/DynamoDB", f"{kind.capitalize()}ThrottleEvents", TableName={"Ref": table}),
            1,
        )
        for name, table in TABLES.items()
        for kind in ("read", "write")
    ),
)
"""Every alarm of a stage."""


def _resource(alarm: Alarm) -> Json:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": alarm.metric
        | {
            "AlarmName": {"Fn::Sub": f"${{AWS::StackName}}-{alarm.name}"},
            "AlarmDescription": f"{alarm.means} What to do: docs/operations.md, {alarm.name}.",
            "ComparisonOperator": alarm.comparison,
            "Threshold": alarm.threshold,
            "EvaluationPeriods": alarm.periods,
            "TreatMissingData": alarm.silence,
            "AlarmActions": [{"Ref": "AlarmTopic"}],
            "OKActions": [{"Ref": "AlarmTopic"}],
        },
    }


def _topic() -> Json:
    """Encrypted with a key of ours: AWS's own for SNS does not let CloudWatch in, and the alarms would stay silent.

    The key is not rotated. It covers a message for the seconds until it is delivered, and each rotation is paid for.
    """
    ours = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    watcher = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Condition": ours}
    owner = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    this_key = "*"  # the only name that a key has in its own policy
    return {
        "AlarmKey": {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "Description": {"Fn::Sub": "Alarms of ${AWS::StackName}"},
                "PendingWindowInDays": 7,
                "KeyPolicy": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Principal": owner, "Action": "kms:*", "Resource": this_key},
                        watcher | {"Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": this_key},
                    ],
                },
            },
        },
        "AlarmTopic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {
                "TopicName": {"Fn::Sub": "${AWS::StackName}-alarms"},
                "KmsMasterKeyId": {"Ref": "AlarmKey"},
            },
        },
        "AlarmTopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "AlarmTopic"}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [watcher | {"Action": "sns:Publish", "Resource": {"Ref": "AlarmTopic"}}],
                },
            },
        },
    }
