import type { ToolRun } from "../run/finding.js"
import { scrub, secretParts } from "../secrets/credentials.js"
import { TIMED_OUT } from "../run/command.js"

/** The paths of the script's inputs. */
export interface NotesFiles {
  script: string
  entry: string
  remote: string
  /** Undefined if the remote needs no login. */
  token: string | undefined
}

const REASON_LENGTH = 300

/** Seconds for the whole push. */
export const NOTES_TIME = 120

/** Returns the command that adds an entry to its commit's git note. */
export const notesCommand = (
  { script, entry, remote, token }: NotesFiles,
  { sha, hash }: { sha: string; hash: string },
): string[] => ["sh", script, entry, remote, sha, hash, ...(token === undefined ? [] : [token])]

/** Summarizes the push for people, without the URL's password and the token. */
export function notesOutcome(run: ToolRun, remote: string, token: string): string {
  if (run.exitCode === 0) return run.stdout.trim()
  const lines = run.stderr.split("\n").filter((line) => line.trim() !== "")
  const said = lines.at(-1)?.trim() ?? `git ended with ${run.exitCode}`
  const reason = run.exitCode === TIMED_OUT ? `it took more than ${NOTES_TIME} s` : said
  const secrets = [...passwordsOf(remote), token.trim()]
  return `not pushed: ${scrub(reason, secrets).slice(0, REASON_LENGTH)}`
}

/** Returns the URL's user part, which may be a token, and its password; the rest may be shown. */
const passwordsOf = (remote: string): string[] => [
  ...(/^https?:\/\/([^/?#]+)@/.exec(remote)?.slice(1) ?? []),
  ...secretParts({ kind: "environment", variable: "" }, remote.trim()).filter(
    (part) => part !== remote.trim(),
  ),
]
