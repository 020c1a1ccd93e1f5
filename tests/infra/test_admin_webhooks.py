"""The admin commands for webhooks."""

from typing import Any

from chalicelib.domain.instants import to_iso
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.endpoints import find_endpoint, find_endpoints, secrets_of, send_test
from chalicelib.web import clock
from tests.infra.operator import Operator, value_beside
from tests.support import ADMIN, DAY, HOUR, Vendor
from tests.usecases.receivers import BROKEN, OK, SLOW, URL, Receivers, listen

MINUTE = 60_000


def of(vendor: Vendor, webhook: int) -> str:
    """How a line names a webhook."""
    return f"--company {vendor.code} --webhook {webhook}"


def test_a_new_webhook_answers_its_secret_once(operator: Operator, vendor: Vendor) -> None:
    line = f"webhook create --company {vendor.code} --url HTTPS://Hooks.example/in --event 'license.*'"
    answer = operator.asks(f"{line} --event user.locked --product viewer")
    (stored,) = find_endpoints(vendor.code)
    (secret,) = secrets_of(stored, clock.now())
    assert answer == {
        "company": vendor.code,
        "id": stored.id,
        "paused": False,
        "disabled_at": None,
        "created_at": to_iso(stored.created_at),
        "products": ["viewer"],
        "url": "https://hooks.example/in",
        "events": ["license.*", "user.locked"],
        "secret": secret,
    }
    note = operator.noted(f"webhook create --company {vendor.code} --url https://other.example")
    assert note.startswith("The secret is shown this once. What happens a minute from now is sent for sure")
    assert "secret" not in operator.reads(f"webhook list --company {vendor.code}")


def test_a_webhook_that_is_told_no_types_is_told_all(operator: Operator, vendor: Vendor) -> None:
    answer = operator.asks(f"webhook create --company {vendor.code} --url https://hooks.example")
    assert (answer["events"], answer["products"]) == (["*"], None)


def test_the_webhooks_of_a_company_are_listed_as_a_table(operator: Operator, vendor: Vendor) -> None:
    first, second = (
        listen(vendor),
        listen(vendor, "user.*", "license.expired", at=vendor.now + HOUR, products=frozenset({"viewer"})),
    )
    rows = operator.asks(f"webhook list --company {vendor.code}")["webhooks"]
    assert [(row["id"], row["events"]) for row in rows] == [
        (first, ["*"]),
        (second, ["license.expired", "user.*"]),
    ]
    *_, heads, all_of_them, some = operator.reads(f"webhook list --company {vendor.code}").splitlines()
    assert heads.split()[0] == "id"
    assert all_of_them.split()[-3:] == ["all", URL, "*"]
    assert some.endswith(f"viewer    {URL}  license.expired, user.*")


def test_what_is_given_of_a_webhook_changes_and_the_rest_stays(operator: Operator, vendor: Vendor) -> None:
    line = of(vendor, webhook := listen(vendor, products=frozenset({"viewer"})))
    operator.asks(f"webhook set {line} --url https://new.example/in")
    answer = operator.asks(f"webhook set {line} --event user.locked")
    assert (answer["url"], answer["events"], answer["products"]) == (
        "https://new.example/in",
        ["user.locked"],
        ["viewer"],
    )
    assert operator.asks(f"webhook set {line} --product ''")["products"] is None
    assert operator.asks(f"webhook set {line} --pause")["paused"] is True
    assert operator.asks(f"webhook set {line} --url https://newer.example")["paused"] is True
    assert operator.asks(f"webhook set {line} --resume")["paused"] is False
    assert find_endpoint(vendor.code, webhook).listens_to == {"user.locked"}


def test_a_new_secret_is_signed_with_beside_the_old_one_for_a_day(operator: Operator, vendor: Vendor) -> None:
    line = of(vendor, webhook := listen(vendor))
    (old,) = secrets_of(find_endpoint(vendor.code, webhook), clock.now())
    answer = operator.asks(f"webhook rotate-secret {line}")
    rotated = find_endpoint(vendor.code, webhook)
    assert rotated.old_secret_until is not None
    assert secrets_of(rotated, rotated.old_secret_until - 1) == [answer["secret"], old]
    assert secrets_of(rotated, rotated.old_secret_until) == [answer["secret"]]
    assert answer["old_secret_until"] == to_iso(rotated.old_secret_until)


def test_a_deleted_webhook_is_gone(operator: Operator, vendor: Vendor) -> None:
    line = of(vendor, webhook := listen(vendor))
    assert operator.asks(f"webhook delete {line}") == {"company": vendor.code, "id": webhook, "deleted": True}
    assert find_endpoints(vendor.code) == []
    assert operator.refused(f"webhook delete {line}") == "There is no such webhook."


def test_a_test_is_sent_and_stands_in_the_log(operator: Operator, vendor: Vendor, receivers: Receivers) -> None:
    line = of(vendor, listen(vendor))
    sent = operator.asks(f"webhook test {line}")
    (waiting,) = operator.asks(f"webhook log {line}")["waiting"]
    assert (waiting["id"], waiting["event"], waiting["tries"]) == (sent["id"], "webhook.test", 0)
    deliver_events(now=clock.now())
    log = operator.asks(f"webhook log {line}")
    (done,) = log["deliveries"]
    assert (log["waiting"], done["state"], done["id"], done["status"]) == ([], "delivered", sent["id"], 204)
    assert [body["id"] for body in receivers.bodies()] == [sent["id"]]


def test_it_is_said_when_a_test_is_sent(operator: Operator, vendor: Vendor) -> None:
    line = of(vendor, listen(vendor))
    assert "within a second on one machine, within a minute on AWS" in operator.noted(f"webhook test {line}")
    operator.asks(f"webhook set {line} --pause")
    assert operator.noted(f"webhook test {line}").startswith("The webhook is paused: ")


def test_what_failed_says_why_and_when_it_is_tried_next(
    operator: Operator, vendor: Vendor, receivers: Receivers
) -> None:
    receivers.answer = lambda _url, _body: BROKEN
    line = of(vendor, listen(vendor))
    operator.asks(f"webhook test {line}")
    deliver_events(now=(now := clock.now()))
    (waiting,) = operator.asks(f"webhook log {line}")["waiting"]
    assert (waiting["tries"], waiting["last_try_at"], waiting["status"]) == (1, to_iso(now), 500)
    assert (waiting["error"], waiting["excerpt"]) == (None, "out of order")
    assert waiting["next_try_at"] > waiting["last_try_at"]
    assert any(
        row.endswith("500     -      out of order") for row in operator.reads(f"webhook log {line}").splitlines()
    )


def test_the_log_shows_the_last_five_tries_of_what_was_tried_more_than_once(
    operator: Operator, vendor: Vendor, receivers: Receivers
) -> None:
    line = of(vendor, listen(vendor))
    once, sent = operator.asks(f"webhook test {line}"), operator.asks(f"webhook test {line}")
    answers = iter([SLOW, BROKEN, *[SLOW] * 4])
    receivers.answer = lambda _, body: OK if body["id"] == once["id"] else next(answers)
    tried_at = [clock.now() + hours * HOUR for hours in (0, 1, 2, 3, 4, 7)]
    for now in tried_at:
        deliver_events(now=now)
    log = operator.asks(f"webhook log {line}")
    assert [one["tries"] for one in (*log["waiting"], *log["deliveries"])] == [6, 1]
    assert [(one["id"], one["tried_at"]) for one in log["last_tries"]] == [
        (sent["id"], to_iso(at)) for at in tried_at[:0:-1]
    ]
    assert [(one["status"], one["error"]) for one in log["last_tries"]] == [(None, "timeout")] * 4 + [(500, None)]
    assert "last tries:" in operator.reads(f"webhook log {line}")


def test_the_list_says_what_waits_and_since_when_a_webhook_fails_and_why(
    operator: Operator, vendor: Vendor, receivers: Receivers
) -> None:
    def listed() -> list[tuple[Any, ...]]:
        rows = operator.asks(f"webhook list --company {vendor.code}")["webhooks"]
        return [
            tuple(row[name] for name in ("waiting", "oldest_waiting", "failing_since", "last_error")) for row in rows
        ]

    webhook, begun = listen(vendor), vendor.now + MINUTE
    listen(vendor, "user.locked", url="https://other.example", at=vendor.now + HOUR)
    for number in range(2):
        send_test(vendor.code, webhook, ADMIN, now=vendor.now + number)
    oldest, of_other = to_iso(vendor.now), (0, None, None, None)
    assert listed() == [(2, oldest, None, None), of_other]
    for hours, answer, error in ((0, BROKEN, "500"), (1, SLOW, "timeout")):
        receivers.answer = lambda *_, answer=answer: answer
        deliver_events(now=begun + hours * HOUR)
        assert listed() == [(2, oldest, to_iso(begun), error), of_other]
    assert to_iso(begun) in operator.reads(f"webhook list --company {vendor.code}")
    receivers.answer = lambda *_: OK
    deliver_events(now=begun + 3 * HOUR)
    assert listed() == [(0, None, None, None), of_other]


def test_a_webhook_that_is_tested_after_it_has_failed_fails_no_more_until_it_does(
    operator: Operator, vendor: Vendor, receivers: Receivers
) -> None:
    receivers.answer = lambda *_: BROKEN
    line = of(vendor, listen(vendor))
    operator.asks(f"webhook test {line}")
    deliver_events(now=clock.now())
    operator.asks(f"webhook test {line}")
    (row,) = operator.asks(f"webhook list --company {vendor.code}")["webhooks"]
    assert (row["waiting"], row["failing_since"], row["last_error"]) == (2, None, None)


def test_the_log_is_read_in_pages_the_newest_first(operator: Operator, vendor: Vendor, receivers: Receivers) -> None:
    line = of(vendor, listen(vendor))
    ids = [operator.asks(f"webhook test {line}")["id"] for _ in range(5)]
    assert operator.noted(f"webhook log {line} --limit 4") == "More deliveries wait: --limit shows them.\n"
    assert {one["id"] for one in operator.asks(f"webhook log {line} --limit 5")["waiting"]} == set(ids)
    deliver_events(now=clock.now())
    pages, after = [], ""
    for _ in range(3):
        page = operator.asks(f"webhook log {line} --limit 2 {after}")
        pages.append([one["id"] for one in page["deliveries"]])
        after = f"--after '{page['after']}'"
    assert pages == [ids[:2:-1], ids[2:0:-1], ids[:1]]
    assert page["after"] is None


def test_what_was_given_up_is_sent_again_and_all_only_where_it_is_said(
    operator: Operator, vendor: Vendor, receivers: Receivers
) -> None:
    line, license = of(vendor, listen(vendor, "license.activated")), vendor.issue(max_activations=9)
    begun = vendor.now + MINUTE
    vendor.activate(license, "HW-1", now=begun)
    deliver_events(now=begun)
    receivers.answer = lambda _url, _body: BROKEN
    vendor.activate(license, "HW-2", now=begun + HOUR)
    for days in range(5):
        deliver_events(now=begun + HOUR + days * DAY)
    receivers.answer = lambda _url, _body: OK
    times = f"--since {to_iso(begun)} --until {to_iso(begun + HOUR)}"
    answer = operator.asks(f"webhook resend {line} {times}")
    assert (answer["to_be_sent"], answer["since"], answer["until"]) == (1, to_iso(begun), to_iso(begun + HOUR))
    deliver_events(now=clock.now() + DAY)
    devices = [body["data"]["device"]["hardware_id"] for body in receivers.bodies()]
    assert devices == ["HW-1", "HW-2"]
    assert operator.asks(f"webhook resend {line} {times}")["to_be_sent"] == 0
    assert operator.asks(f"webhook resend {line} --since 2026-11-24 --until 2026-11-24 --all")["to_be_sent"] == 2
    assert value_beside(operator.reads(f"webhook resend {line} --since 2026-11-25"), "since") == (
        "2026-11-25T00:00:00.000Z"
    )
