import { mkdtempSync, rmSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it, vi } from "vitest"
import { waitForGiven } from "../../../dagger/kit/engine/given.js"

describe("waitForGiven", () => {
  const server = createServer((socket) => socket.destroy())
  const listening = (where: string | number) =>
    new Promise<void>((resolve) => server.listen(where, () => resolve()))
  afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())))

  it("fails with the address and the reason if nothing answers there", async () => {
    await listening(0)
    const { port } = server.address() as AddressInfo
    await new Promise<void>((resolve) => server.close(() => resolve()))
    await expect(waitForGiven(`tcp://127.0.0.1:${port}`, 0)).rejects.toThrow(
      new RegExp(`^no engine at "tcp://127.0.0.1:${port}": nothing took a connection .*ECONNREFUSED`),
    )
  })

  it("waits for an engine that starts beside the job", async () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true)
    const folder = mkdtempSync(join(tmpdir(), "slipway-test-"))
    try {
      const socket = join(folder, "engine.sock")
      const waiting = waitForGiven(`unix://${socket}`, 30)
      await listening(socket)
      await expect(waiting).resolves.toBeUndefined()
      expect(String(write.mock.calls[0]?.[0])).toContain(`waiting for the engine at unix://${socket}: `)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it("takes an address that listens, by name and by IPv6", async () => {
    await listening(0)
    const { port } = server.address() as AddressInfo
    for (const host of ["localhost", "[::1]"])
      await expect(waitForGiven(`tcp://${host}:${port}`, 0)).resolves.toBeUndefined()
  })

  it.each([
    "docker-image://registry.dagger.io/engine:v0.21.8",
    "kube-pod://engine?namespace=ci",
    "tcp://x:99999",
  ])("leaves %s to dagger", async (address) => {
    await expect(waitForGiven(address, 0)).resolves.toBeUndefined()
  })
})
