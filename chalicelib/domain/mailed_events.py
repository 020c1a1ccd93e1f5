"""Which events people are mailed of, beside those who are told by webhooks."""

from collections.abc import Collection, Mapping

from chalicelib.domain.events import EventType
from chalicelib.domain.mail import MailCode

MAILED: Mapping[EventType, frozenset[MailCode]] = {
    "license_will_expire": frozenset({"license_ends"}),
    "grace_started": frozenset({"license_grace"}),
    "license_expired": frozenset({"license_expired"}),
    "license_limit_reached": frozenset({"users_taken", "devices_taken"}),
    "webhook_disabled": frozenset({"endpoint_disabled"}),
    "sweep_late": frozenset({"sweep_late"}),
}
"""By event, the mails that it may lead to: to the managers of a license, the last two to the company itself."""


def events_mailed(mails_off: Collection[MailCode]) -> frozenset[EventType]:
    """The events of which somebody is mailed, in a company that has switched off these mails."""
    return frozenset(event for event, codes in MAILED.items() if not codes <= frozenset(mails_off))
