import json
import logging
import sys

from audio_upscaler.logs import JsonFormatter


def _format(**attributes: object) -> dict[str, object]:
    record = logging.makeLogRecord(
        {"name": "test", "levelname": "WARNING", "msg": "job %s", "args": ("7",)} | attributes
    )
    entry: dict[str, object] = json.loads(JsonFormatter().format(record))
    return entry


def test_one_json_object_with_its_context() -> None:
    entry = _format(created=0.5, context={"job": 7})

    assert entry == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "warning",
        "logger": "test",
        "message": "job 7",
        "job": 7,
    }


def test_exceptions_stay_on_the_line() -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        entry = _format(exc_info=sys.exc_info())

    assert "RuntimeError: broken" in str(entry["exception"])
