"""Each function may do what it does, to what it does it to, and nothing else."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import chalicelib
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license_rows import license_row
from chalicelib.domain.users import FREE_FAILURES
from chalicelib.runtime import runtime
from chalicelib.store import database
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.change_seat import set_max_activations
from chalicelib.usecases.customers import change_customer
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.idempotency import IdempotencyKey, perform_once
from chalicelib.usecases.import_files import continue_import, continue_imports
from chalicelib.usecases.import_license import import_license
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.order_managers import add_manager
from chalicelib.usecases.scheduled_updates import apply_update
from chalicelib.usecases.send_mails import send_mails
from chalicelib.usecases.sweep import sweep
from infra.stage.functions import SENDER
from infra.stage.tables import TABLES
from tests.docs.architecture import ADAPTERS
from tests.infra.stage.templates import STAGES, functions, listed, policy, texts
from tests.store.case import Case
from tests.store.cases import CASES
from tests.store.faults import Crash, Fault, answer_timed_out, crash_after, wire
from tests.store.seam import Answer, Request, Send, noted
from tests.support import ADMIN, DAY, ChangeRuntime, Vendor
from tests.usecases.receivers import BROKEN, Receivers, listen

pytestmark = pytest.mark.engine

ALLOWED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
"""What a transaction does, and what it must be allowed for that."""

BUSES = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${AWS::StackName}-*"

Rights = dict[str, set[str]]
"""What may be done, by the table's logical id."""

OF_IMPORTS = {continue_import, continue_imports, import_license, assign_user, set_max_activations, add_manager}
"""What goes on with files, and what their rows do that is no part of these cases."""

each_stage = pytest.mark.parametrize("stage", STAGES)


@pytest.fixture(autouse=True)
def _nothing_takes_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "back_off", lambda _attempt: None)
    monkeypatch.setattr("chalicelib.usecases.log_in.time", SimpleNamespace(sleep=lambda _seconds: None))


def granted(stage: str, function: str) -> Rights:
    rights: Rights = defaultdict(set)
    for statement in policy(stage, function):
        actions = [action.split(":") for action in listed(statement["Action"])]
        if actions[0][0] == "dynamodb" and statement["Resource"]["Fn::GetAtt"][1] == "Arn":
            rights[statement["Resource"]["Fn::GetAtt"][0]] |= {name for _, name in actions}
    return rights


@contextmanager
def used() -> Iterator[Rights]:
    """What the store asks of the database inside, from whichever threads."""
    rights: Rights = defaultdict(set)

    def note(request: Request) -> None:
        for table, action in _asked(request.operation, request.body):
            rights[TABLES[table.removeprefix(f"{runtime().settings.table_prefix}-")]].add(action)

    with noted(note):
        yield rights


def _asked(operation: str, body: Any) -> Iterator[tuple[str, str]]:
    """Table and action; a transaction needs the rights of its parts."""
    if operation.startswith("Batch"):
        yield from ((table, operation) for table in body["RequestItems"])
    elif operation == "TransactGetItems":
        yield from ((part["Get"]["TableName"], "GetItem") for part in body["TransactItems"])
    elif operation == "TransactWriteItems":
        parts = [part for parts in body["TransactItems"] for part in parts.items()]
        yield from ((part["TableName"], ALLOWED[kind]) for kind, part in parts)
    else:
        yield body["TableName"], operation


def _is_of_the_api(case: Case) -> bool:
    """Whether an adapter imports the use case, or its module."""
    answers = "".join(file.read_text() for room in (*ADAPTERS, "web") for file in _sources(room))
    name = case.function.__module__.rsplit(".", 1)[1]
    return f"chalicelib.usecases.{name} import" in answers or f" {name}." in answers


def _sources(room: str) -> Iterator[Path]:
    yield from (Path(chalicelib.__path__[0]) / room).glob("*.py")


def _union(*all_rights: Rights) -> Rights:
    union: Rights = defaultdict(set)
    for rights in all_rights:
        for table, actions in rights.items():
            union[table] |= actions
    return union


def rights_of(case: Case) -> Rights:
    vendor = Vendor()
    prepared = case.prepare(vendor)
    with used() as rights, suppress(SeatkeeperError):
        case.act(vendor, prepared)
    return rights


def rights_of_a_change_with_its_answer() -> Rights:
    """As a form makes it: what is answered is stored by the transaction of the change."""
    vendor = Vendor()
    license = vendor.issue(max_activations=1)
    with used() as rights:
        perform_once(
            IdempotencyKey(vendor.code, "key", "content"),
            lambda: set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now),
            lambda _: {},
            now=vendor.now,
        )
    return rights


def rights_of_delivering(vendor: Vendor, days: int = 0, fault: Fault | None = None) -> Rights:
    """Of a run that finds an event so many days from now; `fault` meets each of its writes once."""
    now = vendor.now + days * DAY
    listen(vendor, at=now)
    vendor.activate(vendor.issue(), "HW-1", now=now)
    with used() as rights, wire(fault and _once(fault)):
        deliver_events(now=now + 1)
    return rights


def _once(fault: Fault) -> Fault:
    """Whatever is sent again gets through: by their numbers, writes of two threads could meet it in turns for ever."""
    met = list[object]()

    def meet(request: Request, send: Send) -> Answer:
        if request.body in met:
            return send(request)
        met.append(request.body)
        return fault(request, send)

    return meet


def rights_of_a_log_in_that_is_refused() -> Rights:
    """While the account is locked: what that rests on is read at one instant."""
    vendor = Vendor()
    with used() as rights:
        for _ in range(FREE_FAILURES + 1):
            with suppress(SeatkeeperError):
                log_in(vendor.code, "nobody@customer.test", "wrong", now=vendor.now)
    return rights


def rights_of_a_row_in_an_order_that_is_yet_to_follow_its_customer() -> Rights:
    """Whose customer has another email by now: the order is moved with its licenses, before it gets one more."""
    vendor = Vendor()
    vendor.issue(order_id="A-1", customer="old@studio.test")
    customer = find_customer_by_email(vendor.code, "old@studio.test")
    assert customer is not None
    with wire(crash_after, range(1, 2)), suppress(Crash):
        change_customer(vendor.code, customer.id, {}, ADMIN, email="new@studio.test", now=vendor.now)
    given = {"license_key": "old/1", "product": "viewer", "order_store_id": "A-1"}
    row = license_row(given | {"customer": {"email": "new@studio.test"}}, "")
    with used() as rights:
        import_license(vendor.code, row, "csv", ADMIN, adopt_until=vendor.now + DAY, now=vendor.now)
    return rights


@each_stage
def test_no_policy_has_a_wildcard_but_that_for_event_buses_which_are_the_stages_by_name(stage: str) -> None:
    for function in functions(stage):
        for statement in policy(stage, function):
            assert statement["Effect"] == "Allow"
            assert not {"NotAction", "NotResource"} & set(statement)
            found = [t for t in texts(listed(statement["Action"]) + listed(statement["Resource"])) if "*" in t]
            assert found == ([BUSES] if statement["Action"] == ["events:PutEvents"] else [])


@each_stage
def test_no_function_may_scan_a_table_or_change_one(stage: str) -> None:
    actions = {
        action for function in functions(stage) for table in granted(stage, function).values() for action in table
    }
    reading, writing = {"BatchGetItem", "GetItem", "Query"}, {"BatchWriteItem", "PutItem", "UpdateItem", "DeleteItem"}
    assert actions <= reading | writing | {"ConditionCheckItem"}


def test_the_api_may_do_to_each_table_what_its_use_cases_do_and_no_more() -> None:
    cases = [case for case in CASES if _is_of_the_api(case)]
    assert 30 < len(cases) < len(CASES)
    more = rights_of_a_change_with_its_answer(), rights_of_a_log_in_that_is_refused()
    assert granted(STAGES[0], "APIHandler") == _union(*map(rights_of, cases), *more)


def test_the_sweep_may_do_what_it_does_also_when_an_answer_is_lost_and_what_imports_do_and_updates() -> None:
    (case,) = [case for case in CASES if case.function is sweep]
    vendor = Vendor()
    prepared = case.prepare(vendor)
    with used() as rights, wire(answer_timed_out, range(1, 2)):
        case.act(vendor, prepared)
    others = [case for case in CASES if case.function in {*OF_IMPORTS, apply_update}]
    assert {case.function for case in others} == {*OF_IMPORTS, apply_update}
    moved = rights_of_a_row_in_an_order_that_is_yet_to_follow_its_customer()
    assert granted(STAGES[0], "SweepDue") == _union(rights, *map(rights_of, others), moved)


def test_the_sender_of_mail_may_do_what_it_does_and_no_more() -> None:
    (case,) = [case for case in CASES if case.function is send_mails]
    assert granted(STAGES[0], "SendQueuedMails") == rights_of(case)
    senders = [f for f in functions(STAGES[0]) for s in policy(STAGES[0], f) if "ses:SendEmail" in listed(s["Action"])]
    assert senders == ["SendQueuedMails"]


def test_the_sender_of_events_may_do_what_it_does_and_no_more(change_runtime: ChangeRuntime) -> None:
    receivers, vendor = Receivers(), Vendor()
    change_runtime(webhooks=receivers)
    rights_of_delivering(vendor)  # a webhook is told of what happens a minute later
    delivered, forgotten = rights_of_delivering(vendor, 1), rights_of_delivering(vendor, 40)
    receivers.answer = lambda _url, _body: BROKEN
    disabled = [rights_of_delivering(vendor, days, answer_timed_out) for days in range(50, 57)]
    assert granted(STAGES[0], SENDER) == _union(delivered, forgotten, *disabled)


def test_the_stream_and_event_buses_are_for_the_sender_of_events_alone() -> None:
    """What Lambda needs to read a stream for a function, the function's role has to have."""
    statements = [(f, s) for f in functions(STAGES[0]) for s in policy(STAGES[0], f)]
    [(reader, read)] = [
        (f, s) for f, s in statements if s["Resource"] == {"Fn::GetAtt": ["LicensesTable", "StreamArn"]}
    ]
    needed = {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
    assert (reader, set(read["Action"])) == (SENDER, {f"dynamodb:{action}" for action in needed})
    assert [f for f, s in statements if "events:PutEvents" in listed(s["Action"])] == [SENDER]


def test_policies_are_the_same_in_every_stage() -> None:
    for function in functions(STAGES[0]):
        assert all(policy(stage, function) == policy(STAGES[0], function) for stage in STAGES)
