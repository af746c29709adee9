import { readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { readKubeconfig } from "../../src/lib/kube/access.js"
import { Kube } from "../../src/lib/kube/client.js"
import { visible } from "../../src/lib/text/escape.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { clusterAddress } from "../kit/cluster/cluster.js"
import { KUBECONFIG } from "../lib/clusterHolder.js"
import { sayWhatIsBuilt } from "./firstTime.js"
import { Listener, summaryOf } from "./listener.js"
import {
  commitAll,
  copySample,
  addCrash,
  prepareNamespace,
  SAMPLE,
  setVersion,
  SAMPLE_DATABASE,
} from "./sample.js"
import { sendRequests } from "./traffic.js"
import { HOME, REPOSITORY } from "../lib/home.js"
import { say, secondsSince } from "../lib/progress.js"
import type { CiOptions } from "../cli/commands/ci.js"
import { runCi } from "../cli/commands/services.js"
import { clusterCommands } from "../cli/commands/cluster.js"
import { callDeploy } from "../cli/commands/deploy.js"
import { printMetrics } from "../cli/commands/metrics.js"

const OUT = join(REPOSITORY, "out")
const SERVICE = "ai-audio-upscaler-api"

/** A version of the sample, and its expected outcome. */
interface Act {
  title: string
  /** Folder for the reports, below `out`. */
  folder: string
  /** Applies the changes of this version. */
  change: (source: string) => void
  options: Partial<CiOptions>
  good: boolean
}

/** Factor for load tests: seconds instead of twelve minutes. */
const SCALE = "0.02"

/**
 * Runs the whole pipeline on the sample service, with embedded engine, registry and cluster. Returns the exit code.
 *
 * Deploys one version to staging, another to production, and a third, bad one, which is rolled back while requests go
 * on. Deployed versions are load-tested and scanned, and a listener receives the notifications.
 */
export async function demo(): Promise<number> {
  const begun = Date.now()
  say(`the pipeline on ${relative(process.cwd(), SAMPLE) || "."}`)
  await sayWhatIsBuilt()
  const checked = await check()
  if (checked !== 0) return checked
  say("\n== a registry and a cluster, which the releases below need")
  const code = await clusterCommands.up()
  if (code !== 0) return code
  const kube = new Kube(readKubeconfig(readFileSync(KUBECONFIG, "utf8")))
  for (const namespace of ["staging", "production"]) await prepareNamespace(kube, namespace)
  const listener = await Listener.start(kube, await clusterAddress())
  Object.assign(process.env, { DATABASE_URL: SAMPLE_DATABASE, ...listener.secrets() })
  const load = sendRequests(kube, SERVICE, "production")
  try {
    for (const act of acts()) {
      const failed = await play(act, listener)
      if (failed !== 0) return failed
    }
  } finally {
    const { sent, failed } = await load.end()
    say(`requests to production while all this went on: ${sent}, of which ${failed} failed`)
  }
  const embedded = { source: source(), environment: "production", embedded: true }
  await callDeploy("status", embedded)
  say("\nnotifications sent, and annotations in Grafana:")
  for (const line of summaryOf(await listener.received())) say(`  ${visible(line)}`)
  kube.close()
  say("")
  await printMetrics("dora", { ...embedded, out: OUT, window: "7d" })
  say(
    `read out/report.html and out/*/report.html; in a hurry: out/summary.md (${secondsSince(begun)} in all)`,
  )
  return 0
}

/** Checks the sample as at a laptop: its verdict doesn't wait for the images of registry and cluster. */
async function check(): Promise<number> {
  say("\n== the checks of the working copy")
  copySample(source())
  await commitAll(source(), "the checks of the working copy")
  return runCi({ source: source(), out: join(OUT, "checks") }, ["quality", "tests"])
}

/** The demo's own repository, with a commit for each version. */
const source = (): string => join(HOME, "demo/service")

function acts(): Act[] {
  // Versions in the registry are immutable, so each run needs new ones.
  const minutes = Math.floor(Date.now() / 60_000)
  const version = (patch: number) => `v1.${minutes}.${patch}`
  const tag = (patch: number) => ({ event: "tag", ref: version(patch) })
  return [
    {
      title: "a push to develop: checked, built, released, deployed to staging",
      folder: "",
      change: () => undefined,
      good: true,
      options: { event: "push", ref: "refs/heads/develop" },
    },
    {
      title: `the tag ${version(0)}: the same to production, which has no version yet or one of an earlier run`,
      folder: "production",
      change: (folder) => setVersion(folder, 0),
      good: true,
      options: tag(0),
    },
    {
      title: `the tag ${version(1)}: a bad version, which dies ${CRASH_SECONDS} s after it started`,
      folder: "bad",
      good: false,
      change: (folder) => {
        setVersion(folder, 1)
        addCrash(folder, CRASH_SECONDS)
      },
      options: tag(1),
    },
  ]
}

/** Late enough to pass the checks before the switch, and within the soak. */
const CRASH_SECONDS = 28

/** Runs the pipeline for one version. Returns 0 if the outcome is as expected. */
async function play({ title, folder, change, options, good }: Act, listener: Listener): Promise<number> {
  say(`\n== ${title}`)
  copySample(source(), listener.settings())
  change(source())
  await commitAll(source(), title)
  const out = join(OUT, folder)
  const code = await runCi({ source: source(), out, embedded: true, scale: SCALE, ...options })
  if (good) return code
  const { stages } = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict
  const undone = stages.find(({ reason }) => reason.includes("rolled back"))
  if (undone === undefined) return code || 1
  say(`as it should: ${undone.name}: ${undone.reason}`)
  return 0
}
