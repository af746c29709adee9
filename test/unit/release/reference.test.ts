import { expect, test } from "vitest"
import { isSameHost, parseReference, printReference } from "../../../src/lib/release/reference.js"

const DIGEST = `sha256:${"a1".repeat(32)}`

test.each([
  [
    "team.azurecr.io/audio/upscaler:1.2.3",
    { host: "team.azurecr.io", repository: "audio/upscaler", tag: "1.2.3" },
  ],
  [`registry:5000/app@${DIGEST}`, { host: "registry:5000", repository: "app", digest: DIGEST }],
  [`localhost/a:b@${DIGEST}`, { host: "localhost", repository: "a", tag: "b", digest: DIGEST }],
  ["127.0.0.1:5000/a__b/c-d.e", { host: "127.0.0.1:5000", repository: "a__b/c-d.e" }],
  ["[::1]:5000/a:_x", { host: "[::1]:5000", repository: "a", tag: "_x" }],
  ["R.Example.com/a---b", { host: "R.Example.com", repository: "a---b" }],
])("parseReference parses %s, and printReference restores it", (text, reference) => {
  expect(parseReference(text)).toEqual(reference)
  expect(printReference(reference)).toBe(text)
})

test.each([
  ["", "a registry's host"],
  ["python:3.11-slim", "a registry's host"],
  ["audio/upscaler:1", "a dot or a port"],
  ["https://r.io/a:1", "no scheme"],
  ["r.io/", "its repository"],
  ["r.io//a", "its repository"],
  ["r.io/a/", "its repository"],
  ["r.io/Audio", "its repository"],
  ["r.io/a___b", "its repository"],
  ["r.io/a..b", "its repository"],
  ["r.io/a b", "its repository"],
  [`r.io/${"a".repeat(251)}`, "its repository"],
  ["r.io/a:", "its tag"],
  ["r.io/a:b:c", "its tag"],
  ["r.io/a:b+c", "its tag"],
  ["r.io/a:.b", "its tag"],
  [`r.io/a:${"b".repeat(129)}`, "its tag"],
  ["r.io/a@sha256:abc", "its digest"],
  [`r.io/a@${DIGEST.toUpperCase()}`, "its digest"],
  [`r.io/a@${DIGEST}@${DIGEST}`, "its digest"],
  ["r.io/a@", "its digest"],
  ["user:password@r.io/a", "its digest"],
  ["r.io:0/a", "a registry's host"],
  ["r.io:70000/a", "a registry's host"],
  ["r..io/a", "a registry's host"],
  ["-r.io/a", "a registry's host"],
  [" r.io/a", "a registry's host"],
  ["--flag=r.io/a", "a registry's host"],
  ["r.io/a\n", "its repository"],
  [`r.io/a:${"b".repeat(1000)}`, "at most"],
])("parseReference rejects %j: %s", (text, problem) => {
  expect(() => parseReference(text)).toThrow(problem)
  expect(() => parseReference(text)).toThrow("[INVALID_REFERENCE]")
})

test.each<[string, string | undefined, boolean]>([
  ["team.azurecr.io", "team.azurecr.io", true],
  ["Team.AzureCR.io", "team.azurecr.io", true],
  ["index.docker.io", "docker.io", true],
  ["registry:5000", "registry:5000", true],
  ["registry:5001", "registry:5000", false],
  ["registry", "registry:5000", false],
  ["team.azurecr.io.evil.com", "team.azurecr.io", false],
  ["evil.com", "", false],
  ["evil.com", undefined, false],
])("isSameHost of %s and %s is %s", (a, b, same) => {
  expect(isSameHost(a, b)).toBe(same)
})
