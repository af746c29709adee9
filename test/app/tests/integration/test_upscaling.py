from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from audio_upscaler import jobs
from audio_upscaler.api import create_app
from audio_upscaler.resampling import decode
from audio_upscaler.services import Services
from audio_upscaler.settings import Settings
from audio_upscaler.worker import Worker
from tests.audio import loudest_frequencies, sine_wav


def upload(client: TestClient) -> dict[str, Any]:
    response = client.post(
        "/v1/upscale", files={"file": ("a.wav", sine_wav())}, data={"target_rate": 16_000}
    )
    assert response.status_code == 202
    job: dict[str, Any] = response.json()
    return job


def test_from_upload_to_result(client: TestClient, worker: Worker) -> None:
    queued = upload(client)
    assert (queued["status"], queued["attempts"]) == ("queued", 0)

    worker.step()

    done = client.get(f"/v1/jobs/{queued['id']}").json()
    assert (done["status"], done["attempts"], done["error"]) == ("done", 1, None)
    assert done["created_at"] <= done["started_at"] <= done["finished_at"]
    result = client.get(f"/v1/jobs/{queued['id']}/result")
    assert result.headers["content-type"] == "audio/wav"
    assert decode(result.content).rate == 16_000
    assert loudest_frequencies(decode(result.content)) == [440]


def test_jobs_are_done_in_order(client: TestClient, worker: Worker) -> None:
    first, second = upload(client), upload(client)

    worker.step()

    assert client.get(f"/v1/jobs/{first['id']}").json()["status"] == "done"
    assert client.get(f"/v1/jobs/{second['id']}").json()["status"] == "queued"


def test_unfinished_jobs_have_no_result(client: TestClient) -> None:
    response = client.get(f"/v1/jobs/{upload(client)['id']}/result")

    assert response.status_code == 409
    assert response.json() == {"detail": "the job is queued"}


@pytest.mark.parametrize("path", ["/v1/jobs/{}", "/v1/jobs/{}/result"])
def test_unknown_jobs(client: TestClient, path: str) -> None:
    assert client.get(path.format(uuid4())).status_code == 404


def test_failed_jobs_say_so(client: TestClient, services: Services, worker: Worker) -> None:
    with services.sessions.begin() as session:
        job = jobs.create(session, b"the API never lets this in", 48_000)
    services.queue.put(job.id)

    worker.step()

    failed = client.get(f"/v1/jobs/{job.id}").json()
    assert failed["status"] == "failed"
    assert failed["error"] == "the recording could not be processed"


def test_uploads_survive_a_missing_queue(settings: Settings, worker: Worker) -> None:
    unreachable = replace(settings, redis_url="redis://127.0.0.1:1")
    with TestClient(create_app(unreachable)) as client:
        assert client.get("/health").json()["dependencies"] == {
            "database": "ok",
            "redis": "unavailable",
        }
        assert upload(client)["status"] == "queued"


def test_healthy_with_both_services(client: TestClient) -> None:
    response = client.get("/health")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "dependencies": {"database": "ok", "redis": "ok"},
    }
