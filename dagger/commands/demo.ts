import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { parseAllDocuments } from "yaml"
import { readKubeconfig } from "../../src/lib/kube/access.js"
import { Kube } from "../../src/lib/kube/client.js"
import type { KubeObject } from "../../src/lib/kube/objects.js"
import type { Verdict } from "../../src/lib/verdict.js"
import { KUBECONFIG } from "../cluster/holder.js"
import { HOME, REPOSITORY } from "../lib/home.js"
import { say, seconds } from "../lib/progress.js"
import { type CiOptions, runCi } from "./ci.js"
import { up } from "./cluster.js"
import { lookAt } from "./deploy.js"

const SAMPLE = join(REPOSITORY, "test/app")
const OUT = join(REPOSITORY, "out")
const SERVICE = "ai-audio-upscaler-api"

/** So that the whole takes minutes: the defaults are for services with people behind them. */
const PATIENCE = `
deploy:
  smoke: { paths: [/version] }
  soak: 30s
  hold: 10s
`

/** A version of the sample, and what is to become of it. */
interface Act {
  title: string
  folder: string
  /** What is different in it. */
  change: (source: string) => void
  options: Partial<CiOptions>
  good: boolean
}

/**
 * The whole pipeline on the sample service, with an engine, a registry and a cluster of its own: one version goes to
 * staging, a second one to production, and a third, which is bad, comes back by itself while requests go on.
 */
export async function demo(): Promise<number> {
  const begun = Date.now()
  say(`the pipeline on ${relative(process.cwd(), SAMPLE) || "."}`)
  const code = await up()
  if (code !== 0) return code
  const kube = new Kube(readKubeconfig(readFileSync(KUBECONFIG, "utf8")))
  for (const namespace of ["staging", "production"]) await prepare(kube, namespace)
  process.env["DATABASE_URL"] = TRIAL_DATABASE
  const load = askOnAndOn(kube)
  try {
    for (const act of acts()) {
      const failed = await play(act)
      if (failed !== 0) return failed
    }
  } finally {
    const { sent, failed } = await load.end()
    say(`requests to production while all this went on: ${sent}, of which ${failed} failed`)
    kube.close()
  }
  await lookAt("status", { source: SAMPLE, environment: "production", embedded: true })
  say(`read out/report.html and out/*/report.html; in a hurry: out/summary.md (${seconds(begun)} in all)`)
  return 0
}

function acts(): Act[] {
  // A version in the registry stands for good: each run needs versions of its own.
  const minutes = Math.floor(Date.now() / 60_000)
  const version = (patch: number) => `v1.${minutes}.${patch}`
  const tag = (patch: number) => ({ event: "tag", ref: version(patch) })
  return [
    {
      title: "a push to develop: checked, built, released, deployed to staging",
      ...{ folder: "", change: () => undefined, good: true },
      options: { event: "push", ref: "refs/heads/develop" },
    },
    {
      title: `the tag ${version(0)}: the same to production, which has no version yet or one of an earlier run`,
      ...{ folder: "production", change: (source) => setVersion(source, 0), good: true },
      options: tag(0),
    },
    {
      title: `the tag ${version(1)}: a bad version, which dies ${CRASH_SECONDS} s after it started`,
      ...{ folder: "bad", change: crashing, good: false },
      options: tag(1),
    },
  ]
}

/** Late enough to pass what is tried before the switch, and within the soak. */
const CRASH_SECONDS = 28

function crashing(source: string): void {
  setVersion(source, 1)
  const file = join(source, "Dockerfile")
  writeFileSync(file, `${readFileSync(file, "utf8").trimEnd()}\nENV FAULT_CRASH_AFTER_S=${CRASH_SECONDS}\n`)
}

function setVersion(source: string, patch: number): void {
  const file = join(source, "src/audio_upscaler/__init__.py")
  writeFileSync(file, readFileSync(file, "utf8").replace(/(__version__ = )"[^"]*"/, `$1"1.1.${patch}"`))
}

/** The sample by itself, with less patience. */
export function copySample(target: string): void {
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  const left = /\/(?:\.venv|out|__pycache__|\.\w+_cache)(?:\/|$)/
  cpSync(SAMPLE, target, { recursive: true, filter: (path) => !left.test(path.slice(SAMPLE.length)) })
  writeFileSync(join(target, "slipway.yaml"), readFileSync(join(SAMPLE, "slipway.yaml"), "utf8") + PATIENCE)
}

/** Runs the pipeline for one version; 0 where it came to what it should. */
async function play({ title, folder, change, options, good }: Act): Promise<number> {
  say(`\n== ${title}`)
  const source = join(HOME, "demo", folder || "staging")
  copySample(source)
  change(source)
  const out = join(OUT, folder)
  const code = await runCi({ source, out, embedded: true, ...options })
  if (good) return code
  const { stages } = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict
  const undone = stages.find(({ reason }) => reason.includes("rolled back"))
  if (undone === undefined) return code || 1
  say(`as it should: ${undone.name}: ${undone.reason}`)
  return 0
}

/** Where the sample's database is, within a namespace that was prepared. */
export const TRIAL_DATABASE = "postgresql://upscaler:upscaler@postgres:5432/upscaler"

/** Makes a namespace with what the sample needs beside it. */
export async function prepare(kube: Kube, namespace: string): Promise<void> {
  await kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } })
  const text = readFileSync(join(SAMPLE, "deploy/trial/services.yaml"), "utf8")
  for (const document of parseAllDocuments(text)) {
    const object = document.toJS() as KubeObject
    await kube.apply({ ...object, metadata: { ...object.metadata, namespace } })
  }
}

const PER_SECOND = 20

/** Asks production on and on, from when it first answers. */
function askOnAndOn(kube: Kube): { end: () => Promise<{ sent: number; failed: number }> } {
  const stop = new AbortController()
  let [sent, failed] = [0, 0]
  const ask = async () => {
    const target = { service: SERVICE }
    const { status } = await kube.proxy(target, "production", "http", "/version", { timeout: 5_000 })
    if (sent === 0 && status !== 200) return
    sent += 1
    failed += status === 200 ? 0 : 1
  }
  const open = new Set<Promise<void>>()
  const loop = async () => {
    while (!stop.signal.aborted) {
      const one: Promise<void> = ask()
        .catch(() => undefined)
        .finally(() => open.delete(one))
      open.add(one)
      await sleep(sent === 0 ? 1_000 : 1_000 / PER_SECOND)
    }
  }
  const looping = loop()
  return {
    end: async () => {
      stop.abort()
      await looping
      await Promise.all(open)
      return { sent, failed }
    },
  }
}
