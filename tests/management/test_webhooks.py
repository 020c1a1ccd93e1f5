"""The resource webhooks: each call, through the use cases that the admin commands use."""

from typing import Any

from chalicelib.domain.deliveries import MAX_ENDPOINTS
from chalicelib.domain.instants import to_iso
from chalicelib.store import histories
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.endpoints import find_endpoint, find_endpoints, secrets_of
from chalicelib.web import clock
from tests.management.server import VendorsServer, granted, refused
from tests.support import HOUR, Vendor
from tests.usecases.receivers import BROKEN, OK, Receivers

URL = "https://hooks.example/in"
FIELDS = ["id", "url", "events", "products", "paused", "disabled_at", "created_at", "old_secret_until", "revision"]


def make(shop: VendorsServer, url: str = URL, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = granted(shop.post("webhooks", {"url": url} | fields), 201)
    return made


def test_a_bus_is_named_by_operators_alone(shop: VendorsServer, vendor: Vendor) -> None:
    """It lies in their account, where those of other vendors may lie."""
    sentence = "a bus of EventBridge is named by who operates the server"
    for answer in (
        shop.post("webhooks", {"url": "eventbridge:orders-of-another-vendor"}),
        shop.call("PATCH", f"webhooks/{make(shop)['id']}", {"url": "eventbridge:default"}),
    ):
        assert answer.status_code == 400
        assert sentence in answer.json()["errors"]["url"][0]
    assert [endpoint.url for endpoint in find_endpoints(vendor.code)] == [URL]


def test_a_new_webhook_answers_its_secret_once(shop: VendorsServer, vendor: Vendor) -> None:
    made = make(shop, "HTTPS://Hooks.example/in", events=["user.locked", "license.*"], products=["viewer"])
    (stored,) = find_endpoints(vendor.code)
    assert list(made) == [*FIELDS, "secret"]
    assert (made["url"], made["events"], made["products"]) == (URL, ["license.*", "user.locked"], ["viewer"])
    assert (made["id"], [made.pop("secret")]) == (stored.id, secrets_of(stored, clock.now()))
    assert granted(shop.get(f"webhooks/{stored.id}")) == made
    assert granted(shop.get("webhooks"))["results"] == [made]


def test_a_webhook_that_is_told_no_types_is_told_all(shop: VendorsServer) -> None:
    assert [make(shop)[name] for name in ("events", "products", "paused")] == [["*"], [], False]


def test_history_names_the_key_that_has_called(shop: VendorsServer, vendor: Vendor) -> None:
    make(shop)
    (event,) = [one for one in histories.company_events(vendor.code) if one.type == "webhook_created"]
    assert event.actor.name == f"management:{shop.key.split('_')[2]}"
    assert not event.actor.is_customer


def test_what_is_given_changes_and_the_rest_stays(shop: VendorsServer, vendor: Vendor) -> None:
    made = make(shop, products=["viewer"])
    path = f"webhooks/{made['id']}"
    changes: tuple[dict[str, Any], ...] = (
        {"url": f"{URL}/2"},
        {"events": ["user.*"]},
        {"paused": True},
        {"products": []},
        {},
    )
    for change in changes:
        answer = granted(shop.call("PATCH", path, change))
        assert answer == granted(shop.get(path))
        assert answer | change == answer
    assert (answer["url"], answer["events"], answer["products"], answer["paused"]) == (f"{URL}/2", ["user.*"], [], True)
    assert (answer["revision"], find_endpoint(vendor.code, made["id"]).revision) == (4, 4)


def test_all_that_is_wrong_is_told_at_once_by_field(shop: VendorsServer) -> None:
    answer = shop.post("webhooks", {"url": "ftp://x", "events": ["license.exploded"]})
    assert refused(answer, 400) == "validation_error"
    assert {name: len(found) for name, found in answer.json()["errors"].items()} == {"url": 1, "events": 1}
    answer = shop.post("webhooks", {"urls": URL})
    assert refused(answer, 400) == "missing_parameters"
    assert answer.json()["errors"].keys() == {"url", "urls"}
    assert refused(shop.post("webhooks", {"url": URL, "products": ["cad"]}), 400) == "unknown_product"
    assert granted(shop.get("webhooks"))["count"] == 0


def test_a_company_has_a_bounded_number_of_webhooks(shop: VendorsServer) -> None:
    for number in range(MAX_ENDPOINTS):
        make(shop, f"{URL}/{number}")
    assert shop.post("webhooks", {"url": URL}).json()["errors"] == {"url": ["a company has at most 20 webhooks."]}


def test_a_webhook_is_deleted_once(shop: VendorsServer) -> None:
    path = f"webhooks/{make(shop)['id']}"
    answer = shop.call("DELETE", path)
    assert (granted(answer, 204), answer.content) == (None, b"")
    for method, rest in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
        assert refused(shop.call(method, path + rest, {} if method == "PATCH" else None), 404) == "webhook_not_found"


def test_a_secret_is_replaced_and_both_count_for_a_day(shop: VendorsServer, vendor: Vendor) -> None:
    made = make(shop)
    rolled = granted(shop.post(f"webhooks/{made['id']}/rotate_secret"))
    stored = find_endpoint(vendor.code, made["id"])
    assert secrets_of(stored, clock.now()) == [rolled["secret"], made["secret"]]
    assert (rolled["old_secret_until"], rolled["revision"]) == (to_iso(stored.old_secret_until), 1)


def test_a_test_arrives_and_is_in_the_log(shop: VendorsServer, receivers: Receivers) -> None:
    path = f"webhooks/{make(shop)['id']}"
    filed = granted(shop.post(f"{path}/test"))
    assert (filed["event"], filed["state"], filed["tries"]) == ("webhook.test", "pending", 0)
    assert granted(shop.get(f"{path}/deliveries?state=pending"))["results"] == [filed]
    assert granted(shop.get(f"{path}/deliveries/{filed['id']}"))["attempts"] == []
    deliver_events(now=clock.now())
    ((_, sent),) = receivers.taken
    logged = granted(shop.get(f"{path}/deliveries"))
    assert [row["id"] for row in logged["results"]] == [filed["id"]]
    assert (logged["count"], logged["next"], logged["previous"]) == (1, None, None)
    whole = granted(shop.get(f"{path}/deliveries/{filed['id']}/"))
    assert (whole["state"], whole["status"], whole["payload"]) == ("delivered", 204, sent)
    assert (whole["event_id"], [one["status"] for one in whole["attempts"]]) == (sent["id"], [204])


def given_up(shop: VendorsServer, receivers: Receivers, number: int) -> tuple[str, list[dict[str, Any]]]:
    """The path of a webhook, and its log: so many tests, each tried until it was given up."""
    path = f"webhooks/{make(shop)['id']}"
    for _ in range(number):
        granted(shop.post(f"{path}/test"))
    receivers.answer = lambda *_: BROKEN
    for hours in range(0, 100, 4):
        deliver_events(now=clock.now() + hours * HOUR)
    receivers.answer = lambda *_: OK
    rows: list[dict[str, Any]] = granted(shop.get(f"{path}/deliveries"))["results"]
    return path, rows


def test_one_delivery_is_sent_again_and_keeps_its_id(shop: VendorsServer, receivers: Receivers) -> None:
    path, rows = given_up(shop, receivers, 2)
    assert [row["state"] for row in rows] == ["failed"] * 2
    again = f"{path}/deliveries/{rows[0]['id']}/send_again"
    for _ in range(2):  # of one that waits nothing more is to be done
        answer = granted(shop.post(again))
        assert (answer["state"], answer["event_id"]) == ("pending", rows[0]["event_id"])
    deliver_events(now=clock.now())
    states = {row["id"]: row["state"] for row in granted(shop.get(f"{path}/deliveries"))["results"]}
    assert states == {rows[0]["id"]: "delivered", rows[1]["id"]: "failed"}
    for id in ("x", "LW", f"{rows[0]['id']}A", "%00"):
        assert refused(shop.post(f"{path}/deliveries/{id}/send_again"), 404) == "delivery_not_found"


def test_a_span_is_sent_again(shop: VendorsServer, receivers: Receivers) -> None:
    path, _ = given_up(shop, receivers, 3)
    day = to_iso(clock.now())[:10]
    assert granted(shop.post(f"{path}/send_again", {"since": day, "until": "2026-01-01"})) == {"to_be_sent": 0}
    assert granted(shop.post(f"{path}/send_again", {"since": day})) == {"to_be_sent": 3}
    deliver_events(now=clock.now())
    assert granted(shop.post(f"{path}/send_again", {"since": day})) == {"to_be_sent": 0}
    assert granted(shop.post(f"{path}/send_again", {"since": day, "only_failed": False})) == {"to_be_sent": 3}
    answer = shop.post(f"{path}/send_again", {"since": "yesterday"})
    assert (refused(answer, 400), list(answer.json()["errors"])) == ("validation_error", ["since"])
