import type { Command } from "commander"
import type { Ports } from "../../kit/cluster/forward.js"
import type { Process } from "../../lib/process.js"

/** Adds the hidden commands that Slipway starts itself. */
export function addInternalCommands(program: Command): void {
  program
    .command("forward <address> <ports> <holder>", { hidden: true })
    .action(async (address: string, ports: string, holder: string) => {
      const { serveForward } = await import("../../kit/cluster/forward.js")
      await serveForward(address, JSON.parse(ports) as Ports, JSON.parse(holder) as Process)
      process.exit()
    })
  program
    .command("forward-inside <address> <ports>", { hidden: true })
    .action(async (address: string, ports: string) => {
      const { serveInside } = await import("../../kit/cluster/forward.js")
      serveInside(address, JSON.parse(ports) as Ports)
    })
  program.command("mirror", { hidden: true }).action(async () => {
    const { serveMirror } = await import("../../kit/images/mirror.js")
    serveMirror(process.env["SLIPWAY_ROOT"] ?? "")
  })
}
