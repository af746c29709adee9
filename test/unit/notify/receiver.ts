/** Starts the server of test/fixtures/notify, and makes notifications for it. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Notification } from "../../../src/lib/notify/notification.js"

const SCRIPT = fileURLToPath(new URL("../../fixtures/notify/receiver.py", import.meta.url))

export interface Seen {
  method: string
  path: string
  headers: Record<string, string>
  body: string
  status: number
  answer: unknown
}

export interface Annotation {
  id: number
  time: number
  timeEnd: number
  text: string
  tags: string[]
  dashboardUID: string
}

export interface Receiver {
  url: string
  control(given: Record<string, unknown>): Promise<void>
  log(): Promise<{ requests: Seen[]; annotations: Annotation[] }>
  stop(): Promise<void>
}

export async function startReceiver(host = "127.0.0.1"): Promise<Receiver> {
  // The server ends with its standard input, which closes when this process ends.
  const child = spawn("python3", [SCRIPT, "--with-stdin", `--host=${host}`], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const [line] = (await once(createInterface(child.stdout), "line")) as [string]
  const url = line.replace("listening on ", "http://")
  return {
    url,
    control: async (given) => {
      await fetch(`${url}/__control`, { method: "POST", body: JSON.stringify(given) })
    },
    log: async () =>
      (await (await fetch(`${url}/__log`)).json()) as { requests: Seen[]; annotations: Annotation[] },
    stop: async () => {
      child.kill()
      await once(child, "exit")
    },
  }
}

/** Returns an address without a listener. */
export async function nowhere(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

/** Returns the notification of a successful deployment. */
export const news = (more: Partial<Notification> = {}): Notification => ({
  kind: "succeeded",
  service: "shop",
  environment: "production",
  version: "v1.2.3",
  previous: "v1.2.2",
  who: "ada",
  run: "4711",
  sha: "0123456789abcdef0123456789abcdef01234567",
  startedAt: "2026-03-01T12:00:00.000Z",
  milliseconds: 185_000,
  changes: { subjects: ["Sell hats", "Count them"], more: 0, back: false, problem: "" },
  links: [{ name: "Run", url: "https://ci.example.com/runs/4711?a=1&b=2" }],
  failure: undefined,
  note: "",
  ...more,
})

/** Texts that try to inject mentions, links or markup. */
export const HOSTILE = [
  "<!channel> @channel @here <@U012AB3CD> <https://evil.example|click>",
  "&lt;!everyone&gt; ``` *bold* _it_ :tada: [a](https://evil.example) \u202Egnp.exe",
  "</a><script>alert(1)</script>\n# heading\r\n\u0007<at>everyone</at>",
]
