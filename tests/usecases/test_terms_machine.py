"""Any sequence of changes of terms, by one vendor and by a rival between his read and his write, amid activations: what
is stored, answered, listed and recorded is what a small model says.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.extras import Extras
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License
from chalicelib.usecases import license_list
from chalicelib.usecases.change_terms import change_terms, find_sold
from chalicelib.usecases.license_list import LicenseFilter, list_licenses
from tests.store.seam import Answer, Request, Send, intercepted
from tests.support import ADMIN, DAY, NOW, Vendor

Terms = Mapping[str, Any]
ENDS = [NOW + days * DAY for days in (200, 300)]
TERMS: Terms = {"max_activations": 2, "is_trial": False, "name": None, "validity_period": ENDS[0], "note": ""}
"""As each license is sold."""
VALUES: Mapping[str, list[Any]] = {
    "max_activations": [0, 1, 2, 3, None],
    "is_trial": [False, True],
    "name": ["Office", "Studio"],
    "validity_period": ENDS,
    "note": ["", "by phone"],
}
some_terms = {name: st.sampled_from(values) for name, values in VALUES.items()}
changes = st.fixed_dictionaries({}, optional=some_terms) | st.fixed_dictionaries(
    {"max_activations": some_terms["max_activations"]}
)
TRIALS = LicenseFilter(tests=(lambda license, _: license.is_trial,))


@dataclass
class Model:
    """A license, as it has to be."""

    terms: dict[str, Any] = field(default_factory=lambda: dict(TERMS))
    revision: int = 0
    active: set[str] = field(default_factory=set)
    recorded: list[dict[str, Any]] = field(default_factory=list)
    """What each change was, oldest first."""

    def change(self, given: Terms, *, strict: bool = False, revision: int | None = None) -> str:
        """`ok`, or the code of the refusal."""
        most = given.get("max_activations")
        if revision not in (None, self.revision):
            return "revision_changed"
        if strict and most is not None and len(self.active) > most:
            return "limit_below_use"
        moved = {name: value for name, value in given.items() if value != self.terms[name]}
        if moved:
            self.recorded.append({part: of for name in moved for part, of in self._detail(name, moved[name])})
            self.terms |= moved
            self.revision += 1
        return "ok"

    def _detail(self, name: str, value: Any) -> Iterator[tuple[str, Any]]:
        both = (value, self.terms[name])
        new, old = map(to_iso, both) if name == "validity_period" else both
        yield from ((name, new), (f"{name}_before", old))

    def activate(self, device: str) -> str:
        most = self.terms["max_activations"]
        if device not in self.active and most is not None and len(self.active) >= most:
            return "license_activated_max_times"
        self.active.add(device)
        return "ok"


@dataclass
class Walk:
    """Somebody who goes through the trials, page by page."""

    missed: set[int]
    """Those that were trials when it began, and are since."""
    seen: list[int] = field(default_factory=list)
    after: int | None = None
    is_over: bool = False


@settings(max_examples=80, stateful_step_count=20, deadline=None)
class TermsMachine(RuleBasedStateMachine):
    """Licenses of a vendor, their terms, and lists of them."""

    def __init__(self) -> None:
        super().__init__()
        self.vendor = Vendor()
        self.models: dict[int, Model] = {}
        self.sold: dict[int, License] = {}
        self.walks: list[Walk] = []
        self.bounds = (patch.object(license_list, "CHUNK", 2), patch.object(license_list, "MOST", 4))
        for bound in self.bounds:
            bound.start()

    def teardown(self) -> None:
        for walk in self.walks:
            while not walk.is_over:
                self.step(walk)
        for bound in self.bounds:
            bound.stop()

    licenses = st.runner().flatmap(lambda machine: st.sampled_from(sorted(machine.models)))

    @initialize()
    def begin_with_two(self) -> None:
        """One of which is full."""
        self.issue()
        self.issue()
        for device in "ab":
            self.activate(min(self.models), device)

    @precondition(lambda self: len(self.models) < 6)
    @rule()
    def issue(self) -> None:
        self.vendor.now += 10
        end = TERMS["validity_period"]
        license = self.vendor.issue(license_type="time-limited", max_activations=2, validity_period=end)
        self.models[license.id], self.sold[license.id] = Model(), license

    @precondition(lambda self: self.models)
    @rule(
        id=licenses,
        given=changes,
        rival=st.none() | changes,
        rival_device=st.sampled_from([None, "a", "b", "c"]),
        strict=st.booleans(),
        stale=st.sampled_from([None, None, None, 0, 1]),
    )
    def change(
        self, id: int, given: Terms, rival: Terms | None, rival_device: str | None, strict: bool, stale: int | None
    ) -> None:
        """`stale`: how far behind the revision is that is sent; None: none is."""
        self.vendor.now += 10
        model = self.models[id]
        revision = None if stale is None else model.revision - stale

        def meanwhile() -> None:
            if rival is not None:
                change_terms(self.vendor.code, id, rival, ADMIN, now=self.vendor.now)
                model.change(rival)
            if rival_device is not None:
                self.activated(id, rival_device)

        with before_its_write(meanwhile):
            sent: Any = {"strict": strict, "revision": revision, "now": self.vendor.now + 1}
            code, answer = outcome(lambda: change_terms(self.vendor.code, id, given, ADMIN, **sent))
        assert code == model.change(given, strict=strict, revision=revision)
        if answer is not None:
            assert (terms_of(*answer), answer[0].revision) == (model.terms, model.revision)

    @precondition(lambda self: self.models)
    @rule(id=licenses, device=st.sampled_from("abcd"))
    def activate(self, id: int, device: str) -> None:
        self.vendor.now += 10
        self.activated(id, device)

    def activated(self, id: int, device: str) -> None:
        code, _ = outcome(lambda: self.vendor.activate(self.sold[id], device))
        assert code == self.models[id].activate(device)

    @precondition(lambda self: any(model.active for model in self.models.values()))
    @rule(data=st.data())
    def deactivate(self, data: st.DataObject) -> None:
        self.vendor.now += 10
        used = [(id, device) for id, model in sorted(self.models.items()) for device in sorted(model.active)]
        id, device = data.draw(st.sampled_from(used))
        self.vendor.deactivate(self.sold[id], device)
        self.models[id].active.remove(device)

    @rule()
    def begin(self) -> None:
        self.walks.append(Walk({id for id, model in self.models.items() if model.terms["is_trial"]}))

    @precondition(lambda self: any(not walk.is_over for walk in self.walks))
    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        self.step(data.draw(st.sampled_from([walk for walk in self.walks if not walk.is_over])))

    def step(self, walk: Walk) -> None:
        part = list_licenses(self.vendor.code, TRIALS, after=walk.after, size=1)
        for license, extras in part.rows:
            assert terms_of(license, extras) == self.models[license.id].terms | {"is_trial": True}
            walk.seen.append(license.id)
        assert walk.seen == sorted(set(walk.seen)), "doubled, or out of order"
        walk.after, walk.is_over = part.after, part.after is None
        assert not walk.is_over or walk.missed <= set(walk.seen), "lost"

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        for walk in self.walks:
            walk.missed -= {id for id, model in self.models.items() if not model.terms["is_trial"]}
        for id, model in self.models.items():
            license, extras = find_sold(self.vendor.code, id)
            assert (terms_of(license, extras), license.revision) == (model.terms, model.revision)
            assert license.times_activated == len(model.active)
            found = [event.detail for event in self.vendor.history(license) if event.type == "license_changed"]
            assert found == model.recorded


def terms_of(license: License, extras: Extras) -> Terms:
    return {name: getattr(extras if name == "note" else license, name) for name in TERMS}


@contextmanager
def before_its_write(meanwhile: Any) -> Iterator[None]:
    """Do something before the first transaction that is sent inside, if one is."""
    acts = [meanwhile]

    def between(request: Request, send: Send) -> Answer:
        if request.operation == "TransactWriteItems" and acts:
            acts.pop()()
        return send(request)

    with intercepted(between):
        yield


def outcome(call: Any) -> tuple[str, Any]:
    """`ok` and what is answered, or the code of the refusal."""
    try:
        return "ok", call()
    except SeatkeeperError as error:
        return error.code, None


TestTerms = TermsMachine.TestCase
