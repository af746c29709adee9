import { posix } from "node:path"
import { DEFAULTS } from "../config/config.js"
import type { Environment } from "../config/environments.js"
import { chartFolders, valuesPattern } from "../deploy/chart.js"
import { areDefault, orderText, USUAL_NAMES } from "./environments.js"
import { asking, type InitFindings, type InitSetting, NOTHING } from "./findings.js"
import type { Workload } from "./manifests.js"
import type { FoundPlace } from "./places.js"
import { someOf } from "../text/words.js"
import { folderOfFile, type InitSource, sourceBelow } from "./source.js"

/** Where the kustomizations of the environments are. Nothing is written below `deploy` for a service that has none. */
export function deploymentSettings(
  repository: InitSource,
  { path }: FoundPlace,
  workloads: readonly Workload[],
): InitFindings {
  const source = sourceBelow(repository, path)
  const folders = source.paths
    .filter((name) => /^kustomization\.ya?ml$/.test(posix.basename(name)))
    .map(folderOfFile)
  const charts = chartFolders(source.paths)
  if (folders.length === 0 && charts.length > 0) return chartSettings(source.paths, path, charts)
  if (folders.length === 0)
    return workloads.length === 0 || path !== "" ? NOTHING : withoutKustomization(workloads)
  const found = new Map<string, Environment[]>()
  for (const environment of USUAL_NAMES)
    for (const folder of folders) {
      const pattern = patternOf(folder, environment)
      if (pattern !== undefined) found.set(pattern, [...(found.get(pattern) ?? []), environment])
    }
  const complete = [...found].filter(([, { length }]) => length > 1)
  const fallback = [...found].find(([pattern]) => pattern === DEFAULTS.deploy.overlay)
  const candidates = fallback ? [fallback] : complete.length > 0 ? complete : [...found]
  const [first, ...others] = candidates
  if (first === undefined) return withoutEnvironment(folders)
  if (others.length > 0) return askOverlay(`which? ${candidates.map(([pattern]) => pattern).join("; ")}`)
  return overlaySettings(path, first)
}

/** The only chart, with its files of values if there is one for each environment. */
function chartSettings(paths: readonly string[], place: string, charts: readonly string[]): InitFindings {
  const [chart = "", ...others] = charts
  if (others.length > 0) return asking("deploy.chart", `which? ${charts.join("; ")}`)
  const reason = (file: string, text: string) => `${posix.join(place, file)}: ${text}`
  const { pattern: values, environments } = valuesPattern(paths, chart, USUAL_NAMES) ?? {}
  return {
    settings: [
      {
        key: ["deploy", "chart", "path"],
        value: chart,
        reason: reason(`${chart}/Chart.yaml`, "the only chart of Helm"),
      },
      ...(values === undefined
        ? []
        : [
            {
              key: ["deploy", "chart", "values"],
              value: [values],
              reason: reason(values, "one for each environment"),
            },
          ]),
      ...(values === undefined || environments === undefined
        ? []
        : environmentSettings(environments, reason(values, `those with one${orderText(environments)}`))),
    ],
    questions: [],
  }
}

function overlaySettings(
  path: string,
  [pattern, environments]: readonly [string, readonly Environment[]],
): InitFindings {
  const there = environments.map((environment) =>
    posix.join(path, pattern.replace("{environment}", environment)),
  )
  const reason = `${there.join(" and ")}: ${there.length > 1 ? "the kustomizations" : "the only kustomization of an environment"}`
  return {
    settings: [
      ...(pattern === DEFAULTS.deploy.overlay
        ? []
        : [{ key: ["deploy", "overlay"], value: pattern, reason }]),
      ...environmentSettings(environments, `${reason}${orderText(environments)}`),
    ],
    questions: [],
  }
}

const environmentSettings = (environments: readonly Environment[], reason: string): InitSetting[] =>
  areDefault(environments) ? [] : [{ key: ["deploy", "environments"], value: environments, reason }]

/** A folder with the name of an environment replaced; undefined if it isn't that environment's. */
function patternOf(folder: string, environment: Environment): string | undefined {
  const parts = folder.split("/")
  if (parts.filter((part) => part === environment).length !== 1) return undefined
  return parts.map((part) => (part === environment ? "{environment}" : part)).join("/")
}

const askOverlay = (text: string): InitFindings => asking("deploy.overlay", text)

const withoutEnvironment = (folders: readonly string[]): InitFindings =>
  askOverlay(
    `no kustomization is of an environment by its name, such as staging or prod (there is ${some(folders.map((folder) => folder || "the root's"))}). Add one for each, or write deploy: { environments: [] } to deploy nothing`,
  )

const withoutKustomization = (workloads: readonly Workload[]): InitFindings =>
  askOverlay(
    `${some([...new Set(workloads.flatMap(({ image, port }) => (image ?? port)?.file ?? []))])} has a Deployment, and there is no kustomization: Slipway deploys by one for each environment, deploy/overlays/staging`,
  )

const some = (names: readonly string[]): string => someOf(names, 3)
