/** The repository of manifests that a controller applies, in git's container. */
import { randomUUID } from "node:crypto"
import { type Container, dag, type Directory } from "@dagger.io/dagger"
import type { CommitPlan, Committed } from "../lib/deploy/commitPlan.js"
import {
  type CommitReason,
  type CommitTarget,
  commitMessage,
  commitTargetOf,
  manifestFiles,
  isSsh,
  OVERTAKEN,
  placeOfTarget,
  readCommand,
  reasonOf,
  tagOf,
  writeCommand,
} from "../lib/deploy/commitTarget.js"
import { editImage, type ImageEdit } from "../lib/deploy/imageEdit.js"
import { fail } from "../lib/errors/catalogue.js"
import { count } from "../lib/text/words.js"
import { type Execution, execute } from "../stage/execute.js"
import { gitContainer } from "../stage/git.js"
import { SCRIPTS } from "../stage/scripts.js"
import { secretNamed } from "../stage/secrets.js"
import { nameOf } from "../stage/texts.js"
import type { DeployInputs } from "./environment.js"

const SCRIPT = "slipway_manifests.sh"
const WORK = "/slipway/manifests"
const CHANGED = "/slipway/changed"
const MESSAGE = "/slipway/message"
const TOKEN = "/slipway/secrets/token"
const KEY = "/slipway/secrets/key"
const HOSTS = "/slipway/known_hosts"

/** Seconds for git to read or to push. */
const GIT_TIME = 180

/** How often others may push first, and how often git may fail. */
const [RACES, FAILURES] = [10, 3]

type Version = CommitReason["version"]

/** Plans the commit of a version. Fails as `requireCommit`. */
export function commitPlan(
  inputs: DeployInputs,
  version: Version,
  { kind, unmigrated }: { kind: CommitReason["kind"]; unmigrated: string },
): CommitPlan {
  const target = targetOf(inputs)
  return {
    place: placeOfTarget(target),
    unmigrated,
    find: async () => {
      const { places } = (await read(inputs, target, version)).edit
      return `${version.repository} is named at ${places.join(", ")} in ${placeOfTarget(target)}`
    },
    write: () => write(inputs, target, version, kind),
  }
}

/** Returns the digest that the repository has now; undefined if it names a tag alone. */
export async function committedDigest(inputs: DeployInputs, repository: string): Promise<string | undefined> {
  const { edit } = await read(inputs, targetOf(inputs), { name: "", repository, digest: "", commit: "" })
  return edit.digests.find((digest) => digest !== "")
}

function targetOf({ config, environment }: DeployInputs): CommitTarget {
  const target = commitTargetOf(config.deploy, environment)
  if (target === undefined) throw new Error("deploy.commit names no repository")
  return target
}

interface Checkout {
  container: Container
  /** The branch's commit. */
  head: string
  edit: ImageEdit
}

/** Clones the branch, and edits in memory. Fails with COMMIT_GIT, COMMIT_NO_FOLDER and as `editImage`. */
async function read(inputs: DeployInputs, target: CommitTarget, version: Version): Promise<Checkout> {
  for (let attempt = 1; ; attempt += 1) {
    const command = readCommand(`${SCRIPTS}/${SCRIPT}`, WORK, target, version.repository)
    const run = await execute(repositoryContainer(inputs, target), command, GIT_TIME)
    if (run.exitCode !== 0) {
      if (attempt < FAILURES) continue
      throw await gitError(inputs, target, run)
    }
    const file = (name: string) => run.container.file(`${WORK}/${name}`).contents()
    const [head, names, files] = await Promise.all([file("head"), file("names"), file("files")])
    const looked = names.split("\n").filter((name) => name !== "")
    const { repository, branch, folder } = target
    if (looked.length === 0) throw fail("COMMIT_NO_FOLDER", [folder, repository, branch])
    const { name, digest } = version
    const edit = editImage(
      manifestFiles(files),
      { repository: version.repository, digest, tag: tagOf(name) },
      looked,
    )
    return { container: run.container, head: head.trim(), edit }
  }
}

/** Commits and pushes, on top of what others have pushed meanwhile. */
async function write(
  inputs: DeployInputs,
  target: CommitTarget,
  version: Version,
  kind: CommitReason["kind"],
): Promise<Committed> {
  const { source, config, environment, run, who = "", say } = inputs
  const service = await nameOf(source, config)
  const message = commitMessage({ kind, service, environment, version, run, who })
  let tried: string[] = []
  for (let [races, failures] = [0, 0]; ;) {
    const { container, head, edit } = await read(inputs, target, version)
    const files = Object.keys(edit.changed)
    // What an attempt without an answer had pushed, it had.
    if (files.length === 0) return { commit: short(head), files: tried }
    const ready = container.withDirectory(CHANGED, folderOf(edit.changed)).withNewFile(MESSAGE, message)
    const paths = { changed: CHANGED, message: MESSAGE }
    const pushed = await execute(ready, writeCommand(`${SCRIPTS}/${SCRIPT}`, WORK, target, paths), GIT_TIME)
    if (pushed.exitCode === 0) return { commit: short(pushed.stdout.trim()), files }
    tried = files
    if (pushed.exitCode === OVERTAKEN) races += 1
    else failures += 1
    if (races === RACES || failures === FAILURES) throw await gitError(inputs, target, pushed)
    say(
      `${await gitReason(inputs, pushed)}; reading ${target.branch} again (${count(races + failures, "attempt")})`,
    )
  }
}

const short = (commit: string): string => commit.slice(0, 12)

const folderOf = (files: Readonly<Record<string, string>>): Directory =>
  Object.entries(files).reduce((folder, [path, text]) => folder.withNewFile(path, text), dag.directory())

const tokenOf = ({ secrets, environment }: DeployInputs) =>
  secretNamed(secrets, environment, "MANIFESTS_TOKEN")?.secret

function repositoryContainer(inputs: DeployInputs, { repository }: CommitTarget): Container {
  const { config, source, secrets, environment } = inputs
  const container = gitContainer(config, SCRIPT, "slipway_git.sh")
    // Never cached: others push too.
    .withEnvVariable("SLIPWAY_NOW", randomUUID())
  const token = tokenOf(inputs)
  if (!isSsh(repository))
    return token === undefined
      ? container
      : container.withMountedSecret(TOKEN, token).withEnvVariable("TOKEN_FILE", TOKEN)
  const key = secretNamed(secrets, environment, "MANIFESTS_SSH_KEY")?.secret
  const trusting = container
    .withMountedFile(HOSTS, source.file(config.deploy.commit.knownHosts ?? ""))
    .withEnvVariable("HOSTS_FILE", HOSTS)
  return key === undefined ? trusting : trusting.withMountedSecret(KEY, key).withEnvVariable("KEY_FILE", KEY)
}

async function gitReason(inputs: DeployInputs, run: Execution): Promise<string> {
  if (run.exitCode === OVERTAKEN) return "others pushed first"
  return reasonOf(run, (await tokenOf(inputs)?.plaintext()) ?? "")
}

const gitError = async (inputs: DeployInputs, { repository, branch }: CommitTarget, run: Execution) =>
  fail("COMMIT_GIT", [repository, branch, await gitReason(inputs, run)])
