"""Runs a suite of tests: waits for its services, makes its database, migrates it, then starts the tests.

What it finds is recorded in lines of JSON, as by the pytest plugin beside it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

RECORDS = Path(os.environ["SLIPWAY_RECORDS"])
OUT = RECORDS.parent
OUTPUT = 2_000_000
# The first says, as timeout(1) would, that nothing came of it: then the result isn't kept.
NOT_READY, NOT_MIGRATED = 125, 91


def record(**fields):
    with RECORDS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(fields) + "\n")


class Postgres:
    """One server; a database for the suite, and for each of its workers a copy of it."""

    def __init__(self, host, database, workers):
        self.host, self.database = host, database
        self.workers = len(os.sched_getaffinity(0)) if workers == "auto" else int(workers)

    def connect(self, database="postgres"):
        import psycopg

        return psycopg.connect(
            host=self.host, user="slipway", password="slipway", dbname=database, connect_timeout=5, autocommit=True
        )

    def ask(self):
        with self.connect() as connection:
            version = connection.execute("SELECT current_setting('server_version')").fetchone()[0]
        record(version={"service": "postgres", "version": version.split()[0]})

    def create(self):
        with self.connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{self.database}"')

    def copy(self):
        with self.connect() as connection:
            for worker in range(self.workers if self.workers > 1 else 0):
                connection.execute(f'DROP DATABASE IF EXISTS "{self.database}_{worker}" WITH (FORCE)')
                connection.execute(f'CREATE DATABASE "{self.database}_{worker}" TEMPLATE "{self.database}"')

    def save_log(self):
        with self.connect() as connection:
            text = connection.execute("SELECT pg_read_file(pg_current_logfile())").fetchone()[0]
        (OUT / "postgres.log").write_text(text[-OUTPUT:], encoding="utf-8")


class Redis:
    def __init__(self, host):
        self.host = host

    def ask(self):
        with socket.create_connection((self.host, 6379), timeout=5) as connection:
            connection.sendall(b"INFO server\r\n")
            answer = b""
            while b"redis_version:" not in answer or not answer.endswith(b"\r\n"):
                received = connection.recv(65536)
                if not received or answer[:1] not in (b"", b"$"):
                    raise OSError(f"it answered {(answer + received)[:200]!r}")
                answer += received
        version = answer.split(b"redis_version:")[1].split(b"\r\n")[0].decode()
        record(version={"service": "redis", "version": version})


class Port:
    def __init__(self, host, port):
        self.host, self.port = host, port

    def ask(self):
        socket.create_connection((self.host, self.port), timeout=5).close()


def wait(name, service, seconds):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return service.ask()
        except Exception as error:  # whatever a driver throws
            if time.monotonic() > deadline:
                failure = f"did not open port {service.port}" if isinstance(service, Port) else "answered no query"
                record(service={"name": name, "seconds": seconds, "failure": failure, "message": str(error).strip()})
                sys.exit(NOT_READY)
            time.sleep(0.1)


def run(command):
    """Runs a command; passes its output on, up to a length. Returns its exit code and the end of its output."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: end_group(child.pid))
    tail = bytearray()
    reader = threading.Thread(target=pass_on, args=(child.stdout, tail), daemon=True)
    reader.start()
    code = child.wait()
    reader.join(timeout=2)  # what it left running may hold the pipe open for good
    return (128 - code if code < 0 else code), tail.decode(errors="replace")


def end_group(pid):
    try:
        os.killpg(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it has just ended


def pass_on(source, tail):
    passed = 0
    while chunk := os.read(source.fileno(), 65536):
        room = max(0, OUTPUT - passed)
        sys.stdout.buffer.write(chunk[:room])
        if len(chunk) > room > 0:
            sys.stdout.buffer.write(b"\n[more than 2 MB: the rest is left out, but for its end]\n")
        sys.stdout.buffer.flush()
        passed += len(chunk)
        tail += chunk
        del tail[:-8000]
    if passed > OUTPUT:
        sys.stdout.buffer.write(bytes(tail))
        sys.stdout.buffer.flush()


def migrate(command):
    began = time.monotonic()
    code, output = run(["sh", "-c", command])
    record(migration={"command": command, "exitCode": code, "seconds": time.monotonic() - began, "output": output})
    if code != 0:
        sys.exit(NOT_MIGRATED)


def main():
    settings = json.loads(os.environ.get("SLIPWAY_SERVICES", "{}"))
    postgres = Postgres(**settings["postgres"]) if "postgres" in settings else None
    redis = Redis(**settings["redis"]) if "redis" in settings else None
    # A port that is open answers no queries yet.
    asked = {"postgres": postgres, "redis": redis}
    for port in settings.get("ports", []):
        service = asked.get(port["name"]) or Port(port["name"], port["port"])
        wait(port["name"], service, settings["startTimeout"])
    code = 1
    try:
        if postgres:
            postgres.create()
        if "migrate" in settings:
            migrate(settings["migrate"])
        if postgres:
            postgres.copy()
        code, _ = run(sys.argv[1:])
    finally:
        if postgres:
            try:
                postgres.save_log()
            except Exception as error:
                print(f"the database's log can't be had: {error}", file=sys.stderr)
    sys.exit(code)


main()
