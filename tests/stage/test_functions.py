"""What the functions of a stage may do, what they write down, and the mail that they send."""

import json
from email.utils import parseaddr
from typing import Any

import httpx

from infra.stage.package import Package
from tests.stage.browser import PREFIX, StageBrowser
from tests.stage.emulator import TIMEOUT_SECONDS
from tests.stage.operator import STAGE, Operator
from tests.stage.test_package import SCHEDULE

COMPANY, EMAIL = "MAIL", "ann@customer.test"


def swept(operator: Operator, function: str = "SweepDue") -> dict[str, Any]:
    """The answer of the sweep, or of another schedule; or the error that it ends with."""
    functions, stack = operator.aws.client("lambda"), operator.aws.client("cloudformation")
    resource = stack.describe_stack_resource(StackName=STAGE.stack, LogicalResourceId=function)
    name = resource["StackResourceDetail"]["PhysicalResourceId"]
    answer: dict[str, Any] = json.load(
        functions.invoke(FunctionName=name, Payload=json.dumps(SCHEDULE).encode())["Payload"]
    )
    return answer


def test_a_function_may_do_what_its_role_says_and_no_more(other: Operator, package: Package) -> None:
    """So whatever else passes here passes with the roles as they are."""

    def forbid(resources: dict[str, Any]) -> None:
        [policy] = resources["SweepDueRole"]["Properties"]["Policies"]
        statements = policy["PolicyDocument"]["Statement"]
        policy["PolicyDocument"]["Statement"] = [s for s in statements if "dynamodb" not in str(s["Action"])]

    other.deploy(package)
    assert "license_expired" in swept(other)
    other.deploy(package, forbid)
    assert "AccessDenied" in swept(other)["errorMessage"]


def test_each_answer_is_a_line_in_the_log_of_the_stage_and_each_sweep(operator: Operator, url: str) -> None:
    def lines(name: str) -> list[dict[str, Any]]:
        events = operator.aws.client("logs").get_paginator("filter_log_events")
        pages = events.paginate(logGroupName=f"/{STAGE.stack}/{name}")
        return [json.loads(e["message"]) for page in pages for e in page["events"] if e["message"].startswith("{")]

    before = len(lines("api"))
    for path in ("/api/v4/public_key", "/portal/log-in"):
        httpx.get(f"{url}{path}", timeout=TIMEOUT_SECONDS).raise_for_status()
    assert [line["route"] for line in lines("api")[before:]] == ["/api/v4/public_key", "/portal/log-in"]
    swept(operator)
    assert lines("sweep")[-1]["kind"] == "sweep"


def test_mail_is_sent_from_the_address_that_the_stage_names(operator: Operator, browser: StageBrowser) -> None:
    operator.admin("company", "create", "--code", COMPANY, "--name", "A vendor")
    named = ("--company", COMPANY, "--code", "revit", "--name", "For Revit", "--authorization-method", "user")
    operator.admin("product", "create", *named)
    terms = ("--license-type", "perpetual", "--max-activations", "5", "--manager", EMAIL)
    operator.admin("license", "issue", "--company", COMPANY, "--product", "revit", *terms)
    sender = STAGE.environment["SEATKEEPER_MAIL"].removeprefix("ses:")
    operator.aws.client("sesv2").create_email_identity(EmailIdentity=sender)
    browser.send(f"{PREFIX}/portal/forgotten", company=COMPANY, email=EMAIL)
    swept(operator, "SendQueuedMails")
    document = httpx.get(f"{operator.ministack.endpoint}/_ministack/ses/messages", timeout=TIMEOUT_SECONDS).json()
    mails = document["messages"][operator.account]
    assert {(*parseaddr(mail["Source"]), *mail["To"]) for mail in mails} == {("A vendor", sender, EMAIL)}
    assert len([mail for mail in mails if "Code: " in mail["BodyText"]]) == 1
