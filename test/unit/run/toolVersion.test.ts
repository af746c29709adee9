import { expect, it } from "vitest"
import { versionIn } from "../../../src/lib/run/toolVersion.js"

it.each([
  ["Version: 0.70.0\nVulnerability DB:\n  Version: 2\n", "0.70.0"],
  ["VCSTag:     v0.11.7\nVCSRef:     0123abcd\nGoVersion: go1.26.1\n", "0.11.7"],
  ["  ______   ______\n\nGitVersion:    v3.0.6-rc.1+dirty\nGoVersion:     go1.26.1\n", "3.0.6-rc.1+dirty"],
  ["k6 v1.4.0 (go1.26, linux/amd64)\n", "1.4.0"],
  ["GitVersion: devel\nGoVersion: go1.26.1\nBuildDate: 2026-12-01T00:00:00Z\n", "unknown"],
  ["", "unknown"],
])("versionIn finds the version that %j names", (answer, version) => {
  expect(versionIn(answer)).toBe(version)
})
