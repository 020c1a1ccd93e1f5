"""Any sequence of changes of terms, by one vendor and by a rival between his read and his write, amid activations: what
is stored, answered, listed and recorded is what a small model says.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.extras import Extras
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License, is_expired
from chalicelib.domain.slots import in_use
from chalicelib.store.slots import read_slots, seat_epochs
from chalicelib.usecases import change_seat, license_list
from chalicelib.usecases.change_terms import change_terms, find_sold
from chalicelib.usecases.license_list import LicenseFilter, list_licenses
from tests.model.license import OK, OK_EXPIRED, SHARES, Verb
from tests.model.license import License as Use
from tests.model.license import call as answer_to
from tests.model.machine import Step, maximum
from tests.store.seam import Answer, Request, Send, intercepted
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor

Terms = Mapping[str, Any]
Act = Callable[[], None]
MINUTE = 60_000
USERS = ("ada@customer.test", "bob@customer.test", "eve@customer.test")
ENDS = [NOW + days * DAY for days in (200, 300, 1)]
VALUES: Mapping[str, list[Any]] = {
    "max_activations": [2, 0, 1, 3, None],
    "overage": ["none", "1.5x", "2x", "always"],
    "max_license_users": [2, 0, 1, 3, None],
    "max_transfers": [0, -1, 1, 2],
    "floating_users": [0, 1, 2],
    "floating_timeout": [120, 30],
    "is_trial": [False, True],
    "prevent_vm": [None, True, False],
    "name": ["Office", "Studio"],
    "validity_period": ENDS,
    "valid_duration": ["1d", "90d"],
    "start_date": [None, NOW + HOUR],
    "grace_period": [0, 48],
    "renewal_basis": ["later", "end"],
    "note": ["", "by phone"],
}
"""What each term may become; the first is what it is sold as, but it has no name and no duration then."""
SOLD: Terms = {name: values[0] for name, values in VALUES.items()} | {"name": None, "valid_duration": None}
some_terms = {name: st.sampled_from(values) for name, values in VALUES.items()}
changes = st.fixed_dictionaries({}, optional=some_terms) | st.one_of(
    [st.fixed_dictionaries({name: values}) for name, values in some_terms.items()]
)
devices, users = st.sampled_from("abcd"), st.sampled_from(USERS)
users_sold = st.fixed_dictionaries({"max_license_users": some_terms["max_license_users"]})
LESS: list[Terms] = [{"overage": "none"}, {"max_activations": 0}, {"max_activations": 1}, {"start_date": NOW + HOUR}]
seat_limits = st.sampled_from([2, 0, 1, 3, inf])
TRIALS = LicenseFilter(tests=(lambda license, _: license.is_trial,))


@dataclass
class Model:
    """A license, as it has to be: what was sold, and what may be done with it by that."""

    has_users: bool
    terms: dict[str, Any] = field(init=False)
    use: Use = field(init=False)
    revision: int = 0
    first: int | None = None
    """When it was activated first."""
    recorded: list[dict[str, Any]] = field(default_factory=list)
    """What each change was, oldest first."""

    def __post_init__(self) -> None:
        self.terms = dict(SOLD) | ({} if self.has_users else {"max_license_users": None})
        self.use = Use(0)
        self._sold_so()

    def change(
        self, given: Terms, *, enabled: bool | None = None, strict: bool = False, revision: int | None = None
    ) -> str:
        """`ok`, or the code of the refusal."""
        use = self.use
        if revision not in (None, self.revision):
            return "revision_changed"
        counted = {"max_activations": len(use.live), "max_license_users": len(use.seats)}
        if strict and any(used > _most(given.get(name)) for name, used in counted.items()):
            return "limit_below_use"
        if "validity_period" in given and "valid_duration" in given:
            return "end_twice"
        if not self.has_users and given.get("max_license_users") is not None:
            return "license_has_no_users"
        changed = {name: value for name, value in {**given, **self._end(given)}.items() if value != self.terms[name]}
        if enabled is not None:
            switched = replace(use, enabled=enabled, disabled_by=None if enabled else "vendor")
        if changed:
            detail = {part: of for name in changed for part, of in self._detail(name, changed[name])}
            others = {} if enabled in (None, use.enabled) else {"changed": "disabled_by, enabled"}
            self.recorded.append(detail | others)
        self.revision += bool(changed or enabled not in (None, use.enabled))
        self.use = use if enabled is None else switched
        self.terms |= changed
        self._sold_so()
        return OK

    def _end(self, given: Terms) -> Terms:
        """What else is changed by another end: a duration counts from the first activation, whenever that was or will
        be, and an end takes the place of one that has not begun.
        """
        if given.get("valid_duration") is not None:
            return {"validity_period": None if self.first is None else self.first + _days(given["valid_duration"])}
        return {"valid_duration": None} if "validity_period" in given and self.first is None else {}

    def _detail(self, name: str, value: Any) -> Iterator[tuple[str, Any]]:
        both = (value, self.terms[name])
        new, old = map(to_iso, both) if name in ("validity_period", "start_date") else both
        yield from ((name, new), (f"{name}_before", old))

    def _sold_so(self) -> None:
        terms, duration = self.terms, self.terms["valid_duration"]
        self.use = replace(
            self.use,
            places=_most(terms["max_activations"]),
            share=SHARES[terms["overage"]],
            users=_most(terms["max_license_users"]) if self.has_users else None,
            transfers={-1: 0, 0: inf}.get(terms["max_transfers"], terms["max_transfers"]),
            slots=terms["floating_users"] or None,
            start=-inf if terms["start_date"] is None else terms["start_date"],
            end=_most(terms["validity_period"]),
            duration=_days(duration) if duration is not None and self.first is None else None,
            grace=terms["grace_period"] * HOUR,
        )

    def call(self, step: Step) -> str:
        """The right answer to a call."""
        before = self.use
        answer, self.use = answer_to(before, step)
        if step.verb == "activate" and answer == OK:
            self.first = int(step.clock) if self.first is None else self.first
            self.terms["validity_period"] = maximum(self.use.end)
        # One that is taken now is held for so many minutes, and a renewal never shortens it.
        until = step.clock + self.terms["floating_timeout"] * MINUTE
        old = dict(before.held)
        held = {(key, max(until, old.get(key, 0)) if to == inf else to) for key, to in self.use.held}
        self.use = replace(self.use, held=frozenset(held))
        return answer


def _most(value: float | None) -> float:
    return inf if value is None else value


def _days(duration: str) -> int:
    return int(duration.removesuffix("d")) * DAY


@dataclass
class Walk:
    """Somebody who goes through the trials, page by page."""

    missed: set[int]
    """Those that were trials when it began, and are since."""
    seen: list[int] = field(default_factory=list)
    after: int | None = None
    is_over: bool = False


@settings(max_examples=50, stateful_step_count=20, deadline=None)
class TermsMachine(RuleBasedStateMachine):
    """Licenses of a vendor, their terms, and lists of them."""

    def __init__(self) -> None:
        super().__init__()
        self.vendor = Vendor()
        self.models: dict[int, Model] = {}
        self.sold: dict[int, License] = {}
        self.walks: list[Walk] = []
        self.passwords: dict[str, str | None] = {}
        self.bounds = (patch.object(license_list, "CHUNK", 2), patch.object(license_list, "MOST", 4))
        for bound in self.bounds:
            bound.start()

    def teardown(self) -> None:
        for walk in self.walks:
            while not walk.is_over:
                self.step(walk)
        for bound in self.bounds:
            bound.stop()
        assert self.vendor.differences() == []

    licenses = st.runner().flatmap(lambda machine: st.sampled_from(sorted(machine.models)))
    of_users = st.runner().flatmap(lambda machine: st.sampled_from(machine.with_users()))

    def with_users(self) -> list[int]:
        return [id for id, model in sorted(self.models.items()) if model.has_users]

    @initialize()
    def begin_with_two(self) -> None:
        """Both full, one of them of users."""
        self.vendor.now -= DAY
        elsewhere = self.vendor.issue("revit", max_license_users=3)  # who they are, and no more
        for user in USERS:
            self.passwords[user] = self.vendor.assign(elsewhere, user)[1]
            change_seat.remove_user(self.vendor.code, elsewhere.id, user, ADMIN, now=self.vendor.now)
        self.vendor.now = NOW
        for has_users in (False, True):
            self.issue(has_users)
        keyed, of_users = sorted(self.models)
        for user in USERS[:2]:
            self.called(of_users, "assign", user=user, limit=2)
        for device in "ab":
            self.called(keyed, "activate", device=device)
            self.called(of_users, "activate", device=device, user=USERS[0])

    @precondition(lambda self: len(self.models) < 6)
    @rule(has_users=st.booleans())
    def issue(self, has_users: bool) -> None:
        self.vendor.now += 10
        model = Model(has_users)
        given = {name: value for name, value in model.terms.items() if name not in ("name", "note")}
        license = self.vendor.issue("revit" if has_users else "viewer", license_type="time-limited", **given)
        self.models[license.id], self.sold[license.id] = model, license

    @precondition(lambda self: self.models)
    @rule(
        id=licenses,
        given=changes,
        enabled=st.sampled_from([None, None, None, True, False]),
        rival=st.none() | changes,
        rival_device=st.none() | devices,
        rival_user=st.none() | users,
        strict=st.booleans(),
        stale=st.sampled_from([None, None, None, 0, 1]),
    )
    def change(
        self,
        id: int,
        given: Terms,
        enabled: bool | None,
        rival: Terms | None,
        rival_device: str | None,
        rival_user: str | None,
        strict: bool,
        stale: int | None,
    ) -> None:
        """`stale`: how far behind the revision is that is sent; None: none is."""
        revision = None if stale is None else self.models[id].revision - stale
        more: Any = {"enabled": enabled, "strict": strict, "revision": revision}
        self.edited(id, given, rival, rival_device, rival_user, **more)

    def edited(
        self,
        id: int,
        given: Terms,
        rival: Terms | None = None,
        rival_device: str | None = None,
        rival_user: str | None = None,
        **more: Any,
    ) -> None:
        """A change, and what is done between its read and its write: it is answered as the model says."""
        self.vendor.now += 10
        model = self.models[id]

        def meanwhile() -> None:
            if rival is not None:
                self.changed(id, rival)
            if rival_device is not None:
                self.called(id, "activate", device=rival_device, user=USERS[0] if model.has_users else None)
            if rival_user is not None and model.has_users:
                self.called(id, "assign", user=rival_user, limit=0)

        with before_its_write(meanwhile):
            sent: Any = {**more, "now": self.vendor.now + 1}
            code, answer = outcome(lambda: change_terms(self.vendor.code, id, given, ADMIN, **sent))
        assert code == model.change(given, **more)
        if answer is not None:
            assert (terms_of(*answer), answer[0].revision) == (model.terms, model.revision)

    @precondition(lambda self: self.models)
    @rule(id=licenses, users=st.booleans(), device=devices, user=users, fewer=st.sampled_from([0, 1]))
    def lower_a_limit_to_what_is_in_use_while_one_more_comes(
        self, id: int, users: bool, device: str, user: str, fewer: int
    ) -> None:
        """Or below that, which is refused at once."""
        use, of_users = self.models[id].use, users and self.models[id].has_users
        name = "max_license_users" if of_users else "max_activations"
        rival: Any = {"rival_user": user} if of_users else {"rival_device": device}
        self.edited(id, {name: None, "name": "Atelier"})
        self.edited(id, {name: max(0, len(use.seats if of_users else use.live) - fewer)}, strict=True, **rival)

    @precondition(lambda self: self.with_users())
    @rule(id=of_users, device=devices, limit=seat_limits)
    def activate_as_the_user_is_let_have_no_more_devices(self, id: int, device: str, limit: float) -> None:
        user, use = USERS[0], self.models[id].use
        self.edited(id, {"max_activations": None, "floating_users": 0})
        self.called(id, "limit", user=user, limit=limit)
        self.vendor.now += 10
        rival = lambda: self.called(id, "limit", user=user, limit=len(use.of_user(user)))  # noqa: E731 - short and local
        self.called(id, "activate", rival, device=device, user=user)

    @precondition(lambda self: any(model.use.live for model in self.models.values()))
    @rule(
        id=licenses,
        slots=st.sampled_from([(2, 1), (1, 2), (2, 0), (0, 2, 1)]),
        timeout=st.sampled_from(VALUES["floating_timeout"]),
        others=st.lists(devices, max_size=2),
    )
    def let_all_check_as_more_and_fewer_slots_are_sold(
        self, id: int, slots: tuple[int, ...], timeout: int, others: list[str]
    ) -> None:
        """And then one goes, and others come."""
        user = USERS[0] if self.models[id].has_users else None
        for number in slots:
            self.edited(id, {"floating_users": number, "floating_timeout": timeout})
            for device, of in sorted(self.models[id].use.live, key=str):
                self.called(id, "check", device=device, user=of)
        for comes in others:
            self.called(id, "deactivate", device="a", user=user)
            self.called(id, "activate", device=comes, user=user)
            self.called(id, "check", device=comes, user=user)

    @precondition(lambda self: self.models)
    @rule(id=licenses, device=devices, rival=st.sampled_from(LESS))
    def activate_beyond_what_was_sold_as_less_is_sold(self, id: int, device: str, rival: Terms) -> None:
        use = self.models[id].use
        self.edited(id, {"max_activations": len(use.live), "overage": "2x", "floating_users": 0})
        self.by_device(id, "activate", device, USERS[0], rival)

    def by_another(self, id: int, rival: Terms | None) -> Act | None:
        """What another vendor does, if anything."""
        return None if rival is None else lambda: self.changed(id, rival)

    def changed(self, id: int, rival: Terms) -> None:
        code, _ = outcome(lambda: change_terms(self.vendor.code, id, rival, ADMIN, now=self.vendor.now))
        assert code == self.models[id].change(rival)

    @precondition(lambda self: self.models)
    @rule(id=licenses, device=devices, user=users, rival=st.none() | changes)
    def activate(self, id: int, device: str, user: str, rival: Terms | None) -> None:
        self.by_device(id, "activate", device, user, rival)

    @precondition(lambda self: self.models)
    @rule(id=licenses, device=devices, user=users)
    def check(self, id: int, device: str, user: str) -> None:
        self.by_device(id, "check", device, user)

    @precondition(lambda self: self.models)
    @rule(id=licenses, device=devices, user=users)
    def deactivate(self, id: int, device: str, user: str) -> None:
        self.by_device(id, "deactivate", device, user)

    @precondition(lambda self: any(model.use.live for model in self.models.values()))
    @rule(data=st.data(), verb=st.sampled_from(("check", "check", "deactivate", "activate")))
    def call_by_a_live_device(self, data: st.DataObject, verb: Verb) -> None:
        live = [(id, key) for id, model in sorted(self.models.items()) for key in sorted(model.use.live, key=str)]
        id, (device, user) = data.draw(st.sampled_from(live))
        self.vendor.now += 10
        self.called(id, verb, device=device, user=user)

    def by_device(self, id: int, verb: Verb, device: str, user: str, rival: Terms | None = None) -> None:
        self.vendor.now += 10
        self.called(
            id,
            verb,
            self.by_another(id, rival),
            device=device,
            user=user if self.models[id].has_users else None,
        )

    @precondition(lambda self: self.with_users())
    @rule(id=of_users, user=users, limit=seat_limits, rival=st.none() | users_sold)
    def assign(self, id: int, user: str, limit: float, rival: Terms | None) -> None:
        self.vendor.now += 10
        self.called(id, "assign", self.by_another(id, rival), user=user, limit=limit)

    @precondition(lambda self: self.with_users())
    @rule(id=of_users, user=users, limit=seat_limits)
    def set_max_activations(self, id: int, user: str, limit: float) -> None:
        """How many devices a user may have: no more than the license, as it is read; one that is lowered later, or just
        then, leaves seats as they are, and bounds them all the same.
        """
        self.vendor.now += 10
        self.called(id, "limit", user=user, limit=limit)

    @rule(wait=st.sampled_from([HOUR, 30 * MINUTE, 31 * MINUTE, DAY]))
    def wait(self, wait: int) -> None:
        self.vendor.now += wait

    def called(self, id: int, verb: Verb, rival: Act | None = None, /, **given: Any) -> None:
        """A call by a device, or about a user: it is answered as the model says.

        `rival`: what is done between its read and its first write, which may be the note of a refusal.
        """
        step, model = Step(verb, self.vendor.now, **given), self.models[id]
        refusal, _ = answer_to(model.use, step)
        with before_its_write(rival or (lambda: None)):
            code, found = outcome(lambda: self.carry_out(self.sold[id], step))
        expected = model.call(step) if code != refusal or refusal in (OK, OK_EXPIRED) else refusal
        if verb == "check" and code == OK and is_expired(found.license, self.vendor.now):
            code = OK_EXPIRED
        assert code == expected, step

    def carry_out(self, license: License, step: Step) -> Any:
        vendor, who, device = self.vendor, step.user or license, step.device or ""
        if step.verb == "activate":
            password = None if step.user is None else self.passwords[step.user]
            return vendor.activate(who, device, password, license_id=license.id)
        if step.verb == "assign":
            return vendor.assign(license, step.user or "", maximum(_most(step.limit)))
        if step.verb == "limit":
            limit = maximum(_most(step.limit))
            of_whom = (vendor.code, license.id, step.user or "")
            return change_seat.set_max_activations(*of_whom, limit, ADMIN, now=vendor.now)
        return {"check": vendor.check, "deactivate": vendor.deactivate}[step.verb](who, device, license_id=license.id)

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
            assert (license.enabled, license.disabled_by) == (model.use.enabled, model.use.disabled_by)
            assert (license.times_activated, license.users_assigned) == (len(model.use.live), len(model.use.seats))
            assert (license.transfer_count, license.released) == (model.use.transferred, model.use.released)
            slots = read_slots(license)
            used = in_use(slots, license, seat_epochs(license, slots), self.vendor.now)
            assert sorted(slot.held_until for slot in used) == sorted(
                until for _, until in model.use.held if until > self.vendor.now
            )
            found = [event.detail for event in self.vendor.history(license) if event.type == "license_changed"]
            assert found == model.recorded


def terms_of(license: License, extras: Extras) -> Terms:
    return {name: getattr(extras if name == "note" else license, name) for name in SOLD}


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
