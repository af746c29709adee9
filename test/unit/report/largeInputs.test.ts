// Foreign texts have no end: every reader takes linear time.
import { describe, expect, it } from "vitest"
import { brokenOff } from "../../../src/lib/pipeline/journal.js"
import { changesBetween, parseLog } from "../../../src/lib/notify/changes.js"
import { withoutFolders } from "../../../src/lib/python/lock.js"
import { serviceName } from "../../../src/lib/python/name.js"
import { readPins } from "../../../src/lib/python/pins.js"
import { findRequirements } from "../../../src/lib/python/project.js"
import { wishedPython } from "../../../src/lib/python/versions.js"
import { configuration, tool, type ToolName } from "../../../src/lib/quality/index.js"
import { downloadFailure } from "../../../src/lib/security/download.js"
import { nosecFindings } from "../../../src/lib/security/nosec.js"
import { applySuppressions } from "../../../src/lib/security/suppressions.js"
import { parseSuppressions } from "../../../src/lib/security/suppressionsFile.js"
import { vulnerabilities } from "../../../src/lib/security/vulnerabilities.js"
import { readCoverage } from "../../../src/lib/testing/coverage.js"
import { measurement } from "../../../src/lib/testing/measure.js"
import { suiteOutcome } from "../../../src/lib/testing/outcome.js"
import { readRecords } from "../../../src/lib/testing/records.js"
import { hasTable } from "../../../src/lib/text/toml.js"
import { growth, LINEAR, type Sized } from "../cost.js"
import { failedRun, lines, numberedFinding, numberedTest, times } from "./many.js"

const sha = (index: number) => index.toString(16).padStart(40, "0")
const run = (from: { stdout?: string; stderr?: string; exitCode?: number }) => ({
  stdout: "",
  stderr: "",
  exitCode: 1,
  ...from,
})
const read = (name: ToolName, from: Parameters<typeof run>[0]) => tool(name).read(run(from))
const records = (n: number) =>
  lines(n, (index) =>
    JSON.stringify(
      index % 2 === 0 ? { start: numberedTest(index).id } : { test: numberedTest(index - 1, "failed") },
    ),
  )
const trivy = (n: number) =>
  JSON.stringify({
    SchemaVersion: 2,
    Results: times(n, (index) => ({
      Target: "uv.lock",
      Class: "lang-pkgs",
      Type: "uv",
      Packages: [{ Name: `p${index}`, Version: "1" }],
      Vulnerabilities: [
        { VulnerabilityID: `CVE-${index}`, PkgName: `p${index}`, InstalledVersion: "1", Severity: "HIGH" },
      ],
    })),
  })

const spaces = (n: number) => `[tool.x]\nkey${" ".repeat(n)}value\n`
const READERS: Record<string, [n: number, work: Sized]> = {
  "line of spaces in setup.cfg": [
    5000,
    (n) =>
      (
        (text) => () =>
          configuration("flake8", { "setup.cfg": text })
      )(spaces(n)),
  ],
  "line of spaces in pyproject.toml": [
    5000,
    (n) =>
      ((text) => () => [
        hasTable(text, "tool", "black"),
        serviceName({ "pyproject.toml": text }),
        findRequirements({ "pyproject.toml": text, "setup.cfg": text, "setup.py": "" }),
        wishedPython({ "pyproject.toml": text, ".python-version": text, "tox.ini": text }, ["3.9"]),
        measurement({ "pyproject.toml": text, "setup.cfg": text }, true),
      ])(spaces(n)),
  ],
  "blank lines in requirements.txt": [
    20_000,
    (n) =>
      (
        (text) => () =>
          readPins([{ name: "requirements.txt", text }])
      )("\n".repeat(n)),
  ],
  "blank lines in .editorconfig": [
    20_000,
    (n) =>
      (
        (text) => () =>
          configuration("isort", { ".editorconfig": text })
      )("\n".repeat(n)),
  ],
  "packages of a lock": [
    2000,
    (n) =>
      (
        (text) => () =>
          withoutFolders(text)
      )(lines(n, (index) => `p${index}==1  # via ${index % 2 === 0 ? "hub" : "-r requirements.txt"}`)),
  ],
  "output of flake8": [
    2000,
    (n) =>
      (
        (stdout) => () =>
          read("flake8", { stdout })
      )(lines(n, (index) => `\x1d./m.py\x1f${index}\x1f1\x1fE501\x1fline too long\x1e`)),
  ],
  "cut output of flake8": [
    500,
    (n) =>
      (
        (stdout) => () =>
          read("flake8", { stdout })
      )("\x1dm.py\x1f1\x1f1\x1fE\x1f".repeat(n)),
  ],
  "output of mypy": [
    2000,
    (n) =>
      (
        (stdout) => () =>
          read("mypy", { stdout })
      )(lines(n, (index) => `m.py:${index}:1: error: no  [misc]`)),
  ],
  "line of mypy": [
    4000,
    (n) =>
      (
        (stdout) => () =>
          read("mypy", { stdout })
      )(`${"m:1: note: ".repeat(n)}\r`),
  ],
  "errors of black": [
    2000,
    (n) =>
      (
        (stderr) => () =>
          read("black", { stderr })
      )(`error: cannot format ${": Cannot parse".repeat(n)}`),
  ],
  "errors of isort": [
    3000,
    (n) =>
      (
        (stderr) => () =>
          read("isort", { stderr })
      )("ERROR: a\nUserWarning: Unable to parse file x".repeat(n)),
  ],
  "output of bandit": [
    2000,
    (n) =>
      (
        (stdout) => () =>
          read("bandit", { stdout })
      )(
        JSON.stringify({
          results: times(n, (index) => ({
            filename: "m.py",
            line_number: index,
            test_id: "B101",
            issue_severity: "LOW",
            issue_text: "assert",
          })),
        }),
      ),
  ],
  "Trivy's report": [
    500,
    (n) =>
      (
        (stdout) => () =>
          vulnerabilities([run({ stdout, exitCode: 0 })], { gate: "high" })
      )(trivy(n)),
  ],
  "Trivy's failure": [
    20_000,
    (n) =>
      (
        (stderr) => () =>
          downloadFailure(stderr)
      )(`x\tFATAL\tfailed to download vulnerability DB download artifact from x: ${"\n * ".repeat(n)}`),
  ],
  "nosec comments": [
    1000,
    (n) =>
      (
        (all) => () =>
          nosecFindings(all)
      )(times(n, (line) => ({ file: "m.py", line: line + 1, comment: "# nosec B101, B102" }))),
  ],
  "suppressions of findings": [
    1000,
    (n) =>
      (
        (all, { suppressions }) =>
        () =>
          applySuppressions(all, suppressions, new Date(0))
      )(
        times(n, (index) => numberedFinding(index)),
        parseSuppressions("- {tool: flake8, rule: E1, reason: r, owner: o, expires: 1970-01-02}") as never,
      ),
  ],
  "a suite's records": [
    1000,
    (n) =>
      (
        (text) => () =>
          suiteOutcome(run({}), readRecords(text), { name: "unit", runner: "pytest", expected: true })
      )(records(n)),
  ],
  "coverage of files": [
    1000,
    (n) =>
      (
        (text) => () =>
          readCoverage(text)
      )(
        JSON.stringify({
          files: Object.fromEntries(
            times(n, (index) => [
              `m${index}.py`,
              { missing_lines: [1, 2, 5], summary: { covered_lines: index, num_statements: n } },
            ]),
          ),
          totals: { covered_lines: 1, num_statements: 2 },
        }),
      ),
  ],
  "git's history": [
    2000,
    (n) =>
      (
        (text) => () =>
          changesBetween(parseLog(text), sha(1), sha(n))
      )(lines(n, (index) => `${sha(index + 1)}\t${index === 0 ? "" : sha(index)}\tSubject`)),
  ],
  "a commit's parents": [
    20_000,
    (n) =>
      (
        (text) => () =>
          changesBetween(parseLog(text), sha(2), sha(1))
      )(`${sha(1)}\t${times(n, (index) => sha(index + 2)).join(" ")}\tOctopus\n${sha(2)}\t\tRoot`),
  ],
  "the log of a run": [
    20_000,
    (n) =>
      (
        (all) => () =>
          brokenOff(all, "mark", {
            run: failedRun([]).verdict.run,
            invocation: "",
            exitCode: 3,
            reason: "",
            problem: "",
            milliseconds: 0,
          })
      )(times(n, (index) => `${index} : [0.1s] | mark {"planned":[]}`)),
  ],
}

describe("reading takes linear time", () => {
  it.each(Object.entries(READERS))("%s", (_, [n, work]) => {
    expect(growth(n, work)).toBeLessThan(LINEAR)
  })
})
