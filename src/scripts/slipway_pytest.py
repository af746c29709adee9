"""A pytest plugin: decides which tests are a suite's, and records each test as it ends.

The records are lines of JSON, written at once, so that they tell what ran even when the interpreter is killed.
"""

import json
import os
import re
import signal
import threading
from pathlib import Path

import pytest

SUITE = os.environ.get("SLIPWAY_SUITE", "unit")
RECORDS = os.environ.get("SLIPWAY_RECORDS", "/dev/null")
# What makes a test one of integration, where the service doesn't say: its folder, or a marker.
FOLDERS = frozenset(json.loads(os.environ.get("SLIPWAY_INTEGRATION_FOLDERS", "[]")))
PATHS = [Path(path).absolute() for path in json.loads(os.environ.get("SLIPWAY_INTEGRATION_PATHS", "[]"))]
MARKER = os.environ.get("SLIPWAY_INTEGRATION_MARKER", "")
CLASSIFIES = os.environ.get("SLIPWAY_CLASSIFIES") == "yes"
TIMEOUT = float(os.environ.get("SLIPWAY_TEST_TIMEOUT", "0"))
MAJOR = int(pytest.__version__.split(".")[0])

# A worker costs its start, with the service's imports, and some 2 ms for each test: measured by `npm run bench workers`,
# quick tests never gain, and from here on little is lost where tests are slow enough to gain.
TESTS_PER_WORKER = int(os.environ.get("SLIPWAY_TESTS_PER_WORKER", "400"))

MESSAGE = 1_000
DETAILS = 20_000
PRINTED = 50_000
DETAILED_FAILURES = 200

# A worker's own data; before any conftest is imported, since that may read these.
if "PYTEST_XDIST_WORKER" in os.environ:
    for variable, url in json.loads(os.environ.get("SLIPWAY_WORKER_URLS", "{}")).items():
        os.environ[variable] = url.replace("WORKER", os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))


def cut(text, length):
    """Keeps the start, and more of the end, where tracebacks and prints say most."""
    if len(text) <= length:
        return text
    head = length // 4
    return f"{text[:head]}\n… {len(text) - length} characters left out …\n{text[-(length - head):]}"


def is_integration(path, marked=False):
    path = Path(path)
    below = any(path == chosen or chosen in path.parents for chosen in PATHS)
    return marked or below or not FOLDERS.isdisjoint(path.parts)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    config.addinivalue_line("markers", "integration: needs services beside the tests")
    # The service's own limit counts; pytest-timeout looks for it in its own hook, after this one.
    if not config.pluginmanager.hasplugin("timeout"):
        config.pluginmanager.register(TimeLimit(), "slipway-time-limit")
    elif config.getoption("timeout", None) is None and not config.getini("timeout"):
        config.option.timeout = TIMEOUT
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config), "slipway-recorder")


class TimeLimit:
    """Limits each test's time where the service brings no plugin for that."""

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        if TIMEOUT == 0 or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGALRM, self.end)
        signal.setitimer(signal.ITIMER_REAL, TIMEOUT)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    @staticmethod
    def end(number, frame):
        pytest.fail(f"Timeout (>{TIMEOUT:g} s)")


def ignored(path):
    """Unit tests must not fail for what only integration tests can import."""
    return True if CLASSIFIES and SUITE == "unit" and is_integration(path) else None


if MAJOR < 7:

    def pytest_ignore_collect(path):
        return ignored(str(path))

else:

    def pytest_ignore_collect(collection_path):
        return ignored(collection_path)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if not CLASSIFIES:
        return
    wanted = SUITE == "integration"
    chosen, others = [], []
    for item in items:
        marked = MARKER != "" and item.get_closest_marker(MARKER) is not None
        (chosen if is_integration(getattr(item, "path", None) or str(item.fspath), marked) == wanted else others).append(item)
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = chosen
        recorder = config.pluginmanager.get_plugin("slipway-recorder")
        if recorder:
            recorder.write(others=len(others))


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config):
    """As many as there are processors, if each gets enough tests to be worth its start."""
    processors = len(os.sched_getaffinity(0))
    workers = min(processors, written_tests(config) // TESTS_PER_WORKER)
    return workers if workers > 1 else 0


def written_tests(config):
    """Counts the tests in the source: collecting them twice would cost more than it tells."""
    roots = [Path(str(arg).split("::")[0]) for arg in config.args] or [Path()]
    files = {file for root in roots for file in ([root] if root.is_file() else root.rglob("*.py"))}
    wanted = SUITE == "integration"
    return sum(
        len(re.findall(r"^[ \t]*(?:async[ \t]+)?def test", file.read_text(errors="replace"), re.MULTILINE))
        for file in files
        if file.is_file() and (not CLASSIFIES or is_integration(file.absolute()) == wanted)
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Here, where the test ran, since a worker would send all that the test printed to its parent."""
    outcome = yield
    report = outcome.get_result()
    report.sections = [(name, cut(content, PRINTED)) for name, content in report.sections]


class Recorder:
    def __init__(self, config):
        self.config = config
        self.file = open(RECORDS, "a", encoding="utf-8", errors="replace", buffering=1)
        self.root = Path(str(getattr(config, "rootpath", None) or config.rootdir))
        self.started_in = Path.cwd()  # the source's root, which tests may leave
        self.tests = {}
        self.repeated = set()  # tests that are going to run once more
        self.failures = 0

    def write(self, **record):
        self.file.write(json.dumps(record) + "\n")

    def place(self, path):
        return os.path.relpath(self.root / path, self.started_in)

    def pytest_runtest_logstart(self, nodeid, location):
        file, line, _ = location
        self.write(start=cut(nodeid, MESSAGE), file=self.place(file), line=(line or 0) + 1)

    def pytest_runtest_logreport(self, report):
        file, line, _ = report.location
        test = self.tests.setdefault(
            report.nodeid,
            {
                "id": cut(report.nodeid, MESSAGE),
                "file": self.place(file),
                "line": (line or 0) + 1,
                "status": "passed",
                "seconds": 0,
                "reruns": 0,
            },
        )
        test["seconds"] += report.duration
        if report.when == "setup":
            self.repeated.discard(report.nodeid)
        if report.outcome == "rerun":
            test["reruns"] += 1
            test["message"] = self.account(report)["message"]
            self.repeated.add(report.nodeid)
        elif report.failed:
            test["status"] = "failed" if report.when == "call" else "error"
            test.update(self.account(report))
        elif report.skipped and test["status"] == "passed" and not hasattr(report, "context"):  # no subtest
            test.update(status="skipped", message=cut(skip_reason(report), MESSAGE))

    def account(self, report):
        """What went wrong, and at which line of the test, if it went wrong there."""
        crash = getattr(report.longrepr, "reprcrash", None)
        text = getattr(report, "longreprtext", "") or str(report.longrepr)
        message = crash.message if crash else text.strip().rsplit("\n", 1)[-1]
        found = {"message": cut(message.split("\n")[0], MESSAGE)}
        if crash and Path(crash.path) == self.root / report.location[0]:
            found["line"] = crash.lineno
        self.failures += 1
        if self.failures <= DETAILED_FAILURES:
            printed = "".join(f"\n--- {name}\n{content}" for name, content in report.sections)
            found["details"] = cut(text + printed, DETAILS)
        return found

    def pytest_runtest_logfinish(self, nodeid, location):
        if nodeid in self.tests and nodeid not in self.repeated:
            self.write(test=self.tests.pop(nodeid))

    def pytest_collectreport(self, report):
        if not report.failed:
            return
        text = getattr(report, "longreprtext", "") or str(report.longrepr)
        file = self.place(report.nodeid.split("::")[0]) if report.nodeid else ""
        own = not CLASSIFIES or is_integration(Path(file).absolute()) == (SUITE == "integration")
        self.write(
            collection={
                "file": file,
                "own": own,
                "message": cut(error_line(text), MESSAGE),
                "details": cut(text, DETAILS),
            }
        )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        for test in self.tests.values():  # a worker that crashed leaves them without an end
            self.write(test=test)
        self.tests = {}
        workers = getattr(self.config.option, "numprocesses", None) or 1
        collected = session.testscollected if workers == 1 else None  # workers collect for themselves
        self.write(finish={"exitCode": int(exitstatus), "workers": workers, "collected": collected})

    def pytest_unconfigure(self):
        self.file.close()  # else it is one of the warnings that a service may make errors


def skip_reason(report):
    if hasattr(report, "wasxfail"):
        return f"fails as expected: {report.wasxfail}".removesuffix(": ")
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


def error_line(text):
    """The line that pytest marks as the error's own, else the last."""
    lines = [line for line in text.split("\n") if line.strip()]
    marked = [line[1:].strip() for line in lines if line.startswith("E ")]
    return (marked[0] if marked else lines[-1].strip()) if lines else "it said nothing"
