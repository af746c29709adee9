import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { isCommit } from "../../../src/lib/release/expected.js"
import type { SourceInputs } from "../../../src/lib/run/inputs.js"
import { run } from "../../lib/shell.js"
import { gitStateOf, contentDigest, isAddress, uncommittedDigest } from "./sourceFolder.js"

/** The sources of an earlier run. */
export interface FoundSource {
  /** Value for `--source`. */
  source: string
  message: string
  /** Deletes temporary files. */
  remove: () => void
}

const FETCH_SECONDS = "20s"

/**
 * Finds the sources of a run.
 *
 * Tries the commit at the repository's address, then a local folder with the same content, then the local repository.
 * Fails with SOURCE_GONE, which lists what was tried.
 *
 * @param folder The local folder; by default the one that the run used, then the current one.
 */
export async function findSource(from: SourceInputs, folder?: string): Promise<FoundSource> {
  const { commit, dirty, address, path } = from
  const tried: string[] = []
  const kept = (source: string, message: string): FoundSource => ({
    source,
    message,
    remove: () => undefined,
  })
  if (isAddress(address)) {
    const pinned = pinnedAddress(address, commit)
    return kept(
      pinned,
      `source: ${pinned}${isCommit(commit) ? "" : ", as it is now: the run names no commit"}`,
    )
  }
  if (dirty) tried.push("the run looked at changes that are in no commit")
  else if (!isCommit(commit)) tried.push("the run names no commit")
  else {
    const origin = await fetchable(from)
    if (typeof origin === "string") tried.push(origin)
    else return kept(origin.source, `source: ${origin.source}`)
  }
  for (const place of [...new Set(folder === undefined ? [address, "."] : [folder])].filter(Boolean)) {
    const here = resolve(place)
    const matching = await matches(here, from)
    if (matching === true) return kept(here, `source: ${here}, which holds the same (${tried.join("; ")})`)
    tried.push(matching)
    if (!dirty && isCommit(commit)) {
      const made = await checkOut(here, commit, path)
      if (made !== undefined)
        return {
          ...made,
          message: `source: the commit ${commit.slice(0, 12)} of the repository at ${here} (${tried.join("; ")})`,
        }
    }
  }
  throw fail("SOURCE_GONE", [commit, tried])
}

/** Pins a git address to a commit, since a branch may have moved. */
export function pinnedAddress(address: string, commit: string): string {
  if (!isCommit(commit)) return address
  const [repository = "", fragment = ""] = address.split(/#(.*)/s)
  const path = fragment.split(":")[1]
  return `${repository}#${commit}${path === undefined ? "" : `:${path}`}`
}

/** The address of the commit at the repository's remote, or the reason why it can't be fetched. */
async function fetchable({ origin, commit, path }: SourceInputs): Promise<{ source: string } | string> {
  if (origin === "") return "the repository has no remote"
  const scratch = mkdtempSync(join(tmpdir(), "slipway-repro-"))
  const env = { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_SSH_COMMAND: "ssh -o BatchMode=yes" }
  const git = run({ nothrow: true, env, timeout: FETCH_SECONDS, cwd: scratch })
  try {
    await git`git init --quiet --bare .`
    const { exitCode } = await git`git fetch --quiet --depth=1 --filter=tree:0 ${origin} ${commit}`
    if (exitCode !== 0) return `${origin} doesn't give the commit ${commit.slice(0, 12)}`
    return { source: `${origin}#${commit}${path === "" ? "" : `:${path}`}` }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** True if a folder has the content that the run used, or else the reason why not. */
async function matches(folder: string, { commit, dirty, digest }: SourceInputs): Promise<true | string> {
  try {
    if (dirty || digest !== "")
      return (await contentDigest(folder, join(folder, "out"))) === digest || `${folder} holds something else`
    const here = await gitStateOf(folder)
    if (here.sha !== commit) return `${folder} is at another commit`
    const changed = await uncommittedDigest(folder, join(folder, "out"), here)
    return changed === "" || `${folder} has changes`
  } catch {
    return `${folder} can't be read`
  }
}

/** Checks out a commit to a temporary folder; undefined if the repository doesn't have it. */
async function checkOut(
  folder: string,
  commit: string,
  path: string,
): Promise<Omit<FoundSource, "message"> | undefined> {
  const target = mkdtempSync(join(tmpdir(), "slipway-repro-"))
  const remove = () => rmSync(target, { recursive: true, force: true })
  const env = { ...process.env, GIT_INDEX_FILE: join(target, ".index") }
  const top = await run({ nothrow: true })`git -C ${folder} rev-parse --show-toplevel`
  const git = run({ nothrow: true, env, cwd: top.stdout.trim() || "/" })
  const tree = path === "" ? commit : `${commit}:${path}`
  const read = await git`git read-tree ${tree}`
  const files = join(target, "source")
  const out = await git`git checkout-index --all --prefix=${files}/`
  if (read.exitCode === 0 && out.exitCode === 0) return { source: files, remove }
  remove()
  return undefined
}
