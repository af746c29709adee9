import { Command } from "commander"
import { down, up, running, answers } from "./engine/engine.js"

const program = new Command("slipway").description("A Python service from a commit to production, by Dagger")
const engine = program.command("engine")
engine.command("up").action(up)
engine.command("down").action(down)
engine.command("status").action(async () => {
  console.log(running(), await answers())
})
program.command("mirror", { hidden: true }).action(async () => {
  const { serveMirror } = await import("./images/mirror.js")
  serveMirror(process.env["SLIPWAY_ROOT"] ?? "")
})
await program.parseAsync()
