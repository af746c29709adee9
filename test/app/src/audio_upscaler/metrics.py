"""Counts, times and logs every request."""

import logging
import time

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("http_requests_total", "Requests answered", ["method", "route", "status"])
ERRORS = Counter("http_errors_total", "Requests answered with a server error", ["status"])
LATENCY = Histogram("http_request_duration_seconds", "Time to answer", ["method", "route"])

QUIET_ROUTES = frozenset({"/health", "/live", "/metrics"})

logger = logging.getLogger(__name__)


class MetricsMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        status = 500  # what the server answers when the application raises

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = time.perf_counter()
        try:
            await self.app(scope, receive, send_and_note_status)
        finally:
            _record(scope, status, time.perf_counter() - started)


def _record(scope: Scope, status: int, seconds: float) -> None:
    # The route's template, not the path: ids and scans must not become labels.
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"]
    REQUESTS.labels(method, route, str(status)).inc()
    LATENCY.labels(method, route).observe(seconds)
    if status >= 500:
        ERRORS.labels(str(status)).inc()
    logger.log(
        logging.DEBUG if route in QUIET_ROUTES and status < 500 else logging.INFO,
        "request",
        extra={
            "context": {
                "method": method,
                "path": scope["path"],
                "status": status,
                "duration_ms": round(seconds * 1000, 1),
            }
        },
    )
