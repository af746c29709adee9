import { afterAll, describe, expect, it } from "vitest"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { compareGates } from "../../../src/lib/gates/comparison.js"
import { effectivePolicy } from "../../../src/lib/gates/effective.js"
import { trustedFiles } from "../../../src/lib/gates/facts.js"
import { gatesHeadline, gatesMarkdown, gatesText } from "../../../src/lib/gates/text.js"
import { weakened, weakeningText } from "../../../src/lib/gates/weakened.js"
import { WRAPPERS } from "../../../src/lib/wrappers/files.js"
import { SCRIPT } from "../../../src/lib/wrappers/script.js"
import { type Files, noPython, Repository } from "./repository.js"

const made: Repository[] = []
afterAll(() => made.forEach((repository) => repository.remove()))

/** The weakenings of a change, each in a line. */
function changes(before: Files, after: Files): string[] {
  const repository = new Repository(before)
  made.push(repository)
  repository.git("switch", "--quiet", "--create=change")
  repository.commit(after)
  return weakened(repository.at("main"), repository.at("change")).map(weakeningText)
}

const SUPPRESSION = `suppressions:
  - tool: trivy
    rule: CVE-2024-1234
    reason: not reachable
    owner: me
    expires: 2026-12-31
`

const SERVICE: Files = {
  "slipway.yaml": "deploy: {soak: 10m}\nrelease: {key: cosign.pub}\n",
  "cosign.pub": "ours\n",
  "pyproject.toml":
    '[project]\nname = "adder"\n[tool.mypy]\nstrict = true\n[tool.coverage.run]\nbranch = true\n',
  "src/adder.py": "import os  # noqa: F401\n\n\ndef add(left, right):\n    return left + right\n",
  "tests/test_adder.py":
    "import pytest\n\n\nclass TestAdd:\n    def test_sum(self):\n        assert True\n\n\ndef test_one():\n    assert 1\n",
  "tests/test_more.py": "def test_more():\n    assert 1\n",
}

describe.skipIf(noPython)("a change", () => {
  it("that weakens seven gates has each of them named in its comment, and in summary and terminal", () => {
    const repository = new Repository(SERVICE)
    made.push(repository)
    repository.git("switch", "--quiet", "--create=change")
    repository.commit({
      "slipway.yaml": `quality: {checks: [black, isort, flake8, bandit]}
tests: {coverage: {above: 0}}
deploy: {soak: 1s}
release: {key: cosign.pub}
images: {replace: {trivy: "registry.example.com/trivy:1"}}
`,
      ".slipway/suppressions.yaml": SUPPRESSION,
      "pyproject.toml":
        '[project]\nname = "adder"\n[tool.mypy]\nignore_errors = true\n[tool.coverage.run]\nbranch = true\nomit = ["src/*"]\n',
      "src/adder.py": "import os  # noqa: F401\nimport sys  # noqa: F401\n",
      "tests/test_more.py": null,
      "tests/test_adder.py":
        "import pytest\n\n\n@pytest.mark.skip\nclass TestAdd:\n    def test_sum(self):\n        assert True\n\n\ndef test_one():\n    assert 1\n",
    })
    const sha = repository.git("rev-parse", "main")
    const comparison = compareGates(repository.at("change"), { ref: "main", sha }, repository.at("main"))
    const expected = [
      ["quality.checks", "black, isort, flake8, mypy, bandit", "black, isort, flake8, bandit"],
      ["tests.coverage.above", "80 %", "0 %"],
      ["deploy.soak", "600 s", "1 s"],
      ["images.replace.trivy", "Slipway's own", "registry.example.com/trivy:1"],
      ["exception", "none", "trivy CVE-2024-1234 until 2026-12-31"],
      ["coverage run.omit", "none", "src/*"],
      ["mypy ignore_errors", "none", "true"],
      ["mypy strict", "true", "none"],
      ["noqa F401", "1", "2"],
      ["tests", "3", "2: 1 gone, 0 new"],
      ["tests skipped or allowed to fail", "0", "1"],
    ]
    expect(comparison.weakened.map(({ what, from, to }) => [what, from, to])).toEqual(expected)
    expect(gatesHeadline(comparison)).toBe(`11 gates are weaker than in main (${sha.slice(0, 12)})`)
    const comment = shown(gatesMarkdown(comparison))
    for (const [what, from, to] of expected)
      expect(comment).toContain(`| <code>${what}</code> | ${from} | ${to} |`)
    expect(gatesText(comparison)).toEqual(
      expect.arrayContaining([
        "  tests.coverage.above: 80 % → 0 % (slipway.yaml)",
        "  noqa F401: 1 → 2 (src/adder.py)",
        "  tests: 3 → 2: 1 gone, 0 new (tests/test_more.py::test_more)",
        "! images.replace.trivy: registry.example.com/trivy:1, in the place of Slipway's own",
        "! tests.coverage.above: 0 %, which any coverage passes",
      ]),
    )
  })

  it("that makes the baseline grow has it named by stage, also where others are fixed", () => {
    const file = ".slipway/baseline.json"
    const known = (counts: object, coverage: number) =>
      `${JSON.stringify({ version: 1, coverage, findings: { flake8: { "src/adder.py": counts } } })}\n`
    const before = known({ "F401 aaaaaaaaaaaa": 2 }, 61)
    expect(changes(SERVICE, { [file]: before })).toEqual([
      `baseline flake8: 0 known → 2 known: 2 new, 0 gone (${file}: src/adder.py)`,
      `baseline coverage: the gate's → 61 % (${file})`,
    ])
    const service = { ...SERVICE, [file]: before }
    expect(
      changes(service, { [file]: known({ "F401 aaaaaaaaaaaa": 1, "E501 bbbbbbbbbbbb": 1 }, 60) }),
    ).toEqual([
      `baseline flake8: 2 known → 2 known: 1 new, 1 gone (${file}: src/adder.py)`,
      `baseline coverage: 61 % → 60 % (${file})`,
    ])
    expect(changes(service, { [file]: known({ "F401 aaaaaaaaaaaa": 1 }, 62) })).toEqual([])
    expect(changes(service, { [file]: null })).toEqual([])
    expect(changes(service, { [file]: "{" })).toEqual([expect.stringContaining("exception: none → ")])
  })

  it("that changes only code has none", () => {
    expect(changes(SERVICE, { "src/adder.py": "import os  # noqa: F401\n\nZERO = 0\n" })).toEqual([])
  })

  it("that makes gates stricter, moves tests, or moves settings has none", () => {
    const stricter = changes(SERVICE, {
      "slipway.yaml":
        "deploy: {soak: 20m}\nrelease: {key: cosign.pub}\ntests: {coverage: {above: 90}}\nsecurity: {severity: low}\n",
      "tests/test_more.py": null,
      "tests/deeper/test_more.py": "def test_more():\n    assert 1\n\n\ndef test_new():\n    assert 1\n",
      "pyproject.toml": '[project]\nname = "adder"\n[tool.coverage.run]\nbranch = true\n',
      "mypy.ini": "[mypy]\nstrict = True\nwarn_unreachable = True\n",
      "src/adder.py": "def add(left, right):\n    return left + right\n",
    })
    expect(stricter).toEqual([])
  })

  it("that exchanges a trusted file, or how a CI host calls Slipway, is named", () => {
    const wrappers = { ".github/workflows/slipway.yml": "a\n", ".slipway/slipway": "b\n", Jenkinsfile: "c\n" }
    const after = {
      "cosign.pub": "theirs\n",
      ".slipway/slipway": "exit 0\n",
      ".github/workflows/slipway.yml": null,
    }
    const digest = expect.stringMatching(/^sha256:\w{12}$/) as string
    const repository = new Repository({ ...SERVICE, ...wrappers })
    made.push(repository)
    repository.git("switch", "--quiet", "--create=change")
    repository.commit(after)
    const what = "a file that gates depend on"
    expect(weakened(repository.at("main"), repository.at("change"))).toEqual([
      { what, from: digest, to: digest, where: ".slipway/slipway" },
      { what, from: digest, to: "gone", where: ".github/workflows/slipway.yml" },
      { what, from: digest, to: digest, where: "cosign.pub" },
    ])
  })
})

/** Markdown as people see it. */
const shown = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_, digits: string) => String.fromCharCode(Number(digits)))
    .replaceAll("\u200B", "")

describe.skipIf(noPython).each<[string, Files, string[]]>([
  [
    "paths left out of checks",
    {
      "slipway.yaml":
        "quality: {paths: [src/a]}\ntests: {unit: {paths: [tests/fast]}}\ndast: {exclude: [/admin]}\n",
    },
    ["quality.paths: . → src/a (", "tests.unit.paths: all → tests/fast (", "dast.exclude: none → /admin ("],
  ],
  [
    "a database and a mirror of its own",
    {
      "slipway.yaml":
        "security: {database: {file: db.tgz, maximumAge: 90m}}\nimages: {prefix: m.example.com/hub}\n",
      "db.tgz": "x",
    },
    [
      "security.database.file: Slipway's own → db.tgz (",
      "images.prefix: Slipway's own → m.example.com/hub (",
    ],
  ],
  [
    "severities, attacks and load",
    {
      "slipway.yaml":
        "deploy: {verify: {production: warn}, errors: {maxPercent: 50}}\nload: {load: {ramps: ['10s:1'], p95: 9000}}\nimage: {unfixed: report}\n",
    },
    [
      "deploy.verify.production: enforce → warn (",
      "deploy.errors.maxPercent: 2 % → 50 % (",
      "load.load.ramps: 60s:10, 300s:10, 60s:20, 240s:20, 60s:0 → 10s:1 (",
      "load.load.p95: 2000 ms → 9000 ms (",
      "image.unfixed: triaged → report (",
    ],
  ],
  [
    "tools' own settings in place of Slipway's",
    {
      ".flake8": "[flake8]\nextend-ignore =\n    E501,\n    F401\nmax-line-length = 999\nexclude = src\n",
      ".bandit": "[bandit]\nskips = B101,B602\n",
      "pytest.ini": "[pytest]\naddopts = --ignore=tests/slow -k 'not slow'\ntestpaths = tests/fast\n",
      "setup.cfg": "[mypy-adder.*]\nignore_errors = True\n",
      ".coveragerc": "[report]\nexclude_lines =\n    def \n    class \n",
    },
    [
      "bandit: Slipway's settings → settings of its own (.bandit)",
      "bandit skips: none → B101, B602 (.bandit)",
      "coverage: Slipway's settings → settings of its own (.coveragerc)",
      "coverage report.exclude_lines: none → def, class (.coveragerc)",
      "flake8: Slipway's settings → settings of its own (.flake8)",
      "flake8 exclude: none → src (.flake8)",
      "flake8 extend-ignore: none → E501, F401 (.flake8)",
      "flake8 max-line-length: none → 999 (.flake8)",
      "mypy: Slipway's settings → settings of its own (setup.cfg)",
      "mypy [adder.*] ignore_errors: none → True (setup.cfg)",
      "pytest addopts: none → --ignore=tests/slow -k 'not slow' (pytest.ini)",
      "pytest testpaths: all → tests/fast (pytest.ini)",
    ],
  ],
  [
    "settings that only some versions or plug-ins read",
    {
      ".flake8": "[flake8]\nmax-line-length = 100\n",
      "pytest.toml": '[pytest]\naddopts = ["-k", "fast"]\n',
      "pyproject.toml":
        '[tool.flake8]\nextend-ignore = ["F401"]\n[tool.pytest]\ntestpaths = ["tests/fast"]\n[tool.pytest.ini_options]\nxfail_strict = true\n',
    },
    [
      "flake8 [pyproject.toml] extend-ignore: none → F401 (pyproject.toml)",
      "pytest [pyproject.toml] testpaths: all → tests/fast (pyproject.toml)",
      "pytest [pytest.toml] addopts: none → ",
    ],
  ],
  [
    "comments that silence tools, and hooks that take tests out",
    {
      "src/a.py":
        "# flake8: noqa\n# mypy: ignore-errors\nimport subprocess  # nosec\n\nX = 1  # type: ignore[assignment]\nY = 2  # pragma: no cover\n# fmt: off\n",
      "conftest.py":
        "collect_ignore = ['tests']\n\n\ndef pytest_collection_modifyitems(items):\n    items.clear()\n",
      "tests/test_x.py":
        "import unittest\n\n\nclass T(unittest.TestCase):\n    @unittest.skip('x')\n    def test_x(self):\n        pass\n",
      "src/broken.py": "def (:\n    # noqa\n",
    },
    [
      "pytest collect_ignore: 0 → 1 (conftest.py)",
      "pytest pytest_collection_modifyitems: 0 → 1 (conftest.py)",
      "flake8: noqa: 0 → 1 (src/a.py)",
      "mypy: ignore-errors: 0 → 1 (src/a.py)",
      "nosec: 0 → 1 (src/a.py)",
      "type: ignore[assignment]: 0 → 1 (src/a.py)",
      "pragma: no cover: 0 → 1 (src/a.py)",
      "fmt: off: 0 → 1 (src/a.py)",
      "tests skipped or allowed to fail: 0 → 1 (tests/test_x.py)",
    ],
  ],
  [
    "exemptions of migrations, known drift and signers",
    {
      ".slipway/migrations.yaml":
        "exemptions:\n  - {revision: abc, rule: drop-column, table: users, reason: gone, owner: me, expires: 2026-12-31}\n",
      ".slipway/drift.yaml":
        "drift:\n  - {address: azurerm_x.y, attribute: tags, reason: r, owner: me, expires: 2026-12-31}\n",
      ".slipway/allowed_signers": "# who\nme@example.com ssh-ed25519 AAAA\n",
    },
    [
      "exception: none → drop-column of users in abc until 2026-12-31 (.slipway/migrations.yaml)",
      "exception: none → azurerm_x.y tags until 2026-12-31 (.slipway/drift.yaml)",
      "exception: none → me@example.com ssh-ed25519 AAAA (.slipway/allowed_signers)",
    ],
  ],
])("%s", (_, after, expected) => {
  it("are named", () => {
    const found = changes({ "README.md": "x\n" }, after)
    for (const line of expected) expect(found).toContainEqual(expect.stringContaining(line))
  })
})

describe.skipIf(noPython)("a renewed suppression", () => {
  it("is a new exception", () => {
    const before = { ".slipway/suppressions.yaml": SUPPRESSION }
    const after = { ".slipway/suppressions.yaml": SUPPRESSION.replace("2026", "2027") }
    expect(changes(before, after)).toEqual([
      "exception: none → trivy CVE-2024-1234 until 2027-12-31 (.slipway/suppressions.yaml)",
    ])
  })
})

it("the files of every wrapper are watched", () => {
  const written = [SCRIPT, ...Object.values(WRAPPERS).flatMap((files) => Object.keys(files))]
  expect(trustedFiles(parseConfig(undefined)).sort()).toEqual(written.sort())
})

describe("a base that can't be read", () => {
  it("is said, with what is notable all the same", () => {
    const policy = effectivePolicy(parseConfig("tests: {coverage: {above: 0}}"))
    const comparison = compareGates(policy, undefined, "the branch main isn't in this clone")
    expect(gatesText(comparison)).toEqual([
      "! Gates were compared with no base: the branch main isn't in this clone",
      "! tests.coverage.above: 0 %, which any coverage passes",
    ])
    expect(gatesMarkdown(comparison)).toContain("the branch main isn&#39;t in this clone")
  })
})
