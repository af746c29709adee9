"""Runs the tests of unittest or of Django: decides which are a suite's, and records each test as it ends.

The records are those of `slipway_pytest.py`. They are taken where unittest itself notes results, so that a service's own
runners, loaders and classes of results stay what they are.
"""

import inspect
import json
import os
import runpy
import signal
import sys
import time
import traceback
import unittest
from pathlib import Path

SUITE = os.environ.get("SLIPWAY_SUITE", "unit")
RECORDS = os.environ.get("SLIPWAY_RECORDS", "/dev/null")
FOLDERS = frozenset(json.loads(os.environ.get("SLIPWAY_INTEGRATION_FOLDERS", "[]")))
PATHS = [Path(path).absolute() for path in json.loads(os.environ.get("SLIPWAY_INTEGRATION_PATHS", "[]"))]
MARKER = os.environ.get("SLIPWAY_INTEGRATION_MARKER", "")
CLASSIFIES = os.environ.get("SLIPWAY_CLASSIFIES") == "yes"
EXPRESSION = os.environ.get("SLIPWAY_TAGS", "")
TIMEOUT = float(os.environ.get("SLIPWAY_TEST_TIMEOUT", "0"))
ROOT = Path.cwd()
PROCESS = os.getpid()

MESSAGE = 1_000
DETAILS = 20_000
DETAILED_FAILURES = 200


def cut(text, length):
    """Keeps the start, and more of the end, where tracebacks say most."""
    if len(text) <= length:
        return text
    head = length // 4
    return f"{text[:head]}\n… {len(text) - length} characters left out …\n{text[-(length - head):]}"


def relative(path):
    return os.path.relpath(path, ROOT)


def is_integration(path):
    path = Path(path)
    if any(path == chosen or chosen in path.parents for chosen in PATHS):
        return True
    return not FOLDERS.isdisjoint(Path(relative(path)).parts)


class Tags(dict):
    """Names of tags, for an expression such as "integration and not slow"."""

    def __init__(self, tags):
        super().__init__()
        self.tags = tags

    def __missing__(self, name):
        return name in self.tags


def chosen(case, method):
    """True if a test belongs to this suite, by its folder and its tags, which Django's decorator leaves."""
    tags = set(getattr(case, "tags", ())) | set(getattr(getattr(case, method, None), "tags", ()))
    if EXPRESSION and not eval(EXPRESSION, {"__builtins__": {}}, Tags(tags)):  # only names, and, or, not, brackets
        return False
    return not CLASSIFIES or (MARKER in tags or is_integration(file_of(case))) == (SUITE == "integration")


def file_of(case):
    try:
        return inspect.getsourcefile(case) or ""
    except (OSError, TypeError):
        return ""


class Recorder:
    def __init__(self):
        self.file = open(RECORDS, "a", encoding="utf-8", errors="replace", buffering=1)
        self.running = {}
        self.others = set()
        self.count = self.failures = 0

    def write(self, **record):
        self.file.write(json.dumps(record) + "\n")

    def start(self, test):
        if isinstance(test, unittest.loader._FailedTest):
            return
        described = describe(test)
        self.count += 1
        self.write(start=described["id"], file=described["file"], line=described["line"])
        self.running[id(test)] = {**described, "status": "passed", "seconds": 0, "reruns": 0, "began": time.monotonic()}
        self.limit(TIMEOUT)

    def stop(self, test):
        self.limit(0)
        record = self.running.pop(id(test), None)
        if record:
            self.end(record)

    def end(self, record):
        began = record.pop("began", None)
        if not record["seconds"] and began:
            record["seconds"] = time.monotonic() - began
        self.write(test=record)

    def note(self, test, **result):
        """Notes the result of a test; what fails before a test starts, such as setUpClass, counts as one."""
        record = self.running.get(id(test))
        if record:
            record.update(result)
        else:
            self.count += 1
            self.end({**describe(test), "seconds": 0, "reruns": 0, **result})

    def fail(self, status, test, error, of=""):
        if isinstance(test, unittest.loader._FailedTest):
            return self.uncollected(test, error)
        kind, value, trace = error
        first, *_ = "".join(traceback.format_exception_only(kind, value)).strip().split("\n")
        result = {"status": status, "message": cut(f"{of}{first}", MESSAGE)}
        file = os.path.abspath(ROOT / describe(test)["file"])
        lines = [frame.lineno for frame in traceback.extract_tb(trace) if os.path.abspath(frame.filename) == file]
        if lines:
            result["line"] = lines[-1]
        self.failures += 1
        if self.failures <= DETAILED_FAILURES:
            result["details"] = cut("".join(traceback.format_exception(kind, value, trace)), DETAILS)
        self.note(test, **result)

    def uncollected(self, test, error):
        """A module that can't be imported, in whose place unittest runs a test that fails."""
        text = str(error[1]).strip()
        file = module_file(test._testMethodName)
        message = text.split("\n")[-1]
        own = not CLASSIFIES or is_integration(file) == (SUITE == "integration")
        self.write(
            collection={
                "file": relative(file),
                "own": own,
                "message": cut(message, MESSAGE),
                "details": cut(text, DETAILS),
            }
        )

    def limit(self, seconds):
        if TIMEOUT:
            signal.setitimer(signal.ITIMER_REAL, seconds)

    def finish(self, code):
        self.write(finish={"exitCode": code, "workers": 1, "collected": self.count})


def module_file(name):
    """The file of a module that was not imported."""
    parts = Path(*name.split("."))
    for root in (Path.cwd(), ROOT, *map(Path, sys.path)):
        for file in (root / parts / "__init__.py", (root / parts).with_suffix(".py")):
            if file.is_file():
                return file.absolute()
    return ROOT / parts.with_suffix(".py")


def file_named_in(text):
    """The file of the imported module whose name, or that of a class in it, stands in brackets."""
    name = text.rpartition("(")[2].rstrip(")")
    while name and name not in sys.modules:
        name = name.rpartition(".")[0]
    return getattr(sys.modules.get(name), "__file__", None) or ""


def describe(test):
    case, method = type(test), getattr(test, "_testMethodName", "")
    if method and hasattr(case, method):
        file = file_of(case)
        code = getattr(inspect.unwrap(getattr(case, method)), "__code__", None)
        line = code.co_firstlineno if code and code.co_filename == file else None
        names = [*case.__qualname__.split("."), method]
    else:  # "setUpClass (app.tests.AppTests)", or a test that isn't a method
        names, line, file = [str(test)], None, file_named_in(str(test))
    place = relative(file) if file else ""
    return {"id": cut("::".join([place, *names]), MESSAGE), "file": place, "line": line or 1}


def too_long(number, frame):
    raise AssertionError(f"Timeout (>{TIMEOUT:g} s)")


def watch(recorder):
    """Lets unittest's results report to the recorder; Django's processes send theirs to the one that started them."""

    def after(name, note):
        original = getattr(unittest.TestResult, name, None)
        if original is None:
            return

        def wrapper(self, *args, **more):
            if os.getpid() == PROCESS:
                note(*args, **more)
            return original(self, *args, **more)

        setattr(unittest.TestResult, name, wrapper)

    def subtest(test, part, error):
        if error is not None:
            status = "failed" if issubclass(error[0], test.failureException) else "error"
            recorder.fail(status, test, error, f"{part._subDescription()} ")

    after("startTest", recorder.start)
    after("stopTest", recorder.stop)
    after("addError", lambda test, error: recorder.fail("error", test, error))
    after("addFailure", lambda test, error: recorder.fail("failed", test, error))
    after("addSkip", lambda test, reason: recorder.note(test, status="skipped", message=cut(reason, MESSAGE)))
    after(
        "addExpectedFailure",
        lambda test, error: recorder.note(test, status="skipped", message="fails as expected"),
    )
    after(
        "addUnexpectedSuccess",
        lambda test: recorder.note(test, status="failed", message="passes, though it is expected to fail"),
    )
    after("addSubTest", subtest)
    after("addDuration", lambda test, seconds: id(test) in recorder.running and recorder.note(test, seconds=seconds))


def choose(recorder):
    """Lets unittest's loader find this suite's tests alone."""
    original = unittest.TestLoader.getTestCaseNames

    def names(self, case):
        found = original(self, case)
        kept = [name for name in found if chosen(case, name)]
        recorder.others.update((case, name) for name in found if name not in kept)
        return kept

    unittest.TestLoader.getTestCaseNames = names


def run_django(manage, arguments):
    """Runs `manage.py test` as the service has it, from the folder of manage.py."""
    manage = Path(manage).absolute()
    options = [word for word in arguments if not os.path.exists(word)]
    labels = [os.path.relpath(word, manage.parent) for word in arguments if os.path.exists(word)]
    os.chdir(manage.parent)
    sys.path[0] = str(manage.parent)
    sys.argv = [manage.name, "test", "--noinput", *options, *labels]
    runpy.run_path(manage.name, run_name="__main__")


def run_unittest(arguments):
    """Runs what `python -m unittest` discovers, also in folders of tests that are no package."""
    words = list(arguments)
    loader = unittest.defaultTestLoader
    while "-k" in words:
        at = words.index("-k")
        pattern = words[at + 1]
        loader.testNamePatterns = [*(loader.testNamePatterns or []), pattern if "*" in pattern else f"*{pattern}*"]
        del words[at : at + 2]
    sys.path.insert(0, str(ROOT))
    suite = unittest.TestSuite(discovered(loader, path) for path in words or starts())
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1 if not result.wasSuccessful() else 5)


def starts():
    """The root, and the folders with tests to which no chain of packages leads from it."""
    hidden = {"node_modules", "build", "dist", "venv", "site-packages"}
    folders = {file.parent for file in ROOT.rglob("test*.py") if hidden.isdisjoint(file.relative_to(ROOT).parts)}
    apart = [
        folder
        for folder in sorted(folders)
        if folder != ROOT and not (folder / "__init__.py").exists() and not any(p.startswith(".") for p in folder.parts)
    ]
    return [str(ROOT), *map(str, apart)]


def discovered(loader, path):
    if os.path.isfile(path):
        return loader.discover(os.path.dirname(path) or ".", os.path.basename(path), top(os.path.dirname(path)))
    return loader.discover(path, top_level_dir=top(path))


def top(folder):
    """The folder from which the packages of a folder are imported."""
    path = Path(folder or ".").absolute()
    while (path / "__init__.py").exists():
        path = path.parent
    return str(path)


def main():
    runner, *arguments = sys.argv[1:]
    recorder = Recorder()
    if TIMEOUT:
        signal.signal(signal.SIGALRM, too_long)
    watch(recorder)
    choose(recorder)
    code = 0
    try:
        run_django(*arguments[:1], arguments[1:]) if runner == "django" else run_unittest(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if not isinstance(end.code, (int, type(None))):
            print(end.code, file=sys.stderr)
    recorder.write(others=len(recorder.others))
    recorder.finish(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
