import type { Container } from "@dagger.io/dagger"
import type { Answers, RepositoryClient } from "../lib/cleanup/repository.js"
import { registryError, registryFailure } from "../lib/release/registryError.js"
import type { ToolRun } from "../lib/run/finding.js"
import { NOT_RUN, regctlRuns, tagsOf } from "../registry/regctl.js"

/** Commands per call: their output goes through the engine. */
const BATCH = 100

const RAW = "--format=raw-body"

/** Returns a client of a repository, named with its host, by regctl. */
export function repositoryClient(name: string, tools: Container): RepositoryClient {
  const reference = (item: string) => (item.includes(":") ? `${name}@${item}` : `${name}:${item}`)
  const read = (items: readonly string[], ...command: string[]): Promise<Answers> =>
    runAll(tools, items, command, reference, present)
  return {
    tags: () => tagsOf(name, tools),
    manifests: (references) => read(references, "manifest", "get", RAW),
    referrers: (digests) => read(digests, "artifact", "list", RAW),
    delete: (digests) => runAll(tools, digests, ["manifest", "delete"], reference, refusal),
  }
}

/** Runs a command per item, and reads what each of them returned. */
async function runAll(
  tools: Container,
  items: readonly string[],
  command: readonly string[],
  reference: (item: string) => string,
  answer: (run: ToolRun, reference: string) => string | undefined,
): Promise<Answers> {
  const answers: [string, string | undefined][] = []
  for (let at = 0; at < items.length; at += BATCH) {
    const batch = items.slice(at, at + BATCH)
    const runs = await regctlRuns(
      tools,
      batch.map((item) => [...command, reference(item)]),
    )
    batch.forEach((item, index) => answers.push([item, answer(runs[index] ?? NOT_RUN, reference(item))]))
  }
  return answers
}

/** Undefined for what the registry doesn't have. Fails with REGISTRY. */
function present(run: ToolRun, reference: string): string | undefined {
  if (run.exitCode === 0) return run.stdout
  if (registryFailure(run).kind === "missing") return undefined
  throw registryError(run, reference)
}

function refusal(run: ToolRun): string | undefined {
  if (run.exitCode === 0) return undefined
  const { kind, reason, remedy } = registryFailure(run)
  return kind === "missing" ? undefined : `${reason}; ${remedy}`
}
