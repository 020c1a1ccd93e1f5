"""The license object as the wire contract names it: each field, with what a new perpetual license has there."""

import base64
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from chalicelib.domain.license import License
from chalicelib.runtime import runtime
from tests.support import Vendor


def license_object(vendor: Vendor, license: License, hardware_id: str, device_id: int) -> dict[str, Any]:
    """What activate and check have in common, but for who and `license_signature`."""
    product = vendor.products[license.product]
    return {
        "id": license.id,
        "license_type": "perpetual",
        "license_active": True,
        "license_enabled": True,
        "active": True,
        "is_expired": False,
        "validity_period": None,
        "start_date": None,
        "enable_maintenance_period": False,
        "maintenance_period": None,
        "max_activations": 5,
        "times_activated": 1,
        "allow_unlimited_activations": False,
        "transfer_count": 0,
        "max_transfers": 0,
        "allow_grace_period": False,
        "grace_period": 0,
        "is_trial": False,
        "trial_days": 0,
        "is_floating": False,
        "is_floating_cloud": False,
        "floating_users": 0,
        "floating_timeout": 0,
        "floating_in_use_devices": 0,
        "can_borrow": False,
        "max_borrow_time": 0,
        "is_borrowed": False,
        "borrowed_until": None,
        "prevent_vm": False,
        "allow_offline_activation": False,
        "is_air_gapped": False,
        "is_hardware_key_auth": False,
        "product_details": product_object(vendor, license.product),
        "product_features": [],
        "custom_fields": [],
        "metadata": {},
        "customer": customer_object(license.customer or ""),
        "company": {"id": product.company_id},
        "order_store_id": license.order_id,
        "license_template_id": None,
        "device_id": device_id,
        "hardware_id": hardware_id,
    }


def customer_object(email: str) -> dict[str, Any]:
    """A customer of whom nothing but the email is known; "" is nobody."""
    names = ("company_name", "reference", "phone", "first_name", "last_name", "address", "postcode", "city")
    empty = dict.fromkeys((*names, "country", "state"), "")
    return {"email": email} | empty | {"customer_account": None, "metadata": {}}


CHECK_ONLY = dict.fromkeys(
    (
        "version",
        "installation_file",
        "release_date",
        "hash_md5",
        "environment",
        "eula_link",
        "release_notes_link",
        "size",
        "requires_version",
        "channel",
    )
)
"""What check_license adds, while there is no installer."""


def product_object(vendor: Vendor, code: str) -> dict[str, Any]:
    """A product in a license object."""
    product = vendor.products[code]
    return {
        "product_id": product.id,
        "product_name": product.name,
        "short_code": code,
        "authorization_method": product.authorization_method,
        "allow_trial": False,
        "trial_days": 0,
        "prevent_vm": product.prevent_vm,
        "floating_timeout": 0,
        "metadata": {},
    }


def verify(message: bytes, signature: str) -> None:
    """Raises `InvalidSignature` where this is not the server's signature of these bytes."""
    key = load_pem_public_key(runtime().keyring.current.public_key.encode())
    assert isinstance(key, RSAPublicKey)
    key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())


def granted(answer: httpx.Response) -> Any:
    """The JSON of an answer that grants, and whose signature is right."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    verify(answer.content, answer.headers["LicenseSignature"])
    return answer.json()


def plain_text(answer: httpx.Response) -> str:
    """The word of an answer in plain text, whose signature is right."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    verify(answer.content, answer.headers["LicenseSignature"])
    return answer.text


def refused(answer: httpx.Response) -> str:
    """The code of an answer that refuses, in the one shape."""
    body = answer.json()
    assert list(body) == ["status", "code", "message"]
    assert body["status"] == answer.status_code >= 400
    assert answer.headers["Content-Type"] == "application/json"
    return str(body["code"])
