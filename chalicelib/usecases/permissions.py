"""What a manager may do with a license: asked before a page or a form, and decided in the write that does it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from chalicelib.domain.catalog import Company
from chalicelib.domain.email import display_email
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.permissions import Permission
from chalicelib.store.orders import required_of_manager
from chalicelib.usecases.portal_queries import LicenseView


def guard_permitted(view: LicenseView, needed: Iterable[Permission]) -> None:
    """Refuse a page or a form to a manager whom the vendor has denied what it is for.

    Raises `Forbidden`: `not_allowed_by_vendor`.
    """
    if not view.allows(*needed):
        raise not_allowed(view.principal.company)


def not_allowed(company: Company) -> Forbidden:
    """The refusal, with whom to write to, where the company names somebody."""
    if not company.support_email:
        return Forbidden("not_allowed_by_vendor", of="vendor", vendor=company.name)
    support = display_email(company.support_email)
    return Forbidden("not_allowed_by_vendor", of="support", vendor=company.name, support=support)


@contextmanager
def permitted(company: str, manager_id: int | None, license_id: int, needed: Iterable[Permission]) -> Iterator[None]:
    """Let what is written inside be written only while the manager may do all this; no page that he was shown is proof.

    The vendor may take a permission away, or the manager off the order, amid what he does. `manager_id`: None for an
    operator, who may do all. Raises `Forbidden`: `not_allowed_by_vendor`.
    """
    if manager_id is None:
        yield
        return
    refusal = Forbidden("not_allowed_by_vendor")
    with required_of_manager(company, manager_id, license_id, needed, refusal):
        yield
