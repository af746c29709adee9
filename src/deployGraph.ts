import { type Directory, Secret, Service } from "@dagger.io/dagger"
import { destinationOf } from "./destination.js"
import { type Deployed, type DeployInputs, environmentOf, overlayOf, secretNamed } from "./deploy.js"
import { runDeploy } from "./deployRun.js"
import type { BuiltImage } from "./imageBuild.js"
import type { Config } from "./lib/config/config.js"
import { STEPS } from "./lib/deploy/steps.js"
import { environmentFor } from "./lib/policy.js"
import { versionOfRef, versionText } from "./lib/release/version.js"
import { stopped } from "./lib/report/place.js"
import { shellQuote } from "./lib/shellQuote.js"
import type { Run } from "./lib/verdict.js"
import type { Publishing } from "./pipeline.js"
import { namedSecrets } from "./secrets.js"
import { identity, skipped, type Stage } from "./stage.js"

/** What deployments need, and which is wanted where a run releases nothing itself. */
export interface DeployAccess {
  /** Empty for the one that the event asks for. */
  environment: string
  secrets: Secret[]
  cluster?: Service
  reference: string
  rollback: boolean
}

/** A run, with what it has built and found so far. */
export interface DeployedRun {
  source: Directory
  settings: string
  config: Config
  run: Run
  baseRef: string
  invocation: string
  image: BuiltImage | undefined
  /** Undefined where nothing is released in this run. */
  stages: readonly Stage[] | undefined
}

/** The deployment that a run asks for, a stage for each step. */
export async function deployStages(
  made: DeployedRun,
  access: DeployAccess,
  publishing: Publishing,
): Promise<Stage[]> {
  const { run, stages, config, source } = made
  const wanted =
    access.environment || (environmentFor({ event: run.event, ref: run.ref, baseRef: made.baseRef }) ?? "")
  const repro = reproOf(made, access, publishing, wanted)
  const inTheWay = stages?.filter(stopped).map(({ name }) => name) ?? []
  if (inTheWay.length > 0) return passedOver(`${inTheWay.join(", ")} stopped it`, repro)
  const environment = environmentOf(wanted)
  const folder = overlayOf(config, environment)
  if (stages !== undefined && !(await source.exists(folder)))
    return passedOver(`there is nothing to deploy with in ${folder}`, repro)
  const secrets = await namedSecrets(access.secrets)
  if (publishing.embedded && secretNamed(secrets, environment, "KUBECONFIG") === undefined)
    return passedOver(`no cluster was given for ${environment}: slipway cluster up`, repro)
  const inputs: DeployInputs = {
    ...{ source, settings: made.settings, config, environment, secrets, run: run.id },
    cluster: access.cluster,
    // The engine shows what the module prints.
    say: (line) => {
      console.log(`deploy ${environment}: ${line}`)
    },
  }
  const { identity: who, issuer } = publishing
  const wish = { reference: access.reference, rollback: access.rollback }
  const released = stages === undefined ? undefined : await releasedBy(made, publishing)
  return runDeploy(
    inputs,
    { ...publishing, wanted: { identity: who, issuer } },
    { ...wish, ...(released !== undefined && { released }) },
    repro,
  )
}

/** What this very run released and verified. */
async function releasedBy(
  { image, source, config, run }: DeployedRun,
  publishing: Publishing,
): Promise<Deployed | undefined> {
  if (image === undefined) return undefined
  const { repository } = await destinationOf(publishing, source, config)
  const version = versionOfRef(run.ref)
  return {
    name:
      version === undefined
        ? `${run.ref.replace(/^refs\/heads\//, "")}-${run.sha.slice(0, 7) || image.digest.slice(7, 14)}`
        : `v${versionText(version)}`,
    ...{ repository, digest: image.digest, commit: run.sha },
    digests: [image.digest, ...image.images.map(({ digest }) => digest)],
    verified: "released and verified by this run",
  }
}

/** The command that deploys the same once more: secrets by their names. */
function reproOf(
  { invocation, run, image }: DeployedRun,
  access: DeployAccess,
  publishing: Publishing,
  environment: string,
): string {
  const reference = access.reference || (image?.digest ?? "")
  const deploy = [
    ...[
      "with-deploy",
      `--environment=${environment}`,
      `--reference=${reference}`,
      ...(access.rollback ? ["--rollback"] : []),
    ],
    ...[
      `--secrets=env://${environment.toUpperCase()}_KUBECONFIG`,
      `--secrets=env://${environment.toUpperCase()}_DATABASE_URL`,
    ],
  ]
  const ci = [
    "ci",
    "--only=deploy",
    `--ref=${run.ref}`,
    `--sha=${run.sha}`,
    ...(publishing.embedded ? ["--embedded"] : []),
  ]
  return `${invocation} ${shellQuote([...deploy, ...ci])}`
}

const passedOver = (why: string, repro: string): Stage[] =>
  STEPS.map((name) => ({ ...identity("deploy", name, "", ""), repro, ...skipped(why) }))
