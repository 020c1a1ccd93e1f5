"""The broken builds, those of the proof among them, and where a walk finds each of them at once."""

from tests.explore.account_mutants import CAUGHT_ON_ACCOUNTS
from tests.explore.draw import svg
from tests.explore.factor_mutants import CAUGHT_ON_FACTORS
from tests.explore.meter_mutants import CAUGHT_ON_METERS
from tests.explore.mutants import broken
from tests.explore.pairs import Found, Walked, parsed, replay, walk_named
from tests.explore.slot_mutants import CAUGHT_ON_SLOTS
from tests.explore.webhook_mutants import CAUGHT_ON_WEBHOOKS

CAUGHT_IN = (
    CAUGHT_ON_ACCOUNTS
    | CAUGHT_ON_FACTORS
    | CAUGHT_ON_METERS
    | CAUGHT_ON_SLOTS
    | CAUGHT_ON_WEBHOOKS
    | {
        "limit not in the condition": "activate+activate-rival@key/below",
        "count, then write": "activate+activate-rival@key/empty",
        "counter not moved": "activate+activate@key/empty",
        "seat limit not in the condition": "activate-rival+activate-own-rival@users/below",
        "user limit not in the condition": "assign+assign-rival@users/empty",
        "place given back twice": "deactivate+deactivate@key/below",
        "device not in the condition": "activate+activate@key/empty",
        "own write taken for a rival's": "assign+check@users/empty~1",
        "event outside the transaction": "deactivate+check@key/below",
        "refusal by a replica": "check+enable@key/disabled~2",
        "refusal sent again": "activate+activate-rival@key/below",
        "conflict taken for an error": "activate+check@key/empty~1",
        "lost race taken for a refusal": "activate+activate@key/empty",
        "refusal leaves a device": "activate+check@key/limit",
        "release frees another's place": "deactivate+check@users/shared",
        "news bring a place back": "check+deactivate@key/below",
        "transfers not in the condition": "activate-rival+activate-own-rival@key/moved",
        "event names another device": "deactivate-other+check@key/limit",
        "reset leaves old places": "reset-license+check@key/below",
        "removed user keeps places counted": "remove+check@users/below",
        "lower limit evicts": "lower+check@users/below",
        "new place each time": "repeat+check@key/reset",
        "sweep skips": "sweep+check@key/grace",
        "sweep announces again": "sweep+sweep@key/grace",
        "sweep forgets": "sweep+check@key/grace~1",
        "grace taken for the end": "sweep+check@key/grace",
        "overage off by one": "activate+activate-rival@key/beyond",
        "adopt that passes a limit": "activate+activate-rival@legacy/last",
        "adopt twice the same place": "activate+activate-rival@legacy/two",
        "list not within the limit": "start-all+start-all@batch/room",
        "person of a list done twice": "continue+continue@batch/reserved",
        "seat that nobody needs is kept": "assign-listed+continue@batch/spare",
        "replaced in two steps": "replace+assign-rival@users/below",
        "replaced user keeps places counted": "replace+check@users/below",
        "managed in two steps": "manage+assign-rival@managing/last",
        "mail outside the transaction": "assign+assign-rival@users/below",
        "refusal by several instants": "repeat+deactivate@key/limit",
        "company not in the condition": "create-product+delete-company@shop/new",
        "order not in the condition": "issue+remove-manager@shop/sold",
        "key not in the condition": "issue-with-key+issue-with-key@shop/sold",
        "idempotency outside the transaction": "issue-once+issue-once@shop/new",
        "manager unfiled who is back": "issue+remove-manager@shop/sold",
        "license taken out unseen": "add-manager+delete-license@shop/sold",
        "permission not in the condition": "deny+pause@shop/sold",
        "variables written over": "track+track-rival@device/known",
        "forgotten while it comes back": "activate+activate-idle@device/crowded",
        "edit without revision": "note+grant@edit/bare",
        "strict limit by what was read": "sell-unused+activate@edit/bare",
        "email not in the condition": "create+create@customer/new",
        "merged as of two instants": "merge+merge-back@customer/new",
        "order joined that another began": "sell+issue@order/new",
        "definitions not in the condition": "feature-new+feature-new@definition/defined",
        "host name not in the condition": "check-renamed+check-renamed-otherwise@host/below",
        "moved unseen": "move+assign@move/sold",
        "sold unseen": "issue+rename@order/begun",
        "import that doubles": "import+import@import/new",
    }
)
"""The setting that is walked; `~1` with one fault at most."""


def hunted(mutant: str) -> Walked:
    """The walk of a broken build, from a world that the real one has made."""
    setting, _ = parsed(CAUGHT_IN[mutant])
    setting.scene.world(setting.start)
    with broken(mutant):
        return walk_named(str(setting))


def plainest(walked: Walked) -> Found:
    """Of the schedules that are wrong the one in which turns change least, and then the shortest."""
    return min(walked.found, key=lambda found: (found.name.count("."), len(parsed(found.name)[1])))


def picture(mutant: str, found: Found) -> str:
    """What a broken build does wrong, drawn (SVG)."""
    setting, _ = parsed(found.name)
    with broken(mutant):
        schedule, violations = replay(found.name)
    why = "; ".join(dict.fromkeys(f"{one.rule}: {one.sentence}" for one in violations))
    answers = [task.outcome.answer for task in schedule.tasks]
    names = [deed.name for deed in setting.deeds]
    return svg(names, schedule.steps, answers, f"{mutant}: {found.name}", why)
