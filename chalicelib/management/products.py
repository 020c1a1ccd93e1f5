"""Management API: products."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from chalicelib.domain.catalog import Product
from chalicelib.domain.errors import sent_as
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.license import AuthorizationMethod, UnmeteredType
from chalicelib.domain.products import CHANGEABLE
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.models import Id, ListBody, ListQuery, Sent, SentFlag, given, part_of_list
from chalicelib.management.reach import its_product, itself
from chalicelib.usecases import products
from chalicelib.usecases.create import create_product as make_product
from chalicelib.usecases.product_features import find_all_features, find_features
from chalicelib.web.product_body import ListedProductBody, listed_product_body

MAX_TEXT = 1024
SENT_AS = {"code": "short_code", "name": "product_name"}
"""What the API calls fields of a product otherwise than the rules do."""

Text = Annotated[StrictStr, Field(max_length=MAX_TEXT)]
State = Literal["active", "disabled", "archived"]
Order = Literal["id", "-id", "created_at", "-created_at"]


class ProductPath(Sent):
    """Which product."""

    product_id: Id


class ProductsQuery(ListQuery):
    """Which products, and in which order: ids rise with the time in which they were made."""

    order_by: Order = "id"
    short_code: Text | None = None
    is_archived: SentFlag | None = None


class ProductChange(Sent):
    """PATCH products: what is not given stays."""

    product_name: Text | None = None
    state: State | None = None
    """A disabled or archived product refuses all calls of applications, and new licenses."""
    prevent_vm: StrictBool | None = None
    """Whether its licenses refuse virtual machines."""
    default_license_type: UnmeteredType | None = None
    max_activations: StrictInt | None = None
    valid_duration: Text | None = None
    """Of a license without an end, from its first activation: `30d`, `12m`, `1y`; null: none."""
    subscription_duration: Text | None = None
    """The same of a subscription; null: as `valid_duration`."""
    maintenance_duration: Text | None = None
    """How long versions are offered, from the sale; null: no end."""
    allow_trial: StrictBool | None = None
    trial_days: StrictInt | None = None
    metadata: Json | None = None


class NewProduct(ProductChange):
    """POST products."""

    product_name: Text
    short_code: Text
    """What applications send; it never changes."""
    authorization_method: AuthorizationMethod


class ProductBody(ListedProductBody):
    """A product."""

    state: State
    revision: int


class ProductList(ListBody):
    """A page of products."""

    results: list[ProductBody]


@endpoint("GET", "/products", writes=False, scope="products:read", reach=itself)
def list_products(query: ProductsQuery, caller: Caller) -> ProductList:
    """The products of the company, those that are archived, too."""
    own = [product for product in products.list_products(caller.company) if caller.key.is_for(product.code)]
    found = [product for product in own if _is_asked_for(product, query)]
    sign = -1 if query.order_by.startswith("-") else 1
    rows, page = part_of_list(found[::sign], query, caller, "products", lambda product: sign * product.id)
    features = find_all_features(caller.company)
    return {**page, "results": [product_body(row, features) for row in rows]}


@endpoint("POST", "/products", writes=True, scope="products:write", status=201)
def create_product(body: NewProduct, caller: Caller) -> ProductBody:
    """Make a product."""
    code, method, fields = body.short_code, body.authorization_method, _fields(body)
    given = (caller.company, code, body.product_name, method, caller.actor)
    with sent_as(lambda name: SENT_AS.get(name, name)):
        return caller.once(
            lambda: make_product(*given, fields=fields, now=caller.now), lambda product: product_body(product, [])
        )


@endpoint("GET", "/products/{product_id}", writes=False, scope="products:read", reach=its_product)
def show_product(path: ProductPath, caller: Caller) -> ProductBody:
    """One product, with its features."""
    product = products.find_product_by_id(caller.company, path.product_id)
    return product_body(product, find_features(caller.company, product.code))


@endpoint("PATCH", "/products/{product_id}", writes=True, scope="products:write", reach=its_product)
def change_product(path: ProductPath, body: ProductChange, caller: Caller) -> ProductBody:
    """Change what is given; the rest stays. Licenses that were issued keep their terms."""

    def change() -> Product:
        code = products.find_product_by_id(caller.company, path.product_id).code
        given = (caller.company, code, _fields(body), caller.actor)
        return products.change_product(*given, revision=caller.if_match, now=caller.now)

    with sent_as(lambda name: SENT_AS.get(name, name)):
        return caller.once(change, lambda changed: product_body(changed, find_features(caller.company, changed.code)))


@endpoint("GET", "/products/{product_id}/bundle", writes=False, scope="products:read")
def list_products_in_bundle(
    path: ProductPath,
    query: ProductsQuery,  # noqa: ARG001 - it takes what the list of all takes
    caller: Caller,
) -> list[ProductBody]:
    """The products in a bundle: none, for no product is a bundle yet."""
    products.find_product_by_id(caller.company, path.product_id)
    return []


@endpoint("GET", "/products/{product_id}/in_bundle", writes=False, scope="products:read")
def list_bundles_of_product(
    path: ProductPath,
    query: ProductsQuery,  # noqa: ARG001 - likewise
    caller: Caller,
) -> list[ProductBody]:
    """The bundles that a product is in: none yet."""
    products.find_product_by_id(caller.company, path.product_id)
    return []


def product_body(product: Product, features: list[ProductFeature]) -> ProductBody:
    """A product as it is answered, with those of the features that are its own."""
    return {**listed_product_body(product, features), "state": product.state, "revision": product.revision}


def _is_asked_for(product: Product, query: ProductsQuery) -> bool:
    is_code = query.short_code in (None, product.code)
    return is_code and query.is_archived in (None, product.state == "archived")


def _fields(body: ProductChange) -> dict[str, Any]:  # as `Product` has them
    """What was sent that may change, by the names of a product's fields."""
    sent = given(body, "valid_duration", "subscription_duration", "maintenance_duration")
    named = {"name" if name == "product_name" else name: value for name, value in sent.items()}
    return {name: value for name, value in named.items() if name in CHANGEABLE}
