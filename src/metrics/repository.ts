import { dag, type Directory, type File } from "@dagger.io/dagger"
import { execute } from "../stage/execute.js"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import { parseSignedCommits, type SignedCommit, SIGNED_FORMAT } from "../lib/metrics/approval.js"
import { type History, LOG_FORMAT, MAX_COMMITS, parseHistory } from "../lib/metrics/history.js"
import { interrupted } from "../lib/run/command.js"
import { ownMessage } from "../lib/run/outcome.js"
import { gitContainer } from "../stage/git.js"
import { SCRIPTS } from "../stage/scripts.js"

/** Keys that may sign commits with trailers, in ssh-keygen's allowed signers format. */
const SIGNERS = ".slipway/allowed_signers"
const SCRIPT = "slipway_history.sh"
const OUT = "/slipway/out"

/** History, signatures and ledger notes of a git repository. */
export interface GitRepository {
  history: History
  /** The requested commits that the history has, by hash. */
  signed: ReadonlyMap<string, SignedCommit>
  /** Ledger entries in git notes, one per line; undefined without any. */
  notes: string | undefined
}

/** Names are passed to git one per line. */
const NAME = /^[\w.+][\w.+-]{0,127}$/

/**
 * Reads a repository: a .git folder, a bare one, or a folder that contains one.
 *
 * `wanted` are commits and tags whose signatures are checked. Fails with NO_HISTORY.
 */
export async function readRepository(
  { history, source, config }: { history: Directory; source: Directory; config: Config },
  wanted: readonly string[],
): Promise<GitRepository> {
  const signers = await signersOf(source)
  const bare = gitContainer(config, SCRIPT)
    .withMountedDirectory("/slipway/repository", history)
    .withNewFile(
      "/slipway/wanted",
      [...new Set(wanted)]
        .filter((name) => NAME.test(name))
        .map((name) => `${name}\n`)
        .join(""),
    )
    .withDirectory(OUT, dag.directory())
  const container = signers === undefined ? bare : bare.withMountedFile("/slipway/signers", signers)
  const command = [
    "sh",
    `${SCRIPTS}/${SCRIPT}`,
    "/slipway/repository",
    OUT,
    "/slipway/wanted",
    String(MAX_COMMITS),
    LOG_FORMAT,
    SIGNED_FORMAT,
    ...(signers === undefined ? [] : ["/slipway/signers"]),
  ]
  const run = await execute(container, command, config.timeout)
  if (run.exitCode !== 0)
    throw fail("NO_HISTORY", [interrupted(run, "git", config.timeout)?.reason ?? ownMessage(run)])
  const read = (name: string) => run.container.file(`${OUT}/${name}`).contents()
  const [log, refs, shallow, signed, notes] = await Promise.all(
    ["log", "refs", "shallow", "signed", "notes"].map(read),
  )
  return {
    history: parseHistory({ log: log ?? "", refs: refs ?? "", shallow: shallow ?? "" }),
    signed: parseSignedCommits(signed ?? ""),
    notes: notes || undefined,
  }
}

async function signersOf(source: Directory): Promise<File | undefined> {
  const found = source.filter({ include: [SIGNERS] })
  return (await found.glob(SIGNERS)).length > 0 ? found.file(SIGNERS) : undefined
}
