"""The commands for keys: of applications, of the Management API, and those that answers are signed with."""

from typing import get_args

from chalicelib.domain.catalog import Scope
from chalicelib.domain.management_keys import SCOPES
from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import IDEMPOTENCY_KEY, NAME, OF_COMPANY

SCOPE = values.one_of(*get_args(Scope))
MANAGEMENT_SCOPE = values.one_of(*SCOPES)

COMMANDS = (
    Command(
        "apikey create",
        "a new API key; its shared key is shown this once",
        "--company QBITEC --read-only --product viewer",
        (
            OF_COMPANY,
            Option("--read-only", "", "the key may not change anything"),
            Option("--product", "CODE", "only this product; may be repeated", values.product, many=True),
            Option("--scope", "SCOPE", "people: may read the users of customers; never in an app", SCOPE, many=True),
            Option("--origin", "URL", "for pages of https://app.example; may be repeated", values.origin, many=True),
            Option("--require-digest", "", "take only signatures over the whole request"),
            IDEMPOTENCY_KEY,
        ),
    ),
    Command(
        "apikey list",
        "the API keys that a company has, and which are refused",
        "--company QBITEC",
        (OF_COMPANY,),
    ),
    Command(
        "apikey show",
        "an API key: what it may do, whether it is refused, and the public key that its answers are verified with",
        "QBITEC-0123456789abcdef0123456789abcdef",
        (Option("api_key", "API_KEY", "the API key", values.text),),
    ),
    Command(
        "apikey disable",
        "refuse an API key until it is enabled again, within a minute everywhere",
        "QBITEC-0123456789abcdef0123456789abcdef",
        (Option("api_key", "API_KEY", "the API key", values.text),),
    ),
    Command(
        "apikey enable",
        "take an API key again that was disabled, at once",
        "QBITEC-0123456789abcdef0123456789abcdef",
        (Option("api_key", "API_KEY", "the API key", values.text),),
    ),
    Command(
        "apikey revoke",
        "refuse an API key permanently, within a minute everywhere",
        "QBITEC-0123456789abcdef0123456789abcdef",
        (Option("api_key", "API_KEY", "the API key", values.text),),
    ),
    Command(
        "management-key create",
        "a new key of the Management API, for a server of the vendor's; it is shown this once",
        "--company QBITEC --name CRM --scope webhooks:write --expires 2027-12-31",
        (
            OF_COMPANY,
            NAME,
            Option(
                "--scope",
                "SCOPE",
                f"of {', '.join(SCOPES)}; may be repeated",
                MANAGEMENT_SCOPE,
                required=True,
                many=True,
            ),
            Option("--product", "CODE", "only this product; may be repeated", values.product, many=True),
            Option("--expires", "ISO", "refused from then on; a date alone is that day's last instant", values.moment),
            IDEMPOTENCY_KEY,
        ),
    ),
    Command(
        "management-key list",
        "the keys of the Management API that a company has, and when each was used last",
        "--company QBITEC",
        (OF_COMPANY,),
    ),
    Command(
        "management-key show",
        "a key of the Management API: what it may do, and when it was used last",
        "--company QBITEC --key 123456789",
        (OF_COMPANY, Option("--key", "ID", "the key", values.management_key_id, required=True)),
    ),
    Command(
        "management-key revoke",
        "refuse a key of the Management API permanently, at once",
        "--company QBITEC --key 123456789",
        (OF_COMPANY, Option("--key", "ID", "the key", values.management_key_id, required=True)),
    ),
    Command(
        "secrets create",
        "make the secrets of a new stage; what is there stays",
        "--stage dev",
        (),
    ),
    Command("signing-key show", "the public keys that applications verify answers with", "--stage dev", ()),
    Command(
        "signing-key rotate",
        "a new signing key for API keys to come; the one before goes on for those that are there",
        "--stage dev",
        (),
    ),
    Command(
        "signing-key retire",
        "end the signing key before this one, once no API key is answered by it",
        "--stage dev",
        (),
    ),
)
