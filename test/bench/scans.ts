import { join } from "node:path"
import { CONTAINERS_MIRROR } from "../../dagger/lib/addresses.js"
import { DATABASE } from "../../dagger/kit/images/database.js"
import { type Line, measure, print, type Row, times } from "./measure.js"
import { expectCached, type Place, stageOf } from "./place.js"

const COLD = "requirements edited, new database"
const WARM = "requirements edited"
const CACHED = "nothing changed"

/** Names the row without the overhead of a call. */
const alone = (name: string): string => `${name}: the stage`

/** Measures the gain from Trivy's database and the cache. Needs Slipway's own engine, whose mirror has a database. */
export async function benchScans(place: Place, rounds: number): Promise<void> {
  const series = await measure(scanRows(place, await databaseDigest(place)), rounds)
  const names = [COLD, WARM, CACHED]
  print("slipway security, vulnerabilities only", series, [
    ...names.map((name): Line => [name, times(series, WARM)]),
    ...names.map((name): Line => [alone(name), times(series, alone(WARM))]),
  ])
  console.log("new database: a cache volume never used. The stand-in database is small, Trivy's own is not")
}

function scanRows({ copy, edit, write, fresh, slipway }: Place, digest: string): Row[] {
  const app = copy("test/app", "scanned")
  const scan = (name: string, cached: boolean) => async () => {
    const run = await slipway("security", app)
    expectCached(run, "vulnerabilities", cached)
    return { [alone(name)]: stageOf(run, "vulnerabilities").milliseconds }
  }
  const prepare = (more: () => string) => () => {
    edit(join(app, "requirements.txt"), "# edit")
    write(join(app, "slipway.yaml"), `security: { checks: [vulnerabilities]${more()} }\n`)
  }
  // The tag before a digest is ignored, but is part of the cache volume's name.
  const never = () =>
    `, database: { repository: "${CONTAINERS_MIRROR}/${DATABASE.name}:bench-${fresh()}@${digest}" }`
  return [
    { name: COLD, prepare: prepare(never), work: scan(COLD, false) },
    { name: WARM, prepare: prepare(() => ""), work: scan(WARM, false) },
    { name: CACHED, work: scan(CACHED, true) },
  ]
}

const MANIFEST = `${CONTAINERS_MIRROR}/v2/${DATABASE.name}/manifests/${DATABASE.tags[0] ?? ""}`
const DIGEST = `
from urllib.request import ProxyHandler, Request, build_opener
accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
asked = Request("http://${MANIFEST}", method="HEAD", headers=accept)
print(build_opener(ProxyHandler({})).open(asked).headers["Docker-Content-Digest"])
`

const databaseDigest = ({ dagger, fresh }: Place): Promise<string> =>
  dagger(
    "core",
    "container",
    "from",
    "--address=python:3.11-slim",
    "with-env-variable",
    "--name=ASKED",
    `--value=${fresh()}`,
    "with-new-file",
    "--path=/digest.py",
    `--contents=${DIGEST}`,
    "with-exec",
    "--args=python,/digest.py",
    "stdout",
  )
