"""Seatkeeper: the whole surface on one page."""

import gc
import os
from collections.abc import Callable
from typing import Any

gc.disable()  # what is imported stays: searching it for garbage was a tenth of the start

from chalice.app import Chalice, CloudWatchEvent, Rate, Request, Response

from chalicelib.bootstrap import bootstrap
from chalicelib.domain.types import Json
from chalicelib.licenseapi.routes import about
from chalicelib.licenseapi.routes import blueprint as license_api
from chalicelib.management.adapter import in_shape
from chalicelib.management.routes import PREFIX
from chalicelib.management.routes import blueprint as management_api
from chalicelib.portal.routes import blueprint as portal
from chalicelib.portal.routes import in_pages, to_portal
from chalicelib.runtime import runtime_or, using
from chalicelib.usecases.deliver_events import keep_delivering
from chalicelib.usecases.import_files import IMPORT_SECONDS, continue_imports
from chalicelib.usecases.send_mails import RUN_SECONDS, send_mails
from chalicelib.usecases.sweep import sweep
from chalicelib.web import clock
from chalicelib.web.errors import handle_framework_errors
from chalicelib.web.headers import wants_page
from chalicelib.web.health import healthz
from chalicelib.web.request_log import log_request, run_log

app = Chalice(app_name="seatkeeper", debug=False, configure_logs=False)
_of_process = bootstrap(os.environ)
if os.environ.get("AWS_LAMBDA_FUNCTION_NAME"):
    _of_process.log.take_logs()
    _of_process.open()


# --- middleware: the first registered is the outermost --------------------------------------------------------


@app.middleware("all")
# Chalice passes on events of any kind, and what answers them.
def in_runtime(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Each event is handled in the runtime that its server has set; on Lambda none has, and the process's is taken."""
    with using(runtime_or(_of_process)):
        return get_response(event)


@app.middleware("http")
def log_each_request(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Log each request in one record."""
    return log_request(request, get_response)


@app.middleware("http")
def error_middleware(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Nothing leaves in any other shape, whoever answers."""
    return handle_framework_errors(request, get_response)


@app.middleware("http")
def pages_for_people(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """What the portal is sent in no form at all is answered by a page, too."""
    return in_pages(request, get_response)


@app.middleware("http")
def errors_of_management(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """What the Management API is sent in no form at all is answered in its shape, too."""
    return in_shape(request, get_response)


# --- adapters -------------------------------------------------------------------------------------------------

NO_BODY: list[str] = []  # whatever type a request without one claims
app.register_blueprint(license_api, url_prefix="/api/v4")
app.register_blueprint(management_api, url_prefix=PREFIX)
app.register_blueprint(portal)


@app.route("/", methods=["GET", "HEAD"], content_types=NO_BODY)
def start() -> Response:
    """A browser is led to the portal, and an application is answered what this is."""
    request = app.current_request
    assert request is not None, "a route is asked by a request"
    return to_portal(request) if wants_page(request.headers.get("accept", "")) else about()


app.route("/healthz", methods=["GET", "HEAD"], content_types=NO_BODY)(healthz)
app.api.binary_types = ["multipart/form-data"]  # an uploaded list of people, whatever its encoding; all else is text


# --- schedules ------------------------------------------------------------------------------------------------


@app.schedule(Rate(5, unit=Rate.MINUTES))
def sweep_due(event: CloudWatchEvent) -> dict[str, int]:
    """Expire licenses and close grace periods, and go on with files that are imported."""
    with run_log("sweep", event.context):
        keep_going = clock.lasting(IMPORT_SECONDS)
        return sweep(now=clock.now()) | continue_imports(clock.now, keep_going)


@app.schedule(Rate(1, unit=Rate.MINUTES))
def send_queued_mails(event: CloudWatchEvent) -> dict[str, int]:
    """Send what is queued."""
    with run_log("mail", event.context):
        return send_mails(now=clock.now(), keep_going=clock.lasting(RUN_SECONDS))


@app.lambda_function()  # called each minute, and at once by the table's stream (`infra.stage.functions`)
def deliver_queued_events(_event: Json, context: object) -> dict[str, int]:
    """Deliver what stands in the outbox."""
    with run_log("events", context):
        return keep_delivering(clock.now, clock.lasting(RUN_SECONDS))


gc.freeze()  # nor does a request wait for a search of it
gc.enable()
