"""Starts a service by its image's own command, asks some paths of it, and ends it.

Takes {"command", "port", "paths", "seconds"} as JSON. The first path is asked until it answers well, the others once.
Prints one line of JSON: what each answered, how the service ended if it did, and the end of its output.
"""

import sys

# With -c the working folder comes first: a file of the service's would stand for a module of Python's.
sys.path[:] = [path for path in sys.path if path]

import contextlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import urllib.error  # noqa: E402
import urllib.request  # noqa: E402

LOG, BODY = 8000, 300
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(port, path):
    began = time.monotonic()
    try:
        with opener.open(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            status, body = answer.status, answer.read(BODY)
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read(BODY)
    except Exception as error:
        status, body = 0, str(error).encode()
    milliseconds = round((time.monotonic() - began) * 1000)
    return {"path": path, "status": status, "body": body.decode("utf-8", "replace"), "milliseconds": milliseconds}


def main():
    settings = json.loads(sys.argv[1])
    first, *others = settings["paths"]
    answers, ended = [], None
    with tempfile.TemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as log:
        try:
            child = subprocess.Popen(settings["command"], stdout=log, stderr=log, start_new_session=True)
        except OSError as error:
            return {"answers": [], "ended": None, "log": f"{settings['command'][0]}: {error}"}
        deadline = time.monotonic() + settings["seconds"]
        while True:
            answer = ask(settings["port"], first)
            ended = child.poll()
            if 200 <= answer["status"] < 400 or ended is not None or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        answers.append(answer)
        if 200 <= answer["status"] < 400:
            answers += [ask(settings["port"], path) for path in others]
            ended = child.poll()
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(5)
                break
        log.seek(0)
        return {"answers": answers, "ended": ended, "log": log.read()[-LOG:].decode("utf-8", "replace")}


print(json.dumps(main()))
