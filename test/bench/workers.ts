import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { type Line, measure, median, print, type Row, type Series } from "./measure.js"
import type { Place } from "./place.js"

/** A service whose unit tests are run with several numbers of workers. */
interface Suite {
  name: string
  /** Exact once they have run, since a service may have some of its own. */
  tests: number
  folder: string
}

const SIZES = [200, 800, 3200]
const HEAVY = 400
const WORKERS = ["1", "2", "auto"]
const TESTS_PER_FILE = 50

/** Measures the number of tests above which workers are faster, with light and with heavy imports. */
export async function benchWorkers(place: Place, rounds: number): Promise<void> {
  const suites = [...SIZES.map((size) => quick(place, size)), heavy(place)]
  const series = await measure(
    suites.flatMap((suite) => WORKERS.map((workers) => suiteRow(place, suite, workers))),
    rounds,
  )
  print("unit tests by workers: slipway's wall time, and what pytest reports", series, lines(suites, series))
  advise(suites, series)
}

const rowName = ({ name }: Suite, workers: string): string => `${name}, workers: ${workers}`
const inPytest = (suite: Suite, workers: string): string => `${rowName(suite, workers)}: pytest`

function suiteRow({ write, fresh, slipway }: Place, suite: Suite, workers: string): Row {
  const firstOfKind = [SIZES[0], HEAVY].includes(suite.tests)
  const settings = () => `# ${fresh()}
tests: { suites: [unit], unit: { workers: "${workers}" }, coverage: { above: 0 } }
`
  return {
    name: rowName(suite, workers),
    prepare: () => write(join(suite.folder, "slipway.yaml"), settings()),
    // All quick suites run in the same environment, and `auto` equals one of the others.
    noWarmUp: workers !== WORKERS[0] || !firstOfKind,
    rare: workers === "auto",
    work: async () => {
      const { read } = await slipway("tests", suite.folder)
      const [, passed, seconds] = /(\d+) passed.* in ([\d.]+)s/.exec(read("logs/unit.log")) ?? []
      if (!(Number(passed) >= suite.tests)) throw new Error(`${passed ?? "no"} tests of ${suite.name}`)
      suite.tests = Number(passed)
      return { [inPytest(suite, workers)]: Number(seconds) * 1000 }
    },
  }
}

/** Creates a service with nothing but small tests. */
function quick({ path, write }: Place, size: number): Suite {
  const folder = path(`quick-${size}`)
  for (const name of ["quick", "tests"]) mkdirSync(join(folder, name), { recursive: true })
  write(join(folder, "quick/__init__.py"), "def double(number):\n    return 2 * number\n")
  writeTests(write, join(folder, "tests"), size, {
    imports: "from quick import double",
    body: "assert double(INDEX) == INDEX + INDEX",
  })
  return { name: `${size} quick tests`, tests: size, folder }
}

/** Copies the sample service, which imports NumPy, SciPy and FastAPI, and adds tests that compute something. */
function heavy({ copy, write }: Place): Suite {
  const folder = copy("test/app", "heavy")
  writeTests(write, join(folder, "tests/unit"), HEAVY, {
    imports: "from audio_upscaler.resampling import upscale_wav\nfrom tests.audio import sine_wav",
    body: "assert len(upscale_wav(sine_wav(8_000, seconds=0.5), 48_000)) > INDEX",
  })
  return { name: `the sample's and ${HEAVY} more`, tests: HEAVY, folder }
}

function writeTests(
  write: Place["write"],
  folder: string,
  size: number,
  { imports, body }: { imports: string; body: string },
): void {
  for (let first = 0; first < size; first += TESTS_PER_FILE) {
    const tests = Array.from({ length: TESTS_PER_FILE }, (_, index) => {
      const test = body.replaceAll("INDEX", String(first + index))
      return `\n\ndef test_${first + index}():\n    ${test}\n`
    })
    write(join(folder, `test_generated_${first}.py`), `${imports}\n${tests.join("")}`)
  }
}

function lines(suites: readonly Suite[], series: Series): Line[] {
  return suites.flatMap((suite) =>
    WORKERS.flatMap((workers): Line[] => {
      const base = (name: string) => median(series.get(name) ?? [])
      const ratio = (ms: number, name: string) => `${(ms / base(name)).toFixed(2)} x 1 worker`
      const rate = (ms: number) => `${((suite.tests / ms) * 1000).toFixed(0).padStart(5)} tests/s  `
      return [
        [rowName(suite, workers), (ms) => rate(ms) + ratio(ms, rowName(suite, "1"))],
        [inPytest(suite, workers), (ms) => rate(ms) + ratio(ms, inPytest(suite, "1"))],
      ]
    }),
  )
}

/**
 * Prints the number of tests above which two workers are faster than one, assuming that the time saved grows linearly
 * with the number of tests, from a negative value.
 */
function advise(suites: readonly Suite[], series: Series): void {
  const saved = (suite: Suite) =>
    median(series.get(inPytest(suite, "1")) ?? []) - median(series.get(inPytest(suite, "2")) ?? [])
  const quickOnes = suites.slice(0, SIZES.length)
  const [size, typical] = [mean(quickOnes.map(({ tests }) => tests)), mean(quickOnes.map(saved))]
  const each =
    mean(quickOnes.map((suite) => (suite.tests - size) * (saved(suite) - typical))) /
    mean(quickOnes.map(({ tests }) => (tests - size) ** 2))
  const when = each > 0 ? `from ${(size - typical / each).toFixed(0)} tests on` : "never"
  console.log(`quick tests: 2 workers save ${each.toFixed(2)} ms each, and are worth their start ${when}`)
  for (const suite of suites.slice(SIZES.length))
    console.log(`${suite.name}: 2 workers save ${(saved(suite) / 1000).toFixed(2)} s`)
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
