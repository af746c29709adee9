import { posix } from "node:path"
import { DEFAULTS } from "../config/config.js"
import { checkConfig } from "../config/parse.js"
import { deploymentSettings } from "./deployment.js"
import {
  type InitFindings,
  type InitQuestion,
  type InitSetting,
  joinFindings,
  valueText,
} from "./findings.js"
import { imageSettings } from "./image.js"
import { infraSettings } from "./infra.js"
import { imageBase, type Workload, workloadsIn } from "./manifests.js"
import { findPlaces, type FoundPlace } from "./places.js"
import { releaseSettings } from "./release.js"
import { describedRepository, type DescribedRepository } from "./repositoryView.js"
import { initText } from "./render.js"
import type { InitSource } from "./source.js"
import { coverageSettings, integrationQuestion } from "./tests.js"
import { testServiceSettings } from "./testServices.js"

/** The settings of one `slipway.yaml`. */
export interface InitFile {
  path: string
  settings: readonly InitSetting[]
}

/** The settings of a repository. */
export interface InitialSettings {
  /** The root's file, and those of services that need one. */
  files: readonly InitFile[]
  questions: readonly InitQuestion[]
}

const FILE = "slipway.yaml"

/**
 * Reads the settings of a service, or of several, that differ from what Slipway finds by itself.
 *
 * Only what a file says: what can be meant in several ways is a question.
 */
export function initialSettings(source: InitSource): InitialSettings {
  const repository = describedRepository(source)
  const found = findPlaces(repository)
  const { places } = found
  const workloads = workloadsIn(source)
  const own = places.map((place) => serviceSettings(repository, place, { places, workloads }))
  const services = testServiceSettings(repository)
  const tests = places.length === 1 ? integrationQuestion(repository, placeAt(places), services) : services
  const shared = joinFindings([found, tests, infraSettings(repository), branchSettings(source)])
  const questions = [shared, ...own].flatMap((each) => each.questions)
  const isRoot = placeAt(places).path === "" && places.length === 1
  const files: InitFile[] = isRoot
    ? [{ path: FILE, settings: [...shared.settings, ...own.flatMap(({ settings }) => settings)] }]
    : [
        { path: FILE, settings: shared.settings },
        ...places.map(({ path }, index) => ({
          path: posix.join(path, FILE),
          settings: own[index]?.settings ?? [],
        })),
      ]
  const refused = files.flatMap(({ settings }) => settings.filter((setting) => !isValid(setting)))
  return {
    files: files
      .map(({ path, settings }) => ({ path, settings: settings.filter(isValid) }))
      .filter(({ settings }) => settings.length > 0),
    questions: unique([...questions, ...refused.map(refusal)]),
  }
}

/** True for a setting that Slipway takes: a file of another program may have a name that Slipway doesn't know. */
const isValid = (setting: InitSetting): boolean => checkConfig(initText([setting])).problems.length === 0

const refusal = (setting: InitSetting): InitQuestion => ({
  key: setting.key.join("."),
  text: `Slipway can't take ${valueText(setting.value)} (${setting.reason}): write another value`,
})

const placeAt = (places: readonly FoundPlace[]): FoundPlace => places[0] ?? { name: "", path: "" }

/** What the files say of one service. */
function serviceSettings(
  repository: DescribedRepository,
  place: FoundPlace,
  all: { places: readonly FoundPlace[]; workloads: readonly Workload[] },
): InitFindings {
  const { source } = repository
  const workloads = ownWorkloads(place, all)
  return joinFindings([
    coverageSettings(repository, place),
    imageSettings(repository, place, workloads),
    releaseSettings(repository, place, { ...all, workloads }),
    deploymentSettings(source, place, workloads),
  ])
}

/** The Deployments of a service: those of its name, where there are several. */
function ownWorkloads(
  { name, path }: FoundPlace,
  { places, workloads }: { places: readonly FoundPlace[]; workloads: readonly Workload[] },
): Workload[] {
  if (places.length === 1 && path === "") return [...workloads]
  const names = [name, posix.basename(path)]
  return workloads.filter(
    ({ deployment, image }) => names.includes(deployment) || (image && names.includes(imageBase(image.text))),
  )
}

/** The main branch, where it is called otherwise. */
function branchSettings({ defaultBranch }: InitSource): InitFindings {
  const { main, develop } = DEFAULTS.branches
  const settings: InitSetting[] =
    defaultBranch === undefined || [main, develop].includes(defaultBranch)
      ? []
      : [{ key: ["branches", "main"], value: defaultBranch, reason: "git: the repository's default branch" }]
  return { settings, questions: [] }
}

const unique = (questions: readonly InitQuestion[]): InitQuestion[] => [
  ...new Map(questions.map((question) => [`${question.key} ${question.text}`, question])).values(),
]
