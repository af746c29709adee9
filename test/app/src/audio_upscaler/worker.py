"""Takes jobs from the queue: `python -m audio_upscaler.worker`."""

import logging
import os
import signal
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from uuid import UUID

from redis import RedisError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from audio_upscaler import jobs
from audio_upscaler.job_queue import JobQueue
from audio_upscaler.logs import configure_logging
from audio_upscaler.resampling import upscale_wav
from audio_upscaler.services import Services
from audio_upscaler.settings import Settings

RETRY_DELAY_S = 2.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Worker:
    sessions: sessionmaker[Session]
    queue: JobQueue
    job_timeout: timedelta
    poll_s: float = 1.0

    def run(self, stop: Event) -> None:
        while not stop.is_set():
            try:
                self.step()
            except (RedisError, OperationalError):
                logger.exception("a dependency is unavailable")
                stop.wait(RETRY_DELAY_S)

    def step(self) -> None:
        """Do one job, or look for lost ones when the queue is empty."""
        job_id = self.queue.take(self.poll_s)
        if job_id is None:
            self.recover()
        else:
            self.process(job_id)

    def process(self, job_id: UUID) -> None:
        with self.sessions.begin() as session:
            job = jobs.claim(session, job_id)
        if job is None:
            return
        context = {"context": {"job": job_id}}
        try:
            result = upscale_wav(job.source, job.target_rate)
        except Exception:
            logger.exception("job failed", extra=context)
            with self.sessions.begin() as session:
                jobs.fail(session, job_id, "the recording could not be processed")
            return
        with self.sessions.begin() as session:
            jobs.complete(session, job_id, result)
        logger.info("job done", extra=context)

    def recover(self) -> None:
        with self.sessions.begin() as session:
            recovered = jobs.recover(session, self.job_timeout)
        for job_id in recovered:
            logger.warning("job recovered", extra={"context": {"job": job_id}})
            self.queue.put(job_id)


def main() -> None:
    settings = Settings.from_env(os.environ)
    configure_logging(settings.log_level)
    services = Services.connect(settings)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())

    logger.info("worker started", extra={"context": {"version": settings.version}})
    Worker(services.sessions, services.queue, settings.job_timeout).run(stop)
    services.close()
    logger.info("worker stopped")


if __name__ == "__main__":
    main()
