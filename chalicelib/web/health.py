"""That the process answers: what a load balancer or a container asks, without a database or a signature."""

from chalice.app import Response


def healthz() -> Response:
    """GET /healthz: 200 `{"status":"ok"}`."""
    return Response('{"status":"ok"}', {"Content-Type": "application/json", "Cache-Control": "no-store"})
