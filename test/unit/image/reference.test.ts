import { expect, it } from "vitest"
import { rebase } from "../../../src/lib/image/reference.js"

it.each([
  ["python:3.11-slim", "m.example.com/library/python:3.11-slim"],
  ["alpine/git:v2", "m.example.com/alpine/git:v2"],
  ["docker.io/python:3.11", "m.example.com/library/python:3.11"],
  ["docker.io/alpine/git", "m.example.com/alpine/git"],
  ["quay.io/a/b:1", "m.example.com/a/b:1"],
  ["localhost:5000/a", "m.example.com/a"],
  ["localhost/a", "m.example.com/a"],
])("rebase puts a mirror before %s", (reference, expected) => {
  expect(rebase(reference, "m.example.com")).toBe(expected)
  expect(rebase(reference)).toBe(reference)
})
