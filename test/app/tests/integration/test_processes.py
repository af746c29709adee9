"""The processes as they run in production: started, used, stopped by a signal."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from audio_upscaler import jobs
from audio_upscaler.models import Job, JobStatus
from audio_upscaler.services import Services
from audio_upscaler.settings import Settings
from tests.audio import sine_wav


class Process:
    """A Python module running on its own, known by the JSON lines that it logs."""

    def __init__(self, settings: Settings, *arguments: str) -> None:
        env = os.environ | {
            "DATABASE_URL": settings.database_url,
            "GIT_REVISION": "abc123",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "QUEUE_NAME": settings.queue_name,
            "REDIS_URL": settings.redis_url,
        }
        command = [sys.executable, "-m", *arguments]
        self._process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)

    def wait_for_log(self, start: str) -> str:
        """The first message that begins like this; fails when the process ends before."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message: str = json.loads(line)["message"]
            if message.startswith(start):
                return message
        pytest.fail(f"the process ended without logging {start!r}")

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def start(settings: Settings) -> Iterator[Callable[..., Process]]:
    processes = []

    def start(*arguments: str) -> Process:
        process = Process(settings, *arguments)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()


def test_the_api_serves_until_it_is_told_to_stop(start: Callable[..., Process]) -> None:
    api = start("uvicorn", "audio_upscaler.asgi:app", "--port", "0", "--no-access-log")
    address = re.findall(r"http://\S+", api.wait_for_log("Uvicorn running on"))[0]

    with urllib.request.urlopen(f"{address}/version", timeout=5) as response:
        assert json.load(response)["revision"] == "abc123"

    api.terminate()
    api.wait_for_log("Application shutdown complete")


def test_the_worker_does_its_jobs_until_it_is_told_to_stop(
    start: Callable[..., Process], services: Services
) -> None:
    with services.sessions.begin() as session:
        job = jobs.create(session, sine_wav(), 16_000)
    services.queue.put(job.id)

    worker = start("audio_upscaler.worker")
    worker.wait_for_log("job done")

    worker.terminate()
    worker.wait_for_log("worker stopped")
    with services.sessions() as session:
        assert session.get_one(Job, job.id).status is JobStatus.DONE
