import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from audio_upscaler.api import create_app
from audio_upscaler.faults import Faults
from audio_upscaler.settings import Settings


def _client(settings: Settings, **faults: float) -> TestClient:
    return TestClient(create_app(replace(settings, faults=Faults.from_env(_env(faults)))))


def _env(faults: dict[str, float]) -> dict[str, str]:
    return {f"FAULT_{name.upper()}": str(value) for name, value in faults.items()}


def test_no_faults_by_default() -> None:
    assert not Faults.from_env({}).active


def test_error_rate_is_exact(settings: Settings) -> None:
    client = _client(settings, error_rate=0.25)

    statuses = [client.get("/version").status_code for _ in range(20)]

    assert statuses.count(500) == 5
    assert statuses.count(200) == 15


def test_injected_errors_are_counted(settings: Settings) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("http_errors_total", {"status": "500"}) or 0.0

    before = counted()

    _client(settings, error_rate=1).get("/version")

    assert counted() == before + 1


def test_probes_are_spared(settings: Settings) -> None:
    assert _client(settings, error_rate=1).get("/live").status_code == 200


def test_latency_is_added(settings: Settings) -> None:
    started = time.perf_counter()
    response = _client(settings, latency_ms=50).get("/version")

    assert response.status_code == 200
    assert time.perf_counter() - started >= 0.05


def test_health_fails_on_demand(settings: Settings) -> None:
    faults = Faults.from_env({"FAULT_HEALTH": "fail"})
    response = TestClient(create_app(replace(settings, faults=faults))).get("/health")

    assert response.status_code == 503
    assert response.json() == {"status": "failing", "dependencies": {}}


def test_the_process_crashes_on_demand() -> None:
    serve = "import time; from audio_upscaler.faults import schedule_crash\n"
    serve += "schedule_crash(0.1); time.sleep(10)"
    path = os.pathsep.join(sys.path)

    process = subprocess.run([sys.executable, "-c", serve], env={"PYTHONPATH": path}, timeout=10)

    assert process.returncode == 1


@pytest.mark.parametrize(
    "env",
    [
        {"FAULT_ERROR_RATE": "1.5"},
        {"FAULT_ERROR_RATE": "often"},
        {"FAULT_LATENCY_MS": "-1"},
        {"FAULT_CRASH_AFTER_S": "nan"},
    ],
)
def test_senseless_values_are_named(env: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(env))):
        Faults.from_env(env)
