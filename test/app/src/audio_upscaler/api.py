"""Puts the application together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from audio_upscaler import operations, upscaling
from audio_upscaler.faults import FaultMiddleware, schedule_crash
from audio_upscaler.metrics import MetricsMiddleware
from audio_upscaler.services import Services
from audio_upscaler.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    services = Services.connect(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if settings.faults.crash_after_s:
            schedule_crash(settings.faults.crash_after_s)
        yield
        services.close()

    app = FastAPI(title="AI Audio Upscaler", version=settings.version, lifespan=lifespan)
    app.state.services = services
    app.include_router(operations.router)
    app.include_router(upscaling.router)
    for error in (OperationalError, PoolTimeout):
        app.add_exception_handler(error, _database_unavailable)
    if settings.faults.active:
        app.add_middleware(FaultMiddleware, faults=settings.faults)
    # Added last, so outermost: injected faults are counted like real ones.
    app.add_middleware(MetricsMiddleware)
    return app


async def _database_unavailable(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "the database is unavailable"}, 503)
