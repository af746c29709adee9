"""The API while neither PostgreSQL nor Redis can be reached."""

import pytest
from fastapi.testclient import TestClient

from tests.audio import sine_wav


def _upload(client: TestClient, wav: bytes, target_rate: int = 48_000) -> tuple[int, str]:
    response = client.post(
        "/v1/upscale", files={"file": ("a.wav", wav)}, data={"target_rate": target_rate}
    )
    return response.status_code, response.json()["detail"]


def test_health_names_what_is_missing(client: TestClient) -> None:
    response = client.get("/health")

    assert response.status_code == 503
    assert response.json() == {
        "status": "failing",
        "dependencies": {"database": "unavailable", "redis": "unavailable"},
    }


def test_liveness_needs_no_service(client: TestClient) -> None:
    assert client.get("/live").status_code == 200


def test_version_and_revision(client: TestClient) -> None:
    assert client.get("/version").json() == {"version": "1.2.3", "revision": "abc123"}


def test_metrics_are_in_prometheus_format(client: TestClient) -> None:
    response = client.get("/metrics")

    assert response.headers["content-type"].startswith("text/plain")
    assert "# TYPE http_request_duration_seconds histogram" in response.text


@pytest.mark.parametrize(
    ("wav", "target_rate", "status", "reason"),
    [
        (b"no wave at all", 48_000, 422, "not a PCM WAV file"),
        (sine_wav(48_000, seconds=0.1), 44_100, 422, "already has 48000 Hz"),
        (sine_wav(seconds=1), 48_000, 413, "larger than 10000 bytes"),
        (sine_wav(), 48_000, 503, "the database is unavailable"),
    ],
)
def test_refused_uploads(
    client: TestClient, wav: bytes, target_rate: int, status: int, reason: str
) -> None:
    answered, detail = _upload(client, wav, target_rate)

    assert answered == status
    assert reason in detail
