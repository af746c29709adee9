import { dag, type Directory } from "@dagger.io/dagger"
import { pullRequestFrom } from "../infra/comment.js"
import type { InfraAccess } from "../infra/infra.js"
import type { Config } from "../lib/config/config.js"
import { parseConfig } from "../lib/config/parse.js"
import { stickyComment } from "../lib/forge/comment.js"
import { compareGates } from "../lib/gates/comparison.js"
import { effectivePolicy } from "../lib/gates/effective.js"
import { POLICY_FILES, type PolicyReading, readPolicy, trustedFiles } from "../lib/gates/facts.js"
import { gatesMarkdown } from "../lib/gates/text.js"
import { httpClient } from "../lib/http/client.js"
import { interrupted } from "../lib/run/command.js"
import type { GateBase, GateComparison } from "../lib/run/gateComparison.js"
import { ownMessage } from "../lib/run/outcome.js"
import { oneLine } from "../lib/text/words.js"
import { execute } from "../stage/execute.js"
import { imageReference, PYTHON_VERSION } from "../stage/images.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"
import type { PythonService } from "../stage/service.js"
import { messageOf } from "../lib/run/execError.js"
import { texts } from "../stage/texts.js"

/** What the gates of a run are compared with. */
export interface GateInputs {
  /** The sources of the base. */
  base: Directory | undefined
  named: GateBase
  /** Why there is no base, if so. */
  problem: string
}

/** The gates of a run: its policy, and what is weaker than in the base. */
export interface RunGates {
  comparison: GateComparison
  /** Absent if it can't be read; the comparison says why. */
  policy: PolicyReading["policy"] | undefined
}

const SCRIPT = "slipway_gates.py"
const NO_BASE = "none was given (with-gates --base)"

/** Reads the gates of a run and of its base, and compares them. Never throws: what can't be read is said. */
export async function runGates(
  { source, config }: Pick<PythonService, "source" | "config">,
  { base, named, problem }: GateInputs,
): Promise<RunGates> {
  const before = base === undefined ? problem || NO_BASE : await attempt(() => baseReading(base))
  // The base chooses the image: a change could bring one that reads what it likes.
  const images = typeof before === "string" ? config.images : before.images
  const head = await attempt(() => policyReading(source, config, images))
  const [reading, broken] = typeof head === "string" ? [undefined, head] : [head, undefined]
  const earlier = typeof before === "string" ? `${named.ref && `${named.ref}: `}${before}` : before.reading
  return {
    comparison: compareGates(
      reading ?? effectivePolicy(config),
      named.ref === "" ? undefined : named,
      broken ?? earlier,
    ),
    policy: reading?.policy,
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work()
  } catch (error) {
    return oneLine(messageOf(error))
  }
}

async function baseReading(base: Directory): Promise<{ reading: PolicyReading; images: Config["images"] }> {
  const { "slipway.yaml": settings } = await texts(base, ["slipway.yaml"])
  const config = parseConfig(settings || undefined, "slipway.yaml of the base")
  return { reading: await policyReading(base, config, config.images), images: config.images }
}

/** Reads the policy of sources. */
async function policyReading(
  source: Directory,
  config: Config,
  images: Config["images"],
): Promise<PolicyReading> {
  const trusted = trustedFiles(config)
  const files = source.filter({ include: ["**/*.py", "**/*.pyi", ...trusted] })
  const container = withScripts(
    dag.container().from(imageReference("python", PYTHON_VERSION, images)),
    SCRIPT,
  )
    .withMountedDirectory("/src", files)
    .withWorkdir("/src")
  const command = ["python", "-I", "-B", `${SCRIPTS}/${SCRIPT}`, ...trusted]
  const [run, known] = await Promise.all([
    execute(container, command, config.timeout),
    texts(source, POLICY_FILES),
  ])
  if (run.exitCode !== 0) throw new Error(interrupted(run, SCRIPT, config.timeout)?.reason ?? ownMessage(run))
  return readPolicy(config, known, run.stdout)
}

/**
 * Writes what is weaker into a comment of its own on the pull request. An effect.
 *
 * Without anything weaker an earlier comment says so, and none is made. Never throws: a refusal by the host is noted, as
 * the summary has the same text.
 */
export async function commentOnGates(
  gates: RunGates,
  { pullRequest, token, service = "" }: Pick<InfraAccess, "pullRequest" | "token" | "service">,
): Promise<RunGates> {
  const { comparison } = gates
  if (pullRequest === "" || token === undefined) return gates
  const { weakened, notable, problem } = comparison
  const settled = weakened.length === 0 && notable.length === 0 && problem === null
  const outcome = await attempt(async () =>
    stickyComment(
      {
        pullRequest: pullRequestFrom(pullRequest),
        token: await token.plaintext(),
        key: service === "" ? "gates" : `gates ${service}`,
        body: gatesMarkdown(comparison).trimStart(),
        settled,
        onlyUpdate: settled,
      },
      httpClient(),
    ),
  )
  const reason =
    typeof outcome === "string" ? outcome : "reason" in outcome ? `${outcome.kind}: ${outcome.reason}` : ""
  if (reason === "") return gates
  const note = `the pull request has no comment on gates: ${reason}`
  return { ...gates, comparison: { ...comparison, notable: [...notable, note] } }
}
