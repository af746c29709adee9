import { spawn, spawnSync } from "node:child_process"
import { statSync } from "node:fs"
import { Socket } from "node:net"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { folderOfProcess } from "../../lib/temporary.js"
import type { Variables } from "../../lib/variables.js"
import { SESSION_AGENT } from "./secretOptions.js"

/** Variable with the text of a private key, for CI hosts. */
export const SSH_KEY = "SLIPWAY_SSH_KEY"

/**
 * The socket of the SSH agent that a Dockerfile's commands may use; undefined if they may use none.
 *
 * The session's own, a given one, or a new one that holds only the given key and ends with this process. Fails with
 * NO_SSH_AGENT and SSH_KEY.
 */
export function agentSocket(chosen: string | undefined, env: Variables): string | undefined {
  const key = env[SSH_KEY]
  if (chosen === undefined) return key ? agentWith(["-"], SSH_KEY, `${key.trimEnd()}\n`) : undefined
  if (chosen === SESSION_AGENT) {
    const socket = env["SSH_AUTH_SOCK"]
    if (!socket || !isSocket(socket)) throw fail("NO_SSH_AGENT", [socket ?? ""])
    return socket
  }
  const path = resolve(chosen.replace(/^~(?=\/)/, homedir()))
  return isSocket(path) ? path : agentWith([path], path)
}

const isSocket = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isSocket() === true

/** Starts an agent with a key, given by its file or on the standard input. */
function agentWith(key: readonly string[], name: string, input?: string): string {
  const socket = join(folderOfProcess("slipway-ssh-"), "agent")
  if (!startAgent(socket)) throw fail("SSH_KEY", [name, "ssh-agent can't be started"])
  const { status, stderr } = spawnSync("ssh-add", ["-q", ...key], {
    env: { ...process.env, SSH_AUTH_SOCK: socket },
    encoding: "utf8",
    // A passphrase is asked for on the terminal, whatever the standard input is.
    stdio: [input === undefined ? "inherit" : "pipe", "ignore", "pipe"],
    ...(input !== undefined && { input }),
  })
  if (status !== 0) throw fail("SSH_KEY", [name, stderr.trim().split("\n").at(-1) ?? "ssh-add failed"])
  return socket
}

const START_MILLISECONDS = 5_000

/** Starts an agent that ends with its command, which ends with this process, however that ends. */
function startAgent(socket: string): boolean {
  const agent = spawn("ssh-agent", ["-a", socket, "cat"], { stdio: ["pipe", "ignore", "ignore"] })
  agent.on("error", () => undefined)
  agent.unref()
  // The pipe must not keep this process.
  if (agent.stdin instanceof Socket) agent.stdin.unref()
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let waited = 0; waited < START_MILLISECONDS && agent.pid !== undefined; waited += 10) {
    if (isSocket(socket)) return true
    Atomics.wait(pause, 0, 0, 10)
  }
  return false
}
