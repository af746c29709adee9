import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { parse } from "yaml"
import { run } from "../../dagger/lib/shell.js"
import { type Ended, engineEnvironment, hostAddress } from "./dagger.js"
import { folder, SLIPWAY, write } from "./pipeline.js"

/** A host whose form people start deployments from. */
type FormHost = "github" | "gitlab"

/** Reads the command of a host's job with secrets from the generated file. */
const COMMANDS: Record<FormHost, (source: string) => string | undefined> = {
  github: (source) => {
    const text = readFileSync(join(source, ".github/workflows/slipway.yml"), "utf8")
    const workflow = parse(text) as { jobs: { delivery: { steps: { name?: string; run?: string }[] } } }
    return workflow.jobs.delivery.steps.find(({ name }) => name === "Slipway")?.run
  },
  gitlab: (source) => {
    const text = readFileSync(join(source, ".gitlab-ci.yml"), "utf8")
    return (parse(text) as { ".delivery": { script: string[] } })[".delivery"].script[0]
  },
}

/** What each host sets in the job of a form that somebody has sent. */
const VARIABLES: Record<FormHost, (id: string) => Record<string, string>> = {
  github: (id) => ({
    GITHUB_EVENT_NAME: "workflow_dispatch",
    GITHUB_REF: "refs/heads/main",
    GITHUB_REF_PROTECTED: "true",
    GITHUB_RUN_ID: id,
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_ACTOR: "ada",
  }),
  gitlab: (id) => ({
    CI_PIPELINE_SOURCE: "web",
    CI_COMMIT_BRANCH: "main",
    CI_COMMIT_REF_PROTECTED: "true",
    CI_JOB_ID: id,
    GITLAB_USER_LOGIN: "grace",
  }),
}

/**
 * Runs the command line of a host's generated job in a checkout, with the host's variables, the form's answers and the
 * job's secrets; with the embedded registry and cluster.
 */
export async function sendForm(
  host: FormHost,
  source: string,
  id: string,
  answers: Record<string, string>,
): Promise<Ended> {
  const own = join(
    write(folder(), { slipway: `exec ${process.execPath} ${SLIPWAY} "$@" --embedded\n` }),
    "slipway",
  )
  const env = { ...(await engineEnvironment()), ...VARIABLES[host](id), ...answers, SLIPWAY: `sh ${own}` }
  const command = COMMANDS[host](source) ?? "false"
  const { exitCode, stdout, stderr } = await run({ nothrow: true, cwd: source, env })`sh -c ${command}`
  return { exitCode, stdout, stderr }
}

/** Answers every request with a redirect to another address, during a callback that receives the redirecting one. */
export async function redirecting<T>(location: string, use: (address: string) => Promise<T>): Promise<T> {
  const server = createServer((_, response) => {
    response.writeHead(301, { location }).end("Moved Permanently")
  })
  const host = hostAddress()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  try {
    return await use(`http://${host}:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
