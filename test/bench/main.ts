// Measures Slipway: `npm run bench -- NAME…` with names of the benches below, all of them by default. `ROUNDS` sets
// how often each row is timed. The rows of a bench run in turn; the results are medians, spread and ratios.
import { benchCalls } from "./calls.js"
import { benchCi, benchCold } from "./ci.js"
import { benchDeploy } from "./deploy.js"
import { benchImages } from "./images.js"
import { type Bench, makePlace } from "./place.js"
import { benchScans } from "./scans.js"
import { benchStrangers } from "./strangers.js"
import { benchTests } from "./tests.js"
import { benchWorkers } from "./workers.js"

/** Benches with their default number of rounds: with these, all but calls, ci, images and deploy take six minutes. */
const BENCHES: Readonly<Record<string, [bench: Bench, rounds: number]>> = {
  calls: [benchCalls, 5],
  ci: [benchCi, 3],
  cold: [benchCold, 1],
  tests: [benchTests, 2],
  workers: [benchWorkers, 2],
  scans: [benchScans, 3],
  images: [benchImages, 3],
  deploy: [benchDeploy, 3],
  strangers: [benchStrangers, 1],
}

/** Benches that run only by name: they empty the engine's cache for everybody, or take half an hour. */
const BY_NAME = ["cold", "strangers"]

const names = process.argv.slice(2)
const unknown = names.find((name) => !(name in BENCHES))
if (unknown !== undefined) throw new Error(`no bench "${unknown}", only ${Object.keys(BENCHES).join(", ")}`)
const place = await makePlace()
try {
  for (const [name, [bench, rounds]] of Object.entries(BENCHES)) {
    if (names.length > 0 ? !names.includes(name) : BY_NAME.includes(name)) continue
    const begun = performance.now()
    await bench(place, Number(process.env["ROUNDS"] ?? rounds))
    console.log(`${name} took ${((performance.now() - begun) / 1000).toFixed(0)} s`)
  }
} finally {
  place.remove()
}
