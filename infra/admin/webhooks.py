"""The commands for webhooks: where a company is told of what happens, and what was delivered there."""

from collections.abc import Mapping

from chalicelib.domain.days import Moment, first_instant, last_instant
from chalicelib.domain.deliveries import Backlog, Delivery, Endpoint
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.paging import cut
from chalicelib.domain.types import Json
from chalicelib.usecases import endpoints
from chalicelib.usecases.create import find_company
from infra.admin.command_result import CommandResult, make_once
from infra.admin.operator_name import operator
from infra.admin.parser import UsageError

SHOWN_TRIES = 5
"""Of one delivery."""
_SHOWN_ONCE = "The secret is shown this once."
_FROM_WHEN = "What happens a minute from now is sent for sure: until then a server may not know of it."
_WHEN = "It is sent within a second on one machine, within a minute on AWS; `webhook log` shows what came of it."


def webhook_create(
    company: str, url: str, event: list[str], product: list[str], idempotency_key: str | None, *, now: Instant
) -> CommandResult:
    def make() -> tuple[Endpoint, str]:
        listens_to, products = frozenset(event or ["*"]), frozenset(product)
        return endpoints.create_endpoint(company, url, listens_to, operator(), products=products, now=now)

    def answer(made: tuple[Endpoint, str]) -> CommandResult:
        endpoint, secret = made
        return CommandResult(_document(endpoint) | {"secret": secret}, f"{_SHOWN_ONCE} {_FROM_WHEN}")

    return make_once(idempotency_key, company, ["webhook create", url, event, product], make, answer, now=now)


def webhook_list(company: str, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a list has no time
    rows = [_listed(*found) for found in endpoints.find_backlogs(company)]
    return CommandResult({"company": company, "webhooks": rows})


def webhook_show(company: str, webhook: int, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a record has no time
    return CommandResult({"company": company} | _listed(*endpoints.find_backlog(company, webhook)))


def webhook_set(
    company: str,
    webhook: int,
    url: str | None,
    event: list[str],
    product: list[str],
    pause: bool,
    resume: bool,
    *,
    now: Instant,
) -> CommandResult:
    if pause and resume:
        raise UsageError("Say --pause or --resume, not both.")
    changed = endpoints.change_endpoint(
        company,
        webhook,
        operator(),
        url=url,
        listens_to=frozenset(event) or None,
        products=frozenset(product) - {""} if product else None,
        paused=pause if pause or resume else None,
        now=now,
    )
    return CommandResult(_document(changed), _FROM_WHEN if event or product else "")


def webhook_rotate_secret(company: str, webhook: int, *, now: Instant) -> CommandResult:
    changed, secret = endpoints.roll_secret(company, webhook, operator(), now=now)
    until = {"secret": secret, "old_secret_until": to_iso(changed.old_secret_until)}
    return CommandResult(_document(changed) | until, _SHOWN_ONCE)


def webhook_delete(company: str, webhook: int, *, now: Instant) -> CommandResult:
    endpoints.delete_endpoint(company, webhook, operator(), now=now)
    return CommandResult({"company": company, "id": webhook, "deleted": True})


def webhook_test(company: str, webhook: int, *, now: Instant) -> CommandResult:
    filed = endpoints.send_test(company, webhook, operator(), now=now)
    return CommandResult({"company": company, "webhook": webhook, "id": filed.id}, _when(company, webhook))


def webhook_log(company: str, webhook: int, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    waiting, more = cut(endpoints.waiting_deliveries(company, webhook, limit=limit + 1), limit)
    logged, is_more = cut(endpoints.delivery_log(company, webhook, after=after, limit=limit + 1), limit)
    document: Json = {"company": company, "webhook": webhook, "after": logged[-1].key if is_more else None}
    document |= {"waiting": [_waiting(one) for one in waiting], "deliveries": [_logged(one) for one in logged]}
    document["last_tries"] = [row for one in (*waiting, *logged) if len(one.tries) > 1 for row in _tries(one)]
    return CommandResult(document, "More deliveries wait: --limit shows them." if more else "")


def webhook_resend(
    company: str, webhook: int, since: Moment, until: Moment | None, all: bool, *, now: Instant
) -> CommandResult:
    zone = find_company(company).time_zone
    begin, end = first_instant(since, zone), now if until is None else last_instant(until, zone)
    number = endpoints.send_again(company, webhook, since=begin, until=end, only_failed=not all, now=now)
    document: Json = {"company": company, "webhook": webhook, "since": to_iso(begin), "until": to_iso(end)}
    return CommandResult(document | {"to_be_sent": number}, _when(company, webhook) if number else "")


def _when(company: str, webhook: int) -> str:
    """When what was filed is sent."""
    endpoint = endpoints.find_endpoint(company, webhook)
    state = "paused" if endpoint.paused else "disabled"
    return _WHEN if endpoint.is_sent_to else f"The webhook is {state}: it is sent after `webhook set --resume`."


def _row(endpoint: Endpoint) -> Json:
    return {
        "id": endpoint.id,
        "paused": endpoint.paused,
        "disabled_at": to_iso(endpoint.disabled_at),
        "created_at": to_iso(endpoint.created_at),
        "products": sorted(endpoint.products) or None,
        "url": endpoint.url,
        "events": sorted(endpoint.listens_to),
    }


def _listed(endpoint: Endpoint, backlog: Backlog) -> Json:
    row = _row(endpoint)
    addressed = {name: row.pop(name) for name in ("products", "url", "events")}
    state = {
        "waiting": backlog.waiting,
        "oldest_waiting": to_iso(backlog.oldest_at),
        "failing_since": to_iso(backlog.failing_since),
        "last_error": backlog.last_error or None,
    }
    return row | state | addressed


def _document(endpoint: Endpoint) -> Json:
    return {"company": endpoint.company} | _row(endpoint)


def _waiting(delivery: Delivery) -> Json:
    return {"next_try_at": to_iso(delivery.next_try_at)} | _delivery(delivery)


def _logged(delivery: Delivery) -> Json:
    return {"state": delivery.state} | _delivery(delivery)


def _delivery(delivery: Delivery) -> Json:
    """What it is, and what came of its last try."""
    last = max(delivery.tries, key=int, default=None)
    return {
        "filed_at": to_iso(delivery.created_at),
        "event": delivery.type,
        "id": delivery.id,
        "tries": len(delivery.tries),
        "last_try_at": None if last is None else to_iso(int(last)),
        **_came({} if last is None else delivery.tries[last]),
    }


def _tries(delivery: Delivery) -> list[Json]:
    """What came of its last tries, the newest first."""
    newest = sorted(delivery.tries, key=int, reverse=True)[:SHOWN_TRIES]
    return [{"id": delivery.id, "tried_at": to_iso(int(at)), **_came(delivery.tries[at])} for at in newest]


def _came(of: Mapping[str, str | int | None]) -> Json:
    return {"status": of.get("status"), "error": of.get("error"), "excerpt": of.get("excerpt") or None}
