"""What FastAPI hands to the routes."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from audio_upscaler.services import Services


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _session(services: Annotated[Services, Depends(_services)]) -> Iterator[Session]:
    with services.sessions() as session:
        yield session


CurrentServices = Annotated[Services, Depends(_services)]
CurrentSession = Annotated[Session, Depends(_session)]
