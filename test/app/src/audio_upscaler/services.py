"""What the API and the worker stand on: settings, PostgreSQL, Redis."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from audio_upscaler.database import connect, make_sessions
from audio_upscaler.job_queue import JobQueue
from audio_upscaler.settings import Settings


@dataclass(frozen=True)
class Services:
    settings: Settings
    engine: Engine
    sessions: sessionmaker[Session]
    queue: JobQueue

    @classmethod
    def connect(cls, settings: Settings) -> "Services":
        engine = connect(settings.database_url)
        queue = JobQueue.connect(settings.redis_url, settings.queue_name)
        return cls(settings, engine, make_sessions(engine), queue)

    def close(self) -> None:
        self.engine.dispose()
        self.queue.close()
