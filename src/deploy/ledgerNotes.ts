import { messageOf } from "../lib/run/execError.js"
import { randomUUID } from "node:crypto"
import { dag, type Secret } from "@dagger.io/dagger"
import { type DeployInputs } from "./environment.js"
import { secretNamed } from "../stage/secrets.js"
import { execute } from "../stage/execute.js"
import { gitContainer } from "../stage/git.js"
import type { Config } from "../lib/config/config.js"
import { NOTES_TIME, notesCommand, notesOutcome } from "../lib/deploy/notes.js"
import { type LedgerEntry, ledgerLine } from "../lib/run/ledger.js"
import { SCRIPTS } from "../stage/scripts.js"
import { previewNumber } from "../lib/text/previews.js"

const SCRIPT = "slipway_notes.sh"
const ENTRY = "/slipway/entry.jsonl"
const REMOTE = "/slipway/secrets/remote"
const TOKEN = "/slipway/secrets/token"

/** A folder in memory: git writes the URL into its files. */
const WORK = "/slipway/work"

/**
 * Mirrors an entry to the git note of its commit (refs/notes/slipway) in a remote, once.
 *
 * Returns a summary; a failed push doesn't fail, as the cluster has the entry.
 */
export async function mirrorEntry(
  entry: LedgerEntry,
  remote: Secret,
  token: Secret | undefined,
  config: Config,
): Promise<string> {
  const bare = gitContainer(config, SCRIPT, "slipway_git.sh")
    .withNewFile(ENTRY, ledgerLine(entry))
    .withMountedSecret(REMOTE, remote)
    .withMountedTemp(WORK)
    .withEnvVariable("TMPDIR", WORK)
    // Never cached: it is an effect.
    .withEnvVariable("SLIPWAY_NOW", randomUUID())
  const container = token === undefined ? bare : bare.withMountedSecret(TOKEN, token)
  const files = { script: `${SCRIPTS}/${SCRIPT}`, entry: ENTRY, remote: REMOTE }
  const command = notesCommand({ ...files, token: token && TOKEN }, entry)
  const run = await execute(container, command, NOTES_TIME)
  return notesOutcome(run, await remote.plaintext(), (await token?.plaintext()) ?? "")
}

/**
 * Mirrors an entry to git notes, and returns the outcome as facts of the deployment.
 *
 * Pushes to LEDGER_REMOTE, or with LEDGER_TOKEN alone to the repository in the settings; none without either.
 */
export async function gitNotes(
  { secrets, environment, config, say }: DeployInputs,
  entry: LedgerEntry | undefined,
): Promise<Record<string, string>> {
  const token = secretNamed(secrets, environment, "LEDGER_TOKEN")?.secret
  const named = secretNamed(secrets, environment, "LEDGER_REMOTE")?.secret
  // Nobody measures previews, and their commits may be squashed.
  if (
    entry === undefined ||
    previewNumber(environment) !== undefined ||
    (token === undefined && named === undefined)
  )
    return {}
  const outcome = await mirrored(entry, named ?? ownRemote(config), token, config)
  say(`git notes: ${outcome}`)
  return { "git notes": outcome }
}

const ownRemote = ({ release }: Config): Secret | undefined =>
  release.source === undefined ? undefined : dag.setSecret("LEDGER_REMOTE", release.source)

async function mirrored(
  entry: LedgerEntry,
  remote: Secret | undefined,
  token: Secret | undefined,
  config: Config,
): Promise<string> {
  if (remote === undefined) return "not pushed: give LEDGER_REMOTE, or release.source in slipway.yaml"
  try {
    return await mirrorEntry(entry, remote, token, config)
  } catch (error) {
    return `not pushed: ${messageOf(error).split("\n")[0] ?? ""}`
  }
}
