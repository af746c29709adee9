"""The queue of job ids in Redis. It only wakes workers: PostgreSQL holds each job's state."""

from typing import cast
from uuid import UUID

from redis import Redis

CONNECT_TIMEOUT_S = 2


class JobQueue:
    def __init__(self, client: Redis, name: str) -> None:
        self._client = client
        self._name = name

    @classmethod
    def connect(cls, url: str, name: str) -> "JobQueue":
        client = Redis.from_url(url, socket_connect_timeout=CONNECT_TIMEOUT_S, socket_timeout=5)
        return cls(client, name)

    def put(self, job_id: UUID) -> None:
        self._client.rpush(self._name, str(job_id))

    def take(self, timeout_s: float) -> UUID | None:
        """The oldest job id, waiting for one at most `timeout_s`."""
        # redis-py types its answers for synchronous and asynchronous clients at once.
        entry = cast(tuple[bytes, bytes] | None, self._client.blpop([self._name], timeout_s))
        return UUID(entry[1].decode()) if entry else None

    def ping(self) -> None:
        self._client.ping()

    def close(self) -> None:
        self._client.close()
