"""Everything that reads a text as strangers send it, and the texts that are made to be hard to read.

A new parser, or a new compiled pattern, has to be listed here: `tests/test_parsers.py` says which is not.
"""

import importlib
import inspect
import io
import json
import pkgutil
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from typing import Any, get_args

from chalice.app import Request
from pydantic import BaseModel, ValidationError

import chalicelib
import infra
from app import app
from chalicelib import languages, webauthn
from chalicelib.domain import (
    catalog,
    color,
    custom_fields,
    customers,
    days,
    email,
    features,
    hosts,
    import_files,
    instants,
    invitation,
    keys,
    license,
    license_rows,
    logo,
    management_keys,
    origin,
    passkeys,
    pasted,
    people_list,
    second_factor,
    spreadsheet,
    terms,
    users,
    webhooks,
)
from chalicelib.domain.counts import read_count
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.one_time_code import typed_code
from chalicelib.domain.users import MAX_PASSWORD
from chalicelib.management.histories import read_event_id
from chalicelib.management.license_fields import read_value_id
from chalicelib.management.webhooks import delivery_key
from chalicelib.portal.browser_name import browser_name
from chalicelib.portal.chosen_users import read_removed
from chalicelib.portal.forms import nonce_of
from chalicelib.portal.lists import kept_query
from chalicelib.portal.request import read_request
from chalicelib.portal.users import typed_count
from chalicelib.usecases.chosen_password import guard_chosen
from chalicelib.usecases.known_browser import from_cookie as browser_from_cookie
from chalicelib.usecases.log_in_code import from_cookie as pending_from_cookie
from chalicelib.usecases.sessions import from_cookie
from chalicelib.web import cors, headers, hmac_signature
from chalicelib.web.canonical import canonical_json, has_lone_surrogate
from chalicelib.web.multipart import read_parts
from chalicelib.web.strict_json import parse_json
from infra import addresses, serve
from infra.admin import values
from infra.http_request import ArrivingRequest, Refused, RequestReader
from infra.wsgi import wsgi
from tests.docs.architecture import ADAPTERS

Parser = Callable[[str], Any]
_serve = wsgi(app, behind_proxy=True)
_PARTY = passkeys.RelyingParty("vendor.test", "https://vendor.test")
_CLIENT = '{"type": "webauthn.create", "challenge": "", "origin": "https://vendor.test"}'

NASTY: dict[str, str] = {
    "letters": "a",
    "combining marks": "\u0301\u0323",
    "at": "@",
    "at and less": "@<",
    "addresses": "a@b.test,",
    "names": "A B <a@",
    "less": "<",
    "commas": ",",
    "semicolons": "; ",
    "quotes": '"',
    "apostrophes": "='",
    "brackets": "[",
    "braces": '{"a":',
    "parentheses": "url((",
    "digits": "9",
    "spaces": " ",
    "tabs": "\t",
    "lines": "\n",
    "dashes": "-",
    "dots": "a.",
    "percent": "%",
    "escaped": "%FF",
    "pairs": "a=b&",
    "slashes": "/portal",
    "parameters": ' a = "b" ,',
    "boundaries": '\r\n--edge\r\nContent-Disposition: form-data; name="a',
    "surrogates": "\ud800",
    "zero widths": "\u200b\ufeff",
    "full width": "\uff1d\uff20",
    "domains": "xn--\xfc.",
    "elements": "<g/>",
}
"""What each text repeats."""


def text_of(unit: str, length: int) -> str:
    """So many characters, of which the last is another one: whoever looks for an end finds none."""
    return (unit * (length // len(unit) + 1))[:length] + "<"


FIELD_VALUES = [partial(custom_fields.field_value, kind) for kind in get_args(custom_fields.DataType)]
"""What reads a value of each type."""


def _quietly(read: Parser) -> Parser:
    """What is refused was read."""

    def parser(text: str) -> None:
        with suppress(SeatkeeperError, ValueError, serve.ServeError):
            read(text)

    return parser


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _answer(**response: str) -> str:
    """What a browser sends of a passkey, with these parts."""
    parts = {name: urlsafe_b64encode(_bytes(text)).decode() for name, text in response.items()}
    return json.dumps({"id": "", "rawId": "", "type": "public-key", "response": parts})


def _request(method: str, body: bytes = b"", query: str | None = None, **headers: str) -> Request:
    event: dict[str, Any] = {
        "multiValueQueryStringParameters": None if query is None else {"search": [query], query: ["x"]},
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "pathParameters": {},
        "requestContext": {"httpMethod": method, "resourcePath": "/portal", "path": "/portal", "identity": {}},
        "body": body,
        "stageVariables": None,
    }
    return Request(event, None)


def _multipart(text: str) -> None:
    head = b'--edge\r\nContent-Disposition: form-data; name="people"\r\n\r\n'
    kind = "multipart/form-data; boundary=edge"
    read_request(_request("POST", head + _bytes(text) + b"\r\n--edge--", Content_Type=kind))
    read_request(_request("POST", b"--edge\r\nContent-Disposition: " + _bytes(text), Content_Type=kind))
    read_request(_request("POST", b"--edge", Content_Type=f"multipart/form-data; {text}"))


def _over_wsgi(text: str) -> None:
    raw = _bytes(text).decode("latin-1")
    line = raw.replace("\r", " ").replace("\n", " ")  # what no server lets into a header
    names = ("ACCEPT_ENCODING", "X_FORWARDED_FOR", "X_FORWARDED_PROTO", "COOKIE", "AUTHORIZATION", "DATE", "HOST")
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/portal/{raw}", "QUERY_STRING": line}
    environ |= {f"HTTP_{name}": line for name in names} | {"CONTENT_TYPE": line, "REMOTE_ADDR": line}
    list(_serve(environ | {"wsgi.input": io.BytesIO()}, lambda *_: None))  # type: ignore[arg-type]


_OF_MODELS = ("chalicelib.portal.", "chalicelib.management.")
REQUESTS = {f"chalicelib.{adapter}.requests" for adapter in ADAPTERS}


def _over_http(text: str) -> None:
    raw = _bytes(text)
    for sent in (
        raw,
        b"GET /%b HTTP/1.1\r\nHost: x\r\n" % raw,
        b"POST / HTTP/1.1\r\nHost: x\r\n%b: %b\r\n\r\n" % (raw, raw),
        b"0" * len(raw),
    ):
        requests: list[ArrivingRequest] = []
        RequestReader(lambda: 0.0, lambda: None, requests.append).read(sent)
        for request in requests:
            if not request.refused:
                with suppress(Refused):
                    request.environ("127.0.0.1")
    for target in (raw, b"a://" + raw, b"//" + raw, b"/?" + raw):
        request = ArrivingRequest(0.0)
        request.target = target
        with suppress(Refused):
            request.environ("127.0.0.1")


@cache
def models() -> list[type[BaseModel]]:
    """The schemas of what applications and browsers send."""
    found = []
    for module in modules():
        if module.__name__.startswith(_OF_MODELS) or module.__name__ in REQUESTS:
            classes = (value for value in vars(module).values() if inspect.isclass(value))
            found += [one for one in classes if issubclass(one, BaseModel) and one.__module__ == module.__name__]
    return found


def _schemas(text: str) -> None:
    many = {f"{text[:100]}{n}": text[:100] for n in range(0, len(text), 100)}
    for value in (text, {text: text}, [text], many):
        for errors in errors_of_schemas(value):
            errors.errors(include_url=False, include_context=False)  # as who tells the first of them


def errors_of_schemas(value: Any) -> Iterator[ValidationError]:
    """What is wrong with it, and where all fields have this value, of each schema that refuses it."""
    for model in models():
        of_both = model.__module__ in REQUESTS  # their validators ask whence a value came
        for given in (value, dict.fromkeys(model.model_fields, value)):
            for where in ("body", "query") if of_both else ("body",):
                try:
                    model.model_validate(given, context=where)
                except ValidationError as error:
                    yield error


def wrong_values(count: int) -> Iterator[Any]:
    """Lists and objects of so many values, each of which is refused by some field, of every type of JSON."""
    values: tuple[Any, ...] = ([], {}, None, True, -1.5, "", "\x00")
    for one in values:
        yield [one] * count
        yield {str(number): one for number in range(count)}


def _json(text: str) -> None:
    for body in (_bytes(text), b'{"a":"' + _bytes(text) + b'"}', _bytes(json.dumps(text))):
        with suppress(ValueError):
            canonical_json(parse_json(body))


def _import(text: str) -> None:
    for file in (text, f"license_key,users,features\n{text},{text},{text}", f'{{"license_key": {json.dumps(text)}}}'):
        for row in import_files.read_rows(file):  # none is kept: to collect garbage among many is what would grow
            if row.number == 1:
                with suppress(SeatkeeperError):
                    license_rows.license_row(row.row, "")
    for given in (text, [text], {text: text}):
        with suppress(SeatkeeperError):
            license_rows.license_row(dict.fromkeys(license_rows.NAMES, given), "")


PARSERS: dict[str, Parser] = {
    "domain.catalog.company_code": catalog.company_code,
    "domain.catalog.display_name": catalog.display_name,
    "domain.customers.kept_text": lambda text: customers.kept_text(text, 300),
    "domain.customers.label_text": customers.label_text,
    "domain.catalog.product_code": catalog.product_code,
    "domain.color.accent_color": color.accent_color,
    "domain.hosts.portal_host": hosts.portal_host,
    "domain.hosts.requested_host": hosts.requested_host,
    "domain.email.normalize_email": email.normalize_email,
    "domain.email.optional_email": email.optional_email,
    "domain.email.known_email": email.known_email,
    "domain.instants.from_iso": instants.from_iso,
    "domain.instants.parse_duration": instants.parse_duration,
    "domain.invitation.read_invitation": invitation.read_invitation,
    "domain.features.feature_code": features.feature_code,
    "domain.custom_fields.field_value": lambda text: [_quietly(value)(text) for value in FIELD_VALUES],
    "domain.management_keys.read_key_text": lambda text: [
        management_keys.read_key_text(f"skm_{text}"),
    ],
    "domain.management_keys.hash_key_text": management_keys.hash_key_text,
    "domain.keys.normalize": keys.normalize,
    "domain.keys.is_mistyped": keys.is_mistyped,
    "domain.keys.forms": keys.forms,
    "domain.keys.as_given": keys.as_given,
    "domain.import_files.read_rows": _import,
    "domain.import_files.unknown_columns": lambda text: import_files.unknown_columns(text, ()),
    "domain.logo.svg_logo": lambda text: [
        logo.svg_logo(text),
        logo.svg_logo(f"<svg xmlns='http://www.w3.org/2000/svg'>{text[:18000]}</svg>"),
    ],
    "domain.one_time_code.typed_code": typed_code,
    "domain.origin.network_of": origin.network_of,
    "domain.origin.as_firewalls_read": origin.as_firewalls_read,
    "domain.counts.read_count": read_count,
    "domain.pasted.safe_to_show": lambda text: pasted.safe_to_show(text, 255),
    "domain.days.time_zone": days.time_zone,
    "languages.accepted": languages.accepted,
    "languages.known_language": languages.known_language,
    "domain.days.read_moment": days.read_moment,
    "domain.pasted.visible": pasted.visible,
    "domain.pasted.composed": pasted.composed,
    "domain.pasted.one_line": pasted.one_line,
    "domain.pasted.unquoted": pasted.unquoted,
    "domain.license.license_name": license.license_name,
    "domain.users.guard_new_password": users.guard_new_password,
    "domain.users.person_name": users.person_name,
    "domain.users.phone_number": users.phone_number,
    "domain.people_list.read_file": lambda text: people_list.read_file(_bytes(text)),
    "portal.chosen_users.read_removed": read_removed,
    "portal.browser_name.browser_name": browser_name,
    "portal.users.typed_count": typed_count,
    "domain.people_list.read_one": people_list.read_one,
    "domain.people_list.read_list": lambda text: [
        people_list.read_list(text),
        people_list.read_list(f"E-Mail;Name\na@b.test;{text}"),
    ],
    "domain.terms.order_id": terms.order_id,
    "domain.spreadsheet.as_meant": lambda text: [spreadsheet.as_meant(text), spreadsheet.to_csv([text], [[text]])],
    "domain.webhooks.checked_url": lambda text: [
        webhooks.checked_url(text, may_be_private=True),
        webhooks.checked_url(f"https://a.test/{text[:900]}", may_be_private=False),
    ],
    "domain.webhooks.http_address": webhooks.http_address,
    "domain.webhooks.event_bus": webhooks.event_bus,
    "domain.webhooks.without_path": webhooks.without_path,
    "domain.webhooks.literal_address": webhooks.literal_address,
    "management.histories.read_event_id": read_event_id,
    "management.license_fields.read_value_id": read_value_id,
    "management.webhooks.delivery_key": delivery_key,
    "portal.forms.nonce_of": lambda text: nonce_of("secret", "/portal", text),
    "portal.request, a form": lambda text: [
        read_request(_request("POST", b"people=" + _bytes(text))),
        read_request(_request("POST", _bytes(text))),
    ],
    "portal.request, parts": _multipart,
    "web.multipart.read_parts": lambda text: read_parts(text, _bytes(text)),
    "portal.request, a query": lambda text: read_request(_request("GET", query=text)),
    "portal.lists.kept_query": kept_query,
    "portal.request, where from": lambda text: read_request(_request("GET", Referer=text)),
    "portal.request, cookies": lambda text: read_request(_request("GET", Cookie=text)),
    "usecases.sessions.from_cookie": from_cookie,
    "usecases.log_in_code.from_cookie": lambda text: [
        pending_from_cookie(text, "secret", 0),
        pending_from_cookie("AAAA", text, 0),
    ],
    "domain.passkeys.passkey_name": passkeys.passkey_name,
    "domain.passkeys.relying_party": lambda text: passkeys.relying_party(f"https://{text}"),
    "webauthn.challenge_of": webauthn.challenge_of,
    "webauthn.challenge_of, what the browser says": lambda text: webauthn.challenge_of(_answer(clientDataJSON=text)),
    "webauthn.made": lambda text: webauthn.made(_PARTY, "", _answer(clientDataJSON=_CLIENT, attestationObject=text)),
    "webauthn.signed": lambda text: webauthn.signed(
        _PARTY, "", _answer(clientDataJSON=_CLIENT, authenticatorData=text, signature=text), {}
    ),
    "domain.second_factor.is_app_code": second_factor.is_app_code,
    "domain.second_factor.setup_uri": lambda text: second_factor.setup_uri("SECRET", text, "a@b.test"),
    "usecases.known_browser.from_cookie": lambda text: browser_from_cookie(text, 0),
    "usecases.chosen_password.guard_chosen": lambda text: guard_chosen(text, "QBITEC", "ada@b.test"),
    "usecases.chosen_password.guard_chosen, bounded": lambda text: guard_chosen(
        text[:MAX_PASSWORD], "QBITEC", "ada@b.test"
    ),
    "web.canonical.has_lone_surrogate": has_lone_surrogate,
    "web.hmac_signature.parse_authorization": hmac_signature.parse_authorization,
    "web.hmac_signature.check_date": lambda text: hmac_signature.check_date(text, 0, 1),
    "web.hmac_signature.verify": lambda text: hmac_signature.verify(
        hmac_signature.Credentials("hmac-sha256", "date", text, text), "secret", text
    ),
    "domain.catalog.web_origin": catalog.web_origin,
    "web.hmac_signature.own_path": hmac_signature.own_path,
    "web.headers.wants_page": headers.wants_page,
    "web.cors.readable": cors.readable,
    "web.hmac_signature.digest": lambda text: hmac_signature.digest(_bytes(text)),
    "web.hmac_signature.check_digest": lambda text: hmac_signature.check_digest(text, b""),
    "web.hmac_signature.request_target": lambda text: hmac_signature.request_target("GET", text, [(text, text)]),
    "web.strict_json.parse_json": _json,
    "schemas": _schemas,
    "infra.addresses.read_address": addresses.read_address,
    "infra.addresses.forwarded_for": lambda text: addresses.forwarded_for(text, "127.0.0.1"),
    "infra.addresses.client_of": addresses.client_of,
    "infra.serve.port_number": serve.port_number,
    "infra.serve.worker_number": serve.worker_number,
    "infra.http_request": _over_http,
    "infra.wsgi": _over_wsgi,
    **{
        f"infra.admin.values.{name}": read
        for name, read in vars(values).items()
        if inspect.isfunction(read) and read.__module__ == values.__name__ and not name.startswith("_")
    },
}
PARSERS = {name: _quietly(parser) for name, parser in PARSERS.items()}

PATTERNS: dict[str, str] = {
    "chalicelib.domain.catalog.COMPANY_CODE": "domain.catalog.company_code",
    "chalicelib.domain.catalog.API_KEY": "web.hmac_signature.parse_authorization",
    "chalicelib.domain.catalog.PRODUCT_CODE": "domain.catalog.product_code",
    "chalicelib.domain.catalog.WEB_ORIGIN": "itself",
    "chalicelib.domain.color._COLOR": "domain.color.accent_color",
    "chalicelib.domain.days._DATE": "domain.days.read_moment",
    "chalicelib.domain.days._ZONE": "domain.days.time_zone",
    "chalicelib.domain.management_keys._KEY": "domain.management_keys.read_key_text",
    "chalicelib.management.histories._ID": "management.histories.read_event_id",
    "chalicelib.management.license_fields._PLACE": "management.license_fields.read_value_id",
    "chalicelib.domain.keys._DASHES": "domain.keys.normalize",
    "chalicelib.domain.keys._PARTING": "domain.keys.normalize",
    "chalicelib.domain.keys._BREAKS": "domain.keys.normalize",
    "chalicelib.domain.email._LOCAL": "domain.email.normalize_email",
    "chalicelib.domain.import_sources._INTERVAL": "itself",
    "chalicelib.domain.email.DOMAIN": "domain.hosts.portal_host",
    "chalicelib.domain.email._OF_YESTERDAY": "domain.email.known_email",
    "chalicelib.domain.invitation._TEXT": "domain.invitation.read_invitation",
    "chalicelib.domain.instants._ISO": "domain.instants.from_iso",
    "chalicelib.domain.instants._DURATION": "domain.instants.parse_duration",
    "chalicelib.domain.pasted._BREAKS": "domain.pasted.one_line",
    "chalicelib.domain.people_list._ADDRESS": "domain.people_list.read_list",
    "chalicelib.domain.people_list._OF_A_LIST": "domain.people_list.read_one",
    "chalicelib.domain.people_list._BETWEEN": "domain.people_list.read_list",
    "chalicelib.domain.people_list._SEPARATOR": "domain.people_list.read_list",
    "chalicelib.domain.people_list._FIRST_MARK": "domain.people_list.read_list",
    "chalicelib.domain.counts._COUNT": "domain.counts.read_count",
    "chalicelib.domain.spreadsheet._WRITE": "domain.spreadsheet.as_meant",
    "chalicelib.domain.spreadsheet._READ": "domain.spreadsheet.as_meant",
    "chalicelib.domain.spreadsheet._LINE_WRITE": "domain.spreadsheet.as_meant",
    "chalicelib.domain.spreadsheet._LINE_READ": "domain.spreadsheet.as_meant",
    "chalicelib.domain.webhooks._NAME": "domain.webhooks.http_address",
    "chalicelib.domain.webhooks._URL": "domain.webhooks.http_address",
    "chalicelib.domain.webhooks._EVENT_BUS": "domain.webhooks.event_bus",
    "chalicelib.licenseapi.license_body._BEGINS_A_BODY": "itself",
    "chalicelib.mail.letter._PATH": "itself",
    "chalicelib.mail.letter._ROW": "itself",
    "chalicelib.mail.sender.SMTP": "itself",
    "chalicelib.portal.assets._THEME": "itself",
    "chalicelib.portal.log_in._OURS": "itself",
    "chalicelib.web.multipart._BOUNDARY": "portal.request, parts",
    "chalicelib.web.multipart._NAME": "portal.request, parts",
    "chalicelib.web.multipart._FILE": "portal.request, parts",
    "chalicelib.portal.handlers._VISITOR": "itself",
    "chalicelib.usecases.chosen_password._TIMES_OF_THE_YEAR": "usecases.chosen_password.guard_chosen",
    "chalicelib.usecases.chosen_password._YEAR": "usecases.chosen_password.guard_chosen",
    "chalicelib.usecases.portal_queries.managed._ID": "itself",
    "chalicelib.usecases.portal_queries.managed._KEY": "itself",
    "chalicelib.usecases.portal_queries.devices._DEVICE_KEY": "itself",
    "chalicelib.portal.chosen_users._BOX": "itself",
    "chalicelib.portal.people._ID": "itself",
    "chalicelib.web.hmac_signature._PARAMETER": "web.hmac_signature.parse_authorization",
    "infra.addresses._WITH_PORT": "infra.addresses.read_address",
    "infra.embedded.source._TOKEN": "itself",
    "infra.wsgi._TEXTS": "infra.wsgi",
    "infra.wsgi._HEADER_VALUE": "infra.wsgi",
}
"""Each compiled pattern, and the parser that tries it; `itself`: it is tried as it is."""

NO_PARSERS = {
    *("domain.color.accent_pair", "domain.color.ink_on", "domain.color.contrast"),  # of a color that was read
    *("domain.second_factor.app_code", "domain.second_factor.step_of"),  # six digits, for our own secret
    "web.paths.is_below",  # compares
    *("domain.hosts.ascii_domain", "usecases.passkey_answers.are_offered"),  # of a host that was read: `portal_host`
    "management.errors.status_of",  # of a code of ours
    "management.exports.license_row_of",  # of a company that has been found
    "domain.keys.least_length",  # of letters that `management.new_licenses` has read
    *("domain.events.named", "domain.license.hash_hardware_id", "domain.license.hash_host_name"),  # hash and write
    *(
        "domain.email.display_email",
        "licenseapi.bodies.customer_body",
        "management.customers.buyer_body",
    ),  # of what is stored
    *("portal.messages.actor_words", "portal.render.logo_path", "portal.rules.duration_words"),  # likewise
    *("domain.license.license_title", "domain.session.listed_session"),  # likewise
    *("usecases.branding.known_company", "usecases.branding.company_of_host"),  # by patterns of ours, before they read
    "usecases.branding.face_without_a_read",  # looks into a cache
    *("infra.output.tell", "infra.serve.say_where", "infra.progress.counting"),  # write
    *(
        "portal.forms.new_token",
        "portal.lists.in_list",
        "portal.batch.list_form",
        "portal.one_by_one.with_refusals",
        "portal.handlers.page",
        "portal.handlers.action",
        "portal.handlers.shown",
        "portal.exports.download",
        "portal.render.render",
    ),  # of our own
    *("web.errors.error_response", "web.hmac_signature.sign"),  # of our own; `verify` tries the other
    *("usecases.passwords.hash_password", "usecases.passwords.verify_password"),  # hash, what was bounded before
    *("usecases.create.create_company", "usecases.create.find_company"),  # `domain.catalog` reads it
    *("licenseapi.refused_calls.record_refused_call", "usecases.portal_queries.devices.device_key"),  # of what was read
    *(
        "usecases.catalog.find_credentials",
        "usecases.passwords.is_outdated",
    ),  # of what is stored
    *(
        "management.errors.management_error",
        "management.errors.status_of",
        "management.webhooks.delivery_id",
    ),  # of our own
    "management.sent_features.wanted_feature",  # what is sent is held against what the product defines
    *("domain.errors.wrong_in", "domain.errors.at_field", "portal.log_in.visitor_form"),  # of our own
    *("usecases.invitations.find_invited", "usecases.invitations.accept_invitation"),  # `domain.invitation` reads it
    *("infra.call.signed_headers", "infra.call.digest_headers", "infra.local.environment"),  # of our own
    *("domain.management_keys.key_text", "management.reach.by", "management.reach.listed_by"),  # of our own
    "usecases.management_keys.find_caller",  # `domain.management_keys` reads it
    "usecases.create.keys_answered_by",  # of our own
    *("infra.embedded.errors.invalid", "infra.embedded.errors.not_done", "infra.embedded.errors.outcome_unknown"),
    "infra.embedded.values.added",  # of what is stored
    *("languages.gettext", "languages.ngettext", "languages.mark"),  # say what is ours
    "usecases.assign_user.wrong_person",  # `domain.email` and `domain.users` read it
    *("domain.public_events.matches", "domain.public_events.pattern"),  # compare with what there is
    *("infra.output.write", "infra.output.answer", "infra.secret_store.open_store", "infra.scratch.scratch_folder"),
}
"""Functions that take a text and are none."""


@cache
def modules() -> list[Any]:
    """Those that may read what a stranger sends."""
    found = []
    for package in (chalicelib, infra):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            parts = module.name.split(".")
            if parts[-1] != "__main__" and not {"stage", "bench", "cost"} & set(parts):
                found.append(importlib.import_module(module.name))
    return found


def patterns() -> dict[str, re.Pattern[Any]]:
    """Every compiled pattern, by the module that has made it."""
    found: dict[int, tuple[str, re.Pattern[Any]]] = {}
    for module in sorted(modules(), key=lambda module: not module.__name__.startswith("chalicelib.domain")):
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                found.setdefault(id(value), (f"{module.__name__}.{name}", value))
    return dict(found.values())


def functions() -> Iterator[str]:
    """Every public function, of the modules that read, that takes a text before anything else."""
    for module in modules():
        _, _, name = module.__name__.partition(".")
        if not _reads(module.__name__, name):
            continue
        for function in vars(module).values():
            if not inspect.isfunction(function) or function.__module__ != module.__name__:
                continue
            first = next(iter(inspect.signature(function).parameters.values()), None)
            if first is None or (name.startswith("usecases.") and first.name == "company"):
                continue  # that is proved by a key or a session, or has been read by what is called next
            if str(first.annotation) in _TEXTS and not function.__name__.startswith("_"):
                prefix = "infra." if module.__name__.startswith("infra") else ""
                yield f"{prefix}{name}.{function.__name__}"


def _reads(module: str, name: str) -> bool:
    """Whether what strangers send may reach it first: not what writes, nor the operator's own command line."""
    if module.startswith("infra."):
        return not name.startswith("admin.") or module == values.__name__
    return name.startswith(("domain.", "languages", "web.", "usecases.", *(f"{adapter}." for adapter in ADAPTERS)))


_TEXTS = ("<class 'str'>", "<class 'bytes'>", "str | None", "bytes | None")
