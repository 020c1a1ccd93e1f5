"""What a company sells through which keys."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Literal

from chalicelib.domain.errors import Denied, Invalid, NotFound
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import AuthorizationMethod, LicenseType, UnmeteredType
from chalicelib.domain.mail import MailCode
from chalicelib.domain.pasted import MAX_TYPED, composed, visible
from chalicelib.domain.permissions import Permission
from chalicelib.domain.types import Json

MAX_MANAGERS = 20
"""Of one order: each license is filed under each of them, in one transaction."""
COMPANY_CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,30}[A-Z0-9])?")
API_KEY = re.compile(rf"{COMPANY_CODE.pattern}-[0-9a-f]{{32}}")
SecondFactorPolicy = Literal["", "managers"]
"""Of whom a company asks a second factor; empty: of nobody."""
Scope = Literal["people"]
"""What an API key may do beyond what an application needs. `people`: read the people of a customer's licenses."""
WEB_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]{0,31}://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?")
PRODUCT_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Company:
    """A vendor: one tenant. The code is its name in every key of the database and never changes."""

    code: str
    id: int
    name: str
    created_at: Instant
    accent: str = ""
    """The one color of its portal, `#rrggbb`; empty: ours."""
    logo: str = ""
    """An SVG drawing; empty: none."""
    logo_dark: str = ""
    """The same for dark pages; empty: the logo is shown there, too."""
    time_zone: str = ""
    """An IANA name, by which a date alone is an instant; empty: UTC."""
    reply_to: str = ""
    """Where answers to its mails go, in the form of `domain.email`; empty: to the address of the server."""
    support_email: str = ""
    """Whom its mails name for questions, likewise; empty: nobody."""
    language: str = "en"
    """Of its mails and of its portal, to whom has chosen none: a code (`chalicelib.languages`)."""
    mails_off: frozenset[MailCode] = frozenset()
    """Of what nobody is mailed (`domain.mail.OF_COMPANY`)."""
    portal_host: str = ""
    """The host of its own where people reach its portal (`domain.hosts`); no other company has it. Empty: they do so at
    the server's address (`Settings.portal_url`)."""
    second_factor: SecondFactorPolicy = ""
    """Who has to log in to the portal with one (`domain.second_factor`)."""
    revision: int = field(default=0, compare=False)
    """How often it was changed."""


@dataclass(frozen=True, slots=True)
class Product:
    """What licenses are issued for; `code` is the short code that clients send."""

    company: str
    company_id: int
    code: str
    id: int
    name: str
    authorization_method: AuthorizationMethod
    created_at: Instant
    prevent_vm: bool = False
    state: Literal["active", "disabled", "archived"] = "active"
    default_license_type: UnmeteredType = "perpetual"
    """Of a license whose issue does not say which; so are the next six terms (`domain.products`)."""
    max_activations: int = 1
    valid_duration: str | None = None
    subscription_duration: str | None = None
    """In the place of `valid_duration`, for subscriptions."""
    maintenance_duration: str | None = None
    """How long a license is maintained, from its issue; None: versions of all times are offered."""
    allow_trial: bool = False
    """Whether applications may ask for a trial."""
    trial_days: int = 0
    metadata: Json = field(default_factory=dict, hash=False)
    updated_at: Instant | None = None
    """When it was changed last; None: never."""
    definition_changes: int = field(default=0, compare=False)
    """How often its features and custom fields were changed."""
    revision: int = field(default=0, compare=False)
    """How often it was changed itself."""

    @property
    def changed_at(self) -> Instant:
        """When it was changed last, or made."""
        return self.created_at if self.updated_at is None else self.updated_at


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What an application authenticates with. The shared key is the secret half."""

    company: str
    api_key: str
    sealed_shared_key: str
    created_at: Instant
    read_only: bool = False
    revoked: bool = False
    """Refused for good."""
    disabled: bool = False
    """Refused until it is enabled again."""
    products: frozenset[str] = frozenset()
    """Product codes that the key is limited to; empty means all."""
    signing_key: str | None = None
    """The id of the key that signs its answers (`chalicelib.signing`); None: of the oldest that lives."""
    scopes: frozenset[Scope] = frozenset()
    require_digest: bool = False
    """Whether only signatures over the whole request are taken."""
    origins: frozenset[str] = frozenset()
    """Of the pages that may use the key in a browser; empty: no page may read an answer."""
    revision: int = field(default=0, compare=False)
    """How often it was changed."""


@dataclass(frozen=True, slots=True)
class Order:
    """A sale to one customer. Its managers share out the licenses that were sold in it."""

    company: str
    id: str
    customer: str = ""
    managers: frozenset[int] = frozenset()
    """Users' ids."""
    pending_managers: frozenset[int] = frozenset()
    """Under whom not all licenses of the order may be filed yet as they have to be: who joins, or may do other things;
    and who was taken off, and is shown some of them yet."""
    number: int | None = None
    """Its id where ids are integers: that of its first license. An order of before gets one with its next license."""
    denied: frozenset[Permission] = frozenset()
    """What its managers may not do with its licenses."""
    bought_as: str = ""
    """As its licenses say (`License.bought_as`)."""
    is_test: bool = False
    """What the shop says of it, from here to `metadata` (`domain.orders`). A license of it is none the less one."""
    is_trial: bool = False
    order_type: str = ""
    reference: str = ""
    """The shop's other name of it, such as the number of a purchase order."""
    language: str = ""
    campaign_params: str = ""
    download_id: str = ""
    created: Instant | None = None
    """When the shop has taken it; None: not said."""
    metadata: Json = field(default_factory=dict, hash=False)
    import_id: int | None = None
    """The file that has made it, by the id of what has come of that; None: none has."""
    licenses_taken: int = field(default=0, compare=False)
    """How many licenses were taken out of it, or have got another key: who is filing its licenses under a manager
    begins anew where one has."""
    licenses_sold: int = field(default=0, compare=False)
    """How many licenses were sold in it, behind the first: who gives it another name knows that it has no other."""
    customer_id: int | None = field(default=None, compare=False)
    """As `License.customer_id`."""
    revision: int = field(default=0, compare=False)
    """How often it was changed. What is filed under its managers does not move it."""


@dataclass(frozen=True, slots=True)
class LicenseSummary:
    """Of a license that was sold in an order what never changes, and whose it is: enough to find it in a list.

    And where it is filed under a manager, what he may not do with it.
    """

    license_id: int
    product: str
    license_type: LicenseType
    order_id: str
    license_key: str = ""
    customer: str = ""
    denied: frozenset[Permission] = frozenset()
    """As the order says (`Order.denied`)."""
    bought_as: str = ""


def with_manager(order: Order, user_id: int) -> Order:
    """The order with a manager more, to whom its licenses are to be shown. Raises `Invalid`: `too_many_managers`."""
    if user_id in order.managers:
        return order
    if len(order.managers) >= MAX_MANAGERS:
        raise Invalid("too_many_managers", field="manager", most=MAX_MANAGERS)
    return replace(order, managers=order.managers | {user_id}, pending_managers=order.pending_managers | {user_id})


def without_manager(order: Order, user_id: int) -> Order:
    """The order with a manager less, to whom its licenses are to be shown no more."""
    if user_id not in order.managers:
        return order
    return replace(order, managers=order.managers - {user_id}, pending_managers=order.pending_managers | {user_id})


def with_permissions(order: Order, denied: frozenset[Permission]) -> Order:
    """The order whose managers may not do this, and all else: what is filed under them is to say so."""
    return order if denied == order.denied else replace(order, denied=denied, pending_managers=order.managers)


def guard_product(product: Product | None) -> Product:
    """The product, if licenses of it can be used. Raises `Invalid`."""
    if product is None:
        raise NotFound("unknown_product", field="product")
    if product.state == "disabled":
        raise Denied("disabled_product", field="product")
    if product.state == "archived":
        raise Denied("archived_product", field="product")
    return product


def company_code(text: str) -> str:
    """The stored form of a company code (upper case). Raises `Invalid`."""
    code = unicodedata.normalize("NFKC", visible(text[:MAX_TYPED])).upper()
    if not COMPANY_CODE.fullmatch(code):
        raise Invalid("company_code_malformed", field="code")
    return code


def web_origin(text: str) -> str:
    """The origin of a page as browsers write it, `https://app.example`. Raises `Invalid`."""
    origin = text.strip().lower().removesuffix("/")
    if not WEB_ORIGIN.fullmatch(origin):
        raise Invalid("origin_malformed", field="origin")
    for scheme, port in (("https:", ":443"), ("http:", ":80")):  # which no browser writes
        if origin.startswith(scheme):
            return origin.removesuffix(port)
    return origin


def display_name(text: str) -> str:
    """A name for people, without white space around it. Raises `Invalid`."""
    name = composed(text.strip())
    if not 1 <= len(name) <= 200:
        raise Invalid("name_length", field="name", most=200)
    return name


def product_code(text: str) -> str:
    """A valid product code, unchanged. Raises `Invalid`."""
    if not PRODUCT_CODE.fullmatch(text):
        raise Invalid("product_code_malformed", field="code")
    return text
