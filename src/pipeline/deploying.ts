import { isDeepStrictEqual } from "node:util"
import type { Secret, Service } from "@dagger.io/dagger"
import { destinationOf } from "../registry/destination.js"
import { chartsIn } from "../deploy/chart.js"
import type { DeployInputs } from "../deploy/environment.js"
import { type WantedRelease } from "../deploy/wantedRelease.js"
import { secretNamed } from "../stage/secrets.js"
import { DEFAULTS } from "../lib/config/config.js"
import { runDeploy } from "../deploy/steps.js"
import type { BuiltImage } from "../image/build.js"
import { type Environment, environmentOf } from "../lib/config/environments.js"
import { configIn } from "../lib/config/previews.js"
import { STEPS } from "../lib/deploy/steps.js"
import { environmentFor, isSignedFor } from "../lib/pipeline/policy.js"
import { originRequirement } from "../lib/release/expected.js"
import { notAVersion } from "../lib/release/origin.js"
import { versionName, versionOfRef } from "../lib/release/version.js"
import type { Group } from "../lib/pipeline/stages.js"
import { stopped } from "../lib/run/command.js"
import { EMBEDDED } from "../registry/embedded.js"
import { installingFields, type PythonService } from "../stage/service.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import type { Run } from "../lib/run/verdict.js"
import type { Publishing } from "../release/publishing.js"
import { namedSecrets } from "../stage/secrets.js"
import { identity, skipped, type Stage } from "../stage/stage.js"
import { ownVariable } from "../lib/text/variables.js"

/** Access and options of deployments; `reference` names the release if the run publishes none itself. */
export interface DeployAccess {
  /** Empty for the event's environment. */
  environment: string
  secrets: Secret[]
  cluster?: Service
  reference: string
  rollback: boolean
  /** The person who deploys; empty if unknown. */
  who: string
  /** Why a version is deployed that isn't on main; empty for any other. */
  offMain: string
  /** Why a release is deployed that wasn't to the environment before; empty for any other. */
  offOrder: string
  /** Why a version is deployed that lacks a released hotfix; empty for any other. */
  withoutHotfix: string
  /** Factor for the durations of load tests. */
  scale: number
}

/** A run, with its image and the results of its stages so far. */
export interface DeployedRun extends PythonService {
  run: Run
  baseRef: string
  image: BuiltImage | undefined
  /** Undefined if this run releases nothing. */
  stages: readonly Stage[] | undefined
  /** The stages that ran before the release and the deployment, which needs them to have passed. */
  checked: readonly Stage[]
}

/** The environment of a run: the requested one, else the event's. Fails with UNKNOWN_ENVIRONMENT. */
export const environmentOfRun = (
  { run, baseRef, config }: Pick<DeployedRun, "run" | "baseRef" | "config">,
  { environment }: DeployAccess,
): Environment => {
  const { event, ref } = run
  const { branches, deploy } = config
  return environmentOf(
    environment || (environmentFor({ event, ref, baseRef, branches }, deploy) ?? ""),
    deploy,
  )
}

/** Inputs of a deployment, or the reason why there is none. */
export async function deployInputs(
  deployed: DeployedRun,
  access: DeployAccess,
  { embedded }: Publishing,
): Promise<DeployInputs | string> {
  const { config, run, stages } = deployed
  const environment = environmentOfRun(deployed, access)
  const releases = stages !== undefined
  if (releases && !(await isDeployable(deployed))) return onlyReleased(deployed)
  const secrets = await namedSecrets(access.secrets)
  // A run that was asked to deploy, or to test a deployment, fails with NO_CLUSTER.
  if (releases && embedded && secretNamed(secrets, environment, "KUBECONFIG") === undefined)
    return `no cluster was given for ${environment}: slipway cluster up`
  return {
    ...installingFields(deployed),
    config: configIn(config, environment),
    environment,
    secrets,
    run: run.id,
    cluster: access.cluster,
    who: access.who,
    offMain: access.offMain,
    offOrder: access.offOrder,
    withoutHotfix: access.withoutHotfix,
    // The engine shows the module's output.
    say: (line) => {
      console.log(`${environment}: ${line}`)
    },
  }
}

/**
 * False for a service that nobody set up to be deployed: it is released alone. One that has a kustomization for another
 * environment, or settings, lacks something.
 */
async function isDeployable({ source, config }: Pick<DeployedRun, "source" | "config">): Promise<boolean> {
  if (!isDeepStrictEqual(config.deploy, DEFAULTS.deploy)) return true
  return (await source.glob("**/kustomization.y*ml")).length > 0
}

async function onlyReleased({ source }: Pick<DeployedRun, "source">): Promise<string> {
  const [chart] = await chartsIn(source)
  const hint = chart === undefined ? "" : ` (deploy: { chart: { path: ${chart} } } would deploy its chart)`
  return `the service is only released: there is no kustomization in its source, and nothing below deploy in slipway.yaml${hint}`
}

/** Runs the deployment of a run, a stage for each step. */
export async function deployStages(
  deployed: DeployedRun,
  access: DeployAccess,
  publishing: Publishing,
  inputs: DeployInputs | string,
): Promise<Stage[]> {
  const { stages } = deployed
  const repro = deployRepro(deployed, access, publishing, environmentOfRun(deployed, access))
  const failures = stoppedBefore(deployed)
  if (failures.length > 0) return skippedSteps(`${failures.join(", ")} stopped it`, repro)
  if (typeof inputs === "string") return skippedSteps(inputs, repro)
  const { identity: who, issuer, origin, policy } = publishing
  const request = {
    reference: access.reference,
    rollback: access.rollback,
    ...(stages !== undefined && { refusal: refusalOf(deployed, inputs, publishing) }),
  }
  const released = stages === undefined ? undefined : await releasedBy(deployed, publishing)
  return runDeploy(
    inputs,
    { ...publishing, wanted: { identity: who, issuer, origin, policy } },
    { ...request, ...(released !== undefined && { released }) },
    repro,
  )
}

/** The stages that keep a run from its deployment. */
export const stoppedBefore = ({ stages, checked }: DeployedRun): string[] =>
  (stages ?? checked).filter(stopped).map(({ name }) => name)

/** Why an environment doesn't take the release of this run; undefined if it does. */
function refusalOf({ config, run }: DeployedRun, { environment }: DeployInputs, { embedded }: Publishing) {
  const { versionsFor } = originRequirement(config, { environment, trial: embedded })
  const refused = versionsFor !== undefined && versionOfRef(run.ref) === undefined
  return refused ? notAVersion(run.ref, environment) : undefined
}

/** The release that this run published and verified. */
async function releasedBy(
  { image, source, config, run }: DeployedRun,
  publishing: Publishing,
): Promise<WantedRelease | undefined> {
  if (image === undefined) return undefined
  const { repository } = await destinationOf(publishing, source, config)
  return {
    name: nameOfRelease(run, image.digest),
    repository,
    digest: image.digest,
    commit: run.sha,
    digests: [image.digest, ...image.images.map(({ digest }) => digest)],
    verified: isSignedFor(run.event)
      ? "released and verified by this run"
      : "published by this run, unsigned",
  }
}

/** Name of a run's release, for people: a version, or a branch with its commit. */
function nameOfRelease({ ref, sha }: Run, digest: string): string {
  const version = versionOfRef(ref)
  if (version !== undefined) return versionName(version)
  return `${ref.replace(/^refs\/(?:heads\/)?/, "")}-${sha.slice(0, 7) || digest.slice(7, 14)}`
}

/** The version that a run is about to deploy, as far as it is known beforehand. */
export function requestedVersion({ run, image }: DeployedRun, { reference, rollback }: DeployAccess): string {
  if (reference !== "") return reference
  return rollback ? "the last good version" : nameOfRelease(run, image?.digest ?? "")
}

/** The command that repeats a stage of an environment; secrets by their names. */
export function deployRepro(
  { invocation, run, image }: DeployedRun,
  access: DeployAccess,
  publishing: Publishing,
  environment: string,
  group: Group = "deploy",
): string {
  const reference = group === "deploy" ? access.reference || (image?.digest ?? "") : ""
  const deploy = [
    "with-deploy",
    ...(environment === "" ? [] : [`--environment=${environment}`]),
    ...(reference === "" ? [] : [`--reference=${reference}`]),
    ...(access.rollback ? ["--rollback"] : []),
    ...(access.scale === 1 || !["load", "stress"].includes(group) ? [] : [`--scale=${access.scale}`]),
    ...(environment === ""
      ? []
      : ["KUBECONFIG", "DATABASE_URL"].map((name) => `--secrets=env://${ownVariable(environment, name)}`)),
  ]
  const registry = publishing.embedded ? ["with-registry", EMBEDDED] : []
  const commit = ["with-commit", `--sha=${run.sha}`]
  const ci = ["ci", `--only=${group}`, `--ref=${run.ref}`]
  return `${invocation} ${shellQuote([...deploy, ...registry, ...commit, ...ci])}`
}

const skippedSteps = (why: string, repro: string): Stage[] =>
  STEPS.map((name) => ({ ...identity("deploy", name, "", ""), repro, ...skipped(why) }))
