"""Record that a call was refused, so that support can tell why (`explain`). Nothing waits for it, or fails with it.

A stranger's calls are refused as often as he likes, so how often one process records refusals of a license, or of a
company's calls that match none, is bounded; and how often from one address, so that one does not use up the others'.
"""

import logging

from chalicelib.domain.origin import network_of
from chalicelib.domain.refusals import Refusal
from chalicelib.runtime import runtime
from chalicelib.store import refusals

log = logging.getLogger("seatkeeper")


def record_refusal(company: str, refusal: Refusal) -> None:
    """Record a refused call of a company's application, unless too many are; never raises."""
    license, seconds = f"{company} {refusal.license_id or ''}", refusal.newest_at / 1000
    of_address, of_license = runtime().turns.refusals_of_address, runtime().turns.refusals_of_license
    if of_address.take(f"{license} {network_of(refusal.ip or '')}", seconds) or of_license.take(license, seconds):
        return
    try:
        refusals.observe_refusal(company, refusal)
    except Exception:  # whatever it is: the answer is that the call was refused
        log.exception("a refusal was not recorded")
