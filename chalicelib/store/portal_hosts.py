"""Hosts where companies have their portals: a link each, so that no host leads to two of them."""

from contextlib import suppress

from chalicelib.domain.catalog import Company
from chalicelib.store import reads, writes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import COMPANY, portal_host_pk
from chalicelib.store.transactions import Transaction


def company_code_of(host: str) -> str | None:
    """The code of the company that has its portal at this host, consistently."""
    link = reads.get(_link(host))
    return None if link is None else link.company


def put_portal_host(write: Transaction, old: Company, new: Company) -> None:
    """Let a transaction that changes a company's host take the new one, if nobody has it, and free the old one."""
    if new.portal_host:
        write.put(_link(new.portal_host, new.code), LookupItem.pk.does_not_exist())
    if old.portal_host:
        is_ours = LookupItem.company == old.code
        write.delete(_link(old.portal_host), is_ours | LookupItem.pk.does_not_exist())


def free_portal_host(company: Company) -> None:
    """Free the host of a company that is about to go. Does nothing where it is another's."""
    if company.portal_host:
        with suppress(ConditionFailed):
            writes.delete(_link(company.portal_host), LookupItem.company == company.code)


def _link(host: str, company: str | None = None) -> LookupItem:
    return LookupItem(portal_host_pk(host), COMPANY, company=company)
