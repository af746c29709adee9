from datetime import timedelta

import pytest

from audio_upscaler import __version__
from audio_upscaler.faults import Faults
from audio_upscaler.settings import Settings, SettingsError

REQUIRED = {"DATABASE_URL": "postgresql://db/app", "REDIS_URL": "redis://queue"}


def test_defaults_need_only_the_services() -> None:
    settings = Settings.from_env(REQUIRED)

    assert settings == Settings(
        database_url="postgresql+psycopg://db/app", redis_url="redis://queue", version=__version__
    )
    assert settings.faults == Faults()


def test_everything_can_be_set() -> None:
    settings = Settings.from_env(
        REQUIRED
        | {
            "APP_VERSION": "2.0.0",
            "FAULT_HEALTH": "fail",
            "GIT_REVISION": "abc123",
            "JOB_TIMEOUT_S": "30",
            "LOG_LEVEL": "debug",
            "MAX_UPLOAD_BYTES": "1000",
            "QUEUE_NAME": "other",
        }
    )

    assert settings == Settings(
        database_url="postgresql+psycopg://db/app",
        redis_url="redis://queue",
        queue_name="other",
        max_upload_bytes=1000,
        job_timeout=timedelta(seconds=30),
        log_level="DEBUG",
        version="2.0.0",
        revision="abc123",
        faults=Faults(health_fails=True),
    )


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_any_postgresql_scheme_gets_our_driver(scheme: str) -> None:
    settings = Settings.from_env(REQUIRED | {"DATABASE_URL": f"{scheme}://me:pw@db:5432/app"})

    assert settings.database_url == "postgresql+psycopg://me:pw@db:5432/app"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DATABASE_URL", "", "DATABASE_URL is not set"),
        ("DATABASE_URL", "mysql://db", "must start with postgresql://"),
        ("DATABASE_URL", "postgresql", "must start with postgresql://"),
        ("REDIS_URL", "", "REDIS_URL is not set"),
        ("MAX_UPLOAD_BYTES", "4MB", "must be a positive whole number, not '4MB'"),
        ("JOB_TIMEOUT_S", "0", "must be a positive whole number, not '0'"),
    ],
)
def test_unusable_values_are_named(name: str, value: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        Settings.from_env(REQUIRED | {name: value})
