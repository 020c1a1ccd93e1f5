"""Items of work that waits or is under way: transitions and updates to come, mails, batches and files to import."""

from types import MappingProxyType

from chalicelib.domain.batch import BatchProgress
from chalicelib.domain.import_results import ImportJob
from chalicelib.domain.mail import QueuedMail
from chalicelib.domain.scheduled_updates import ScheduledUpdate
from chalicelib.domain.transitions import Due
from chalicelib.store import keys
from chalicelib.store.attributes import IntegerAttribute, JSONAttribute, TextAttribute
from chalicelib.store.items.base import AccountsItem, EphemeraItem, LicensesItem
from chalicelib.store.schema import Fields


class DueItem(LicensesItem[Due]):
    """A license with a transition, a notice, a lapse or an update to come, filed by when."""

    stored_as = MappingProxyType({"announced_phase": "announced"})

    company: TextAttribute
    id: IntegerAttribute
    validity_period: IntegerAttribute
    notified_until: IntegerAttribute
    update_id: IntegerAttribute


class ScheduledUpdateItem(AccountsItem[ScheduledUpdate]):
    """A scheduled update, in its company's partition."""

    company: TextAttribute
    id: IntegerAttribute
    license: IntegerAttribute
    slot: IntegerAttribute
    at: IntegerAttribute
    status: TextAttribute
    revision: IntegerAttribute


class UpdateSlotItem(LicensesItem[None]):
    """A place of a license for a scheduled update: there are so many and no more."""

    update_id = IntegerAttribute()


class MailItem(LicensesItem[QueuedMail]):
    """A mail that waits to be sent, filed by when it was queued; what it says is encrypted."""

    by_hand = ("shard", "id")
    omits_defaults = True
    sealed: TextAttribute
    queued_at: IntegerAttribute
    tries: IntegerAttribute
    not_before: IntegerAttribute
    digest: TextAttribute

    claim = TextAttribute(null=True)

    def fields_by_hand(self) -> Fields:
        return {"shard": int(self.pk.removeprefix(keys.mail_pk())), "id": self.sort_key}


class BatchProgressItem(LicensesItem[BatchProgress]):
    """A batch that is under way."""

    position: IntegerAttribute
    reserved: IntegerAttribute


class BatchItem(EphemeraItem[None]):
    """The people of a batch, in order; the first `places` of them have got seats."""

    people = JSONAttribute()
    refused = JSONAttribute(null=True)
    """Who stood in the list and gets no seat."""
    columns = JSONAttribute(null=True)
    """The names of what stands in each row of the two, in its order. None: those of before there was this."""
    places = IntegerAttribute()


class ImportJobItem(LicensesItem[ImportJob]):
    """A file that is not imported whole yet."""


class ImportPartItem(EphemeraItem[None]):
    """A part of the text of a file that is not imported whole yet."""

    text = TextAttribute()
