import { posix } from "node:path"
import { DEFAULTS } from "../config/config.js"
import { jsonForm, parseDockerfile } from "../image/dockerfile.js"
import { buildsPython, contextFiles, COMPOSE_FILES, findDockerfile } from "../image/find.js"
import { glob } from "../security/glob.js"
import { type DescribedBuild, ownPaths } from "./compose.js"
import { asking, type InitFindings, joinFindings, NOTHING, placeText, oneAnswer } from "./findings.js"
import type { Workload } from "./manifests.js"
import type { FoundPlace } from "./places.js"
import type { DescribedRepository } from "./repositoryView.js"
import { commandLines, commandWords, wordsAfter } from "./shell.js"
import { DOCKERFILE_PATTERNS, type InitSource, normalFolder, sourceBelow } from "./source.js"

/** The Dockerfile that Slipway would build, by its path in the service's folder; undefined for an image of its own. */
interface ChosenDockerfile extends InitFindings {
  file: string | undefined
}

/** What the files say of a service's image. */
export function imageSettings(
  repository: DescribedRepository,
  place: FoundPlace,
  workloads: readonly Workload[],
): InitFindings {
  const source = sourceBelow(repository.source, place.path)
  const dockerfile = dockerfileSettings(repository, place, source)
  return joinFindings([
    dockerfile,
    healthSettings(repository, place, { source, file: dockerfile.file, workloads }),
    dockerfile.file === undefined && dockerfile.questions.length === 0
      ? portSettings(place, source, workloads)
      : NOTHING,
  ])
}

const IMAGE_FILES = [...DOCKERFILE_PATTERNS, ...COMPOSE_FILES].map(glob)

function dockerfileSettings(
  { compose, jobs }: DescribedRepository,
  { path }: FoundPlace,
  source: InitSource,
): ChosenDockerfile {
  const files = Object.fromEntries(
    Object.entries(source.texts).filter(([name]) => IMAGE_FILES.some((matches) => matches(name))),
  )
  const exists = (name: string) => source.paths.some((each) => each === name || each.startsWith(`${name}/`))
  const found = findDockerfile(files, (name) => {
    const { has, lacks } = contextFiles(name, files[name] ?? "")
    return has.map(normalFolder).every((each) => each === "" || exists(each)) && !lacks.some(exists)
  })
  // A Dockerfile of another program, such as a frontend's, is none of the service's.
  const own = (builds: readonly DescribedBuild[]) =>
    builds
      .filter(({ context }) => context === path)
      .map((build) => ({ build, name: posix.relative(path, build.dockerfile) }))
      .filter(({ name }) => buildsPython(source.texts[name] ?? ""))
  const byCi = own(jobs.filter(publishes).flatMap(({ builds }) => builds))
  const byCompose = found.file === undefined ? own(compose.flatMap(({ build }) => build ?? [])) : []
  const named = byCi.length > 0 ? byCi : byCompose
  if (named.some(({ name }) => name === found.file)) return { file: found.file, ...NOTHING }
  const chosen = oneAnswer(
    ["image", "dockerfile"],
    named.map(({ build, name }) => ({
      value: name,
      reason: `${placeText(build)}: the Dockerfile that is built`,
    })),
  )
  if (named.length > 0) return { file: chosen.settings.length > 0 ? named[0]?.name : found.file, ...chosen }
  if (found.candidates.length === 0) return { file: found.file, ...NOTHING }
  return {
    file: undefined,
    ...asking(
      "image.dockerfile",
      `is it ${found.candidates.join(" or ")}? Without it, Slipway makes an image of its own`,
    ),
  }
}

/** True for a job that publishes: others may build an image for tests. */
const publishes = ({ pushed }: DescribedRepository["jobs"][number]): boolean => pushed.length > 0

interface HealthSources {
  source: InitSource
  file: string | undefined
  workloads: readonly Workload[]
}

/** The health check of the manifests, else of the Dockerfile, else of Compose. */
function healthSettings(
  { compose }: DescribedRepository,
  { path }: FoundPlace,
  { source, file, workloads }: HealthSources,
): InitFindings {
  const probes = workloads.flatMap(({ probe }) =>
    probe === undefined ? [] : [{ value: probe.text, reason: `${placeText(probe)}: the readiness probe` }],
  )
  const own = file === undefined ? [] : dockerfileHealth(posix.join(path, file), source.texts[file] ?? "")
  const composed = compose
    .filter(({ build }) => build?.context === path)
    .flatMap(({ health }) =>
      health === undefined
        ? []
        : ownPaths(health.text).map((value) => ({
            value,
            reason: `${placeText(health)}: Compose's health check`,
          })),
    )
  const [first = []] = [probes, own, composed].filter(({ length }) => length > 0)
  const { settings, questions } = oneAnswer(["image", "health"], first)
  return { settings: settings.filter(({ value }) => value !== DEFAULTS.image.health), questions }
}

/** The path that the last stage's HEALTHCHECK asks for. */
function dockerfileHealth(file: string, text: string): { value: string; reason: string }[] {
  const stages = parseDockerfile(text).stages
  const last = stages.at(-1)
  const bases = stages.filter(({ name }) => name !== "" && name === last?.base.toLowerCase())
  const check = [...bases, ...(last === undefined ? [] : [last])]
    .flatMap(({ instructions }) => instructions)
    .findLast(({ keyword }) => keyword === "HEALTHCHECK")
  if (check === undefined) return []
  const command = check.rest.replace(/^CMD\s/i, "").trim()
  return ownPaths(jsonForm(command)?.join(" ") ?? command).map((value) => ({
    value,
    reason: `${file}:${check.line}: HEALTHCHECK`,
  }))
}

const PORT_OPTION = ["-p", "--port", "-b", "--bind"]

/** The port of a service without a Dockerfile: of its Procfile, else of its manifests. */
function portSettings(
  { path }: FoundPlace,
  { texts }: InitSource,
  workloads: readonly Workload[],
): InitFindings {
  const web = commandLines(posix.join(path, "Procfile"), texts["Procfile"] ?? "").find(({ text }) =>
    text.startsWith("web:"),
  )
  const ports = wordsAfter(commandWords(web?.text ?? ""), ...PORT_OPTION).flatMap((value) => {
    const port = /(?:^|:)(\d{2,5})$/.exec(value)?.[1]
    return port === undefined || web === undefined
      ? []
      : [{ value: Number(port), reason: `${placeText(web)}: the port of \`web\`` }]
  })
  const deployed = workloads.flatMap(({ port }) =>
    port === undefined
      ? []
      : [{ value: Number(port.text), reason: `${placeText(port)}: the container's port` }],
  )
  const { settings, questions } = oneAnswer(["image", "port"], ports.length > 0 ? ports : deployed)
  return { settings: settings.filter(({ value }) => value !== DEFAULTS.image.port), questions }
}
