import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseAllDocuments } from "yaml"
import type { Kube } from "../../src/lib/kube/client.js"
import type { KubeObject } from "../../src/lib/kube/objects.js"
import { REPOSITORY } from "../lib/home.js"
import { run } from "../lib/shell.js"

export const SAMPLE = join(REPOSITORY, "test/app")

/** Settings that shorten a deployment to minutes; the defaults are for services with users. */
const SHORT_TIMES = `
deploy:
  drift: { staging: ignore, production: ignore } # its state would be in a database of your own
  smoke: { paths: [/version] }
  soak: 30s
  hold: 10s
load:
  stress: { percent: { staging: 5, production: 5 } } # this machine serves, too
`

/** Copies the sample, with shorter waiting times and further lines for its `slipway.yaml`. */
export function copySample(target: string, settings = ""): void {
  mkdirSync(target, { recursive: true })
  for (const name of readdirSync(target))
    if (name !== ".git") rmSync(join(target, name), { recursive: true, force: true })
  const left = /\/(?:\.venv|out|__pycache__|\.\w+_cache)(?:\/|$)/
  cpSync(SAMPLE, target, { recursive: true, filter: (path) => !left.test(path.slice(SAMPLE.length)) })
  const text = readFileSync(join(SAMPLE, "slipway.yaml"), "utf8") + SHORT_TIMES + settings
  writeFileSync(join(target, "slipway.yaml"), text)
}

/** Commits everything in a folder; the first commit creates the repository. */
export async function commitAll(folder: string, message: string): Promise<void> {
  const git = run({ cwd: folder })
  if (!existsSync(join(folder, ".git"))) await git`git init --quiet --initial-branch=develop`
  const who = ["-c", "user.name=Slipway's demo", "-c", "user.email=demo@slipway.dev"]
  await git`git add --all`
  await git`git ${who} -c commit.gpgsign=false commit --quiet --allow-empty --message ${message}`
}

export function setVersion(source: string, patch: number): void {
  edit(join(source, "src/audio_upscaler/__init__.py"), (text) =>
    text.replace(/(__version__ = )"[^"]*"/, `$1"1.1.${patch}"`),
  )
}

/** Makes the service crash this many seconds after its start. */
export function addCrash(source: string, seconds: number): void {
  edit(join(source, "Dockerfile"), (text) => `${text.trimEnd()}\nENV FAULT_CRASH_AFTER_S=${seconds}\n`)
}

const edit = (file: string, change: (text: string) => string): void => {
  writeFileSync(file, change(readFileSync(file, "utf8")))
}

/** Address of the sample's database within a prepared namespace. */
export const SAMPLE_DATABASE = "postgresql://upscaler:upscaler@postgres:5432/upscaler"

/** Creates a namespace with the services that the sample depends on. */
export async function prepareNamespace(kube: Kube, namespace: string): Promise<void> {
  await kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } })
  const text = readFileSync(join(SAMPLE, "deploy/trial/services.yaml"), "utf8")
  for (const document of parseAllDocuments(text)) {
    const object = document.toJS() as KubeObject
    await kube.apply({ ...object, metadata: { ...object.metadata, namespace } })
  }
}
