import { createHash } from "node:crypto"
import type { Container, DeploymentObject, Job, PodSpec, Secret } from "../kube/objects.js"
import { LIMITS, migrationArgv, type MigrationLimits } from "./command.js"

export interface MigrationJobOptions extends Partial<MigrationLimits> {
  /** Id of the run. */
  runId: string
  /** Id of this migration among all, from which the Job's name follows; by default that of the run. */
  id?: string
  namespace: string
  /** The service's Deployment, whose settings the Job takes. */
  deployment: DeploymentObject
  /** The service's container in it; by default the first. */
  container?: string
  /** The new image, with its digest. */
  image: string
  /** URL of the database. It is stored in the Secret only. */
  url: string
  /** Name of the variable with the URL. */
  variable?: string
  command: string
  /** The text of `slipway_migrate.py`. */
  script: string
  annotations?: Record<string, string>
  /** Time after which the cluster removes the Job with its log. */
  keptSeconds?: number
}

const RUN_LABEL = "slipway.dev/run"
const KEY = "DATABASE_URL"
const DAY = 86_400

/** Extra time for pulling the image and for the program to stop. */
const SLACK = 300

/**
 * Returns the Job that migrates the database, and the Secret with its URL. Pure.
 *
 * Create the Secret first, and then make the Job its owner, so that both are deleted together.
 *
 * The Job runs the service's container as the Deployment does, but for its command: whatever the service needs to
 * start, its migrations may need too. Nothing selects its pod: its labels are its own.
 */
export function migrationJob(options: MigrationJobOptions): { job: Job; secret: Secret } {
  const { namespace, runId, id = runId, annotations = {}, url, keptSeconds = DAY } = options
  const name = jobName("migrate", id)
  const labels = { "app.kubernetes.io/managed-by": "slipway", [RUN_LABEL]: labelValue(runId) }
  const metadata = { name, namespace, labels, ...(Object.keys(annotations).length > 0 && { annotations }) }
  const limits = { ...LIMITS, ...given(options) }
  const job: Job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata,
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: limits.timeout + limits.lockTimeout + limits.connectTimeout + SLACK,
      ttlSecondsAfterFinished: keptSeconds,
      template: { metadata: { labels, annotations: NO_MESH }, spec: podSpec(name, limits, options) },
    },
  }
  const secret: Secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels },
    type: "Opaque",
    data: { [KEY]: Buffer.from(url).toString("base64") },
  }
  return { job, secret }
}

/** The name of the Job of an effect: different for different ids. */
export const jobName = (what: string, id: string): string =>
  `slipway-${what}-${createHash("sha256").update(id).digest("hex").slice(0, 16)}`

/** Annotations against a mesh's sidecar, which would keep running after the migration, and the Job with it. */
const NO_MESH = { "sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled" }

const given = ({
  timeout,
  lockTimeout,
  connectTimeout,
}: Partial<MigrationLimits>): Partial<MigrationLimits> => ({
  ...(timeout !== undefined && { timeout }),
  ...(lockTimeout !== undefined && { lockTimeout }),
  ...(connectTimeout !== undefined && { connectTimeout }),
})

/** Converts a run id to a valid label value. */
export const labelValue = (runId: string): string =>
  runId
    .replace(/[^A-Za-z0-9_.-]+/g, "-")
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|(?<![^A-Za-z0-9])[^A-Za-z0-9]+$/g, "")

function podSpec(secret: string, limits: MigrationLimits, options: MigrationJobOptions): PodSpec {
  const { spec } = options.deployment.spec.template
  const base = spec.containers.find(({ name }) => name === options.container) ?? spec.containers[0]
  if (base === undefined)
    throw new Error(`the Deployment ${options.deployment.metadata.name} has no containers`)
  const container = migrating(base, secret, limits, options)
  // Sidecars that the service needs, such as a database proxy. Other init containers are the service's own.
  const sidecars = (spec.initContainers ?? []).filter((each) => "restartPolicy" in each)
  const mounted = [container, ...sidecars].flatMap(({ volumeMounts = [] }) =>
    volumeMounts.map(({ name }) => name),
  )
  const { volumes, ...kept } = without(spec, POD_DROPPED)
  const used = (volumes ?? []).filter(({ name }) => mounted.includes(name))
  return {
    ...kept,
    containers: [container],
    ...(sidecars.length > 0 && { initContainers: sidecars }),
    ...(used.length > 0 && { volumes: used }),
    restartPolicy: "Never",
  }
}

/** Pod settings for several or for serving pods, which the Job drops. */
const POD_DROPPED: readonly string[] = [
  "initContainers",
  "topologySpreadConstraints",
  "affinity",
  "readinessGates",
  "nodeName",
]
const CONTAINER_DROPPED: readonly string[] = [
  "readinessProbe",
  "livenessProbe",
  "startupProbe",
  "ports",
  "lifecycle",
  "command",
  "args",
  "stdin",
  "stdinOnce",
  "tty",
]

const without = <T extends object>(object: T, keys: readonly string[]): T =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key))) as T

function migrating(
  base: Container,
  secret: string,
  limits: MigrationLimits,
  { image, variable = KEY, command, script, runId }: MigrationJobOptions,
): Container {
  const [program = "python", ...args] = migrationArgv(script, {
    ...limits,
    command,
    variable,
    run: runId,
  }).map(literal)
  const url = { name: variable, valueFrom: { secretKeyRef: { name: secret, key: KEY } } }
  return {
    ...without(base, CONTAINER_DROPPED),
    name: "migrate",
    image,
    command: [program],
    args,
    env: [...(base.env ?? []).filter(({ name }) => name !== variable), url],
  }
}

/** Escapes `$(NAME)`, for which Kubernetes would insert the variable's value. */
const literal = (text: string): string => text.replaceAll("$(", "$$$$(")
