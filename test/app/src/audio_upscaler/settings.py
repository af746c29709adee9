"""Settings read from the environment once, at start."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from audio_upscaler import __version__
from audio_upscaler.faults import Faults


class SettingsError(ValueError):
    """The environment doesn't describe a usable configuration."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    database_url: str
    redis_url: str
    queue_name: str = "upscale:queue"
    max_upload_bytes: int = 4 * 1024 * 1024
    job_timeout: timedelta = timedelta(minutes=5)
    log_level: str = "INFO"
    version: str = __version__
    revision: str = "unknown"
    faults: Faults = Faults()

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        return cls(
            database_url=database_url(env),
            redis_url=_required(env, "REDIS_URL"),
            queue_name=env.get("QUEUE_NAME", cls.queue_name),
            max_upload_bytes=_positive(env, "MAX_UPLOAD_BYTES", cls.max_upload_bytes),
            job_timeout=timedelta(
                seconds=_positive(env, "JOB_TIMEOUT_S", int(cls.job_timeout.total_seconds()))
            ),
            log_level=env.get("LOG_LEVEL", cls.log_level).upper(),
            version=env.get("APP_VERSION", cls.version),
            revision=env.get("GIT_REVISION", cls.revision),
            faults=Faults.from_env(env),
        )


def database_url(env: Mapping[str, str]) -> str:
    """The connection string, with the driver that this service ships."""
    scheme, separator, rest = _required(env, "DATABASE_URL").partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgres", "postgresql"):
        raise SettingsError("DATABASE_URL must start with postgresql://")
    return f"postgresql+psycopg://{rest}"


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name)
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isdecimal() or int(text) == 0:
        raise SettingsError(f"{name} must be a positive whole number, not {text!r}")
    return int(text)
