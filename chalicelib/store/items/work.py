"""Items of work that waits or is under way: transitions to come, mails and batches."""

from types import MappingProxyType

from chalicelib.domain.batch import BatchProgress
from chalicelib.domain.mail import QueuedMail
from chalicelib.domain.transitions import Due
from chalicelib.store import keys
from chalicelib.store.attributes import IntegerAttribute, JSONAttribute, TextAttribute
from chalicelib.store.items.base import EphemeraItem, LicensesItem
from chalicelib.store.schema import Fields


class DueItem(LicensesItem[Due]):
    """A license with a transition to come, or with a notice to be given, filed by when."""

    stored_as = MappingProxyType({"announced_phase": "announced"})

    company: TextAttribute
    id: IntegerAttribute
    validity_period: IntegerAttribute
    notified_until: IntegerAttribute


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
