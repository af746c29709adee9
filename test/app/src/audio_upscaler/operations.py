"""Routes for those who run the service: probes, metrics, version."""

import logging
from typing import Literal

import prometheus_client
from fastapi import APIRouter, Response
from pydantic import BaseModel
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from audio_upscaler import database
from audio_upscaler.dependencies import CurrentServices

logger = logging.getLogger(__name__)
router = APIRouter(tags=["operations"])

DependencyState = Literal["ok", "unavailable"]


class Health(BaseModel):
    status: Literal["ok", "failing"]
    dependencies: dict[str, DependencyState]


class Version(BaseModel):
    version: str
    revision: str


@router.get("/health", responses={503: {"model": Health}})
def health(services: CurrentServices, response: Response) -> Health:
    """Whether the service can do its work."""
    dependencies: dict[str, DependencyState] = {"database": "ok", "redis": "ok"}
    try:
        database.ping(services.engine)
    except SQLAlchemyError:
        logger.warning("database unavailable", exc_info=True)
        dependencies["database"] = "unavailable"
    try:
        services.queue.ping()
    except RedisError:
        logger.warning("redis unavailable", exc_info=True)
        dependencies["redis"] = "unavailable"
    healthy = all(state == "ok" for state in dependencies.values())
    response.status_code = 200 if healthy else 503
    return Health(status="ok" if healthy else "failing", dependencies=dependencies)


@router.get("/live")
def live() -> dict[str, str]:
    """Whether the process answers. A restart doesn't cure a dependency, so none is asked."""
    return {"status": "ok"}


@router.get("/metrics")
def metrics() -> Response:
    return Response(
        prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST
    )


@router.get("/version")
def version(services: CurrentServices) -> Version:
    return Version(version=services.settings.version, revision=services.settings.revision)
