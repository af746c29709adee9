import { posix } from "node:path"
import { type DescribedBuild, type PlacedVariable, placedVariables } from "./compose.js"
import type { PlacedText } from "./findings.js"
import { type Located, locatedDocuments } from "./located.js"
import { commandLines, commandWords, withDefaults, wordsAfter } from "./shell.js"
import { type InitSource, isCiFile, normalFolder } from "./source.js"

/** An image that a CI host publishes. */
export interface PushedImage extends PlacedText {
  /** Its build, where the same step has it. */
  build?: DescribedBuild
}

/** A job of a CI host. */
export interface CiHostJob {
  file: string
  name: string
  /** The images of the services beside it. */
  services: PlacedText[]
  variables: PlacedVariable[]
  commands: PlacedText[]
  builds: DescribedBuild[]
  pushed: PushedImage[]
  /** The actions of GitHub that it uses. */
  actions: PlacedText[]
}

/** The jobs of the files of GitHub Actions and GitLab CI. */
export const ciHostJobs = (source: InitSource): CiHostJob[] =>
  Object.entries(source.texts)
    .filter(([path]) => isCiFile(path))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, text]) =>
      locatedDocuments(path, text).flatMap((document) =>
        path.startsWith(".github/") ? gitHubJobs(document, source) : gitLabJobs(document, source),
      ),
    )

function gitHubJobs(document: Located, source: InitSource): CiHostJob[] {
  const shared = placedVariables(document.at("env"))
  return (document.at("jobs")?.entries ?? []).map(([name, job]) => {
    const steps = job.at("steps")?.items ?? []
    const variables = [
      ...steps.flatMap((step) => placedVariables(step.at("env"))),
      ...placedVariables(job.at("env")),
      ...shared,
    ]
    const resolve = resolver(variables, source)
    const commands = steps.flatMap((step) => commandsOf(step.at("run")))
    const services = (job.at("services")?.entries ?? []).flatMap(
      ([, service]) => service.at("image") ?? service,
    )
    const actions = steps.flatMap((step) => step.at("uses")?.placed ?? [])
    return withShellBuilds(
      {
        file: document.file,
        name,
        services: services.map(({ placed }) => ({ ...placed, text: resolve(placed.text) })),
        variables: variables.map((each) => ({ ...each, text: resolve(each.text) })),
        commands,
        builds: steps.flatMap((step) => actionBuild(step, resolve) ?? []),
        pushed: steps.flatMap((step) => actionImages(step, resolve)),
        actions,
      },
      resolve,
    )
  })
}

type Resolve = (text: string) => string

/** Puts in the values of variables and of what is known of the repository. */
function resolver(variables: readonly PlacedVariable[], { origin }: InitSource): Resolve {
  const [, host = "", path = ""] = /^https?:\/\/([^/]+)\/(.+)$/.exec(origin) ?? []
  const [owner = "", name = ""] = path.split("/")
  const known: Record<string, string> = {
    ...(host === "github.com" && {
      "github.repository": path,
      "github.repository_owner": owner,
      "github.event.repository.name": name,
      GITHUB_REPOSITORY: path,
      GITHUB_REPOSITORY_OWNER: owner,
    }),
    ...(host === "gitlab.com" && {
      CI_REGISTRY: "registry.gitlab.com",
      CI_REGISTRY_IMAGE: `registry.gitlab.com/${path.toLowerCase()}`,
      CI_PROJECT_PATH: path,
      CI_PROJECT_NAMESPACE: path.split("/").slice(0, -1).join("/"),
      CI_PROJECT_NAME: path.split("/").at(-1) ?? "",
    }),
  }
  const value = (written: string) => {
    const name = written.trim().replace(/^env\./, "")
    return known[name] ?? variables.find((each) => each.name === name)?.text
  }
  const once = (text: string) =>
    withDefaults(text)
      .replace(/\$\{\{([^{}]*)\}\}/g, (whole, name: string) => value(name) ?? whole)
      .replace(/\$\{?(\w+)\}?/g, (whole, name: string) => value(name) ?? whole)
  // A variable may be made of others.
  return (text) => once(once(once(text)))
}

/** The lines of a script; a script of one line stands on that of its key. */
function commandsOf(script: Located | undefined): PlacedText[] {
  if (script === undefined) return []
  const { text, line, file } = script.placed
  const first = text.includes("\n") ? line : line - 1
  return commandLines(file, text).map((command) => ({ ...command, line: command.line + first }))
}

const BUILD_ACTION = /^docker\/build-push-action@/
const METADATA_ACTION = /^docker\/metadata-action@/

function actionBuild(step: Located, resolve: Resolve): DescribedBuild | undefined {
  const uses = step.at("uses")
  if (uses === undefined || !BUILD_ACTION.test(uses.text)) return undefined
  const context = folderIn(resolve(step.at("with", "context")?.text ?? ""))
  const file = step.at("with", "file")
  return {
    ...(file ?? uses).placed,
    context,
    dockerfile: file ? normalFolder(resolve(file.text)) : posix.join(context, "Dockerfile"),
  }
}

const folderIn = (context: string): string =>
  normalFolder(context.replace(/^\$\{\{ *github\.workspace *\}\}/, "."))

/** The names of images in an action's `tags` or `images`. */
function actionImages(step: Located, resolve: Resolve): PushedImage[] {
  const uses = step.at("uses")?.text ?? ""
  const list = METADATA_ACTION.test(uses)
    ? step.at("with", "images")
    : BUILD_ACTION.test(uses) && !["", "false"].includes(step.at("with", "push")?.text ?? "")
      ? step.at("with", "tags")
      : undefined
  if (list === undefined) return []
  const build = actionBuild(step, resolve)
  const { text, file, line } = list.placed
  const first = text.includes("\n") ? line + 1 : line
  return text.split("\n").flatMap((names, index) =>
    names
      .split(",")
      .map((name) => resolve(name.trim()).replace(/^name=/, ""))
      .filter((name) => name !== "" && !/^enable=|\$\{\{ *steps\./.test(name))
      .map((name) => ({ text: name, file, line: first + index, ...(build && { build }) })),
  )
}

function gitLabJobs(document: Located, source: InitSource): CiHostJob[] {
  const shared = document.at("variables")
  const common = servicesOf(document.at("services") ?? document.at("default", "services"))
  return document.entries
    .filter(([name, job]) => job.at("script") !== undefined && name !== "default")
    .map(([name, job]) => {
      const variables = [...placedVariables(job.at("variables")), ...placedVariables(shared)]
      const resolve = resolver(variables, source)
      const own = job.at("services")
      const commands = ["before_script", "script"].flatMap((key) => {
        const script = job.at(key)
        return script === undefined ? [] : [script, ...script.items].flatMap(commandsOf)
      })
      const services = own === undefined ? common : servicesOf(own)
      return withShellBuilds(
        {
          file: document.file,
          name,
          services: services.map((each) => ({ ...each, text: resolve(each.text) })),
          variables: variables.map((each) => ({ ...each, text: resolve(each.text) })),
          commands,
          builds: [],
          pushed: [],
          actions: [],
        },
        resolve,
      )
    })
}

const servicesOf = (list: Located | undefined): PlacedText[] =>
  (list?.items ?? []).map((item) => (item.at("name") ?? item).placed)

/** Adds what the job's commands build and push. */
function withShellBuilds(job: CiHostJob, resolve: Resolve): CiHostJob {
  const commands = job.commands.map((command) => ({ ...command, words: commandWords(resolve(command.text)) }))
  const builds = commands.flatMap(
    ({ words, text, file, line }): (DescribedBuild & { pushes: string[] })[] => {
      const at = words.findIndex(
        (word, index) => word === "build" && /docker|podman|buildx/.test(words[index - 1] ?? ""),
      )
      if (at < 0) return []
      const after = words.slice(at + 1).filter((word) => word !== "&&" && word !== ";")
      const context = folderIn(after.findLast((word) => !word.startsWith("-")) ?? ".")
      const named = wordsAfter(after, "-f", "--file")[0]
      const dockerfile = named === undefined ? posix.join(context, "Dockerfile") : normalFolder(named)
      return [
        {
          text,
          file,
          line,
          context,
          dockerfile,
          pushes: after.includes("--push") ? wordsAfter(after, "-t", "--tag") : [],
        },
      ]
    },
  )
  const pushed = commands.flatMap(({ words, file, line }) => {
    const at = words.findIndex(
      (word, index) => word === "push" && /docker|podman/.test(words[index - 1] ?? ""),
    )
    const named =
      at < 0
        ? []
        : words
            .slice(at + 1)
            .filter((word) => !word.startsWith("-"))
            .slice(0, 1)
    return [...named, ...wordsAfter(words, "--destination")].map((name) => ({ text: name, file, line }))
  })
  return {
    ...job,
    builds: [...job.builds, ...builds],
    pushed: [
      ...job.pushed,
      ...builds.flatMap((build) =>
        build.pushes.map((name) => ({ text: name, file: build.file, line: build.line, build })),
      ),
      ...pushed,
    ],
  }
}
