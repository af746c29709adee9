import type { CiHost } from "../config/wrappers.js"
import { azure } from "./azure.js"
import { circleci } from "./circleci.js"
import { deployScript } from "./deployScript.js"
import type { Description } from "./description.js"
import { github } from "./github.js"
import { gitlab } from "./gitlab.js"
import { jenkins, jenkinsDelivery } from "./jenkins.js"
import { SCRIPT, script } from "./script.js"

type FileText = (description: Description) => string

/** Each host's files, and their generators. */
export const WRAPPERS: Record<CiHost, Readonly<Record<string, FileText>>> = {
  github: { ".github/workflows/slipway.yml": github },
  gitlab: { ".gitlab-ci.yml": gitlab },
  azure: { "azure-pipelines.yml": azure },
  jenkins: { Jenkinsfile: jenkins, "Jenkinsfile.delivery": jenkinsDelivery },
  circleci: { ".circleci/config.yml": circleci },
}

/** The files of these hosts by path, people's script, and the one that all of these call; none without both. */
export function wrapperFiles(
  hosts: readonly CiHost[],
  description: Description,
  people?: string,
): Record<string, string> {
  if (hosts.length === 0 && people === undefined) return {}
  const files = hosts.flatMap((host) =>
    Object.entries(WRAPPERS[host]).map(([path, generate]) => [path, generate(description)] as const),
  )
  return {
    [SCRIPT]: script(description),
    ...Object.fromEntries(files),
    ...(people !== undefined && { [people]: deployScript(people, description) }),
  }
}
