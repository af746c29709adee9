"""Runs a migration beside no other: takes a lock in the database, runs the command with a time limit, frees it.

Runs in the service's own image, by its own Python (3.9 or later) and its own PostgreSQL driver, from `python -c`.
What it says of itself begins with "slipway: "; all else is the command's. Neither says the URL or its password.
"""

import sys

# With -c the working folder comes first: a file of the service's would stand for a module of Python's.
sys.path[:] = [path for path in sys.path if path]

import argparse  # noqa: E402
import contextlib  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
import shlex  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit  # noqa: E402

# As sysexits.h and timeout(1) have them.
NO_DATABASE, LOCKED, MISCONFIGURED, TIMED_OUT, NO_COMMAND, STOPPED = 69, 75, 78, 124, 127, 143
# One for all migrations of a database: "slipway" in ASCII.
KEY = 0x736C6970776179
HEARTBEAT = 20
KILL_AFTER = 10
# What libpq takes of a URL; drivers and SQLAlchemy have more of their own there.
LIBPQ = (
    "host hostaddr port user password dbname options application_name connect_timeout service target_session_attrs "
    "sslmode sslrootcert sslcert sslkey sslpassword sslcrl gssencmode krbsrvname channel_binding keepalives"
).split()


class Hidden:
    """What must not be printed."""

    def __init__(self, url):
        texts = {url, url.partition("://")[2]}
        for password in passwords_of(url):
            # Whoever can't read the URL quotes the part that it stumbles over.
            for part in [password, *re.split(r"[:/?#@\[\]&=;,\s]+", password)]:
                if len(part) > 2:
                    texts |= {part, unquote(part), quote(unquote(part), safe="")}
        texts |= {repr(text)[1:-1] for text in texts}
        self.texts = sorted((text for text in texts if len(text) > 2), key=len, reverse=True)

    def scrub(self, text):
        for each in self.texts:
            text = text.replace(each, "***")
        return re.sub(r"(://[^\s/:@]*):[^\s/@]+@", r"\1:***@", text)


def passwords_of(url):
    """All that may be a password in a URL, however wrong it is, or in libpq's own form."""
    address = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*:/+", "", url)
    before, at, _ = address.rpartition("@")
    found = [before.partition(":")[2] if ":" in before else before] if at else []
    query = dict(parse_qsl(url.partition("?")[2]))
    found += [query[name] for name in ("password", "sslpassword") if name in query]
    found += re.findall(r"password\s*=\s*'((?:[^'\\]|\\.)*)'", url) + re.findall(r"password\s*=\s*([^\s'&;]+)", url)
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url):
        found.append(address)
    return found


HOST = re.compile(r"(\[[0-9A-Fa-f:.]+(%\w+)?\]|[^\[\]:@/?#\s]*)(:\d*)?")


def is_readable(url):
    """Whether drivers agree on what is the password: else they quote parts of it as port, host or database."""
    authority, _, path = re.split(r"[?#]", url.partition("://")[2])[0].partition("/")
    user, at, hosts = authority.rpartition("@")
    query = url.partition("?")[2]
    outside = path + url.partition("#")[2] + ("" if at else query)
    return "@" not in outside and "[" not in user and all(HOST.fullmatch(host) for host in hosts.split(","))


def say(text):
    out = sys.stderr if arguments.bare else sys.stdout
    print("slipway: " + " ".join(hidden.scrub(str(text)).split()), file=out, flush=True)


def end(code, text):
    say(text)
    sys.exit(code)


# Drivers: each gives a function that runs one statement without parameters and returns its rows.


def libpq_url(url):
    scheme, _, rest = url.partition("://")
    address, mark, query = rest.partition("?")
    authority, slash, path = address.partition("/")
    user, at, hosts = authority.rpartition("@")
    address = user.replace("@", "%40") + at + hosts + slash + path
    kept = {key: value for key, value in parse_qsl(query) if key in LIBPQ}
    if "ssl" in dict(parse_qsl(query)) and "sslmode" not in kept:
        kept["sslmode"] = "require"
    return "postgresql://" + address + (mark and "?" + urlencode(kept, quote_via=quote))


def with_psycopg(url):
    import psycopg

    connection = psycopg.connect(libpq_url(url), autocommit=True, connect_timeout=5, prepare_threshold=None)

    def run(statement):
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []

    return run


def with_psycopg2(url):
    import psycopg2

    connection = psycopg2.connect(libpq_url(url), connect_timeout=5)
    connection.autocommit = True

    def run(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    return run


def parts_of(url):
    split = urlsplit(url)
    query = dict(parse_qsl(split.query))
    return {
        "user": unquote(split.username or query.get("user") or os.environ.get("PGUSER", "postgres")),
        "password": unquote(split.password or "") or query.get("password"),
        "host": split.hostname or query.get("host", "localhost"),
        "port": split.port or int(query.get("port", 5432)),
        "database": unquote(split.path[1:]) or query.get("dbname"),
    }, query.get("sslmode", query.get("ssl", "prefer"))


def with_pg8000(url):
    import ssl

    import pg8000.dbapi

    parts, mode = parts_of(url)
    if parts["host"].startswith("/"):
        parts["unix_sock"] = "{}/.s.PGSQL.{}".format(parts["host"], parts["port"])
    context = ssl.create_default_context() if mode not in ("prefer", "allow", "disable") else None
    if context and mode != "verify-full":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = pg8000.dbapi.connect(**parts, ssl_context=context, timeout=30)
    connection.autocommit = True

    def run(statement):
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []

    return run


def with_asyncpg(url):
    import asyncio

    import asyncpg

    parts, mode = parts_of(url)
    loop = asyncio.new_event_loop()
    ssl = {"true": "require", "True": "require"}.get(mode, mode)
    connection = loop.run_until_complete(
        asyncpg.connect(**parts, ssl=ssl, timeout=5, statement_cache_size=0, command_timeout=30)
    )
    return lambda statement: [tuple(row) for row in loop.run_until_complete(connection.fetch(statement))]


DRIVERS = {"psycopg": with_psycopg, "psycopg2": with_psycopg2, "asyncpg": with_asyncpg, "pg8000": with_pg8000}
# Another try changes nothing: password, user or database are wrong.
REFUSED = re.compile(r"authentication failed|no password supplied|does not exist|no pg_hba\.conf entry|28P01|3D000")


def connect(url, seconds):
    """The first driver's connection; nothing where there is no driver."""
    import importlib.util

    scheme, mark, _ = url.partition("://")
    if not mark or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return say(f"no lock is taken: the variable {arguments.variable} is no URL, as postgresql://… is")
    if scheme.partition("+")[0] not in ("postgres", "postgresql"):
        return say(f"no lock is taken: the database is no PostgreSQL, but {scheme!r}")
    driver = next((name for name in DRIVERS if importlib.util.find_spec(name)), None)
    if driver is None:
        return say(f"no lock is taken: this image has none of {', '.join(DRIVERS)}, by which to ask the database")
    if not is_readable(url):
        end(
            MISCONFIGURED,
            f"the variable {arguments.variable} can't be parsed: in user and password all of : / ? # [ ] @ are to be "
            "written as %3A, %2F and so on",
        )
    deadline = time.monotonic() + seconds
    while True:
        try:
            return Database(DRIVERS[driver](url))
        except Exception as error:  # whatever a driver throws
            why = reason_of(error)
            if REFUSED.search(why) or time.monotonic() > deadline:
                end(NO_DATABASE, f"the database can't be reached: {why}")
            time.sleep(0.5)


def reason_of(error):
    """What the server said; pg8000 gives it as a dictionary."""
    first = error.args[0] if error.args else None
    return first.get("M", "") if isinstance(first, dict) else str(error) or type(error).__name__


class Database:
    def __init__(self, run):
        self.run = run
        self.name = f"slipway-migrate {arguments.run}".strip()[:63]
        self.run("SET application_name = '{}'".format(self.name.replace("'", "")))

    def holders(self):
        """Who has the lock, as far as PostgreSQL tells."""
        rows = self.run(
            "SELECT a.pid, a.usename, a.application_name, date_trunc('second', a.backend_start)::text FROM pg_locks l "
            "JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
            f"AND l.classid = {KEY >> 32} AND l.objid = {KEY & 0xFFFFFFFF} "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return described(rows) or "a session that is not told"

    def lock(self, seconds):
        deadline, told = time.monotonic() + seconds, False
        while not self.run(f"SELECT pg_try_advisory_lock({KEY})")[0][0]:
            if time.monotonic() > deadline:
                end(LOCKED, f"the lock was not got within {seconds:g} s: another migration runs, {self.holders()}")
            if not told:
                say(f"waiting for the lock: another migration runs, {self.holders()}")
            told = True
            time.sleep(0.5)
        say("the lock is held")

    def unlock(self):
        try:
            if self.run(f"SELECT pg_advisory_unlock({KEY})")[0][0]:
                return say("the lock is free")
            say("the lock was lost meanwhile: is there a pooler before the database that hands sessions around?")
        except Exception as error:
            say(f"the lock is free, as the connection was lost: {error}")

    def revision(self):
        """Alembic's, or how many of Django's migrations were applied."""
        try:
            (alembic, django), = self.run(
                "SELECT to_regclass('alembic_version')::text, to_regclass('django_migrations')::text"
            )
            if alembic:
                return ", ".join(sorted(row[0] for row in self.run("SELECT version_num FROM alembic_version"))) or "none"
            if django:
                return "{} migrations of Django".format(self.run("SELECT count(*) FROM django_migrations")[0][0])
            return "none"
        except Exception as error:
            return f"unknown ({error})"

    def waits_for(self):
        """Who keeps the command's sessions waiting."""
        return described(
            self.run(
                "SELECT DISTINCT b.pid, b.usename, b.application_name, date_trunc('second', b.xact_start)::text "
                "FROM pg_stat_activity a CROSS JOIN unnest(pg_blocking_pids(a.pid)) AS blocking(pid) "
                f"JOIN pg_stat_activity b ON b.pid = blocking.pid WHERE a.application_name = '{CHILD}'"
            )
        )

    def end_sessions(self):
        """A statement goes on, with its locks, though who sent it is gone."""
        with contextlib.suppress(Exception):
            ended = self.run(
                f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{CHILD}'"
            )[0][0]
            if ended:
                say(f"{ended} of its sessions in the database were ended")


def described(rows):
    return "; ".join(f"session {pid} of {user} ({name or 'unnamed'}) since {since}" for pid, user, name, since in rows)


# What the command's sessions are called: those of drivers that ask the environment.
CHILD = f"slipway-command-{os.getpid()}-{int(time.time())}"


def start(command):
    # Only what needs a shell gets one, which the image may not have.
    plain = not re.search(r"[|&;<>()$`\\*?\[\]#~{}!\n]", command) and not re.match(r"\w+=", command)
    words = shlex.split(command) if plain else ["sh", "-c", command]
    try:
        return subprocess.Popen(
            words,
            env={"PYTHONUNBUFFERED": "1", **os.environ, "PGAPPNAME": CHILD},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if arguments.bare else subprocess.STDOUT,
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError):
        end(NO_COMMAND, f"this image has no command {words[0]!r}")


def pass_on(source):
    for line in source:
        text = hidden.scrub(line.decode("utf-8", "replace"))
        sys.stdout.write(text.encode("ascii", "backslashreplace").decode() if not UTF8 else text)
        sys.stdout.flush()


UTF8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def end_group(child):
    for number, seconds in ((signal.SIGTERM, KILL_AFTER), (signal.SIGKILL, KILL_AFTER)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(seconds)


def wait(child, database, seconds):
    """Waits for the command; keeps the lock's connection from falling asleep meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        try:
            return child.wait(max(0, min(left, HEARTBEAT)))
        except subprocess.TimeoutExpired:
            blocked = ""
            try:
                blocked = database.waits_for() if database else ""
            except Exception as error:
                say(f"the connection that holds the lock is lost: {error}")
                database = None
            if left <= HEARTBEAT and time.monotonic() >= deadline:
                end_group(child)
                say(f"the command took longer than {seconds:g} s, and was ended")
                if blocked:
                    say(f"it waited for {blocked}")
                return TIMED_OUT


def migrate(database):
    before = database.revision() if database else "unknown"
    say(f"revision before: {before}")
    say(f"running {arguments.command}")
    child = start(arguments.command)
    reader = threading.Thread(target=pass_on, args=(child.stdout,), daemon=True)
    reader.start()
    try:
        code = wait(child, database, arguments.timeout)
    except (Stopped, KeyboardInterrupt):
        end_group(child)
        say("the command was ended, since somebody ended this")
        code = STOPPED
    reader.join(2)  # what it left running may hold the pipe open for good
    if code in (TIMED_OUT, STOPPED) and database:
        database.end_sessions()
    say(f"the command ended with {128 - code if code < 0 else code}")
    say(f"revision after: {database.revision() if database else 'unknown'}")
    return 128 - code if code < 0 else code


class Stopped(BaseException):
    """Somebody ends this program."""


def stop(*_):
    # A second signal must not keep the first from being followed.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def main():
    if not url:
        end(MISCONFIGURED, f"the variable {arguments.variable} is not set")
    try:
        database = None if arguments.bare else connect(url, arguments.connect_timeout)
        if database is None:
            return migrate(None)
        database.lock(arguments.lock_timeout)
        try:
            return migrate(database)
        finally:
            database.unlock()
    except (Stopped, KeyboardInterrupt):
        end(STOPPED, "somebody ended this before the command began")
    except Exception as error:
        end(NO_DATABASE, f"{type(error).__name__}: {error}")


parser = argparse.ArgumentParser(prog="slipway_migrate")
parser.add_argument("--variable", default="DATABASE_URL")
parser.add_argument("--run", default="")
parser.add_argument("--timeout", type=float, default=600)
parser.add_argument("--lock-timeout", type=float, default=300)
parser.add_argument("--connect-timeout", type=float, default=15)
# For a command that only prints, such as `alembic upgrade … --sql`: without database or lock, its output by itself.
parser.add_argument("--bare", action="store_true")
parser.add_argument("command")
arguments = parser.parse_args()
url = os.environ.get(arguments.variable, "")
hidden = Hidden(url)
# A traceback could hold what must not be printed.
sys.excepthook = lambda kind, error, _: say(f"{kind.__name__}: {error}")
# The first process of a container has no signal's usual end.
signal.signal(signal.SIGTERM, stop)
sys.exit(main())
