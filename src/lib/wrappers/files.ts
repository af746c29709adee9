import type { CiHost } from "../config/wrappers.js"
import { azure } from "./azure.js"
import { circleci } from "./circleci.js"
import type { Description } from "./description.js"
import { github } from "./github.js"
import { gitlab } from "./gitlab.js"
import { jenkins } from "./jenkins.js"
import { SCRIPT, script } from "./script.js"

/** The path of each host's file, and its generator. */
export const WRAPPERS: Record<CiHost, { path: string; text: (description: Description) => string }> = {
  github: { path: ".github/workflows/slipway.yml", text: github },
  gitlab: { path: ".gitlab-ci.yml", text: gitlab },
  azure: { path: "azure-pipelines.yml", text: azure },
  jenkins: { path: "Jenkinsfile", text: jenkins },
  circleci: { path: ".circleci/config.yml", text: circleci },
}

/** The files of these hosts by path, and the script that they share; none without hosts. */
export function wrapperFiles(hosts: readonly CiHost[], description: Description): Record<string, string> {
  if (hosts.length === 0) return {}
  const files = hosts.map((host) => [WRAPPERS[host].path, WRAPPERS[host].text(description)] as const)
  return { [SCRIPT]: script(description), ...Object.fromEntries(files) }
}
