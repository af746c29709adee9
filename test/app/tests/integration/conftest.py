"""Databases and a queue of the tests' own, on the servers that the environment names."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from redis import Redis
from sqlalchemy import create_engine, make_url, text

from audio_upscaler.api import create_app
from audio_upscaler.services import Services
from audio_upscaler.settings import Settings, database_url
from audio_upscaler.worker import Worker

ALEMBIC_INI = Path(__file__).parents[2] / "alembic.ini"

Alembic = Callable[..., None]


@contextmanager
def _temporary_database() -> Iterator[str]:
    server = make_url(database_url(os.environ))
    name = f"test_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def empty_database() -> Iterator[str]:
    with _temporary_database() as url:
        yield url


@pytest.fixture(scope="session")
def alembic() -> Alembic:
    """Runs an Alembic command, such as `upgrade`, on the database with the given URL."""

    def run(url: str, name: str, *arguments: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", url)
            getattr(command, name)(Config(ALEMBIC_INI), *arguments)

    return run


@pytest.fixture(scope="session")
def migrated_database(alembic: Alembic) -> Iterator[str]:
    with _temporary_database() as url:
        alembic(url, "upgrade", "head")
        yield url


@pytest.fixture
def settings(migrated_database: str) -> Iterator[Settings]:
    redis_url = os.environ["REDIS_URL"]
    settings = Settings(
        database_url=migrated_database, redis_url=redis_url, queue_name=f"test:{uuid4().hex}"
    )
    yield settings
    with Redis.from_url(redis_url) as redis:
        redis.delete(settings.queue_name)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    services = Services.connect(settings)
    yield services
    services.close()


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def worker(services: Services) -> Worker:
    return Worker(services.sessions, services.queue, services.settings.job_timeout, poll_s=0.05)
