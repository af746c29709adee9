import { beforeAll, describe, expect, it } from "vitest"
import { engineEnvironment } from "./dagger.js"
import { type CiRun, runOn, service, statuses } from "./pipeline.js"

beforeAll(engineEnvironment)

const testsOf = (files: Record<string, string>): Promise<CiRun> => runOn("tests", service(files))

/** Settings that read PostgreSQL's URL, and a model whose table only a migrated database has. */
const DJANGO = {
  "requirements.txt": "django==5.2.9\npsycopg[binary]==3.3.2\n",
  "manage.py": `import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
execute_from_command_line(sys.argv)
`,
  "site_settings.py": `import os
from urllib.parse import urlsplit

url = urlsplit(os.environ["DATABASE_URL"])
SECRET_KEY = os.environ["SECRET_KEY"]
INSTALLED_APPS = ["shop"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path[1:],
        "USER": url.username,
        "PASSWORD": url.password,
        "HOST": url.hostname,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
`,
  "shop/__init__.py": "",
  "shop/models.py":
    "from django.db import models\n\n\nclass Item(models.Model):\n    name = models.CharField(max_length=10)\n",
  "shop/migrations/__init__.py": "",
  "shop/migrations/0001_initial.py": `from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=10)),
            ],
        )
    ]
`,
  "shop/tests.py": `import os
import socket

from django.db import connection
from django.test import TestCase, tag

from shop.models import Item


class ItemTests(TestCase):
    def test_saved(self):
        Item.objects.create(name="lamp")
        self.assertEqual(connection.vendor, "postgresql")
        self.assertEqual(Item.objects.count(), 1)

    @tag("integration")
    def test_cached(self):
        self.assertEqual(os.environ["CACHE_URL"], "redis://cache:6379/3")
        with socket.create_connection(("cache", 6379)) as cache:
            cache.sendall(b"PING\\r\\n")
            self.assertTrue(cache.recv(9).startswith(b"+PONG"))

    @tag("integration")
    def test_wrong(self):
        self.assertEqual(1, 2)
`,
}

const CACHE = '{ image: "redis:7", port: 6379, variable: CACHE_URL, url: "redis://cache:6379/3"'

describe("a Django service without pytest", () => {
  it("has its tests run by manage.py, on PostgreSQL, sorted by tag, beside a service by image", async () => {
    const run = await testsOf({
      ...DJANGO,
      "slipway.yaml": `tests:
  environment: { SECRET_KEY: for tests }
  services:
    postgres:
    cache: ${CACHE}, ready: [redis-cli, ping] }
`,
    })
    expect(statuses(run), run.stdout + run.stderr).toEqual({
      unit: "passed",
      integration: "failed",
      coverage: "passed",
    })
    expect(run.stage("unit").reason).toMatch(/^1 test in /)
    expect(run.stage("integration").reason).toBe("1 of 2 tests failed")
    expect(run.stdout).toMatch(/shop\/tests\.py:\d+: AssertionError: 1 != 2 \[django ItemTests::test_wrong\]/)
    expect(run.read("junit/tests.xml")).toContain('name="test_cached"')
    expect(run.read("coverage/coverage.json")).toContain('"shop/models.py"')
    expect(run.read("report.html")).toContain("cache: <b>redis:7")
  })
})

describe("a service of unittest", () => {
  it("has the tests run that pytest wouldn't collect, in time, and each failure named", async () => {
    const run = await testsOf({
      "slipway.yaml": "tests: { suites: [unit], testTimeout: 1s }\n",
      "core.py": "def double(value):\n    return value * 2\n",
      "tests/testcore.py": `import time
import unittest

import core


class CoreTests(unittest.TestCase):
    def test_double(self):
        for value in (1, 2):
            with self.subTest(value=value):
                self.assertEqual(core.double(value), 2)

    def test_slow(self):
        time.sleep(60)

    @unittest.skip("later")
    def test_later(self):
        pass
`,
      "tests/testlost.py": "import lost\n",
    })
    expect(run.exitCode).toBe(1)
    expect(run.stage("unit").reason).toBe("2 of 3 tests failed, 1 file can't be collected")
    expect(run.stdout).toContain("(value=2) AssertionError: 4 != 2 [unittest CoreTests::test_double]")
    expect(run.stdout).toContain("AssertionError: Timeout (>1 s) [unittest CoreTests::test_slow]")
    expect(run.stdout).toContain("tests/testlost.py: ModuleNotFoundError: No module named 'lost'")
    expect(run.stage("coverage").reason).toMatch(/^100\.00 % of 2 /)
  })
})

describe("coverage of a service with its own settings", () => {
  it("counts what runs in subprocesses, by contexts, beside options of pytest-cov", async () => {
    const run = await testsOf({
      "slipway.yaml": "tests: { suites: [unit] }\n",
      "pyproject.toml": `[tool.pytest.ini_options]
addopts = "--cov=service --cov-report=term --cov-fail-under=100 -n 2 --dist=loadfile"
[tool.coverage.run]
parallel = true
patch = ["subprocess"]
dynamic_context = "test_function"
`,
      "service/__init__.py": "",
      "service/__main__.py": "import sys\n\nif len(sys.argv) == 1:\n    print(2 * 2)\n",
      "tests/test_program.py": `import subprocess
import sys


def test_program():
    assert subprocess.check_output([sys.executable, "-m", "service"], text=True) == "4\\n"
`,
    })
    expect(statuses(run), run.stdout).toMatchObject({ unit: "passed" })
    // The branch that leads around the print is the only part that never runs.
    expect(run.stage("coverage").reason).toMatch(/^80\.00 % of 5 lines and branches/)
  })
})

describe("services that aren't ready in time", () => {
  it("are reported with their port or their own check, and their last words", async () => {
    const withCache = (more: string) =>
      testsOf({
        "slipway.yaml": `tests: { suites: [integration], startTimeout: 3s, services: { cache: ${CACHE}, ${more} } } }\n`,
        "tests/integration/test_cache.py": "def test_cache():\n    pass\n",
      })
    const closed = await withCache('command: [redis-server, --port, "7000"]')
    expect(closed.exitCode).toBe(3)
    expect(closed.stage("integration").reason).toMatch(
      /^cache did not open port 6379 within 3 s: .*; its last words: /,
    )
    expect(closed.read("logs/integration.log")).toContain("port=7000")
    const refused = await withCache('ready: [sh, -c, "echo not yet; exit 3"]')
    expect(refused.exitCode).toBe(3)
    expect(refused.stage("integration").reason).toMatch(/^cache was not ready in time, by its own check: /)
  })
})
