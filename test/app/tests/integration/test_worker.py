from dataclasses import replace
from datetime import timedelta
from threading import Event
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete

from audio_upscaler import jobs
from audio_upscaler.job_queue import JobQueue
from audio_upscaler.models import Job, JobStatus
from audio_upscaler.services import Services
from audio_upscaler.worker import Worker
from tests.audio import sine_wav


@pytest.fixture(autouse=True)
def no_other_jobs(services: Services) -> None:
    with services.sessions.begin() as session:
        session.execute(delete(Job))


@pytest.fixture
def impatient(worker: Worker) -> Worker:
    """A worker that takes every unfinished job for lost."""
    return replace(worker, job_timeout=timedelta(0))


def _stored_job(services: Services) -> UUID:
    with services.sessions.begin() as session:
        job = jobs.create(session, sine_wav(), 16_000)
    return job.id


def _read(services: Services, job_id: UUID) -> Job:
    with services.sessions() as session:
        return session.get_one(Job, job_id)


def test_a_job_missing_from_the_queue_is_recovered(services: Services, impatient: Worker) -> None:
    job_id = _stored_job(services)

    impatient.step()
    impatient.step()

    assert _read(services, job_id).status is JobStatus.DONE


def test_a_job_of_a_dead_worker_is_tried_again(services: Services, impatient: Worker) -> None:
    job_id = _stored_job(services)
    with services.sessions.begin() as session:
        jobs.claim(session, job_id)

    impatient.step()
    impatient.step()

    job = _read(services, job_id)
    assert (job.status, job.attempts) == (JobStatus.DONE, 2)


def test_a_job_that_kills_workers_is_given_up(services: Services, impatient: Worker) -> None:
    job_id = _stored_job(services)
    with services.sessions.begin() as session:
        job = session.get_one(Job, job_id)
        job.status, job.attempts = JobStatus.RUNNING, jobs.MAX_ATTEMPTS

    impatient.step()

    job = _read(services, job_id)
    assert (job.status, job.error) == (JobStatus.FAILED, "gave up after 3 attempts")
    assert services.queue.take(0.05) is None


def test_running_jobs_are_left_alone(services: Services, worker: Worker) -> None:
    job_id = _stored_job(services)
    with services.sessions.begin() as session:
        jobs.claim(session, job_id)

    worker.step()
    worker.process(job_id)

    job = _read(services, job_id)
    assert (job.status, job.attempts) == (JobStatus.RUNNING, 1)


def test_unknown_ids_are_ignored(worker: Worker) -> None:
    worker.process(uuid4())


def test_a_missing_queue_is_waited_for(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class StopAfterFirstWait(Event):
        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return True

    without_queue = replace(worker, queue=JobQueue.connect("redis://127.0.0.1:1", "none"))

    without_queue.run(StopAfterFirstWait())

    assert "a dependency is unavailable" in caplog.text
