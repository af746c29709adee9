import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, expect, it } from "vitest"
import { unhealthy } from "../../../src/lib/deploy/judge.js"
import { fetchOutside } from "../../../src/lib/deploy/outside.js"

let server: Server
let url: string
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/health") response.end("well")
    else response.writeHead(301, { location: "https://www.example.com/health" }).end("<h1>Moved</h1>")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

it("fetchOutside returns a redirect with where to, and doesn't follow it", async () => {
  const answer = await fetchOutside(`${url}/`, 5_000)
  expect(answer).toMatchObject({ status: 301, body: expect.stringContaining("<h1>Moved</h1>") as string })
  expect(unhealthy(answer, { path: url, status: 200 })).toBe(
    `${url} answers 301, not 200: redirects to https://www.example.com/health <h1>Moved</h1>`,
  )
  expect(await fetchOutside(`${url}/health`, 5_000)).toMatchObject({ status: 200, body: "well" })
})
