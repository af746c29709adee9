"""What happens to a job, from its upload to its end. Callers own the transaction."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from audio_upscaler.models import Job, JobStatus

MAX_ATTEMPTS = 3


def create(session: Session, source: bytes, target_rate: int) -> Job:
    job = Job(source=source, target_rate=target_rate)
    session.add(job)
    return job


def claim(session: Session, job_id: UUID) -> Job | None:
    """Start the job, unless it is gone or another worker has it."""
    job = session.get(Job, job_id, options=[undefer(Job.source)], with_for_update=True)
    if job is None or job.status is not JobStatus.QUEUED:
        return None
    job.status = JobStatus.RUNNING
    job.attempts += 1
    job.started_at = func.now()
    return job


def complete(session: Session, job_id: UUID, result: bytes) -> None:
    job = session.get_one(Job, job_id, with_for_update=True)
    job.result = result
    _finish(job, JobStatus.DONE)


def fail(session: Session, job_id: UUID, error: str) -> None:
    job = session.get_one(Job, job_id, with_for_update=True)
    job.error = error
    _finish(job, JobStatus.FAILED)


def recover(session: Session, timeout: timedelta) -> list[UUID]:
    """Queue again what was lost on the way: a worker died, or Redis forgot the id.

    Returns the ids to put into the queue once the transaction is committed.
    """
    overdue = (
        select(Job)
        .where(Job.status.in_([JobStatus.QUEUED, JobStatus.RUNNING]))
        .where(func.coalesce(Job.started_at, Job.created_at) < func.now() - timeout)
        .with_for_update(skip_locked=True)
    )
    recovered = []
    for job in session.scalars(overdue):
        if job.attempts >= MAX_ATTEMPTS:
            job.error = f"gave up after {MAX_ATTEMPTS} attempts"
            _finish(job, JobStatus.FAILED)
        else:
            job.status = JobStatus.QUEUED
            job.started_at = func.now()
            recovered.append(job.id)
    return recovered


def _finish(job: Job, status: JobStatus) -> None:
    job.status = status
    job.finished_at = func.now()
