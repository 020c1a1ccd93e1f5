"""What a deployment shows, refuses and says; CloudFormation's answers are given here, and S3 and SSM are moto's."""

import argparse
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber
from moto import mock_aws

from infra.stage import deploy, rollback, teardown
from infra.stage import stack as stacks
from infra.stage.__main__ import main
from infra.stage.artifacts import Artifacts, Marker, release_before
from infra.stage.aws import Aws
from infra.stage.package import Package
from infra.stage.stack import Change, Stack, table
from infra.stage.stages import DeploymentError, Stage, StageError, read_stage

NAME, CHANGE_SET, AT = "seatkeeper-dev", "arn:aws:cloudformation:eu-central-1:1:changeSet/x/1", datetime.now(UTC)
NOT_THERE = f"Stack with id {NAME} does not exist"


@pytest.fixture
def environment() -> Iterator[None]:
    """What a command sets in its process does not outlast a test."""
    with patch.dict(os.environ):
        yield


@pytest.fixture(autouse=True)
def _aws(environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account without anything in it, and nobody's credentials."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setattr(stacks, "FIRST_WAIT", 0)
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """Made once: it reads the descriptions of the services, which takes its time."""
    return boto3.Session("nobody", "secret", region_name="eu-central-1")


@pytest.fixture
def aws(session: boto3.Session) -> Aws:
    """The operator's."""
    return Aws(session, "123456789012")


class WatchedStack(Stack):
    """A stack whose AWS says what a test gives it."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws, NAME)
        self._stubber = Stubber(self._cloudformation)
        self._stubber.activate()

    def says(self, operation: str, **answer: Any) -> None:
        """The next answer."""
        self._stubber.add_response(operation, answer)

    def is_at(self, status: str, **more: Any) -> None:
        """The next look finds this."""
        described = {"StackName": NAME, "StackId": "arn:stack", "CreationTime": AT, "StackStatus": status}
        self.says("describe_stacks", Stacks=[described | more])

    def is_not_there(self) -> None:
        """The next look finds nothing."""
        self._stubber.add_client_error("describe_stacks", "ValidationError", NOT_THERE)

    def happened(self, *events: tuple[str, str, str]) -> None:
        """All events up to now, the oldest first: resource or stack, status, reason."""
        always = {"StackId": "arn:stack", "StackName": NAME, "Timestamp": AT}
        history = [
            always
            | {"EventId": f"{n}", "LogicalResourceId": name, "ResourceStatus": status, "ResourceStatusReason": reason}
            | {"ResourceType": "AWS::CloudFormation::Stack" if name == NAME else "AWS::DynamoDB::Table"}
            for n, (name, status, reason) in enumerate(events)
        ]
        self.says("describe_stack_events", StackEvents=history[::-1])

    def all_is_asked(self) -> None:
        """Raises where something that was to be asked was not."""
        self._stubber.assert_no_pending_responses()


@pytest.fixture
def stack(aws: Aws) -> Iterator[WatchedStack]:
    """The stack of dev."""
    answer = WatchedStack(aws)
    yield answer
    answer.all_is_asked()


# --- what would change -------------------------------------------------------------------------------------------


def test_changes_are_shown_as_columns_by_what_becomes_of_them() -> None:
    shown = table(
        [
            Change("Modify", "APIHandler", "AWS::Lambda::Function", "False", ("Code", "Environment")),
            Change("Add", "AlarmTopic", "AWS::SNS::Topic"),
            Change("Modify", "LicensesTable", "AWS::DynamoDB::Table", "Conditional", ("KeySchema",)),
        ]
    )
    assert shown.splitlines() == [
        "        resource       type              replaced  what differs",
        "add     AlarmTopic     SNS::Topic",
        "modify  LicensesTable  DynamoDB::Table   perhaps   KeySchema",
        "modify  APIHandler     Lambda::Function            Code, Environment",
    ]


@pytest.mark.parametrize(
    ("change", "loses"),
    [
        (Change("Remove", "T", "AWS::DynamoDB::Table"), True),
        (Change("Modify", "T", "AWS::DynamoDB::Table", "True"), True),
        (Change("Modify", "T", "AWS::DynamoDB::Table", "Conditional"), True),
        (Change("Modify", "T", "AWS::DynamoDB::Table", "False"), False),
        (Change("Add", "T", "AWS::DynamoDB::Table"), False),
        (Change("Remove", "A", "AWS::CloudWatch::Alarm"), False),
    ],
)
def test_a_table_that_is_removed_or_perhaps_replaced_may_lose_data(change: Change, loses: bool) -> None:
    assert change.replaces_data is loses


def test_the_changes_of_all_pages_are_read(stack: WatchedStack) -> None:
    def page(name: str, **more: Any) -> None:
        target = {"Attribute": "Properties", "Name": "Code"}
        change = {"Action": "Modify", "LogicalResourceId": name, "ResourceType": "AWS::Lambda::Function"} | {
            "Replacement": "False",
            "Details": [{"Target": target}, {"Target": target}],
        }
        stack.says("describe_change_set", Status="CREATE_COMPLETE", Changes=[{"ResourceChange": change}], **more)

    stack.is_at("CREATE_COMPLETE")
    stack.says("create_change_set", Id=CHANGE_SET)
    stack.says("describe_change_set", Status="CREATE_IN_PROGRESS")
    page("A", NextToken="more")
    page("B")
    change_set = stack.propose("https://bucket/template.json", {})
    assert change_set is not None
    assert change_set.changes == [Change("Modify", name, "AWS::Lambda::Function", "False", ("Code",)) for name in "AB"]


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_a_change_set_without_changes_is_deleted(stack: WatchedStack, reason: str) -> None:
    stack.is_at("UPDATE_COMPLETE")
    stack.says("create_change_set", Id=CHANGE_SET)
    stack.says("describe_change_set", Status="FAILED", StatusReason=reason)
    stack.says("delete_change_set")
    assert stack.propose("https://bucket/template.json", {}) is None


def test_a_change_of_outputs_alone_is_carried_out_too(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[stacks.ChangeSet] = []
    Artifacts(aws, NAME).make_bucket()
    there = {"StackStatus": "UPDATE_COMPLETE", "Outputs": [{"OutputKey": "EndpointURL", "OutputValue": "https://x/"}]}
    monkeypatch.setattr(Stack, "look", lambda _: there)
    monkeypatch.setattr(Stack, "propose", lambda *_: stacks.ChangeSet(CHANGE_SET, []))
    monkeypatch.setattr(Stack, "carry_out", lambda _, change_set: done.append(change_set))
    assert deploy.apply(aws, read_stage("dev"), Marker("x"), allow_table_loss=False) == 0
    assert [change_set.id for change_set in done] == [CHANGE_SET]
    assert "seatkeeper-dev: 0 resources changed." in capsys.readouterr().out


def test_a_template_that_aws_does_not_take_is_reported_and_its_change_set_deleted(stack: WatchedStack) -> None:
    stack.is_not_there()
    stack.says("create_change_set", Id=CHANGE_SET)
    stack.says("describe_change_set", Status="FAILED", StatusReason="Transform failed: no such property")
    stack.says("delete_change_set")
    with pytest.raises(DeploymentError, match="no such property"):
        stack.propose("https://bucket/template.json", {})


# --- changing it -------------------------------------------------------------------------------------------------


def test_what_is_done_is_printed_as_it_happens(stack: WatchedStack, capsys: pytest.CaptureFixture[str]) -> None:
    before = [("Old", "UPDATE_COMPLETE", ""), (NAME, "UPDATE_ROLLBACK_COMPLETE", "")]
    begun = [(NAME, "UPDATE_IN_PROGRESS", ""), ("New", "CREATE_IN_PROGRESS", "")]
    nearly = [("New", "CREATE_COMPLETE", ""), (NAME, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")]
    stack.happened(*before)
    stack.says("execute_change_set")
    stack.happened(*before)
    stack.happened(*before, *begun)
    stack.happened(*before, *begun, *nearly[:1])
    stack.happened(*before, *begun, *nearly)
    stack.happened(*before, *begun, *nearly, ("Older", "DELETE_COMPLETE", ""), (NAME, "UPDATE_COMPLETE", ""))
    stack.carry_out(stacks.ChangeSet(CHANGE_SET, []))
    answers = ["  made     New (DynamoDB::Table)", "  removed  Older (DynamoDB::Table)"]
    assert capsys.readouterr().err.splitlines() == answers


def test_the_reason_of_the_first_that_failed_is_reported(stack: WatchedStack) -> None:
    stack.happened()
    stack.says("execute_change_set")
    stack.happened(
        ("Other", "CREATE_FAILED", "Resource creation cancelled"),
        ("First", "CREATE_FAILED", "the name is taken"),
        (NAME, "ROLLBACK_IN_PROGRESS", ""),
        ("Third", "DELETE_FAILED", "it is in use"),
        (NAME, "ROLLBACK_COMPLETE", ""),
    )
    with pytest.raises(DeploymentError, match=r": First \(DynamoDB::Table\): the name is taken$"):
        stack.carry_out(stacks.ChangeSet(CHANGE_SET, []))


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("UPDATE_IN_PROGRESS", "is being changed just now"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "is being changed just now"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("DELETE_FAILED", "remove it again"),
    ],
)
def test_a_stack_that_cannot_be_changed_now_is_reported(aws: Aws, status: str, says: str) -> None:
    stack = WatchedStack(aws)
    for _ in range(3):
        stack.is_at(status)
    with pytest.raises(StageError, match=says):
        stack.guard_changeable()


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_at_rest_may_be_changed(aws: Aws, status: str) -> None:
    stack = WatchedStack(aws)
    for _ in range(3):
        stack.is_at(status)
    stack.guard_changeable()


def test_what_a_first_creation_that_failed_has_left_is_removed(stack: WatchedStack) -> None:
    stack.is_at("ROLLBACK_COMPLETE")
    stack.is_at("ROLLBACK_COMPLETE")
    stack.happened()
    stack.says("delete_stack")
    stack.happened((NAME, "DELETE_IN_PROGRESS", ""), (NAME, "DELETE_COMPLETE", ""))
    stack.clear_stillborn()


class Body:
    """Of an answer, as it comes over the wire."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._content


class Forgetful:
    """An AWS that does what it is asked, and whose first answer to anything gets lost; the same token is the same."""

    def __init__(self, client: Any) -> None:
        self.done: dict[str, str] = {}
        client.meta.events.register_first("before-send.cloudformation", self.answer)

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        asked = dict(parse_qsl(str(request.body)))
        action, token = asked["Action"], asked.get("ClientToken") or asked.get("ClientRequestToken", "")
        if action not in self.done:
            self.done[action] = token
            raise ReadTimeoutError(endpoint_url=request.url)
        if not token or self.done[action] != token:
            code = "<Error><Code>AlreadyDone</Code><Message>It was asked before</Message></Error>"
            return self.response(request, 400, f"<ErrorResponse>{code}</ErrorResponse>")
        result = f"<{action}Result><Id>{CHANGE_SET}</Id></{action}Result>"
        return self.response(request, 200, f"<{action}Response>{result}</{action}Response>")

    @staticmethod
    def response(request: AWSPreparedRequest, status: int, body: str) -> AWSResponse:
        return AWSResponse(request.url, status, HTTPHeaders(), Body(body.encode()))


def test_what_is_asked_again_because_the_answer_was_lost_is_done_once(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(aws, NAME)
    there = {"StackName": NAME, "StackId": "arn:stack", "StackStatus": "CREATE_COMPLETE"}
    monkeypatch.setattr(stack, "look", lambda: there)
    monkeypatch.setattr(stack, "_newest_event", lambda: "")
    monkeypatch.setattr(stack, "_follow", lambda *_: None)
    monkeypatch.setattr(stack, "_describe", lambda _: {"Status": "CREATE_COMPLETE", "Changes": []})
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr("moto.core.models.botocore_stubber.enabled", False)
    aws_said = Forgetful(stack._cloudformation)
    change_set = stack.propose("https://bucket/template.json", {})
    assert change_set is not None
    stack.carry_out(change_set)
    stack.remove()
    assert set(aws_said.done) == {"CreateChangeSet", "ExecuteChangeSet", "DeleteStack"}


def test_who_cannot_look_any_more_is_told_that_aws_goes_on(stack: WatchedStack) -> None:
    stack.happened()
    stack.says("execute_change_set")
    stack._stubber.add_client_error("describe_stack_events", "ExpiredToken", "The security token is expired")
    with pytest.raises(DeploymentError, match=r"AWS goes on with seatkeeper-dev.*is expired.*describe-stack-events"):
        stack.carry_out(stacks.ChangeSet(CHANGE_SET, []))


def test_tables_that_have_outlived_their_stack_are_adopted_and_not_made_anew(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stack, "look", lambda _: None)
    prod = read_stage("prod")
    deploy.guard_tables(aws, prod)
    key = {"AttributeName": "pk"}
    aws.client("dynamodb").create_table(
        TableName="seatkeeper-prod-accounts",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[key | {"KeyType": "HASH"}],
        AttributeDefinitions=[key | {"AttributeType": "S"}],
    )
    deploy.guard_tables(aws, read_stage("dev"))
    artifacts = Artifacts(aws, prod.stack)
    with pytest.raises(StageError, match=r"seatkeeper-prod-accounts is there.*Restore in docs/operations\.md"):
        deploy.apply(aws, prod, Marker("template"), allow_table_loss=False)
    assert artifacts.markers() == []


# --- what is uploaded, and the way back --------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """A function whose code is the archive beside the template."""
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip"}}
    made = Package(tmp_path / "template.json", tmp_path / "deployment.zip")
    made.template.write_text(json.dumps({"Resources": {"APIHandler": function}}))
    made.archive.write_bytes(b"the code")
    return made


def test_the_bucket_is_made_private_encrypted_and_versioned(aws: Aws) -> None:
    artifacts = Artifacts(aws, NAME)
    for _ in range(2):
        artifacts.make_bucket()
    s3, bucket = aws.client("s3"), {"Bucket": artifacts.bucket}
    assert artifacts.bucket == f"seatkeeper-artifacts-{aws.account}-eu-central-1"
    assert set(s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    assert s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]


def test_a_bucket_that_was_made_by_somebody_else_just_now_or_before_an_interruption_is_closed(aws: Aws) -> None:
    artifacts, s3 = Artifacts(aws, NAME), aws.client("s3")
    s3.create_bucket(Bucket=artifacts.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    artifacts.make_bucket()
    assert s3.get_bucket_versioning(Bucket=artifacts.bucket)["Status"] == "Enabled"


def test_a_bucket_that_comes_up_between_the_look_and_the_making_is_taken(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts, s3 = Artifacts(aws, NAME), aws.client("s3")
    s3.create_bucket(Bucket=artifacts.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    monkeypatch.setattr(artifacts, "_has_bucket", lambda: False)
    artifacts.make_bucket()
    assert s3.get_bucket_versioning(Bucket=artifacts.bucket)["Status"] == "Enabled"


def test_what_s3_does_not_delete_is_reported(aws: Aws, package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts = Artifacts(aws, NAME)
    artifacts.make_bucket()
    key = artifacts.upload(package)
    kept = {"Errors": [{"Key": key, "Code": "AccessDenied", "Message": "Access Denied"}]}
    monkeypatch.setattr(artifacts._s3, "delete_objects", lambda **_: kept)
    with pytest.raises(DeploymentError, match=f"AWS does not delete {key} in {artifacts.bucket}: Access Denied"):
        artifacts.remove()


def test_the_template_that_is_uploaded_points_to_the_archive_and_the_same_has_the_same_name(
    aws: Aws, package: Package
) -> None:
    artifacts = Artifacts(aws, NAME)
    artifacts.make_bucket()
    key = artifacts.upload(package)
    assert artifacts.upload(package) == key
    s3 = aws.client("s3")
    template = json.loads(s3.get_object(Bucket=artifacts.bucket, Key=key)["Body"].read())
    code = template["Resources"]["APIHandler"]["Properties"]["CodeUri"]
    assert s3.get_object(**code)["Body"].read() == b"the code"
    assert {len(found["Key"].split("/")[1]) for found in s3.list_objects_v2(Bucket=artifacts.bucket)["Contents"]} == {
        64
    }
    package.archive.write_bytes(b"other code")
    assert artifacts.upload(package) != key


def test_taking_artifacts_away_leaves_those_of_other_stages_and_at_last_not_even_the_bucket(
    aws: Aws, package: Package
) -> None:
    ours, other = Artifacts(aws, NAME), Artifacts(aws, "seatkeeper-staging")
    ours.make_bucket()
    for artifacts in (ours, other):
        artifacts.upload(package)
        for _ in range(2):
            aws.client("s3").put_object(Bucket=ours.bucket, Key=f"{artifacts._stack}/twice", Body=b"")
        aws.client("s3").delete_object(Bucket=ours.bucket, Key=f"{artifacts._stack}/twice")
    ours.remove()
    keys = [found["Key"] for found in aws.client("s3").list_object_versions(Bucket=ours.bucket)["Versions"]]
    assert {key.split("/")[0] for key in keys} == {"seatkeeper-staging"}
    other.remove()
    other.remove()
    assert aws.client("s3").list_buckets()["Buckets"] == []


def test_a_marker_is_read_as_it_was_written(aws: Aws) -> None:
    artifacts = Artifacts(aws, NAME)
    artifacts.make_bucket()
    written = [Marker("a"), Marker("b"), Marker("a", "seatkeeper-dev/deployed/1")]
    for marker in written:
        artifacts.mark(marker)
    assert [artifacts.read_marker(key) for key in artifacts.markers()] == written


@pytest.mark.parametrize(
    ("deployed", "back"),
    [
        ([], None),
        (["a"], None),
        (["a", "a"], None),
        (["a", "b"], 0),
        (["a", "b", "b"], 0),
        (["a", "b", "c"], 1),
        (["a", "b", "a"], 1),
        (["a", "b", "c", ("b", 1)], 0),
        (["a", "b", ("a", 0)], None),
        (["a", "b", "c", ("b", 1), ("a", 0)], None),
        (["a", "b", "c", ("b", 1), "d"], 3),
        (["a", "b", "c", ("b", 1), "d", ("b", 3)], 0),
    ],
)
def test_the_way_back_leads_to_the_release_before_and_from_there_further(
    deployed: list[str | tuple[str, int]], back: int | None
) -> None:
    """Each is the release that was deployed, or that of a rollback and where it went back to."""
    keys = [f"{n:03d}" for n in range(len(deployed))]
    markers = [Marker(one) if isinstance(one, str) else Marker(one[0], keys[one[1]]) for one in deployed]
    stored = dict(zip(keys, markers, strict=True))
    assert release_before(keys, stored.__getitem__) == (None if back is None else (keys[back], markers[back]))


# --- sentences ---------------------------------------------------------------------------------------------------


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code of a command and what it says on standard error."""
    code = main(arguments)
    return code, capsys.readouterr().err


def test_without_secrets_nothing_is_packaged_and_the_command_that_makes_them_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.stage.package.package", lambda *_: pytest.fail("packaged"))
    code, words = said(capsys, "deploy", "dev")
    assert code == 2
    assert ".venv/bin/python -m infra.admin secrets create --stage dev" in words
    assert "no secrets in eu-central-1 yet (/seatkeeper-dev/data_key, /seatkeeper-dev/signing_key)" in words
    assert boto3.client("s3").list_buckets()["Buckets"] == []


def test_who_stops_watching_is_told_that_aws_goes_on(
    aws: Aws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Stack, "guard_changeable", lambda _: None)
    monkeypatch.setattr(Stack, "clear_stillborn", lambda _: None)
    monkeypatch.setattr(Stack, "is_made", lambda _: True)
    added = stacks.ChangeSet(CHANGE_SET, [Change("Add", "AlarmTopic", "AWS::SNS::Topic")])
    monkeypatch.setattr(Stack, "propose", lambda *_: added)
    monkeypatch.setattr(Stack, "carry_out", interrupt)
    monkeypatch.setattr(deploy, "run", lambda stage, _: deploy.apply(aws, stage, Marker("x"), allow_table_loss=False))
    code, words = said(capsys, "deploy", "dev")
    assert code == 130
    assert "AWS goes on" in words
    assert "aws cloudformation describe-stack-events --stack-name seatkeeper-dev" in words


def test_mail_from_nobody_is_refused_but_in_dev(capsys: pytest.CaptureFixture[str]) -> None:
    mail = {"SEATKEEPER_MAIL": "ses:licenses@example.com"}
    with pytest.raises(StageError, match=r"licenses@example\.com.*stage staging"):
        deploy.guard_mail(Stage("staging", mail))
    deploy.guard_mail(Stage("dev", mail))
    assert "licenses@example.com" in capsys.readouterr().err
    deploy.guard_mail(Stage("prod", {"SEATKEEPER_MAIL": "ses:licenses@qbitec.com"}))


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("AWS_REGION", "", "No region is set"),
        ("AWS_PROFILE", "nobody", "nobody"),
        ("AWS_ENDPOINT_URL", "localhost:4566", "AWS cannot be reached: Invalid endpoint: localhost:4566"),
    ],
)
def test_an_environment_that_leads_nowhere_is_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv(variable, value)
    code, words = said(capsys, "teardown", "dev", "--yes")
    assert code == 2
    assert says in words


def test_without_credentials_it_is_said_how_to_get_some(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, words = said(capsys, "rollback", "dev")
    assert code == 2
    assert "There are no AWS credentials" in words


def test_without_an_earlier_release_there_is_no_way_back(capsys: pytest.CaptureFixture[str], aws: Aws) -> None:
    for _ in range(2):  # first in an account where nothing was ever deployed
        assert said(capsys, "rollback", "dev") == (2, "There is no earlier release of seatkeeper-dev to go back to.\n")
        Artifacts(aws, NAME).make_bucket()
    with pytest.raises(StageError):
        rollback.run(read_stage("dev"), argparse.Namespace(allow_table_loss=True))


def test_an_address_that_is_none_is_told_before_anything_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "smoke", "dev", "--url", "https://[license]") == (
        2,
        "https://[license] is no address: Invalid IPv6 address: '[license]'.\n",
    )


def test_what_cannot_be_written_is_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "build").write_text("in the way")
    monkeypatch.setattr("infra.stage.package.build_folder", lambda stage: tmp_path / "build" / stage.name)
    assert said(capsys, "package", "dev") == (1, f"File exists: {tmp_path}/build.\n")


def test_prod_is_never_taken_down(capsys: pytest.CaptureFixture[str]) -> None:
    code, words = said(capsys, "teardown", "prod", "--yes")
    assert code == 2
    assert "never taken down" in words


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "staging\n"])
def test_a_stage_is_not_taken_down_unless_its_name_is_typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    def answer(_question: str) -> str:
        if not typed:
            raise EOFError
        return typed

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr(teardown, "Stack", lambda *_: pytest.fail("removed"))
    assert said(capsys, "teardown", "dev") == (2, "Nothing was removed.\n")


def test_where_nothing_is_it_is_said_in_which_region(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who has the wrong one takes a stage for gone that goes on elsewhere."""
    monkeypatch.setattr(Stack, "look", lambda _: None)
    assert said(capsys, "smoke", "dev") == (2, "seatkeeper-dev is not deployed in eu-central-1: deploy it first.\n")
    assert main(["teardown", "dev", "--yes"]) == 0
    assert "seatkeeper-dev is gone from eu-central-1" in capsys.readouterr().out
