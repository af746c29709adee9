from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from audio_upscaler.api import create_app
from audio_upscaler.settings import Settings


@pytest.fixture
def settings() -> Settings:
    """Settings whose services don't exist: nothing listens on port 1."""
    return Settings(
        database_url="postgresql+psycopg://nobody@127.0.0.1:1/none",
        redis_url="redis://127.0.0.1:1",
        max_upload_bytes=10_000,
        version="1.2.3",
        revision="abc123",
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings)) as client:
        yield client
