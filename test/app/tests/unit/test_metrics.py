import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from audio_upscaler.metrics import MetricsMiddleware


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.add_middleware(MetricsMiddleware)

    @app.get("/things/{name}")
    def thing(name: str) -> str:
        if name == "broken":
            raise RuntimeError("broken")
        return name

    return TestClient(app, raise_server_exceptions=False)


def test_requests_are_counted_and_timed_by_route(client: TestClient) -> None:
    route = {"method": "GET", "route": "/things/{name}"}
    counted = _value("http_requests_total", **route, status="200")
    timed = _value("http_request_duration_seconds_count", **route)

    client.get("/things/1")
    client.get("/things/2")

    assert _value("http_requests_total", **route, status="200") == counted + 2
    assert _value("http_request_duration_seconds_count", **route) == timed + 2


def test_errors_are_counted_by_status(client: TestClient) -> None:
    errors = _value("http_errors_total", status="500")

    assert client.get("/things/broken").status_code == 500

    assert _value("http_errors_total", status="500") == errors + 1


def test_unknown_paths_share_one_label(client: TestClient) -> None:
    unmatched = {"method": "GET", "route": "unmatched", "status": "404"}
    counted = _value("http_requests_total", **unmatched)

    client.get("/wp-login.php")
    client.get("/.env")

    assert _value("http_requests_total", **unmatched) == counted + 2
