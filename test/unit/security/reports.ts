import { readFileSync } from "node:fs"
import type { ToolRun } from "../../../src/lib/run/finding.js"

export const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8")

export const run = (stdout: string, from: Partial<ToolRun> = {}): ToolRun => ({
  exitCode: 0,
  stdout,
  stderr: "",
  ...from,
})

/** A report with these results, by the structs of Trivy 0.70. */
export const report = (...Results: object[]): ToolRun =>
  run(
    JSON.stringify({
      SchemaVersion: 2,
      ArtifactType: "filesystem",
      ...(Results.length > 0 ? { Results } : {}),
    }),
  )

/** A package on a line of a manifest. */
export const pkg = (Name: string, Version: string, StartLine?: number): object => ({
  Name,
  Version,
  Identifier: {
    PURL: `pkg:pypi/${Name.toLowerCase()}@${Version}`,
    UID: `uid-${Name}-${Version}-${StartLine}`,
  },
  ...(StartLine === undefined ? {} : { Locations: [{ StartLine, EndLine: StartLine }] }),
})

/** A vulnerability of PyYAML 5.3. */
export const hole = (from: object = {}): object => ({
  VulnerabilityID: "CVE-2020-14343",
  PkgName: "PyYAML",
  PkgIdentifier: { PURL: "pkg:pypi/pyyaml@5.3", UID: "uid-PyYAML-5.3-3" },
  InstalledVersion: "5.3",
  FixedVersion: "5.4",
  Status: "fixed",
  PrimaryURL: "https://avd.aquasec.com/nvd/cve-2020-14343",
  Title: "PyYAML: arbitrary code execution",
  Description: "A vulnerability was discovered in the PyYAML library",
  Severity: "CRITICAL",
  ...from,
})

export const manifest = (Target: string, Packages: object[], Vulnerabilities: object[] = []): object => ({
  Target,
  Class: "lang-pkgs",
  Type: "pip",
  Packages,
  ...(Vulnerabilities.length > 0 ? { Vulnerabilities } : {}),
})

export const environment = (Packages: object[], Vulnerabilities: object[] = []): object => ({
  ...manifest("Python", Packages, Vulnerabilities),
  Type: "python-pkg",
})
