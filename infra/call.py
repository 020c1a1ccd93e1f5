"""One signed call of the License API to the running demo, as an application would make it.

    .venv/bin/python -m infra.call activate_license product=viewer license_key=… hardware_id=my-laptop

Keys and address come from `demo.json`. Exit 0 for a 2xx whose signature is right, else 1; 2 if nothing answers; 3 if
the answer could not be written.
"""

import argparse
import base64
import json
import secrets
import sys
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from chalicelib.domain.types import Json
from chalicelib.web import hmac_signature
from chalicelib.web.hmac_signature import own_path, sign
from infra import local, output
from infra.version import add_version

POST_CALLS = frozenset(
    {
        *("activate_license", "deactivate_license", "floating/release", "add_consumption", "change_password"),
        "track_device_variables",
    }
)
"""The calls that take a JSON body; all others take a query."""
_TIMEOUT_SECONDS = 30


class CallError(Exception):
    """There is nothing to call, or nobody answers; the text is one sentence."""


def signed_headers(api_key: str, shared_key: str, at: float | None = None) -> dict[str, str]:
    """Date and Authorization of a call that is made at an instant, in seconds since the epoch (default: now)."""
    date = formatdate(at, usegmt=True)
    parameters = {
        "algorithm": "hmac-sha256",
        "headers": "date",
        "signature": sign(shared_key, date),
        "apiKey": api_key,
    }
    return {"Date": date, "Authorization": ",".join(f'{name}="{value}"' for name, value in parameters.items())}


def digest_headers(api_key: str, shared_key: str, request: httpx.Request, at: float | None = None) -> dict[str, str]:
    """Date, Digest and Authorization of a call, whose signature covers all of it."""
    date, digest = formatdate(at, usegmt=True), hmac_signature.digest(request.read())
    path = own_path(request.url.raw_path.partition(b"?")[0].decode())
    target = hmac_signature.request_target(request.method, path, request.url.params.multi_items())
    signature = sign(shared_key, hmac_signature.Covered(date, target, digest))
    parameters = {
        "algorithm": "hmac-sha256",
        "headers": hmac_signature.STRONG,
        "signature": signature,
        "apiKey": api_key,
    }
    authorization = ",".join(f'{name}="{value}"' for name, value in parameters.items())
    return {"Date": date, "Digest": digest, "Authorization": authorization}


def call(demo: Json, name: str, parameters: Json, *, whole: bool = False, key: str | None = None) -> httpx.Response:
    """Sign and send a call to the server that `demo.json` names; `whole`, over the whole request;
    `key`: under this Idempotency-Key.

    Raises `CallError`: nothing sent, or no answer.
    """
    url = f"{demo['base_url']}/api/v4/{name}"
    try:
        is_post = name.strip("/") in POST_CALLS
        what: Json = {"json": parameters} if is_post else {"params": parameters}
        request = httpx.Request("POST" if is_post else "GET", url, **what)
        keys = demo["api_key"], demo["shared_key"]
        request.headers.update(digest_headers(*keys, request) if whole else signed_headers(*keys))
        request.headers["Content-Type"] = "application/json"
        if key is not None:
            request.headers["Idempotency-Key"] = key
        with httpx.Client(timeout=_TIMEOUT_SECONDS) as http:
            return http.send(request)
    except httpx.HTTPError as error:
        raise CallError(f"Nothing answers at {url} ({error}): is `make run` running?") from None
    except (httpx.InvalidURL, ValueError) as error:  # a line break; what is not UTF-8
        raise CallError(f"The call {name!a} cannot be sent so: {str(error).rstrip('.')}.") from None


def is_signed(response: httpx.Response, public_key: str) -> bool:
    """Whether the header `LicenseSignature` is the server's signature of the body."""
    key = load_pem_public_key(public_key.encode())
    assert isinstance(key, RSAPublicKey)
    try:
        signature = base64.b64decode(response.headers.get("LicenseSignature", ""), validate=True)
        key.verify(signature, response.content, PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def main() -> None:
    """Make one call and show its answer."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.call",
        description="Make one signed call of the License API to the running demo; verify and show the answer.",
        epilog="example: .venv/bin/python -m infra.call check_license product=viewer license_key=KEY hardware_id=my-pc",
    )
    parser.add_argument("--home", type=Path, default=Path(".local"), help="folder of demo.json (default: .local)")
    parser.add_argument("--digest", action="store_true", help="sign the whole request, and not just its date")
    parser.add_argument("--fresh", action="store_true", help="send a nonce, and require the answer to tell it")
    parser.add_argument("--idempotency-key", metavar="KEY", help="of your own: add_consumption counts once for it")
    parser.add_argument("call", help="activate_license, check_license, deactivate_license, product_details and others")
    parser.add_argument("parameter", nargs="*", help="name=value; a value that begins with { is JSON")
    add_version(parser)
    given = parser.parse_args()
    try:
        parameters = dict(_parameter(text) for text in given.parameter)
        if given.fresh:
            parameters["nonce"] = secrets.token_urlsafe(16)
        demo = _read_demo(given.home)
        response = call(demo, given.call, parameters, whole=given.digest, key=given.idempotency_key)
    except (CallError, local.DataDirError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    signed = is_signed(response, demo["public_key"])
    if given.fresh and response.is_success:
        signed = signed and _tells(response, parameters["nonce"])
    how = "signature verified" if signed else "errors are not signed" if response.is_error else "SIGNATURE WRONG"
    try:
        output.write(f"{response.status_code} {response.reason_phrase}, {how}\n{_pretty(response)}")
    except OSError as error:
        print(f"The call was made, but its answer could not be written ({error.strerror}).", file=sys.stderr)
        sys.exit(3)
    sys.exit(0 if signed and response.is_success else 1)


def _read_demo(data_dir: Path) -> Json:
    demo = local.read_demo(data_dir)
    if demo is None:
        raise CallError(f"There is no {data_dir / 'demo.json'}: start `make run` first.")
    return demo


def _parameter(text: str) -> tuple[str, Any]:  # JSON, or text
    name, is_pair, value = text.partition("=")
    if not name or not is_pair:
        raise CallError(f"A parameter is written name=value, not {text!r}.")
    if not value.startswith("{"):
        return name, value
    try:
        return name, json.loads(value)
    except ValueError as error:
        raise CallError(f"The value of {name} is no JSON: {error}.") from None


def _tells(response: httpx.Response, nonce: str) -> bool:
    try:
        answer = response.json()
    except ValueError:  # a text tells none
        return True
    return not isinstance(answer, dict) or answer.get("nonce") == nonce


def _pretty(response: httpx.Response) -> str:
    try:
        return json.dumps(response.json(), indent=2, ensure_ascii=False)
    except ValueError:
        return response.text


if __name__ == "__main__":
    main()
