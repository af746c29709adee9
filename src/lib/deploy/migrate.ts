import type { Container, DeploymentObject, PodTemplate } from "../kube/objects.js"
import { EVENT, type Event, JOB, type Job, POD, type Pod, SECRET, type Secret } from "../kube/objects.js"
import { diagnose } from "../kube/diagnosis.js"
import { jobName, labelValue, migrationJob } from "../migration/job.js"
import { migrationOutcome } from "../migration/outcome.js"
import { type Context, effectId } from "./context.js"
import { scriptArguments } from "./scriptFiles.js"
import { StepFailure } from "./stepFailure.js"

/** The inputs of a migration, apart from the image. */
export interface Migration {
  command: string
  /** The text of `slipway_migrate.py`. */
  script: string
  /** The database's URL. */
  url: string
}

const POLL = 500

/** Seconds for the image to be pulled. */
const SLACK = 120

/** Migrates the database by a Job with the new image, before any pod of the service changes. */
export async function migrate(
  context: Context,
  { command, script, url }: Migration,
  deployment: DeploymentObject,
  log: string[],
): Promise<string> {
  const { namespace, run, settings } = context
  const { variable, timeout } = settings.migrate
  const image = deployment.spec.template.spec.containers[0]?.image ?? ""
  const made = migrationJob({
    runId: run,
    id: effectId(context, `migrate ${image}`),
    namespace,
    deployment,
    image,
    url,
    variable,
    command,
    script,
    timeout,
  })
  context.mustHold()
  const { job, output, pod } = await runJob(context, made.job, timeout + SLACK, made.secret)
  const exitCode = exitCodeOf(pod)
  const diagnosis = exitCode === undefined ? await reasonOf(context, pod) : undefined
  for (const line of output.trimEnd().split("\n")) log.push(line)
  const { status, reason } = migrationOutcome({
    log: output,
    job: job?.status,
    ...(exitCode !== undefined && { exitCode }),
    ...(diagnosis !== undefined && { diagnosis }),
  })
  if (status === "passed") return reason
  throw new StepFailure(
    `the migration ${status === "failed" ? "failed" : "didn't run to its end"}: ${reason}`,
  )
}

/** Tests the new version by a command of its own image, which finds it at $BASE_URL. */
export async function smokeCommand(
  context: Context,
  command: string,
  address: string,
  template: PodTemplate,
  log: string[],
): Promise<string> {
  const [base] = template.spec.containers
  if (base === undefined) return "no container to run the smoke command in"
  const env = [...(base.env ?? []), { name: "BASE_URL", value: address }]
  const container = plain({ ...base, name: "smoke", command: ["sh", "-c", command], env })
  return smokeJob(context, "smoke", { ...template.spec, containers: [container] }, command, log)
}

/** Tests the new version by a k6 script, with the files that it imports, by their paths. */
export async function smokeK6(
  context: Context,
  { image, script, files }: { image: string; script: string; files: Readonly<Record<string, string>> },
  address: string,
  log: string[],
): Promise<string> {
  const container: Container = {
    name: "smoke",
    image,
    command: ["sh", "-c"],
    args: scriptArguments(script, files),
    env: [
      { name: "BASE_URL", value: address },
      // k6 would fetch a build of itself for extensions that a script imports.
      { name: "K6_AUTO_EXTENSION_RESOLUTION", value: "false" },
    ],
  }
  const begun = log.length
  const passed = await smokeJob(context, "k6", { containers: [container] }, "k6", log)
  // k6 ends with 0 even if every iteration threw: https://github.com/grafana/k6/issues/6480.
  const thrown = log.slice(begun).filter((line) => line.trimEnd().endsWith(" source=stacktrace"))
  if (thrown.length > 0)
    throw new StepFailure(`smoke: \`k6\` threw ${thrown.length} times`, thrown.slice(0, 5))
  return passed
}

const plain = ({ name, image, command, env, ...rest }: Container): Container => {
  const { envFrom, volumeMounts, securityContext, resources, imagePullPolicy } = rest
  return {
    name,
    image,
    ...(command !== undefined && { command }),
    ...(env !== undefined && { env }),
    ...(envFrom !== undefined && { envFrom }),
    ...(volumeMounts !== undefined && { volumeMounts }),
    ...(securityContext !== undefined && { securityContext }),
    ...(resources !== undefined && { resources }),
    ...(imagePullPolicy !== undefined && { imagePullPolicy }),
  }
}

async function smokeJob(
  context: Context,
  what: string,
  spec: Job["spec"]["template"]["spec"],
  command: string,
  log: string[],
) {
  const { run, namespace, settings } = context
  const name = jobName(what, effectId(context, what))
  const labels = { "slipway.dev/run": labelValue(run) }
  const job: Job = {
    ...JOB,
    metadata: { name, namespace, labels },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: settings.smoke.timeout,
      ttlSecondsAfterFinished: 3_600,
      template: { metadata: { labels }, spec: { ...spec, restartPolicy: "Never" } },
    },
  }
  const { output, pod } = await runJob(context, job, settings.smoke.timeout + SLACK)
  for (const line of output.trimEnd().split("\n")) log.push(line)
  const exitCode = exitCodeOf(pod)
  if (exitCode === 0) return `smoke: \`${command}\` passed`
  const why = exitCode === undefined ? await reasonOf(context, pod) : `ended with ${exitCode}`
  throw new StepFailure(`smoke: \`${command}\` ${why}`, output.trim().split("\n").slice(-5))
}

interface JobResult {
  job: Job | undefined
  pod: Pod | undefined
  output: string
}

/** Runs a Job to its end, and deletes its Secret then. With a Secret, it runs once if it succeeds. */
async function runJob(context: Context, job: Job, seconds: number, secret?: Secret): Promise<JobResult> {
  const { kube, namespace, clock } = context
  const { name } = job.metadata
  // A Job of the same run that was interrupted is started again: migrations resume where they stopped.
  const before = await kube.get<Job>(JOB, name, namespace)
  if (secret !== undefined && hasCondition(before, "Complete"))
    return resultOf(context, await readJob(context, name))
  // By its uid: a removal that arrives late must not end the Job that has followed.
  if (before !== undefined)
    await kube.delete(JOB, name, namespace, { propagation: "Foreground", uid: before.metadata.uid })
  while ((await kube.get<Job>(JOB, name, namespace)) !== undefined) await clock.sleep(POLL)
  try {
    const { metadata } = await kube.create<Job>(job)
    // It waits for its Secret, which comes second: the cluster deletes it with the Job even if this process dies.
    const owner = { apiVersion: JOB.apiVersion, kind: JOB.kind, name, uid: metadata.uid ?? "" }
    if (secret !== undefined)
      await kube.apply<Secret>({ ...secret, metadata: { ...secret.metadata, ownerReferences: [owner] } })
    const [begun, deadline] = [clock.now(), clock.now() + seconds * 1000]
    let found = await readJob(context, name)
    while (!isOver(found, clock.now() - begun) && clock.now() < deadline) {
      await clock.sleep(POLL)
      found = await readJob(context, name)
    }
    return await resultOf(context, found)
  } finally {
    if (secret !== undefined) await kube.delete(SECRET, secret.metadata.name, namespace).catch(() => false)
  }
}

async function resultOf({ kube, namespace }: Context, [job, pod]: Found): Promise<JobResult> {
  const output = pod === undefined ? "" : await kube.logs(namespace, pod.metadata.name).catch(() => "")
  return { job, pod, output }
}

type Found = [Job | undefined, Pod | undefined]

async function readJob({ kube, namespace }: Context, name: string): Promise<Found> {
  const [job, pods] = await Promise.all([
    kube.get<Job>(JOB, name, namespace),
    kube.list<Pod>(POD, { namespace, labels: `job-name=${name}` }),
  ])
  return [job, pods.at(-1)]
}

const HOPELESS = ["ImagePullBackOff", "InvalidImageName"]

/** Milliseconds for a pod that was faster than its Secret to find it. */
const SECRET_TIME = 30_000

function isOver([job, pod]: Found, elapsed: number): boolean {
  const hopeless = elapsed < SECRET_TIME ? HOPELESS : [...HOPELESS, "CreateContainerConfigError"]
  const stuck = pod?.status?.containerStatuses?.some(({ state }) =>
    hopeless.includes(state?.waiting?.reason ?? ""),
  )
  return hasCondition(job, "Complete") || hasCondition(job, "Failed") || stuck === true
}

const hasCondition = (job: Job | undefined, wanted: string): boolean =>
  (job?.status?.conditions ?? []).some(({ type, status }) => type === wanted && status === "True")

const exitCodeOf = (pod: Pod | undefined): number | undefined =>
  pod?.status?.containerStatuses
    ?.map(({ state }) => state?.terminated?.exitCode)
    .find((code) => code !== undefined)

async function reasonOf({ kube, namespace }: Context, pod: Pod | undefined): Promise<string> {
  if (pod === undefined) return "its pod never started"
  const events = await kube.list<Event>(EVENT, { namespace }).catch(() => [])
  const own = events.filter(({ involvedObject }) => involvedObject.name === pod.metadata.name)
  return diagnose([pod], own, {})[0]?.line ?? "the cluster doesn't say why"
}
