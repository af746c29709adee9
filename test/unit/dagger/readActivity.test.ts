import { expect, it } from "vitest"
import { readActivity } from "../../../dagger/dagger.js"

it.each([
  ["38  : ┆ withExec uv venv --quiet /venv", "uv venv --quiet /venv"],
  [
    '42  : ┆ withExec sh -c now=$(date +%s%3N); echo $now > /slipway/began; "$@"; echo $? - timeout -k 5 600 black --check -- .',
    "black --check -- .",
  ],
  ["38  : ┆ withExec DONE [0.3s]", undefined],
  ["38  : ┆ withExec CACHED [0.0s]", undefined],
  ["38  : ┆ withExec ERROR [0.0s]", undefined],
  ["3   : withExec node --version", undefined],
  ["3   : withExec sh -c true", undefined],
  ["8   : slipway.ci DONE [1.2s]", undefined],
  ["", undefined],
])("of %s", (line, activity) => {
  expect(readActivity(line)).toBe(activity)
})

it("is cut to a line", () => {
  expect(readActivity(`1 : withExec pip install ${"x".repeat(1000)}`)).toHaveLength(100)
})
