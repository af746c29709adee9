import { randomUUID } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { expect } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { NO_SERVICES } from "../../src/lib/release/cosign.js"
import type { Verification } from "../../src/lib/release/verification.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { dagger, engineEnvironment } from "./dagger.js"
import { copyOf, type Files, folder, service, write } from "./pipeline.js"
import { runScripts } from "./session.js"

const SUPPLY = join(REPOSITORY, "test/fixtures/modules/supply")
export const RELEASES = join(REPOSITORY, "test/fixtures/releases")

/** Separates the runs of this file, since registries keep their contents. */
export const RUN = randomUUID().slice(0, 8)
export const STORE = `release test ${RUN}`
export const SHA = "0123456789abcdef0123456789abcdef01234567"
export const HOST = "registry.test:5000"
export const NAME = `tiny-${RUN}`
export const REPO = `${HOST}/${NAME}`
export const COMMIT = `with-commit --sha=${SHA}`

/** Option for the ref of the version that is released. */
export const TAG = "--ref=refs/tags/v1.2.3"

/** Stages of a release. */
export const STEPS = ["publish", "sign", "attest", "verify", "tag"]

/**
 * Secrets, by the environment variables that sessions read them from; with characters that URLs, JSON and shells
 * escape.
 */
const secrets: Record<string, string> = {
  REGISTRY_PASSWORD: `p&ss "w/rd" +${RUN}%$é`,
  COSIGN_PASSWORD: `phr&se <${RUN}> 'quoted'\\`,
  WRONG_PASSWORD: `wr0ng "pass" ${RUN}`,
}

/** All output and error output of this file's sessions. */
export const said: string[] = []

/** Commands that every session begins with. */
export const PRELUDE = `
password="--password env://REGISTRY_PASSWORD"
registry=$(registry --user robot $password --store "${STORE}")
login="--username robot $password"
there="with-registry $login --plain-http --service $registry"
key="--key env://COSIGN_PRIVATE_KEY --passphrase env://COSIGN_PASSWORD"
signer="with-signer $key"
`

/** Runs scripts in one session, with all secrets in its environment. */
export async function session(scripts: Record<string, string>, prelude = PRELUDE) {
  const ran = await runScripts({ module: SUPPLY, prelude, scripts, env: secrets })
  said.push(ran.stdout, ran.stderr)
  const { of, stderr, json } = ran
  return {
    of,
    stderr,
    verdict: (name: string) => json(name) as Verdict,
    verification: (name: string) => json(name) as Verification,
  }
}

export type Session = Awaited<ReturnType<typeof session>>

/** Returns the part of a script that calls Slipway on a folder. */
export const on = (source: string): string => `${REPOSITORY} --source $(host | directory ${source})`

/** Returns a script that builds and releases, and prints the verdict. */
export const releasing = (
  source: string,
  to = "$there | $signer",
  { commit = COMMIT, ref = TAG }: { commit?: string; ref?: string } = {},
): string =>
  `${on(source)} | ${to} | ${commit} | ci --event=push ${ref} --run-id=${RUN} --only=image,release | file verdict.json | contents`

export const verifying = (source: string, reference: string, more = "$there"): string =>
  `${on(source)} | ${more} | verification ${reference} | contents`

/** Returns a script that runs commands with cosign, regctl and skopeo in a container without Slipway. */
export const outside = (script: string | Files, more = "$key"): string => {
  const files = typeof script === "string" ? { "script.sh": script } : script
  return `outside $registry $(host | directory ${service({ ...outsideFiles, ...files })}) --user robot $password ${more}`
}

export const stageOf = ({ stages, problem }: Verdict, name: string) => {
  const found = stages.find((stage) => stage.name === name)
  if (found === undefined) throw new Error(`no stage ${name}: ${problem}`)
  return found
}

/** Lists the failed checks, as `name of subject: problem`. */
export const problems = ({ problem, checks }: Verification): string[] => [
  ...(problem === null ? [] : [problem]),
  ...checks.flatMap(({ name, subject, problem }) =>
    problem === undefined ? [] : [`${name} of ${subject}: ${problem}`],
  ),
]

/** Settings for a service that only needs to be built and scanned. */
export const IMAGE_ONLY = { gates: "[image]" }

/** Creates the tiny service, with other settings or files. */
export function tiny(settings: Record<string, string | undefined> = {}, files: Files = {}): string {
  const own = { registry: HOST, repository: NAME, source: "https://git.example.com/team/tiny", log: "false" }
  const release = Object.entries({ ...own, key: "cosign.pub", ...settings }).filter(
    ([, value]) => value !== undefined,
  )
  const text = `image: { args: ["GREETING=hello"] }\nrelease:\n${release.map(([key, value]) => `  ${key}: ${value}\n`).join("")}`
  return write(copyOf(join(RELEASES, "tiny")), { "cosign.pub": keys.own, "slipway.yaml": text, ...files })
}

/** Public keys of the signer, and of somebody else. */
export const keys = { own: "", other: "" }

/** Files that every script of `outside` has. */
let outsideFiles: Files = {}

/** Creates two key pairs. */
export async function makeKeys(): Promise<void> {
  await engineEnvironment()
  const [own, other] = [folder(), folder()]
  await session({
    own: `keys env://COSIGN_PASSWORD --name own-${RUN} | export ${own}`,
    other: `keys env://COSIGN_PASSWORD --name other-${RUN} | export ${other}`,
  })
  const read = (path: string, name: string) => readFileSync(join(path, name), "utf8")
  Object.assign(keys, { own: read(own, "cosign.pub"), other: read(other, "cosign.pub") })
  secrets["COSIGN_PRIVATE_KEY"] = read(own, "cosign.key")
  secrets["OTHER_PRIVATE_KEY"] = read(other, "cosign.key")
  outsideFiles = {
    "own.pub": keys.own,
    "other.pub": keys.other,
    "no-services.json": NO_SERVICES.signingConfig,
    "no-roots.json": NO_SERVICES.trustedRoot,
  }
}

/** Returns the token of an identity, which counts as a secret as well. */
export async function tokenOf(identity: string): Promise<string> {
  const { stdout } = await dagger(["-m", SUPPLY, "-c", `token ${identity} | plaintext`])
  secrets["TOKEN"] = stdout.trim()
  return secrets["TOKEN"]
}

/** Fails if a secret is in the output, in the registry, or in one of these folders. */
export async function expectNoSecret(...folders: string[]): Promise<void> {
  const store = folder()
  await session({ export: `store "${STORE}" | export ${store}` })
  const files = [store, ...folders].flatMap((path) =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
  )
  expect(files.length).toBeGreaterThan(100)
  const texts = [...said, ...files.map(contentOf)]
  for (const [name, value] of Object.entries(secrets)) {
    // Search for a line from the middle of a key, since the others are the same in every key.
    const secret = name.endsWith("_KEY") ? (value.split("\n")[3] ?? "") : value
    expect(secret.length).toBeGreaterThan(15)
    for (const form of formsOf(secret)) {
      const found = texts.findIndex((text) => text.includes(form))
      expect(found, `${name} as ${form.slice(0, 8)}…`).toBe(-1)
    }
  }
}

/** Reads a file as text, decompressed, together with the payload of its envelope. */
function contentOf(file: Buffer): string {
  const text = (file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file).toString("latin1")
  const payload = /"payload":"([A-Za-z0-9+/=]+)"/.exec(text)?.[1] ?? ""
  return text + Buffer.from(payload, "base64").toString("latin1")
}

/**
 * Encodes a secret in every way in which it may appear: plain, in JSON, for a URL, and in base64 after any other
 * text.
 */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const encoded = [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
    // Keep only the characters that don't depend on adjacent bytes.
    const inner = whole
      .toString("base64")
      .slice(Math.ceil((before * 4) / 3), Math.floor((whole.length * 8) / 6))
    return [inner, inner.replaceAll("+", "-").replaceAll("/", "_")]
  })
  const url = encodeURIComponent(secret)
  const forms = [secret, JSON.stringify(secret).slice(1, -1), url, url.replaceAll("%20", "+"), ...encoded]
  return [...new Set([...forms, ...forms.map((form) => Buffer.from(form).toString("latin1"))])]
}
