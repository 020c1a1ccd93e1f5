"""A malformed environment or secret is one sentence at start, and the sentence holds no secret."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber
from pydantic import ValidationError

from chalicelib.settings import Secrets, SecretSource, Settings, SettingsError, read_settings
from tests.parameters import parameters, put, source

HIDDEN = "hunter2"
DATA_KEY = base64.b64encode(bytes(range(32))).decode()
PEM = f"-----BEGIN PRIVATE KEY-----\n{HIDDEN}\n-----END PRIVATE KEY-----\n"


LEAST = {"SEATKEEPER_TABLE_PREFIX": "stage", "SEATKEEPER_SECRETS": "file:/somewhere", "SEATKEEPER_MAIL": "file:mail"}
"""What an environment holds, at least."""


def read(address: str) -> Secrets:
    """As at start, from the store at an address."""
    return SecretSource(address, "us-east-1").read()


def is_one_sentence(error: pytest.ExceptionInfo[SettingsError]) -> bool:
    text = str(error.value)
    return text[0].isupper() and text.endswith(".") and "\n" not in text


# --- mail ----------------------------------------------------------------------------------------------------------

SMTP = ("smtp://mail.vendor.test?from=a@vendor.test", "smtp://localhost:65535?from=A@xn--bcher-kva.test")
WITH_USER = (
    "smtps://u@mail.vendor.test:465/?from=a@b.test&password-file=/p",
    "smtp://u%40x@[::1]?from=a@b.test&password-file=/p q",
)
NO_SENDERS = (
    "m\xfcller@b.test",
    "a..b@b.test",
    "a@b\xfccher.test",
    "a@1.2.3.4",
    "mailto:a@b.test,c",
    f"{'a' * 65}@b.test",
)
"""Nobody could be mailed there either (`domain.email`)."""
NO_MAIL = (
    *("", "file:", "ses:nobody", "smtp://", "smtp://host", "smtp://host?from=nobody", "smtp:host?from=a@b.test"),
    *(f"smtp://u:{HIDDEN}@host?from=a@b.test&password-file=/p", f"smtp://u:{HIDDEN}@host?from=a@b.test"),
    *("smtp://u@host?from=a@b.test", "smtp://host?from=a@b.test&password-file=/p", "http://host?from=a@b.test"),
    *("smtp://host:99999?from=a@b.test", "smtp://host:65536?from=a@b.test", "smtps://host:0?from=a@b.test"),
    *(f"{way}{sender}" for way in ("ses:", "smtp://host?from=") for sender in NO_SENDERS),
    *("smtp://host:x?from=a@b.test", "smtp://host?from=a@b.test&password-file=p", "smtp://ho st?from=a@b.test"),
)


@pytest.mark.parametrize("way", [*SMTP, *WITH_USER])
def test_mail_may_go_by_an_smtp_server(way: str) -> None:
    assert Settings(table_prefix="t", secrets="file:x", mail=way).mail == way


@pytest.mark.parametrize("way", NO_MAIL)
def test_what_leads_to_no_mail_is_one_sentence_without_a_password(way: str) -> None:
    with pytest.raises(SettingsError, match="SEATKEEPER_MAIL") as error:
        read_settings(LEAST | {"SEATKEEPER_MAIL": way})
    assert is_one_sentence(error)
    assert HIDDEN not in str(error.value)


# --- the environment ---------------------------------------------------------------------------------------------


def test_the_environment_is_read_by_the_names_of_the_fields() -> None:
    assert read_settings(LEAST) == Settings(
        table_prefix="stage", secrets="file:/somewhere", mail="file:mail", hmac_window_minutes=15
    )
    assert read_settings(LEAST | {"SEATKEEPER_HMAC_WINDOW_MINUTES": "5"}).hmac_window_minutes == 5


def test_the_portal_is_named_with_or_without_a_slash_at_its_end() -> None:
    for url in ("", "https://licenses.example", "http://127.0.0.1:8000", "https://x.example/prod"):
        assert read_settings(LEAST | {"SEATKEEPER_PORTAL_URL": url}).portal_url == url
    assert read_settings(LEAST | {"SEATKEEPER_PORTAL_URL": "https://x.example/"}).portal_url == "https://x.example"


def test_an_empty_environment_is_told_all_that_is_missing_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({})
    assert is_one_sentence(caught)
    assert "SEATKEEPER_TABLE_PREFIX (is missing)" in str(caught.value)
    assert "SEATKEEPER_SECRETS (is missing)" in str(caught.value)
    assert "SEATKEEPER_MAIL (is missing)" in str(caught.value)
    assert "SEATKEEPER_HMAC_WINDOW_MINUTES" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TABLE_PREFIX", ""),
        ("TABLE_PREFIX", "two words"),
        ("TABLE_PREFIX", "long" * 51),
        ("SECRETS", ""),
        ("SECRETS", "file:"),
        ("SECRETS", f"elsewhere:{HIDDEN}"),
        ("SECRETS", "ssm:"),
        ("SECRETS", "ssm:stage"),
        ("SECRETS", "ssm:/stage/"),
        ("SECRETS", f"ssm:/stage/{HIDDEN}*"),
        ("MAIL", ""),
        ("MAIL", "file:"),
        ("MAIL", "ses:"),
        ("MAIL", "ses:vendor.example"),
        ("MAIL", "ses:Vendor <no-reply@vendor.example>"),
        ("MAIL", "ses:no-reply@vendor"),
        ("MAIL", f"smtp:{HIDDEN}@vendor.example"),
        ("MAIL", f"/var/mail/{HIDDEN}"),
        ("WEBHOOKS", ""),
        ("WEBHOOKS", "private"),
        ("PORTAL_URL", "licenses.example"),
        ("PORTAL_URL", "ftp://licenses.example"),
        ("PORTAL_URL", f"https://ada:{HIDDEN}@licenses.example"),
        ("PORTAL_URL", "https://licenses.example?a=b"),
        ("PORTAL_URL", "https://licenses.example/a b"),
        ("HMAC_WINDOW_MINUTES", ""),
        ("HMAC_WINDOW_MINUTES", "0"),
        ("HMAC_WINDOW_MINUTES", "1441"),
        ("HMAC_WINDOW_MINUTES", "ten"),
    ],
)
def test_a_malformed_variable_is_named_and_its_value_is_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(LEAST | {f"SEATKEEPER_{name}": value})
    assert is_one_sentence(caught)
    assert str(caught.value).count("SEATKEEPER_") == 1
    assert f"SEATKEEPER_{name}" in str(caught.value)
    assert HIDDEN not in str(caught.value)


# --- the secrets -------------------------------------------------------------------------------------------------


def test_secrets_are_read_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"signing_key": PEM, "data_key": DATA_KEY}))
    found = read(f"file:{path}")
    assert (found.signing_key, found.data_key) == (PEM, DATA_KEY)
    assert HIDDEN not in f"{found} {found!r}"
    assert DATA_KEY not in f"{found} {found!r}"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, ["signing_key", "data_key"]),
        ({"signing_key": PEM}, ["data_key"]),
        ({"signing_key": PEM, "data_key": HIDDEN}, ["data_key"]),
        ({"signing_key": PEM, "data_key": f"{HIDDEN}\u00e9"}, ["data_key"]),
        ({"signing_key": PEM, "data_key": base64.b64encode(HIDDEN.encode() * 5).decode()}, ["data_key", "32 bytes"]),
        ({"signing_key": PEM, "data_key": DATA_KEY + "\n"}, ["data_key"]),
        ({"signing_key": PEM, "data_key": 5}, ["data_key"]),
        ({"signing_key": PEM, "data_key": None}, ["data_key"]),
        ({"signing_key": HIDDEN, "data_key": DATA_KEY}, ["signing_key"]),
        ({"signing_key": [PEM], "data_key": DATA_KEY}, ["signing_key"]),
        ({"signing_key": PEM, "old_signing_key": HIDDEN, "data_key": DATA_KEY}, ["old_signing_key"]),
        ([PEM, DATA_KEY], ["not a JSON object"]),
        (HIDDEN, ["not a JSON object"]),
        (None, ["not a JSON object"]),
        (f"{{{HIDDEN}".encode(), ["not a JSON object"]),
        (b"\xff\xfe" + HIDDEN.encode(), ["not a JSON object"]),
        (b"", ["not a JSON object"]),
    ],
)
def test_malformed_secrets_are_one_sentence_that_names_them_and_shows_none(
    tmp_path: Path, content: Any, expected: list[str]
) -> None:
    path = tmp_path / "secrets.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(SettingsError) as caught:
        read(f"file:{path}")
    assert is_one_sentence(caught)
    assert [word for word in expected if word not in str(caught.value)] == []
    assert HIDDEN not in str(caught.value)
    assert DATA_KEY not in str(caught.value)
    assert caught.value.__cause__ is None, "a traceback would show what pydantic saw"
    assert caught.value.__suppress_context__


def test_not_even_the_error_below_shows_a_secret() -> None:
    with pytest.raises(ValidationError) as caught:
        Secrets(signing_key=HIDDEN, data_key=HIDDEN)
    assert HIDDEN not in str(caught.value)


def test_secrets_that_are_not_there_are_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(SettingsError, match="The secrets cannot be read") as caught:
            read(f"file:{path}")
        assert is_one_sentence(caught)


# --- the secrets, in AWS Systems Manager --------------------------------------------------------------------------

AT = "ssm:/seatkeeper-dev"
ALL = "/seatkeeper-dev/signing_key, /seatkeeper-dev/old_signing_key, /seatkeeper-dev/data_key"


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A parameter store with the secrets of another stage."""
    with parameters(monkeypatch) as store:
        put(store, "/seatkeeper-prod", signing_key="x", old_signing_key="x", data_key="x")
        yield store


def test_parameters_are_read_decrypted_by_one_call(ssm: Any) -> None:
    sent = []
    ssm.meta.events.register("before-send.ssm", lambda request, **_: sent.append(request.headers["X-Amz-Target"]))
    put(ssm, "/seatkeeper-dev", signing_key=PEM, old_signing_key=f"{PEM}2", data_key=DATA_KEY)
    sent.clear()
    found = source(AT, ssm).read()
    assert sent == [b"AmazonSSM.GetParameters"]
    assert (found.signing_key, found.old_signing_key, found.data_key) == (PEM, f"{PEM}2", DATA_KEY)
    assert HIDDEN not in f"{found} {found!r}"


def test_there_need_not_be_an_old_signing_key(ssm: Any) -> None:
    put(ssm, "/seatkeeper-dev", signing_key=PEM, data_key=DATA_KEY)
    assert source(AT, ssm).read().old_signing_key is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {},
            "The secrets are malformed: "
            "/seatkeeper-dev/signing_key (is missing), /seatkeeper-dev/data_key (is missing).",
        ),
        ({"signing_key": PEM}, "The secrets are malformed: /seatkeeper-dev/data_key (is missing)."),
        (
            {"signing_key": PEM, "data_key": f"{HIDDEN}{HIDDEN}="},
            "The secrets are malformed: /seatkeeper-dev/data_key (must be 32 bytes in base64).",
        ),
        (
            {"signing_key": PEM, "old_signing_key": HIDDEN, "data_key": DATA_KEY},
            "The secrets are malformed: /seatkeeper-dev/old_signing_key (must be a private key in PEM, ",
        ),
    ],
)
def test_parameters_that_are_missing_or_malformed_are_one_sentence(
    ssm: Any, values: dict[str, str], sentence: str
) -> None:
    put(ssm, "/seatkeeper-dev", **values)
    with pytest.raises(SettingsError) as caught:
        source(AT, ssm).read()
    assert is_one_sentence(caught)
    assert str(caught.value).startswith(sentence)
    assert HIDDEN not in str(caught.value)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InternalServerError"])
def test_parameters_that_aws_does_not_give_are_one_sentence(ssm: Any, code: str) -> None:
    stub = Stubber(ssm)
    stub.add_client_error("get_parameters", code, HIDDEN)
    with stub, pytest.raises(SettingsError) as caught:
        source(AT, ssm).read()
    assert str(caught.value) == f"SSM does not give {ALL}: {code}."


@pytest.mark.parametrize("error", [EndpointConnectionError(endpoint_url="https://ssm"), NoCredentialsError()])
def test_a_parameter_store_that_does_not_answer_is_one_sentence(ssm: Any, error: Exception) -> None:
    def fail(**_: Any) -> None:
        raise error

    ssm.meta.events.register("before-call.ssm", fail)
    with pytest.raises(SettingsError) as caught:
        source(AT, ssm).read()
    assert str(caught.value) == f"SSM does not answer for {ALL}: {type(error).__name__}."


def test_a_parameter_store_without_a_region_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(SettingsError, match=r"^SSM does not answer for .*: NoRegionError\.$"):
        SecretSource(AT).read()


def test_a_parameter_store_is_not_waited_for_without_end(ssm: Any) -> None:
    """Lambda gives up a start after ten seconds."""
    bound = ssm.meta.config
    attempts = bound.retries["total_max_attempts"]
    assert attempts * (bound.connect_timeout + bound.read_timeout) < 10


def test_what_only_the_parameter_store_needs_is_not_loaded_for_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"signing_key": PEM, "data_key": DATA_KEY}))
    code = (
        f"from chalicelib.settings import SecretSource; SecretSource('file:{path}').read(); import sys;"
        "print([n for n in sys.modules if 'boto' in n])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout == "[]\n"
