/** Server of test/fixtures/forge, and a client whose pauses take no time. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { httpClient, type Http, type HttpOptions } from "../../../src/lib/http/client.js"
import type { PullRequest } from "../../../src/lib/forge/pullRequest.js"

const SCRIPT = fileURLToPath(new URL("../../fixtures/forge/forge.py", import.meta.url))

export interface Seen {
  method: string
  path: string
  headers: Record<string, string>
  body: string
  status?: number
}

export interface Comments {
  github: { id: number; body: string; user: { login: string } }[]
  gitlab: { id: number; body: string; author: { id: number } }[]
  azure: { id: number; status: string; isDeleted: boolean; comments: { content?: string }[] }[]
}

export interface Forge {
  url: string
  control(given: Record<string, unknown>): Promise<{ id?: number }>
  fault(fault: Record<string, unknown>): Promise<unknown>
  log(): Promise<{ requests: Seen[]; commands: string[] }>
  comments(): Promise<Comments>
  stop(): Promise<void>
}

export async function startForge(): Promise<Forge> {
  // Its standard input ends with this process, however that ends.
  const child = spawn("python3", [SCRIPT, "--with-stdin"], { stdio: ["pipe", "pipe", "inherit"] })
  const lines = createInterface(child.stdout)
  const [line] = (await once(lines, "line")) as [string]
  const url = line.replace("listening on ", "http://")
  const get = async (path: string) => (await fetch(`${url}${path}`)).json()
  const headers = { "content-type": "application/json" }
  const control: Forge["control"] = async (given) => {
    const answer = await fetch(`${url}/__control`, { method: "POST", headers, body: JSON.stringify(given) })
    return (await answer.json()) as { id?: number }
  }
  return {
    url,
    control,
    fault: (fault) => control({ faults: [fault] }),
    log: async () => (await get("/__log")) as { requests: Seen[]; commands: string[] },
    comments: async () => (await get("/__comments")) as Comments,
    stop: async () => {
      child.kill()
      await once(child, "exit")
    },
  }
}

/** Clock that only pauses advance. */
export class Clock {
  now = Date.UTC(2026, 0, 1)
  readonly pauses: number[] = []

  readonly client = (options: Partial<HttpOptions> = {}): Http =>
    httpClient({
      now: () => this.now,
      sleep: (milliseconds) => {
        this.pauses.push(milliseconds)
        this.now += milliseconds
        return Promise.resolve()
      },
      random: () => 1,
      timeout: 20_000,
      ...options,
    })
}

/** Properties of a host for tests that apply to all hosts. */
export interface Case {
  pullRequest: (url: string) => PullRequest
  token: string
  readonly: string
  /** Author of the token's comments, and somebody else. */
  self: string | number
  other: string | number
  /** The server's name of the host. */
  store: keyof Comments
  update: string
  needs: string
  texts: (comments: Comments) => string[]
}

const REPOSITORY = "5febef5a-833d-4e14-b9c0-14cb638f91e6"

export const CASES: Record<string, Case> = {
  GitHub: {
    pullRequest: (url) => ({ host: "github", api: `${url}/github`, project: "acme/shop", number: 7 }),
    token: "ghs_slipway",
    readonly: "ghs_readonly",
    self: "github-actions[bot]",
    other: "mallory",
    store: "github",
    update: "PATCH",
    needs: "pull-requests: write",
    texts: ({ github }) => github.map(({ body }) => body),
  },
  GitLab: {
    pullRequest: (url) => ({ host: "gitlab", api: `${url}/gitlab/api/v4`, project: "42", number: 7 }),
    token: "glpat-slipway",
    readonly: "glpat-readonly",
    self: 2001,
    other: 666,
    store: "gitlab",
    update: "PUT",
    needs: "the scope `api`",
    texts: ({ gitlab }) => gitlab.map(({ body }) => body),
  },
  "Azure DevOps": {
    pullRequest: (url) => ({
      host: "azure-devops",
      api: `${url}/azure/acme`,
      project: `Demo Project/${REPOSITORY}`,
      number: 7,
    }),
    token: "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0",
    readonly: "eyJhbGciOi.eyJyZWFkT2.c2lnbmF0",
    self: "3f5d5c3c-0000-4000-8000-000000003001",
    other: "3f5d5c3c-0000-4000-8000-000000006666",
    store: "azure",
    update: "PATCH",
    needs: "Contribute to pull requests",
    texts: ({ azure }) => azure.flatMap(({ comments }) => comments.flatMap(({ content }) => content ?? [])),
  },
}
