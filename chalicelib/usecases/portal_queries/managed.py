"""The licenses that a user manages: the list."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain import keys
from chalicelib.domain.catalog import LicenseSummary
from chalicelib.domain.figures import FIGURES
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, LicenseState, license_title
from chalicelib.domain.paging import MAX_SCANNED, Page, Rows, cut
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.standing import Standing
from chalicelib.store import accounts, batch_reads
from chalicelib.store.batch_reads import ReadRequest
from chalicelib.store.orders import managed_among, read_managed_licenses
from chalicelib.usecases.catalog import known_product
from chalicelib.usecases.portal_queries.listing import CHUNK, ListQuery, has_words, list_page, page_with
from chalicelib.usecases.portal_queries.principal import Principal, authenticate, standing_of

SEARCHED_AT_ONCE, LOOKED_AT_ONCE = MAX_SCANNED, 100
"""Rows of the list in one read, and licenses in one read that are looked at."""
MAX_PRODUCTS = 60
"""Products that can be chosen by name: what fits into the one read with the page's licenses."""
_ID = re.compile(r"[0-9]{12,16}")
_KEY = re.compile(r"[0-9A-Za-z]{5}(?:[- ]?[0-9A-Za-z]{5}){2,}")
"""What may be a whole id or a whole key of ours, so that it is looked for as one."""
_LAST = 2**63
_BY_SUMMARY: dict[str, Callable[[LicenseSummary], Any]] = {  # what can be compared
    "product": lambda sold: (sold.product.lower(), -sold.license_id),
    "order": lambda sold: (sold.order_id.lower(), -sold.license_id),
}
_BY_STATE: dict[str, Callable[[LicenseState], Any]] = {  # what can be compared
    "ends": lambda state: (state.validity_period or _LAST, -state.id),
    "users": lambda state: (-state.users_assigned, -state.id),
    "activations": lambda state: (-state.times_activated, -state.id),
}


@dataclass(frozen=True, slots=True)
class LicenseRow:
    """A license in a list."""

    license: License
    product: str
    """Its name, as people read it."""
    standing: Standing

    @property
    def title(self) -> str:
        """What people call it."""
        return license_title(self.product, self.license)


@dataclass(frozen=True, slots=True)
class LicensesView:
    """The licenses that a user manages."""

    principal: Principal
    page: Page[LicenseRow]
    products: dict[str, str]
    """Codes and names of the products among the rows that were looked at: of a list that is counted, all."""
    any: bool
    """Whether the user manages any license at all."""


@dataclass(slots=True)
class _Managed:
    """The list of one user, newest first or oldest first, and what was seen of it."""

    claims: SessionClaims
    list_query: ListQuery
    now: Instant
    products: dict[str, None]
    any: bool = False
    states: dict[int, LicenseState] = field(default_factory=dict)

    def rows(self) -> Rows[LicenseSummary]:
        return Rows(self.read, lambda sold: str(sold.license_id), CHUNK, SEARCHED_AT_ONCE)

    def read(self, after: str, backwards: bool, limit: int) -> tuple[list[LicenseSummary], bool]:
        descending = backwards == (self.list_query.sort == "oldest")
        position = int(after) if after else None
        sold = read_managed_licenses(
            self.claims.company, self.claims.user_id, after=position, backwards=descending, limit=limit + 1
        )
        read, more = cut(sold, limit)
        self.any = self.any or bool(read)
        self.products |= dict.fromkeys(one.product for one in read)
        return read, more

    def named(self) -> list[LicenseSummary]:
        """The license that the search names by its whole key or id, if it is one of the user's: found by that."""
        text = self.list_query.search.strip()
        license_id = int(text) if _ID.fullmatch(text) else None
        if _KEY.fullmatch(text):
            license_id = accounts.find_license_id_by_key(self.claims.company, keys.normalize(text))
        return self._one(license_id)

    def with_key(self, page: Page[LicenseSummary]) -> Page[LicenseSummary]:
        """A first page that is cut, with the license in front whose whole key the search is, whatever shape that has:
        keys of other systems have any. Where all was looked at, it is among them.
        """
        forms = keys.forms(self.list_query.search)
        if not page.is_cut or self.list_query != ListQuery(search=self.list_query.search) or not forms:
            return page
        sold = self._one(accounts.find_license_id_by_any(self.claims.company, forms))
        return replace(page, rows=[*sold, *(row for row in page.rows if row not in sold)])

    def _one(self, license_id: int | None) -> list[LicenseSummary]:
        """A license, if it is one of the user's."""
        sold = managed_among(self.claims.company, self.claims.user_id, [] if license_id is None else [license_id])
        self.any = self.any or bool(sold)
        self.products |= dict.fromkeys(one.product for one in sold)
        return sold

    def keep(self, sold: list[LicenseSummary]) -> list[LicenseSummary]:
        """Those that are asked for, in order: at least as many as a page shows, where there are.

        Each of which its summary does not tell is looked at, for its name or its status, a hundred in one read.
        """
        of_product = [one for one in sold if self.list_query.product in ("", one.product)]
        found: list[LicenseSummary] = []
        for start in range(0, len(of_product), LOOKED_AT_ONCE):
            found += self._asked_for(of_product[start : start + LOOKED_AT_ONCE])
            if len(found) > self.list_query.size:
                break
        return found

    def _asked_for(self, sold: list[LicenseSummary]) -> list[LicenseSummary]:
        search, status = self.list_query.search, self.list_query.status
        unsure = [one for one in sold if status or not has_words(_texts(one), search)]
        states = self._states(unsure) if unsure else {}
        return [
            one
            for one in sold
            if has_words(_texts(one, states.get(one.license_id)), search)
            and (not status or self._stands_so(states.get(one.license_id)))
        ]

    def arrange(self, sold: list[LicenseSummary]) -> list[LicenseSummary]:
        """As they are to be sorted; by what changes, each is looked at."""
        sort = self.list_query.sort
        if sort in _BY_SUMMARY:
            return sorted(sold, key=_BY_SUMMARY[sort])
        if sort in _BY_STATE and sold:
            states = self._states(sold)
            there = [one for one in sold if one.license_id in states]
            return sorted(there, key=lambda one: _BY_STATE[sort](states[one.license_id]))
        return sold

    def _states(self, sold: list[LicenseSummary]) -> dict[int, LicenseState]:
        unknown = [one.license_id for one in sold if one.license_id not in self.states]
        self.states |= batch_reads.license_states(self.claims.company, unknown)
        return self.states

    def _stands_so(self, state: LicenseState | None) -> bool:
        if state is None:
            return False
        if counts := FIGURES.get(self.list_query.status):
            return counts(state, self.now)
        product = known_product(self.claims.company, state.product, now=self.now)
        return standing_of(state, product, self.now).state == self.list_query.status


def _texts(sold: LicenseSummary, state: LicenseState | None = None) -> tuple[str, ...]:
    """What a license is searched by; its name, where it was looked at."""
    name = state.name if state is not None and state.name else ""
    return (sold.license_key, sold.product, sold.order_id, sold.customer, str(sold.license_id), name)


def managed_licenses(claims: SessionClaims, list_query: ListQuery, *, now: Instant) -> LicensesView:
    """A page of the licenses that the user manages, newest first. Raises `session_expired`.

    Two reads; one more where a list that is counted is sorted by what changes, and more where a filter looks on.
    """
    managed = _Managed(claims, list_query, now, dict.fromkeys([list_query.product] if list_query.product else []))
    filtered = list_query.search.strip() or list_query.product or list_query.status
    named = managed.named() if list_query == ListQuery(search=list_query.search) else []
    keep = managed.keep if filtered else None
    page = Page(named, 1, len(named))
    if not named:
        page = managed.with_key(list_page(managed.rows(), list_query, keep, managed.arrange))
    codes = sorted(list(managed.products)[:MAX_PRODUCTS])
    found = batch_reads.batch_read(claims, ReadRequest(licenses=[s.license_id for s in page.rows], products=codes), now)
    principal, known = authenticate(claims, found, now), found.licenses
    names = {code: found.products[code].name for code in codes if code in found.products}
    rows = [
        LicenseRow(one, names.get(one.product, one.product), standing_of(one, found.products.get(one.product), now))
        for sold in page.rows
        if (one := known.get(sold.license_id)) is not None
    ]
    return LicensesView(principal, page_with(page, rows), names, managed.any)
