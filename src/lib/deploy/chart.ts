/** Which manifests an environment has, and what Helm renders of a chart. */
import { type Document, parseAllDocuments } from "yaml"
import type { Config } from "../config/config.js"
import type { Environment } from "../config/environments.js"
import { fail } from "../errors/catalogue.js"
import { fields } from "../text/json.js"
import { sharedName } from "../text/previews.js"

type DeploySettings = Config["deploy"]

/** Returns the folder of an environment's kustomization. */
export const overlayOf = ({ overlay }: Pick<DeploySettings, "overlay">, environment: Environment): string =>
  overlay.replace("{environment}", sharedName(environment))

/** Returns the chart to deploy, a folder or a reference; undefined for kustomizations. */
export const chartOf = ({ chart }: Pick<DeploySettings, "chart">): string | undefined =>
  chart.path ?? chart.reference

/** Returns what an environment is deployed from: another repository, a chart, or the folder of its kustomization. */
export const placeOfManifests = (deploy: DeploySettings, environment: Environment): string =>
  deploy.commit.repository ?? chartOf(deploy) ?? overlayOf(deploy, environment)

/** The arguments of `helm template` for a chart of the source, or one in a registry. */
export function chartArguments(
  { chart }: Pick<DeploySettings, "chart">,
  environment: Environment,
  { service, namespace }: { service: string; namespace: string },
): string[] {
  const [, reference = "", version = ""] = /^(.*):([^:/]*)$/s.exec(chart.reference ?? "") ?? []
  return [
    "template",
    chart.release ?? service,
    ...(chart.path === undefined ? [reference, `--version=${version}`] : [`./${chart.path}`]),
    `--namespace=${namespace}`,
    // Those of a kustomization are applied too.
    "--include-crds",
    ...valuesFiles(chart.values, environment).map((file) => `--values=./${file}`),
  ]
}

/** Returns an environment's files of values. */
export const valuesFiles = (values: readonly string[], environment: Environment): string[] =>
  values.map((file) => file.replaceAll("{environment}", sharedName(environment)))

/** Returns the charts among a source's files, by their folders: those that no other chart has in its `charts`. */
export const chartFolders = (paths: readonly string[]): string[] =>
  paths
    .flatMap((path) => (/^(?:.*\/)?Chart\.yaml$/.test(path) ? [path.slice(0, -"/Chart.yaml".length)] : []))
    .filter(
      (folder) => folder !== "" && !/(?:^|\/)(?:tests?|fixtures?|examples?|vendor)\//.test(`${folder}/`),
    )
    .filter((folder, _, all) => !all.some((other) => folder.startsWith(`${other}/charts/`)))
    .sort()

/** Returns the pattern of a chart's files of values, where several environments of these names have one. */
export function valuesPattern(
  paths: readonly string[],
  chart: string,
  names: readonly Environment[],
): { pattern: string; environments: readonly Environment[] } | undefined {
  const has = (pattern: string, environment: Environment) =>
    valuesFiles([pattern], environment).every((file) => paths.includes(file))
  return ["values-{environment}.yaml", "values.{environment}.yaml", "values/{environment}.yaml"]
    .map((name) => `${chart}/${name}`)
    .map((pattern) => ({ pattern, environments: names.filter((name) => has(pattern, name)) }))
    .find(({ environments }) => environments.length > 1)
}

/** Returns group and version of the APIs in the cluster's list of them. */
export const groupVersions = (list: string): string[] => {
  const { groups } = JSON.parse(list) as { groups?: { versions: { groupVersion: string }[] }[] }
  return (groups ?? []).flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion))
}

/** Returns the kinds of an API, as charts ask for them: `monitoring.coreos.com/v1/ServiceMonitor`. */
export const kindsOf = (groupVersion: string, list: string): string[] => {
  const { resources } = JSON.parse(list) as { resources?: { kind: string }[] }
  return [...new Set((resources ?? []).map(({ kind }) => `${groupVersion}/${kind}`))]
}

/** The hook that an object is, as Helm sees it. */
interface ChartHook {
  events: string[]
  /** The hook with its object and the file in the chart. */
  text: string
}

/** Hooks of `helm test`, which no deployment runs. */
const TESTS = ["test", "test-success", "test-failure"]

/** Hooks that run before the new pods start, as a migration must. */
const BEFORE = ["pre-install", "pre-upgrade"]

/** Leaves the tests out of what `helm template` rendered. Fails with CHART_HOOKS for any other hook. */
export function withoutTestHooks(rendered: string, chart: string): string {
  const documents = parseAllDocuments(rendered) as Document[]
  // What can't be read, the reading of manifests reports.
  if (documents.some(({ errors }) => errors.length > 0)) return rendered
  const read = documents.map((document) => ({ document, hook: hookOf(document) }))
  const hooks = read.flatMap(({ hook }) => (hook === undefined || isTest(hook) ? [] : [hook]))
  const migrates = hooks.some(({ events }) => events.some((event) => BEFORE.includes(event)))
  if (hooks.length > 0) throw fail("CHART_HOOKS", [chart, hooks.map(({ text }) => text), migrates])
  const kept = read.filter(({ hook }) => hook === undefined)
  return kept.map(({ document }) => document.toString({ lineWidth: 0, directives: false })).join("---\n")
}

const isTest = ({ events }: ChartHook): boolean => events.every((event) => TESTS.includes(event))

function hookOf(document: Document): ChartHook | undefined {
  const { kind, metadata } = fields(document.toJS())
  const { name, annotations } = fields(metadata)
  const hook = fields(annotations)["helm.sh/hook"]
  if (typeof hook !== "string") return undefined
  const events = hook.split(",").map((event) => event.trim())
  const comments = `${document.commentBefore ?? ""}\n${document.contents?.commentBefore ?? ""}`
  const source = comments.split("\n").find((line) => line.trim().startsWith("Source: ")) ?? ""
  // Its first folder is the chart's name.
  const where = source === "" ? "" : ` (${source.slice(source.indexOf("/") + 1)})`
  return { events, text: `${events.join(", ")}: ${String(kind)} ${String(name)}${where}` }
}
