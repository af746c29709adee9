import { posix } from "node:path"
import type { PlacedText } from "./findings.js"
import { Located, locatedDocuments } from "./located.js"
import { commandWords, withDefaults } from "./shell.js"
import { APART, folderOfFile, type InitSource, normalFolder } from "./source.js"

/** A variable with its value, at its place. */
export interface PlacedVariable extends PlacedText {
  name: string
}

/** A build of an image that a file of the repository describes. */
export interface DescribedBuild extends PlacedText {
  /** The folder that is its context; empty for the root. */
  context: string
  /** The Dockerfile, from the root. */
  dockerfile: string
}

/** A service of a Compose file. */
export interface ComposeService {
  name: string
  file: string
  image?: PlacedText
  build?: DescribedBuild
  variables: PlacedVariable[]
  /** The command of its health check. */
  health?: PlacedText
}

/** A Compose file of the root or of a folder in it; there are variants to choose from in folders below. */
const isComposeFile = (path: string): boolean =>
  posix.basename(path).includes("compose") && /\.ya?ml$/.test(path) && path.split("/").length <= 2

/** The services of all Compose files; those of tests first, then those nearest to the root. */
export const composeServices = ({ texts }: InitSource): ComposeService[] =>
  Object.keys(texts)
    .filter((path) => isComposeFile(path) && !APART.test(folderOfFile(path)))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .flatMap((path) => servicesIn(path, texts[path] ?? ""))

const rank = (path: string): number =>
  path.split("/").length * 2 - (/(?:^|[^a-z])(?:tests?|ci)(?=$|[^a-z])/.test(posix.basename(path)) ? 1 : 0)

const servicesIn = (file: string, text: string): ComposeService[] =>
  locatedDocuments(file, text).flatMap((document) =>
    (document.at("services")?.entries ?? []).map(([name, service]) => {
      const [image, build] = [service.at("image"), service.at("build")]
      const health = service.at("healthcheck", "test")
      const words = health?.items.map((item) => item.text).join(" ")
      return {
        name,
        file,
        variables: placedVariables(service.at("environment")),
        ...(image && { image: { ...image.placed, text: withDefaults(image.text) } }),
        ...(build && { build: buildOf(build) }),
        ...(health && { health: { ...health.placed, text: words || health.text } }),
      }
    }),
  )

function buildOf(build: Located): DescribedBuild {
  const context = contextOf(build.file, build.text || (build.at("context")?.text ?? ""))
  const dockerfile = withDefaults(build.at("dockerfile")?.text ?? "") || "Dockerfile"
  return { ...build.placed, context, dockerfile: posix.join(context, dockerfile) }
}

/** A context is relative to its file. */
const contextOf = (file: string, context: string): string =>
  normalFolder(posix.join(folderOfFile(file), withDefaults(context)))

/** The variables of a map, or of a list of texts such as `NAME=value`. */
export function placedVariables(environment: Located | undefined): PlacedVariable[] {
  if (environment === undefined) return []
  const named = environment.entries.map(([name, value]) => ({ ...value.placed, name }))
  const listed = environment.items.map(({ placed }) => {
    const [name = "", ...value] = placed.text.split("=")
    return { ...placed, name, text: value.join("=") }
  })
  return [...named, ...listed].map((each) => ({ ...each, text: withDefaults(each.text) }))
}

/** The URLs in a command that asks the service itself for its health, without their hosts. */
export const ownPaths = (command: string): string[] =>
  commandWords(command.replace(/[(),[\]]/g, " ")).flatMap((word) => {
    const path = /^https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::[^/]*)?(\/[^?#]*)?$/.exec(word)
    return path === null ? [] : [path[1] ?? "/"]
  })
