"""Record that a call was refused, so that support can tell why (`explain`). Nothing waits for it, or fails with it.

A stranger's calls are refused as often as he likes, so how often one process records refusals of a license, or of a
company's calls that match none, is bounded; and how often from one address, so that one does not use up the others'.
"""

import logging

from chalicelib.domain.origin import network_of
from chalicelib.domain.refusals import Refusal
from chalicelib.store import refusals
from chalicelib.usecases.token_buckets import TokenBuckets

log = logging.getLogger("seatkeeper")

_of_address = TokenBuckets(per_second=1 / 30, burst=20)
_of_license = TokenBuckets(per_second=1 / 10, burst=60)


def record_refusal(company: str, refusal: Refusal) -> None:
    """Record a refused call of a company's application, unless too many are; never raises."""
    license, seconds = f"{company} {refusal.license_id or ''}", refusal.newest_at / 1000
    if _of_address.take(f"{license} {network_of(refusal.ip or '')}", seconds) or _of_license.take(license, seconds):
        return
    try:
        refusals.observe_refusal(company, refusal)
    except Exception:  # whatever it is: the answer is that the call was refused
        log.exception("a refusal was not recorded")
