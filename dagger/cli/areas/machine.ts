import type { Command } from "commander"
import type { DoctorOptions } from "../doctor/service.js"
import { exit, withEvent, withRegistry, withSource } from "../options/common.js"

/** Adds the commands for this machine, its engine and cluster, and for Slipway itself. */
export function addMachineCommands(program: Command): void {
  withRegistry(withEvent(withSource(program.command("doctor"))))
    .description("check machine, engine, sources, secrets, registry and cluster before a run")
    .option("--embedded", "check for a run with the embedded registry and cluster")
    .option("--json", "print JSON")
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import("../doctor/doctor.js")
      exit(await doctor(options))
    })
  addEngineCommands(program)
  addClusterCommands(program)

  program
    .command("demo")
    .description("run the whole pipeline on the sample service, as npm start does")
    .action(async () => {
      const { demo } = await import("../../demo/demo.js")
      exit(await demo())
    })

  program
    .command("test [files...]")
    .description("set up, lint and run all tests or those in these files, as npm test does")
    .action(async (files: string[]) => {
      const { runTests } = await import("../commands/test.js")
      exit(await runTests(files))
    })
}

const ENGINE = {
  up: "build and start the engine, unless one is available",
  down: "stop the engine and undo its changes outside of Slipway's folder",
  status: "show which engine is used, and if it runs",
  env: 'print shell exports for plain `dagger call`: eval "$(slipway engine env)"',
  logs: "print the logs of the engine, its network, registry and mirror",
}

function addEngineCommands(program: Command): void {
  const engine = program
    .command("engine")
    .description("manage the Dagger engine that Slipway builds if there is none")
  for (const name of names(ENGINE))
    withStatusJson(engine.command(name))
      .description(ENGINE[name])
      .action(async (options: { json?: boolean }) => {
        const { engineCommands } = await import("../commands/engine.js")
        exit(await engineCommands[name](options))
      })
}

const CLUSTER = {
  up: "start the cluster and wait until its node is Ready",
  down: "delete the cluster with everything in it",
  status: "show if the cluster runs, and its addresses",
  kubeconfig: "print the path of the cluster's kubeconfig",
}

function addClusterCommands(program: Command): void {
  const cluster = program
    .command("cluster")
    .description("manage the embedded single-node Kubernetes cluster in the engine")
  for (const name of names(CLUSTER))
    withStatusJson(cluster.command(name))
      .description(CLUSTER[name])
      .action(async (options: { json?: boolean }) => {
        const { clusterCommands } = await import("../commands/cluster.js")
        exit(await clusterCommands[name](options))
      })
}

const withStatusJson = (command: Command): Command =>
  command.name() === "status" ? command.option("--json", "print JSON") : command

const names = <T extends object>(table: T): (keyof T & string)[] => Object.keys(table) as (keyof T & string)[]
