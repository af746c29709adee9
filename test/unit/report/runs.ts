import type { Finding } from "../../../src/lib/run/finding.js"
import type { Suppressed } from "../../../src/lib/run/suppressed.js"
import type { FileCoverage } from "../../../src/lib/run/coverage.js"
import type { Coverage } from "../../../src/lib/run/coverage.js"
import type { TestCase } from "../../../src/lib/run/testCase.js"
import type { StageReport, StageResult, Verdict } from "../../../src/lib/run/verdict.js"
import { someChanges } from "./changes.js"
import { stage } from "./stages.js"

const STARTED = Date.UTC(2026, 4, 18, 9, 41, 7)

/** The result of a run, as of `ci`. */
export interface Example {
  verdict: Verdict
  reports: StageReport[]
}

/** Returns a run of these stages. */
export function example(reports: StageReport[], from: Partial<Verdict>): Example {
  const verdict: Verdict = {
    schema: 1,
    run: {
      id: "18231077421-1",
      event: "pull_request",
      ref: "feature/resample-in-chunks",
      sha: "6f1f0d4c83b7a2e95d0c41ab7f3e2d9180c5b6fa",
      startedAt: new Date(STARTED).toISOString(),
    },
    status: "passed",
    exitCode: 0,
    problem: null,
    milliseconds: 96_400,
    stages: reports.map(result),
    ...from,
  }
  return { verdict, reports }
}

function result(report: StageReport): StageResult {
  const { name, group, status, milliseconds, cached, reason, repro, exitCode } = report
  return { name, group, status, milliseconds, cached, reason, repro, exitCode }
}

/** Returns a stage that began this many seconds into the run. */
function at(
  seconds: number,
  took: number,
  from: Pick<StageReport, "name" | "group" | "reason"> & Partial<StageReport>,
) {
  return stage(from.status ?? "passed", [], {
    began: STARTED + seconds * 1000,
    milliseconds: took * 1000,
    repro: `dagger call -m /opt/slipway --source=. debug --stage=${from.name} terminal`,
    ...from,
  })
}

const quality = (): StageReport[] => [
  at(-86_400, 1.2, {
    name: "black",
    group: "quality",
    version: "24.10.0",
    cached: true,
    reason: "27 files are formatted",
  }),
  at(-86_400, 0.8, {
    name: "isort",
    group: "quality",
    version: "5.13.2",
    cached: true,
    reason: "27 files have their imports in order",
  }),
  at(9.1, 3.4, { name: "flake8", group: "quality", version: "7.1.1", reason: "no problem in 27 files" }),
  at(9.3, 21.7, { name: "mypy", group: "quality", version: "1.13.0", reason: "no problem in 27 files" }),
  at(12.9, 2.6, {
    name: "bandit",
    group: "quality",
    version: "1.7.10",
    reason: "no problem in 14 files",
    findings: [
      {
        tool: "bandit",
        rule: "B101",
        level: "note",
        advisory: true,
        file: "src/audio_upscaler/resampling.py",
        line: 41,
        column: 5,
        message:
          "Use of assert detected. The enclosed code will be removed when compiling to optimised byte code.",
      },
    ],
  }),
]

const NAMES = [
  "upload",
  "download",
  "enqueue",
  "cancel",
  "resample",
  "status",
  "limits",
  "metrics",
  "retry",
  "health",
]

const tests = (kind: string, number: number, base: number): TestCase[] =>
  Array.from({ length: number }, (_, index) => {
    const name = NAMES[index % NAMES.length] ?? ""
    const file = `tests/${kind}/test_${name}.py`
    return {
      id: `${file}::test_${name}_${["accepts", "rejects", "repeats", "times_out", "is_idempotent"][Math.floor(index / NAMES.length)] ?? "works"}[${index % 2 ? "wav" : "flac"}]`,
      file,
      line: 12 + index * 3,
      status: "passed",
      seconds: base * (1 + ((index * 7) % 11)),
    }
  })

const unit = (): StageReport => {
  const cases = tests("unit", 50, 0.008)
  cases[13] = { ...cases[13], status: "skipped", message: "needs libsndfile 1.2, found 1.0.31" } as TestCase
  return at(31.2, 11.9, {
    name: "unit",
    group: "tests",
    version: "8.3.3",
    tests: cases,
    reason: "49 tests passed, 1 skipped",
    facts: { workers: "2", python: "3.11.9" },
  })
}

const TRACEBACK = `    @pytest.mark.integration
    async def test_enqueue_repeats(client, queue):
        await queue.put(job := Job(kind="resample", rate=48_000))
        await worker.run_once()
>       assert (await client.get(f"/jobs/{job.id}")).json() == {"status": "done", "attempts": 1}
E       AssertionError: assert {'attempts': 2, 'status': 'done'} == {'attempts': 1, 'status': 'done'}
E         Common items:
E         {'status': 'done'}
E         Differing items:
E         {'attempts': 2} != {'attempts': 1}

tests/integration/test_enqueue.py:57: AssertionError
----------------------------- Captured log call ------------------------------
WARNING  audio_upscaler.worker:worker.py:88 job 41 is claimed by a worker that is gone, taking it again`

const FAILED: Partial<TestCase>[] = [
  {
    id: "tests/integration/test_enqueue.py::test_enqueue_repeats",
    file: "tests/integration/test_enqueue.py",
    line: 57,
    seconds: 2.41,
    status: "failed",
    message: "AssertionError: assert {'attempts': 2, 'status': 'done'} == {'attempts': 1, 'status': 'done'}",
    details: TRACEBACK,
  },
  {
    id: "tests/integration/test_download.py::test_download_times_out[44100-stereo]",
    file: "tests/integration/test_download.py",
    line: 88,
    seconds: 60.02,
    status: "error",
    message: "redis.exceptions.TimeoutError: Timeout reading from redis:6379",
    details:
      "tests/integration/conftest.py:31: in redis\n    await client.ping()\nE   redis.exceptions.TimeoutError: Timeout reading from redis:6379",
  },
]

const integration = (failing: boolean): StageReport => {
  const cases = tests("integration", 20, 0.19)
  cases[4] = { ...cases[4], reruns: 2, seconds: 7.3 } as TestCase
  if (failing) FAILED.forEach((failed, index) => (cases[index * 6] = { ...cases[0], ...failed } as TestCase))
  return at(31.4, 64.3, {
    name: "integration",
    group: "tests",
    version: "8.3.3",
    tests: cases,
    status: failing ? "failed" : "passed",
    reason: failing
      ? "1 test failed, 1 could not be set up, 18 passed (1 flaky)"
      : "20 tests passed, 1 flaky",
    exitCode: failing ? 1 : 0,
    facts: { postgres: "15.8", redis: "7.2.5", migrations: "alembic upgrade head", workers: "1" },
    findings: failing
      ? FAILED.map(({ id = "", file = "", line = 1, message = "" }): Finding => ({
          tool: "pytest",
          rule: id.slice(id.indexOf("::") + 2),
          level: "error",
          file,
          line,
          message,
        }))
      : [],
  })
}

const file = (name: string, covered: number, total: number, missing: string): FileCoverage => ({
  file: `src/audio_upscaler/${name}.py`,
  covered,
  total,
  missing,
})

const COVERAGE: Coverage = {
  covered: 1106,
  total: 1287,
  files: [
    file("faults", 18, 44, "12-31, 40, 47-55"),
    file("worker", 91, 131, "63-71, 88, 102-119, 130-141"),
    file("job_queue", 117, 149, "44, 71-80, 96-97, 133-151"),
    file("upscaling", 122, 150, "58-61, 77-92, 140"),
    file("dependencies", 41, 47, "19-23"),
    file("api", 204, 212, "96, 171-174"),
    file("models", 96, 96, ""),
  ],
}

const coverage = (): StageReport =>
  at(95.8, 0.5, {
    name: "coverage",
    group: "tests",
    version: "7.6.4",
    coverage: COVERAGE,
    reason: "85.9 % of lines and branches ran, more than 80 %",
    facts: { gate: "more than 80 %", suites: "unit, integration" },
  })

const SEVERITIES = { error: "critical", warning: "high", note: "medium" } as const

const vulnerability = (rule: string, level: Finding["level"], message: string): Finding => ({
  tool: "trivy",
  rule,
  level,
  file: "requirements.txt",
  message,
  severity: SEVERITIES[level],
  url: `https://avd.aquasec.com/nvd/${rule.toLowerCase()}`,
})

const IGNORED: Suppressed[] = [
  {
    finding: vulnerability("CVE-2024-35195", "warning", "requests 2.31.0: certificates stay unverified"),
    suppression: {
      tool: "trivy",
      rule: "CVE-2024-35195",
      owner: "audio-platform",
      expires: "2026-05-27",
      line: 4,
      reason: "The client never turns verification off; the upgrade waits for the SDK of the object store.",
    },
  },
  {
    finding: {
      tool: "bandit",
      rule: "B603",
      level: "note",
      file: "src/audio_upscaler/upscaling.py",
      line: 77,
      message: "subprocess call: check for execution of untrusted input",
    },
    suppression: {
      tool: "bandit",
      rule: "B603",
      path: "src/audio_upscaler/*.py",
      owner: "jana",
      expires: "2026-11-30",
      reason: "The arguments of sox are numbers, checked in settings.py.",
      line: 11,
    },
  },
]

const ADVISORY: Finding[] = [
  vulnerability(
    "CVE-2024-47874",
    "warning",
    "starlette 0.38.2: memory without bound in multipart forms; 0.40.0 mends it",
  ),
  vulnerability(
    "CVE-2024-53981",
    "warning",
    "python-multipart 0.0.12: slow with data after the boundary; 0.0.18 mends it",
  ),
  vulnerability(
    "CVE-2025-27516",
    "note",
    "jinja2 3.1.4: sandbox can be left through the attr filter; 3.1.6 mends it",
  ),
].map((finding) => ({ ...finding, advisory: true }))

const security = (failing: boolean): StageReport[] => [
  at(44.1, 18.8, {
    name: "vulnerabilities",
    group: "security",
    version: "0.57.0",
    suppressed: IGNORED.slice(0, 1),
    status: failing ? "failed" : "passed",
    exitCode: failing ? 1 : 0,
    reason: failing
      ? "1 critical vulnerability, 3 below the gate"
      : "no critical vulnerability, 3 below the gate",
    facts: { database: "6 h old", packages: "61", gate: "critical" },
    findings: [
      ...(failing
        ? [
            vulnerability(
              "CVE-2025-43859",
              "error",
              "h11 0.14.0: requests can be smuggled through chunked bodies; 0.16.0 mends it",
            ),
          ]
        : []),
      ...ADVISORY,
    ],
  }),
  at(44.2, 6.2, { name: "secrets", group: "security", version: "0.57.0", reason: "no secret in 118 files" }),
  at(63.1, 4.9, {
    name: "misconfiguration",
    group: "security",
    version: "0.57.0",
    suppressed: IGNORED.slice(1),
    reason: "no critical misconfiguration in 19 files",
  }),
  at(0, 0, {
    name: "suppressions",
    group: "security",
    version: "",
    status: "skipped",
    cached: null,
    reason: "the service suppresses nothing that is over",
  }),
]

const stages = (failing: boolean): StageReport[] => [
  ...quality(),
  unit(),
  integration(failing),
  coverage(),
  ...security(failing),
]

export const failedRun = (): Example =>
  example(stages(true), { status: "failed", exitCode: 1, changes: someChanges() })

export const passedRun = (): Example => example(stages(false), {})

export const emptyRun = (): Example =>
  example([], {
    status: "error",
    exitCode: 4,
    milliseconds: 412,
    problem:
      'slipway.yaml has 2 problems:\n  3:1 unknown key "qualty": did you mean "quality"?\n  7:12 timeout: expected a span of time such as "10m", got "ten"\n→ fix each line above; `slipway schema` prints every key [CONFIG_INVALID]',
  })
