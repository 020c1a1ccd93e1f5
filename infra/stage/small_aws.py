"""An AWS on this machine for one function: the tables of a stage, on the embedded engine, and its secrets."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from chalicelib.domain.types import Json
from infra.embedded import open_engine
from infra.stage.stages import Stage


@contextmanager
def small_aws(stage: Stage, database: Path, secrets: Json) -> Iterator[dict[str, str]]:
    """The environment of a process that takes this for AWS, with the settings of a stage.

    It listens on a free loopback port. It knows what our functions send, in the form that they send it; not who asks.
    """
    engine, path = open_engine(database), stage.environment["SEATKEEPER_SECRETS"].removeprefix("ssm:")
    parameters = [{"Name": f"{path}/{name}", "Value": value} for name, value in secrets.items()]

    def answer(target: str, request: Json) -> Json:
        service, _, operation = target.partition(".")
        return {"Parameters": parameters} if service == "AmazonSSM" else engine(operation, request)

    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer))
    serving = Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield {
            **stage.environment,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nobody",
        }
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        engine.close()


def _handler(answer: Callable[[str, Json], Json]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections are kept

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answer(self.headers["X-Amz-Target"], request), default=_as_base64).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    return Handler


def _as_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
