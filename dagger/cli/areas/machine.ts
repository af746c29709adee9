import type { Command } from "commander"
import type { DoctorOptions } from "../doctor/service.js"
import { exit, withEvent, withRegistry, withSource } from "../options/common.js"

/** This machine, its engine and its cluster; and Slipway itself. */
export function addMachineCommands(program: Command): void {
  withRegistry(withEvent(withSource(program.command("doctor"))))
    .description("say what would stop a run here, before anything runs: machine, engine, registry, secrets")
    .option("--embedded", "as with a registry and a cluster of Slipway's own")
    .option("--json", "as JSON")
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import("../doctor/doctor.js")
      exit(await doctor(options))
    })
  addEngineCommands(program)
  addClusterCommands(program)

  program
    .command("demo")
    .description("run the whole pipeline on the sample service (npm start)")
    .action(async () => {
      const { demo } = await import("../../demo/demo.js")
      exit(await demo())
    })

  program
    .command("test [files...]")
    .description("set up, lint and run every test, or those of these files (npm test)")
    .action(async (files: string[]) => {
      const { runTests } = await import("../commands/test.js")
      exit(await runTests(files))
    })
}

const ENGINE = {
  up: "build what is missing and start it; nothing where there is an engine already",
  down: "end it, and take back all it did to this machine outside of Slipway's folder",
  status: "say which engine is used, and whether it runs",
  env: 'print what a shell must export for a plain `dagger call`: eval "$(slipway engine env)"',
  logs: "print the logs of engine, network, registry and mirror",
}

function addEngineCommands(program: Command): void {
  const engine = program
    .command("engine")
    .description("the Dagger engine that Slipway makes where there is none")
  for (const name of names(ENGINE))
    withStatusJson(engine.command(name))
      .description(ENGINE[name])
      .action(async (options: { json?: boolean }) => {
        const { engineCommands } = await import("../commands/engine.js")
        exit(await engineCommands[name](options))
      })
}

const CLUSTER = {
  up: "start it unless it runs, and wait until its node is Ready",
  down: "end it, with all that is in it",
  status: "say whether it runs, and how it is reached",
  kubeconfig: "print the path of the file by which kubectl and others reach it",
}

function addClusterCommands(program: Command): void {
  const cluster = program
    .command("cluster")
    .description("a Kubernetes cluster of one node, for trials, that runs in the engine")
  for (const name of names(CLUSTER))
    withStatusJson(cluster.command(name))
      .description(CLUSTER[name])
      .action(async (options: { json?: boolean }) => {
        const { clusterCommands } = await import("../commands/cluster.js")
        exit(await clusterCommands[name](options))
      })
}

const withStatusJson = (command: Command): Command =>
  command.name() === "status" ? command.option("--json", "as JSON") : command

const names = <T extends object>(table: T): (keyof T & string)[] => Object.keys(table) as (keyof T & string)[]
