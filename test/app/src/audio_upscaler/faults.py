"""Faults on demand, so that a deployment can be tested against a bad version. Off by default."""

import asyncio
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# Probes and scrapes keep telling the truth: an injected error must not look like a dead process.
SPARED_PATHS = frozenset({"/health", "/live", "/metrics"})


@dataclass(frozen=True, kw_only=True)
class Faults:
    error_rate: float = 0.0
    latency_ms: float = 0.0
    health_fails: bool = False
    crash_after_s: float = 0.0

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Faults":
        faults = cls(
            error_rate=_number(env, "FAULT_ERROR_RATE"),
            latency_ms=_number(env, "FAULT_LATENCY_MS"),
            health_fails=env.get("FAULT_HEALTH") == "fail",
            crash_after_s=_number(env, "FAULT_CRASH_AFTER_S"),
        )
        if faults.error_rate > 1:
            raise ValueError("FAULT_ERROR_RATE must be between 0 and 1")
        return faults

    @property
    def active(self) -> bool:
        return self != Faults()


class FaultMiddleware:
    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults
        self._errors_owed = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            response = await self._fault(scope["path"])
            if response is not None:
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _fault(self, path: str) -> JSONResponse | None:
        if path == "/health" and self.faults.health_fails:
            return JSONResponse({"status": "failing", "dependencies": {}}, 503)
        if path in SPARED_PATHS:
            return None
        if self.faults.latency_ms:
            await asyncio.sleep(self.faults.latency_ms / 1000)
        if self._next_request_fails():
            return JSONResponse({"detail": "injected fault"}, 500)
        return None

    def _next_request_fails(self) -> bool:
        """Spread the errors evenly: a test that counts them must not depend on luck."""
        self._errors_owed += self.faults.error_rate
        if self._errors_owed < 1:
            return False
        self._errors_owed -= 1
        return True


def schedule_crash(seconds: float) -> None:
    timer = threading.Timer(seconds, os._exit, args=(1,))
    timer.daemon = True
    timer.start()


def _number(env: Mapping[str, str], name: str) -> float:
    text = env.get(name, "0")
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        raise ValueError(f"{name} must be a number of at least 0, not {text!r}")
    return number
