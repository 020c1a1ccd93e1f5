"""The one-command run, in homes of its own: the printed call, a second start, and all ways to end."""

import json
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Never

import httpx
import pytest

from chalicelib.bootstrap import bootstrap
from chalicelib.domain.mail import Mail
from chalicelib.domain.webhooks import SECONDS, Answer
from chalicelib.runtime import using
from chalicelib.store.database import connection, create_tables, table_name
from chalicelib.store.items.base import EphemeraItem
from chalicelib.store.mails import queue_mail
from chalicelib.usecases.endpoints import send_test, waiting_deliveries
from chalicelib.web import clock
from infra import call, local, run
from infra.new_secrets import NEW
from infra.serve import ROOT
from tests.portal.browser import Page
from tests.support import ADMIN, DAY, ChangeRuntime, Vendor
from tests.usecases.receivers import OK, Receivers, listen
from tests.webhooks.receivers import Arrived, Receiver, is_silent

RUN = [sys.executable, "-m", "infra.run"]


@dataclass
class Running:
    """A run on a home, once it answers."""

    home: Path
    process: subprocess.Popen[str]
    said: str

    @property
    def demo(self) -> dict[str, Any]:
        """What `demo.json` says."""
        document: dict[str, Any] = json.loads((self.home / "demo.json").read_text())
        return document

    def call(self, name: str, **parameters: Any) -> httpx.Response:
        """A signed call, the answer to which has to be signed where it is no error."""
        answer = call.call(self.demo, name, parameters)
        assert answer.is_error or call.is_signed(answer, self.demo["public_key"])
        return answer

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Send a signal and wait: the exit code, and what was said since on standard output and error."""
        self.process.send_signal(number)
        rest, errors = self.process.communicate()
        return self.process.returncode, rest, errors


@contextmanager
def running(home: Path, *arguments: str, until: str = "Keys and passwords of the demo:") -> Iterator[Running]:
    """Start a run on `home`, on any free port; it has said `until`."""
    pipe = subprocess.PIPE
    environment = dict(os.environ) | {"PORT": "0"}
    command = [*RUN, "--home", str(home), *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=pipe, stderr=pipe) as process:
        try:
            assert process.stdout is not None
            said = ""
            while until not in said:
                line = process.stdout.readline()
                assert line, process.communicate()[1]
                said += line
            yield Running(home, process, said)
        finally:
            process.kill()


def refused(*arguments: str, port: str = "0") -> str:
    """What a run says on standard error that does not start, with exit 2 and nothing else said."""
    environment = dict(os.environ) | {"PORT": port}
    command = [*RUN, *arguments]
    done = subprocess.run(  # one that starts would go on for ever
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A run on a new home."""
    with running(tmp_path_factory.mktemp("first") / "home") as first:
        yield first


def test_demo_json_says_all_that_a_newcomer_needs(first: Running) -> None:
    demo = first.demo
    names = ["base_url", "company_code", "api_key", "shared_key", "management_api_key", "public_key"]
    names += ["manager", "license_user", "customer", "order", "policy", "licenses"]
    assert list(demo) == names
    assert demo["company_code"] == "QBITEC"
    assert demo["manager"].keys() == {"email", "password"}
    assert demo["license_user"].keys() == {"email", "initial_password"}
    assert demo["license_user"]["email"] == "don.joe@qbitec.com"
    revit, viewer = demo["licenses"]
    limits = {"id", "product", "license_key", "max_activations", "max_license_users"}
    assert revit.keys() == viewer.keys() == limits
    assert (revit["product"], revit["max_activations"], revit["max_license_users"]) == ("revit", 10, 5)
    assert (viewer["product"], viewer["max_activations"], viewer["max_license_users"]) == ("viewer", 5, None)
    assert revit["license_key"] is None
    assert (demo["customer"], demo["policy"]) == ("office@studio.example", "pro")
    assert demo["order"] == {"id": revit["id"], "store_id": "demo"}
    about = httpx.get(demo["base_url"], timeout=60).json()
    this = f"Seatkeeper {about['version']}, commit {about['commit']}"
    assert first.said.startswith(f"Serving on {demo['base_url']} ({this}) after ")


def test_a_log_in_to_the_portal_is_printed_and_works(first: Running) -> None:
    demo = first.demo
    manager = demo["manager"]
    assert f"email {manager['email']}, password {manager['password']}\n" in first.said
    with httpx.Client(base_url=demo["base_url"], follow_redirects=True, timeout=60) as http:
        page = Page(http.get("/portal"))
        given = {"company": demo["company_code"], "email": manager["email"], "password": manager["password"]}
        entered = Page(http.post(page.path, data=page.form(page.path).fields | given))
    assert (entered.status, entered.path) == (200, "/portal/password")


def test_secrets_are_for_their_owner_alone(first: Running) -> None:
    assert stat.S_IMODE(first.home.stat().st_mode) == 0o700
    for name in ("demo.json", "environment.json", "secrets.json"):
        assert stat.S_IMODE((first.home / name).stat().st_mode) == 0o600, name


def test_the_printed_call_activates_a_license(first: Running) -> None:
    [printed] = [line for line in first.said.splitlines() if " activate_license " in line]
    done = subprocess.run(shlex.split(printed), cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    head, _, body = done.stdout.partition("\n")
    assert head == "200 OK, signature verified"
    assert (json.loads(body)["request"], json.loads(body)["hardware_id"]) == ("activation", "my-laptop")
    assert first.call("check_license", **json_of(shlex.split(printed))).status_code == 200


def json_of(words: list[str]) -> dict[str, str]:
    """The parameters of a printed call."""
    return dict(word.split("=", 1) for word in words if "=" in word)


def test_the_first_calls_of_the_management_api_work_as_its_page_has_them(first: Running) -> None:
    page = (ROOT / "docs" / "management-api.md").read_text()
    script = page.partition("```sh\n")[2].partition("```")[0]
    here = script.replace(".local/", f"{first.home}/")
    answers = subprocess.run(["bash", "-ec", here], capture_output=True, text=True, timeout=60, check=True).stdout
    decoder = json.JSONDecoder()
    licenses, end = decoder.raw_decode(answers)
    assert [row["id"] for row in licenses["results"]] == [license["id"] for license in first.demo["licenses"]]
    order = decoder.decode(answers[end:])
    assert order["order_items"][0]["product_code"] == "viewer"
    assert order["order_items"][0]["licenses"][0]["license_key"]


def test_the_demo_user_activates_with_the_initial_password(first: Running) -> None:
    user = first.demo["license_user"]
    who = {"username": user["email"], "password": user["initial_password"]}
    answer = first.call("activate_license", product="revit", hardware_id="h", **who)
    assert answer.status_code == 200, answer.text
    assert answer.json()["max_license_users"] == 5
    assert [held["user"]["email"] for held in first.call("user_licenses", product="revit", **who).json()] == [
        user["email"]
    ]


def test_a_refused_call_is_shown_with_its_reason(first: Running) -> None:
    command = [sys.executable, "-m", "infra.call", "--home", str(first.home), "check_license", "product=viewer"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("400 Bad Request, errors are not signed\n")
    assert '"code": "missing_hardware_id"' in done.stdout


def test_other_commands_find_the_data_of_a_run(first: Running) -> None:
    found = local.running(first.home)
    assert found is not None
    assert found["base_url"] == first.demo["base_url"]
    assert found["SEATKEEPER_SECRETS"] == f"file:{first.home.resolve() / 'secrets.json'}"
    assert found["SEATKEEPER_DATABASE"] == f"infra.embedded:{local.database_file(first.home)}"


def test_a_second_run_on_the_same_home_is_one_sentence(first: Running) -> None:
    assert refused("--home", str(first.home)) == f"Another server is running on {first.home}: stop it first.\n"
    assert local.running(first.home) is not None
    assert httpx.get(first.demo["base_url"], timeout=60).status_code == 200


def test_a_port_in_use_is_one_sentence_and_leaves_no_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        advice = "Choose another one: PORT=… make run, or --port of infra.serve."
        sentence = f"Port {port} of 127.0.0.1 cannot be had: Address already in use. {advice}\n"
        assert refused("--home", str(tmp_path / "home"), port=port) == sentence
    assert local.running(tmp_path / "home") is None


def test_mail_that_cannot_be_sent_so_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    sentence = refused("--home", home, "--mail", "smtp://u:hunter2@mail.vendor.test?from=a@vendor.test")
    assert sentence.startswith("The environment is malformed: SEATKEEPER_MAIL ")
    assert "hunter2" not in sentence
    url = f"smtp://u@mail.vendor.test?from=a@vendor.test&password-file={tmp_path}/none"
    sentence = "The mail server's password cannot be read: No such file or directory.\n"
    assert refused("--home", home, "--mail", url) == sentence


def test_a_run_tells_other_commands_how_mail_is_sent(tmp_path: Path) -> None:
    url = "smtp://localhost:25?from=a@vendor.test"
    with running(tmp_path / "home", "--mail", url):
        found = local.running(tmp_path / "home")
        assert found is not None
        assert found["SEATKEEPER_MAIL"] == url


def test_a_run_leads_people_to_its_portal_where_passkeys_are_or_to_the_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for given in (None, "https://licenses.vendor.test"):
        monkeypatch.delenv("SEATKEEPER_PORTAL_URL", raising=False)
        if given:
            monkeypatch.setenv("SEATKEEPER_PORTAL_URL", given)
        with running(tmp_path / "home") as served:
            portal_url = given or served.demo["base_url"].replace("127.0.0.1", "localhost")
            assert (local.running(tmp_path / "home") or {})["SEATKEEPER_PORTAL_URL"] == portal_url
            assert f"The portal, in a browser: {portal_url}/portal\n" in served.said


def test_a_port_that_is_no_number_is_one_sentence_and_makes_nothing(tmp_path: Path) -> None:
    sentence = refused("--home", str(tmp_path / "home"), port="http")
    assert sentence == "The port must be a number from 0 to 65535, not 'http'.\n"
    assert not (tmp_path / "home").exists()


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """A home with data, of a server that has stopped."""
    home = tmp_path / "home"
    with running(home) as first:
        first.end(signal.SIGTERM)
    return home


def test_data_whose_secrets_are_lost_is_not_served(ran: Path) -> None:
    """With new ones no application would take an answer, and nothing that is sealed would open."""
    kept = (ran / "secrets.json").read_bytes()
    (ran / "secrets.json").unlink()
    sentence = f"There is no {ran}/secrets.json: restore it from the backup, with the data that it belongs to.\n"
    assert refused("--home", str(ran)) == sentence
    (ran / "demo.json").unlink()
    assert refused("--home", str(ran)) == sentence
    assert not (ran / "secrets.json").exists()

    kept_data = local.database_file(ran).read_bytes()
    local.database_file(ran).write_bytes(b"")
    both = f"{local.database_file(ran)} is empty, and there is no {ran}/secrets.json: restore both from the backup.\n"
    assert refused("--home", str(ran)) == both
    assert not (ran / "secrets.json").exists()
    local.database_file(ran).write_bytes(kept_data)

    local.write_private(ran / "secrets.json", json.loads(local.secrets_file(ran.parent / "other").read_bytes()))
    sentence = f"{ran}/secrets.json is not what the data was sealed with: restore it.\n"
    assert refused("--home", str(ran)) == sentence

    (ran / "secrets.json").write_bytes(kept)
    with running(ran) as again:
        assert again.call("product_details", product="viewer").status_code == 200


def test_a_folder_for_everybody_is_not_taken_from_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    assert (
        refused("--home", str(tmp_path))
        == f"{tmp_path} is a folder for everybody: choose one of its own for the data.\n"
    )
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("environment.json", "{home}/environment.json cannot be removed: Is a directory.\n"),
        ("secrets.new", "{home}/secrets.new cannot be written: Is a directory.\n"),
        ("demo.json", "{home}/demo.json cannot be read: remove it, and `make run` makes it again from the data.\n"),
    ],
)
def test_a_folder_where_a_file_belongs_is_one_sentence(name: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    assert refused("--home", str(tmp_path)) == sentence.format(home=tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_a_run_ends_the_next_one_goes_on_with_the_same_data(number: signal.Signals, tmp_path: Path) -> None:
    with running(tmp_path / "home") as first:
        before = first.demo
        device = {"product": "viewer", "license_key": before["licenses"][1]["license_key"], "hardware_id": "kept"}
        assert first.call("activate_license", **device).status_code == 200
        code, said, errors = first.end(number)
    if number != signal.SIGKILL:
        assert (code, said, errors) == (0, "\nStopped. All data is kept.\n", "")
        assert not local.environment_file(tmp_path / "home").exists()
        assert local.running(tmp_path / "home") is None
    with running(tmp_path / "home") as second:
        assert before["manager"]["password"] in first.said
        assert before["manager"]["password"] not in second.said
        assert f"email {before['manager']['email']}, the password in demo.json or " in second.said
        assert second.demo | {"base_url": ""} == before | {"base_url": ""}
        assert second.call("check_license", **device).json()["times_activated"] == 1


def test_without_a_demo_the_first_company_is_made_by_the_printed_commands_and_comes_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home, "--no-demo", until="license issue") as first:
        assert not local.demo_file(home).exists()
        printed = [line for line in first.said.splitlines() if " -m infra.admin " in line]
        answers = []
        for line in printed:
            done = subprocess.run([*shlex.split(line), "--json"], cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            answers.append(json.loads(done.stdout))
        company, product, key, license = answers
        assert (company["code"], product["code"], license["license_type"]) == ("ACME", "viewer", "perpetual")
        acme = {"base_url": _base_url(first), "api_key": key["api_key"], "shared_key": key["shared_key"]}
        lookup = {"product": "viewer", "license_key": license["license_key"], "hardware_id": "pc"}
        answer = call.call(acme, "activate_license", lookup)
        assert (answer.status_code, call.is_signed(answer, key["public_key"])) == (200, True)
        audited = subprocess.run(
            [sys.executable, "-m", "infra.admin", "audit", "--home", str(home), "--json"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (audited.returncode, json.loads(audited.stdout)["differences"]) == (0, []), audited.stderr
        first.end(signal.SIGTERM)
    kept = json.loads((home / "secrets.json").read_bytes())
    local.write_private(home / "secrets.json", kept | {"data_key": NEW["data_key"]()})
    assert refused("--home", str(home), "--no-demo").endswith("is not what the data was sealed with: restore it.\n")


def _base_url(of: Running) -> str:
    return of.said.partition("Serving on ")[2].partition(" ")[0]


def test_a_run_sweeps_at_its_start(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=vendor.now + 1)
    with run.sweeping(run.Stopping(60)):
        pass
    assert vendor.history(license)[-1].type == "license_expired"


def test_a_run_deletes_at_its_start_all_that_has_expired_for_a_minute_a_little_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TIDIED_AT_ONCE", 3)
    of_its_own = os.environ | {"SEATKEEPER_DATABASE": f"infra.embedded:{tmp_path / 'data.db'}"}
    with using(bootstrap(of_its_own)), closing(connection().send) as engine:  # type: ignore[type-var]
        create_tables()
        second, table = clock.now() // 1000, table_name(EphemeraItem)

        def put(pk: str, **attributes: Any) -> None:
            engine("PutItem", {"TableName": table, "Item": {"pk": {"S": pk}} | attributes})

        for n in range(10):
            put(f"expired {n}", expires={"N": str(n)})
        put("for less than a minute", expires={"N": str(second - 30)})
        put("never")
        with run.tidying(run.Stopping(60)):
            links = [str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
            assert links.count(f"{tmp_path / 'data.db'}.lock") == 1, "one engine"
            deadline = time.monotonic() + run.SWEEP_SECONDS / 10
            while engine("Scan", {"TableName": table})["Count"] > 2 and time.monotonic() < deadline:
                pass
        left = {item["pk"]["S"] for item in engine("Scan", {"TableName": table})["Items"]}
    assert left == {"for less than a minute", "never"}


def test_a_run_sends_what_is_queued(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, change_runtime: ChangeRuntime
) -> None:
    sent = threading.Event()
    change_runtime(mailer=SimpleNamespace(send=lambda *_: sent.set()))
    monkeypatch.setattr(run, "MAIL_SECONDS", 0)
    with run.mailing(run.Stopping(60)):
        queue_mail(Mail("ada@customer.test", "Hello", "Hello"), clock.now())
        assert sent.wait(30)


def test_a_run_delivers_what_stands_in_the_outbox(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, change_runtime: ChangeRuntime
) -> None:
    taken = threading.Event()

    def take(_url: str, _body: Any) -> Answer:
        taken.set()
        return OK

    change_runtime(webhooks=Receivers(take), clock=lambda: vendor.now + DAY)
    monkeypatch.setattr(run, "EVENT_SECONDS", 0)
    listen(vendor)
    with run.delivering(run.Stopping(60)):
        vendor.activate(vendor.issue(), "HW-1", now=vendor.now + DAY)
        assert taken.wait(30)


def test_while_an_endpoint_hangs_what_others_are_to_be_told_of_is_delivered(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, change_runtime: ChangeRuntime
) -> None:
    hangs, let_go, taken = threading.Event(), threading.Event(), threading.Event()
    other, of_other = Vendor(), "https://other.example/in"

    def take(url: str, _body: Any) -> Answer:
        if url == of_other:
            taken.set()
        else:
            hangs.set()
            assert let_go.wait(60)
        return OK

    change_runtime(webhooks=Receivers(take), clock=lambda: vendor.now + DAY)
    monkeypatch.setattr(run, "EVENT_SECONDS", 0)
    listen(vendor)
    listen(other, url=of_other)
    with run.delivering(run.Stopping(60)):
        try:
            vendor.activate(vendor.issue(), "HW-1", now=vendor.now + DAY)
            assert hangs.wait(30)
            other.activate(other.issue(), "HW-1", now=vendor.now + DAY)
            assert taken.wait(30)
        finally:
            let_go.set()


def test_a_run_ends_while_an_endpoint_hangs_and_what_was_being_sent_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEATKEEPER_WEBHOOKS", "any")
    arrived = threading.Event()

    def hang(receiver: Receiver, connection: socket.socket, request: Arrived) -> None:
        arrived.set()
        is_silent(receiver, connection, request)

    with (
        closing(Receiver(hang)) as receiver,
        running(tmp_path / "home") as one,
        using(bootstrap(local.environment(one.home))),
    ):
        vendor = Vendor(now=clock.now())
        endpoint_id = listen(vendor, url=f"http://127.0.0.1:{receiver.port}")
        send_test(vendor.code, endpoint_id, ADMIN, now=vendor.now)
        assert arrived.wait(30)
        begun = time.monotonic()
        assert one.end(signal.SIGTERM) == (0, "\nStopped. All data is kept.\n", "")
        assert time.monotonic() - begun < SECONDS / 2, "no longer than the receiver is waited for"
        (waiting,) = waiting_deliveries(vendor.code, endpoint_id)
        assert waiting.tries == {}


def test_a_sweep_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    third, begun = threading.Event(), 0

    def failing(**_: Any) -> Never:
        nonlocal begun
        begun += 1
        if begun == 3:
            third.set()
        raise RuntimeError("no database")

    monkeypatch.setattr(run, "sweep", failing)
    monkeypatch.setattr(run, "SWEEP_SECONDS", 0)
    with run.sweeping(run.Stopping(60)):
        assert third.wait(30)
    assert "the sweep failed; the next one catches up" in caplog.text


def test_who_is_told_to_stop_comes_to_an_end_while_the_server_still_answers(tmp_path: Path) -> None:
    stopping = run.Stopping(60)
    names = {"sweep", "import", "mail", "delivery of events", "look at the disk"}
    with (
        run.sweeping(stopping),
        run.importing(stopping),
        run.mailing(stopping),
        run.delivering(stopping),
        run.watching_disk(tmp_path, stopping),
    ):
        begun = [thread for thread in threading.enumerate() if thread.name in names]
        stopping.set()
        for thread in begun:
            thread.join(30)
        assert [thread.is_alive() for thread in begun] == [False] * 5


def test_all_that_is_told_to_stop_is_waited_for_together(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([100, 101, 104])
    monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    stopping = run.Stopping(3)
    stopping.set()
    stopping.set()
    assert (stopping.seconds_left(), stopping.seconds_left()) == (2, 0)


def test_a_changed_answer_is_not_taken_as_signed(first: Running) -> None:
    answer = call.call(first.demo, "product_details", {"product": "viewer"})
    forged = httpx.Response(200, headers=answer.headers, content=answer.content.replace(b"viewer", b"reviewer"))
    unsigned = httpx.Response(200, content=answer.content)
    public_key = first.demo["public_key"]
    verdicts = [call.is_signed(response, public_key) for response in (answer, forged, unsigned)]
    assert verdicts == [True, False, False]
