import { optionalArgument } from "../../module/arguments.js"
import { historyFolder } from "./gitHistory.js"
import { mountedName, mountedSecret } from "./secretOptions.js"
import { agentSocket } from "./sshAgent.js"

/** Options of what a Dockerfile's commands may use. */
export interface BuildOptions {
  /** Secrets: addresses, or in Docker's form with an id. */
  secret?: string[]
  /** The agent of this session, or the file of a key or socket. */
  ssh?: string
}

/** The arguments that pass secrets to a Dockerfile's commands. */
export const secretArguments = (secrets: readonly string[] = []): string[] =>
  secrets.map((secret) => `--secrets=${mountedSecret(secret).address}`)

/**
 * The call of `with-build` for what a Dockerfile's commands need, if any. Fails with NO_SSH_AGENT and SSH_KEY.
 *
 * Starts an agent for a key, and writes the history to a temporary folder: both end with this process.
 */
export function buildArguments(
  source: string,
  { secret = [], ssh, service }: BuildOptions & { service?: string },
): string[] {
  const ids = secret
    .map(mountedSecret)
    .flatMap(({ id, address }) => (id === undefined ? [] : [`--secret-ids=${id}=${mountedName(address)}`]))
  const socket = agentSocket(ssh, process.env)
  const flags = [
    ...optionalArgument("ssh", socket),
    // As for Docker, the folder of a service has no history: it lies above the build's context.
    ...optionalArgument("git", service === undefined ? historyFolder(source) : undefined),
    ...ids,
  ]
  return flags.length === 0 ? [] : ["with-build", ...flags]
}
