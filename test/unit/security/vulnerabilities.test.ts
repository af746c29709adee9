import { describe, expect, test } from "vitest"
import type { Outcome, Severity, ToolRun } from "../../../src/lib/run/finding.js"
import { imageVulnerabilities, vulnerabilities } from "../../../src/lib/security/vulnerabilities.js"
import { environment, fixture, hole, manifest, pkg, report, run } from "./reports.js"

const PYYAML = pkg("PyYAML", "5.3", 3)
const requirements = (...holes: object[]): object => manifest("requirements.txt", [PYYAML], holes)

function outcome(runs: ToolRun[], gate: Severity = "critical"): Outcome {
  const { findings, outcome } = vulnerabilities(runs, { gate })
  return outcome(findings)
}

const findings = (...results: object[]) =>
  vulnerabilities([report(...results)], { gate: "critical" }).findings

describe("a finding of vulnerabilities", () => {
  test("has its rule, place, message, severity and address", () => {
    expect(findings(requirements(hole()))).toEqual([
      {
        tool: "trivy",
        rule: "CVE-2020-14343",
        level: "error",
        file: "requirements.txt",
        line: 3,
        message:
          "PyYAML 5.3: arbitrary code execution (critical, fixed in 5.4; https://avd.aquasec.com/nvd/cve-2020-14343)",
        severity: "critical",
        url: "https://avd.aquasec.com/nvd/cve-2020-14343",
      },
    ])
  })

  test.each<[Severity, string, object]>([
    ["critical", "CRITICAL", { level: "error" }],
    ["critical", "HIGH", { level: "warning", advisory: true }],
    ["critical", "MEDIUM", { level: "warning", advisory: true }],
    ["critical", "LOW", { level: "note", advisory: true }],
    ["critical", "UNKNOWN", { level: "note", advisory: true }],
    ["critical", "", { level: "note", advisory: true }],
    ["medium", "HIGH", { level: "error" }],
    ["medium", "MEDIUM", { level: "error" }],
    ["medium", "LOW", { level: "note", advisory: true }],
    ["unknown", "UNKNOWN", { level: "error" }],
  ])("at the gate %s with severity %j has its level", (gate, Severity, grade) => {
    const [found] = vulnerabilities([report(requirements(hole({ Severity })))], { gate }).findings
    expect(found?.level).toBe((grade as { level: string }).level)
    expect(found?.advisory).toBe((grade as { advisory?: true }).advisory)
    expect(found?.severity).toBe(Severity === "" ? "unknown" : Severity.toLowerCase())
  })

  test.each([
    [{ FixedVersion: "" }, "PyYAML 5.3: arbitrary code execution (critical, no fixed version yet; https://"],
    [{ FixedVersion: undefined, PrimaryURL: undefined }, "execution (critical, no fixed version yet)"],
    [{ Title: undefined, Description: "Two\n\n lines" }, "PyYAML 5.3: Two lines (critical, "],
    [{ Title: "", Description: " " }, "PyYAML 5.3: CVE-2020-14343 (critical, "],
    [{ Title: "t".repeat(1000) }, "…", "(critical, fixed in 5.4; https://avd"],
    [{ PrimaryURL: "javascript:alert(1)" }, "(critical, fixed in 5.4)"],
  ])("has a message for %j", (from, ...parts) => {
    for (const part of parts) expect(findings(requirements(hole(from)))[0]?.message).toContain(part)
  })

  test.each([
    ["by the package's own id", { ID: "PyYAML@5.3" }, { PkgID: "PyYAML@5.3" }],
    ["by its name and version", {}, {}],
  ])("has the line %s if there is no UID", (_, ids, refs) => {
    const packages = [pkg("other", "1", 1), { ...pkg("PyYAML", "5.3", 8), ...ids, Identifier: undefined }]
    const [found] = findings(manifest("a.txt", packages, [hole({ PkgIdentifier: undefined, ...refs })]))
    expect(found?.line).toBe(8)
  })

  test.each([
    ["UIDs", { Identifier: { UID: "u8" } }, { Identifier: { UID: "u9" } }, { PkgIdentifier: { UID: "u9" } }],
    ["ids", { ID: "a/PyYAML" }, { ID: "b/PyYAML" }, { PkgID: "b/PyYAML" }],
  ])("distinguishes two packages with the same name and version by their %s", (_, one, other, ref) => {
    const packages = [
      { ...pkg("PyYAML", "5.3", 8), Identifier: undefined, ...one },
      { ...pkg("PyYAML", "5.3", 9), Identifier: undefined, ...other },
    ]
    const [found] = findings(manifest("a.lock", packages, [hole({ PkgIdentifier: undefined, ...ref })]))
    expect(found?.line).toBe(9)
  })

  test("has no line if Trivy reports none", () => {
    expect(findings(manifest("poetry.lock", [pkg("PyYAML", "5.3")], [hole()]))[0]).not.toHaveProperty("line")
  })

  test("has its file's path without the source's folder", () => {
    const found = vulnerabilities(
      [report(manifest("src/a.txt", [PYYAML], [hole()]), manifest("src/dev/b.txt", [PYYAML], [hole()]))],
      { gate: "critical", prefix: "src" },
    ).findings
    expect(found.map(({ file }) => file)).toEqual(["a.txt", "dev/b.txt"])
  })
})

describe("the findings of vulnerabilities", () => {
  test("are sorted by severity, file and package", () => {
    const found = findings(
      manifest(
        "b.txt",
        [PYYAML],
        [hole({ Severity: "LOW" }), hole({ PkgName: "a", VulnerabilityID: "CVE-2" })],
      ),
      manifest(
        "a.txt",
        [PYYAML],
        [hole({ PkgName: "Zope" }), hole({ PkgName: "b" }), hole({ Severity: "HIGH" })],
      ),
      environment([PYYAML], [hole({ PkgName: "x" })]),
    )
    expect(found.map(({ severity, file, message }) => [severity, file, message.split(" ")[0]])).toEqual([
      ["critical", "a.txt", "b"],
      ["critical", "a.txt", "Zope"],
      ["critical", "b.txt", "a"],
      ["critical", undefined, "x"],
      ["high", "a.txt", "PyYAML"],
      ["low", "b.txt", "PyYAML"],
    ])
  })

  test("of the environment are dropped if a manifest has them too", () => {
    const source = report(requirements(hole({ PkgName: "Py.Yaml_x" })))
    const rootfs = report(
      environment(
        [PYYAML],
        [
          hole({ PkgName: "py-yaml-X" }),
          hole({ PkgName: "py-yaml-x", InstalledVersion: "5.2" }),
          hole({ PkgName: "py-yaml-x", VulnerabilityID: "GHSA-1" }),
          hole({ PkgName: "py_yaml-x", VulnerabilityID: "GHSA-1", PkgPath: "elsewhere/METADATA" }),
        ],
      ),
    )
    for (const runs of [
      [source, rootfs],
      [rootfs, source],
    ]) {
      const found = vulnerabilities(runs, { gate: "critical" }).findings
      expect(found.map(({ file, rule, message }) => [file, rule, message.slice(0, 13)])).toEqual([
        ["requirements.txt", "CVE-2020-14343", "Py.Yaml_x 5.3"],
        [undefined, "CVE-2020-14343", "py-yaml-x 5.2"],
        [undefined, "GHSA-1", "py-yaml-x 5.3"],
      ])
    }
  })
})

describe("a vulnerability without a fixed version", () => {
  const unfixed = (from: object = {}): object => hole({ FixedVersion: "", Status: "affected", ...from })
  const graded = (unfixed: "report" | "triaged" | "fail" | undefined, ...holes: object[]) => {
    const { findings, outcome } = vulnerabilities([report(environment([PYYAML], holes))], {
      gate: "high",
      ...(unfixed && { unfixed }),
    })
    const { status, reason } = outcome(findings)
    return {
      status,
      reason,
      findings: findings.map(({ level, advisory, severity }) => [severity, level, advisory]),
    }
  }

  test("fails by default", () => {
    expect(graded(undefined, unfixed())).toEqual({
      status: "failed",
      reason: "1 critical vulnerability, not all with a fix: suppress one by name, or see image.unfixed",
      findings: [["critical", "error", undefined]],
    })
  })

  test("is reported and fails nothing if it may pass, even in the text of the reason", () => {
    expect(graded("report", unfixed())).toEqual({
      status: "passed",
      reason:
        "1 package in the environment without a high or critical vulnerability that has a fix, 1 accepted without a fix (CVE-2020-14343)",
      findings: [["critical", "warning", true]],
    })
  })

  test("is recognised by the missing version, whatever Trivy's status", () => {
    for (const Status of ["affected", "will_not_fix", "fix_deferred", "end_of_life", undefined, ""])
      for (const FixedVersion of ["", undefined, null])
        expect(graded("report", unfixed({ Status, FixedVersion })).status).toBe("passed")
    expect(graded("report", unfixed({ FixedVersion: "5.4" })).status).toBe("failed")
  })

  test("passes with `triaged` only where the distribution has declared that it won't fix it", () => {
    expect(graded("triaged", unfixed({ Status: "will_not_fix" })).status).toBe("passed")
    for (const Status of ["affected", "under_investigation", "fix_deferred", "end_of_life", undefined, ""])
      expect(graded("triaged", unfixed({ Status })).status).toBe("failed")
    expect(graded("triaged", unfixed({ Status: "will_not_fix", FixedVersion: "5.4" })).status).toBe("failed")
  })

  test("doesn't keep others from failing", () => {
    const { status, reason } = graded("report", unfixed(), hole({ VulnerabilityID: "CVE-2" }))
    expect([status, reason]).toEqual([
      "failed",
      "1 critical vulnerability, 1 accepted without a fix (CVE-2020-14343)",
    ])
  })

  test("is only advice below the gate", () => {
    for (const policy of ["report", "triaged", "fail"] as const)
      expect(graded(policy, unfixed({ Severity: "LOW" }))).toEqual({
        status: "passed",
        reason: "1 package in the environment without a high or critical vulnerability, 1 below the gate",
        findings: [["low", "note", true]],
      })
    expect(graded("report", unfixed({ Severity: "MEDIUM" })).findings).toEqual([["medium", "warning", true]])
  })

  test("is mentioned in the reason", () => {
    const { findings } = vulnerabilities([report(environment([PYYAML], [unfixed()]))], {
      gate: "high",
      unfixed: "report",
    })
    expect(findings[0]?.message).toContain("(critical, no fixed version yet; https://")
  })
})

describe("the outcome of vulnerabilities", () => {
  const many = [
    hole(),
    hole({ VulnerabilityID: "CVE-2" }),
    hole({ VulnerabilityID: "CVE-3", Severity: "HIGH" }),
    hole({ VulnerabilityID: "CVE-4", Severity: "MEDIUM" }),
    hole({ VulnerabilityID: "CVE-5", Severity: "UNKNOWN" }),
  ]

  test.each<[Severity, string]>([
    ["critical", "2 critical vulnerabilities, 3 below the gate"],
    ["high", "2 critical and 1 high vulnerabilities, 2 below the gate"],
    ["medium", "2 critical, 1 high and 1 medium vulnerabilities, 1 below the gate"],
    ["unknown", "2 critical, 1 high, 1 medium and 1 unrated vulnerabilities"],
  ])("fails at the gate %s", (gate, reason) => {
    expect(outcome([report(requirements(...many))], gate)).toMatchObject({
      status: "failed",
      reason,
      findings: { length: 5 },
    })
  })

  test("fails for a single one", () => {
    expect(outcome([report(requirements(hole()))]).reason).toBe("1 critical vulnerability")
  })

  test.each<[Severity, string]>([
    ["critical", "without a critical vulnerability"],
    ["high", "without a high or critical vulnerability"],
    ["low", "without a low, medium, high or critical vulnerability"],
    ["unknown", "without a vulnerability"],
  ])("passes at the gate %s", (gate, words) => {
    const runs = [
      report(
        manifest("a.txt", [pkg("a", "1"), pkg("b", "1")]),
        manifest("b.txt", [pkg("A", "1"), pkg("a", "2")]),
      ),
      report(environment([pkg("pip", "1")])),
    ]
    expect(outcome(runs, gate)).toEqual({
      status: "passed",
      reason: `4 packages in 2 manifests and the environment ${words}`,
      findings: [],
    })
  })

  test("names the image if that was scanned", () => {
    const options = { gate: "critical", place: "the image" } as const
    const packages = environment([PYYAML, pkg("six", "1")])
    const { findings, outcome } = vulnerabilities(
      [report({ ...packages, Class: "os-pkgs" }), report(packages)],
      options,
    )
    expect(outcome(findings).reason).toBe("2 packages in the image without a critical vulnerability")
    const both = vulnerabilities([report(requirements(), packages)], options)
    expect(both.outcome([]).reason).toContain("2 packages in 1 manifest and the image without")
  })

  test("passes with findings below the gate", () => {
    expect(outcome([report(requirements(hole({ Severity: "LOW" })))])).toMatchObject({
      status: "passed",
      reason: "1 package in 1 manifest without a critical vulnerability, 1 below the gate",
      findings: [{ advisory: true }],
    })
    expect(outcome([report(environment([PYYAML]))]).reason).toContain("1 package in the environment without")
  })

  test("counts suppressed findings", () => {
    const { findings, outcome } = vulnerabilities([report(requirements(...many))], { gate: "critical" })
    expect(outcome(findings.slice(1)).reason).toBe("1 critical vulnerability, 3 below the gate, 1 suppressed")
    expect(outcome(findings.slice(3))).toMatchObject({
      status: "passed",
      reason: "1 package in 1 manifest without a critical vulnerability, 2 below the gate, 3 suppressed",
    })
  })

  test.each([
    ["no results", [report()]],
    ["results of other kinds", [run(fixture("misconfigurations"))]],
    ["a manifest without a package", [report(manifest("requirements.txt", []))]],
    ["nothing anywhere", [report(), report()]],
  ])("is an error for %s", (_, runs) => {
    expect(outcome(runs)).toEqual({
      status: "error",
      reason: "trivy found no dependency to scan",
      findings: [],
    })
  })

  test("says why packages can't be installed where nothing else lists them", () => {
    const outcome = vulnerabilities([report(), report()], {
      gate: "critical",
      notInstalled: "uwsgi needs a compiler",
    })
    expect(outcome.outcome([])).toMatchObject({
      status: "error",
      reason: "trivy found no dependency to scan: its packages can't be installed: uwsgi needs a compiler",
    })
  })

  test("counts the packages of a real report", () => {
    expect(outcome([run(fixture("secrets"))]).reason).toBe(
      "1 package in 1 manifest without a critical vulnerability",
    )
  })
})

describe("imageVulnerabilities", () => {
  const [AMD, ARM] = ["linux/amd64", "linux/arm64"] as const
  const both = (amd: ToolRun, arm: ToolRun) => {
    const images = [
      { platform: AMD, run: amd },
      { platform: ARM, run: arm },
    ]
    const { findings, outcome } = imageVulnerabilities(images, { gate: "critical", place: "the image" })
    return { ...outcome(findings), messages: findings.map(({ message }) => message.replace(/:? \(.*/, "")) }
  }
  const good = report(environment([PYYAML]))

  test("passes if all platforms are clean, and counts a package of several platforms once", () => {
    const arm = report({ ...environment([pkg("six", "1")]), Class: "os-pkgs" }, environment([PYYAML]))
    expect(both(good, arm)).toMatchObject({
      status: "passed",
      reason: "2 packages in the image without a critical vulnerability",
    })
  })

  test.each([
    ["no result", report()],
    ["no package", report(environment([]))],
  ])("returns an error with the platform whose report has %s", (_, empty) => {
    const reason = (platform: string) => `trivy found no package in the image for ${platform}`
    expect(both(good, empty)).toMatchObject({ status: "error", reason: reason(ARM), findings: [] })
    expect(both(empty, good)).toMatchObject({ status: "error", reason: reason(AMD), findings: [] })
    expect(both(report(environment([PYYAML], [hole()])), empty)).toMatchObject({
      status: "error",
      messages: [],
    })
  })

  test("returns an error for a platform without a report", () => {
    expect(both(good, { ...good, exitCode: 137, stdout: "" })).toMatchObject({
      status: "error",
      reason: "trivy was killed (exit code 137), possibly out of memory: no output",
    })
  })

  test("names the platform of a finding that isn't on all of them", () => {
    const [one, two] = [hole({ Title: "one" }), hole({ Title: "two", VulnerabilityID: "CVE-2" })]
    const three = hole({ Title: "three", VulnerabilityID: "CVE-3" })
    const amd = report(environment([PYYAML], [one, two]))
    const arm = report(environment([PYYAML], [three, one]))
    expect(both(amd, arm)).toMatchObject({
      status: "failed",
      reason: "3 critical vulnerabilities",
      messages: ["linux/amd64: PyYAML 5.3: two", "PyYAML 5.3: one", "linux/arm64: PyYAML 5.3: three"],
    })
  })

  test("reports a file's finding on all platforms once", () => {
    const listed = report(requirements(hole()), environment([PYYAML], [hole()]))
    expect(both(listed, listed).messages).toEqual(["PyYAML 5.3: arbitrary code execution"])
  })

  test("names no platform for an image with only one", () => {
    const images = [{ platform: ARM, run: report(environment([PYYAML], [hole()])) }]
    const [found] = imageVulnerabilities(images, { gate: "critical" }).findings
    expect(found?.message).toMatch(/^PyYAML 5\.3: /)
  })
})

describe("vulnerabilities without a report", () => {
  const fatal =
    "2026-11-23T13:06:30Z\tFATAL\tFatal error\trun error: init error: DB error: database error: --skip-db-update\n"

  test.each<[string, Partial<ToolRun>, string]>([
    ["no JSON", { stdout: "nonsense" }, "trivy could not run (exit code 0): nonsense"],
    ["another's JSON", { stdout: "[]" }, "trivy could not run"],
    ["a failure", { exitCode: 1, stderr: fatal }, "trivy failed: run error: init error: DB error"],
    ["a kill", { exitCode: 137 }, "trivy was killed (exit code 137), possibly out of memory"],
    ["absence", { exitCode: 127, stdout: "" }, "trivy is not installed (exit code 127)"],
  ])("returns an error: %s", (_, from, reason) => {
    const good = report(requirements(hole()))
    const result = outcome([good, { ...good, ...from }])
    expect(result).toMatchObject({ status: "error", findings: [] })
    expect(result.reason).toContain(reason)
    expect(result.reason).toMatch(/^.{1,300}$/)
  })

  test.each(["null", "{}", '{"SchemaVersion": "2"}'])("returns an error: %s", (stdout) => {
    expect(outcome([run(stdout)]).status).toBe("error")
  })

  test.each([
    { Results: [null, 1, { Vulnerabilities: [null, 1] }] },
    { Results: [{ Packages: [null], Vulnerabilities: [{ PkgName: 1, Severity: {} }] }] },
  ])("never throws for an odd report: %j", (odd) => {
    expect(outcome([run(JSON.stringify({ SchemaVersion: 2, ...odd }))]).status).toMatch(/passed|error/)
  })
})
