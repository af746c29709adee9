import type { Container } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import { isExecError } from "../lib/run/execError.js"
import { packageFailure } from "../lib/python/buildFailure.js"
import { normaliseName } from "../lib/python/pins.js"
import { misfitOf, misfitText } from "../lib/python/toolLimits.js"
import { type PinnedTool, pinnedTools } from "../lib/python/preCommit.js"
import type { ProjectFiles } from "../lib/python/project.js"
import { tool, type ToolName } from "../lib/quality/index.js"
import { index, withPackages } from "./base.js"
import { type Packages, VENV_FOLDER, versionsIn } from "./install.js"
import { byHashes, withHashedLock } from "./locks.js"

/** A container in which a tool runs, and the tool's version. */
export interface ToolEnvironment {
  container: Container
  version: string
  /** The interpreter whose packages mypy looks at, where that isn't its own. */
  interpreter?: string
}

/** What a tool's environment is made from. */
export interface ToolSources {
  config: Config
  manifests: ProjectFiles
  /** The minor version of Python. */
  python: string
  base: Container
  /** The service's packages; absent if they can't be installed. */
  service: Packages | undefined
}

/** The environments of our tools, and of the packages that mypy is to see besides the service's. */
const TOOLS_FOLDER = "/slipway/tools"
const VIEW_FOLDER = "/slipway/view"

const INSTALL = ["uv", "pip", "install", "--compile-bytecode", "--link-mode=copy"]

/** The environment of a tool: the service's if its packages contain the tool, else one of the tool's own. */
export async function toolEnvironment(name: ToolName, sources: ToolSources): Promise<ToolEnvironment> {
  const { service, manifests, base } = sources
  const package_ = normaliseName(tool(name).package.replace(/\[.*/, ""))
  const version = service?.versions.get(package_)
  if (service !== undefined && version !== undefined) return { container: service.container, version }
  const pinned = pinnedTools(manifests)(package_)
  try {
    const made = await (pinned === undefined ? ourTools(name, sources) : chosen(name, pinned, sources))
    const versions = await versionsIn(made.withEnvVariable("VIRTUAL_ENV", TOOLS_FOLDER))
    const own = { version: versions.get(package_) ?? "unknown" }
    if (name === "mypy" && service !== undefined)
      return { ...own, ...beside(service, made, pinned?.additional ?? [], sources) }
    return { ...own, container: inTools(base.withDirectory(TOOLS_FOLDER, made.directory(TOOLS_FOLDER))) }
  } catch (error) {
    if (!isExecError(error)) throw error
    const { reason, network } = packageFailure(error.stderr)
    const misfit = pinned === undefined ? undefined : misfitOf(package_, pinned.version, sources.python)
    const said = misfit === undefined || network ? reason : `${misfitText(misfit)}; ${reason}`
    throw fail("TOOLS_NOT_INSTALLED", [[name], said, network], { cause: error })
  }
}

const inTools = (container: Container): Container =>
  container.withEnvVariable("PATH", `${TOOLS_FOLDER}/bin:$PATH`, { expand: true })

const emptyTools = ({ base }: ToolSources): Container =>
  base.withExec(["uv", "venv", "--quiet", TOOLS_FOLDER])

/** All of our tools by hash; the newest version for a Python that ours don't support. */
async function ourTools(name: ToolName, sources: ToolSources): Promise<Container> {
  const { config } = sources
  const into = `--python=${TOOLS_FOLDER}`
  try {
    return await withPackages(
      withHashedLock(emptyTools(sources), "tools"),
      [...INSTALL, into, ...index(config), ...byHashes("tools")],
      config,
    ).sync()
  } catch (error) {
    if (!isExecError(error)) throw error
    const { package: package_, version } = tool(name)
    return withPackages(
      emptyTools(sources),
      [...INSTALL, into, ...index(config), `${package_}<=${version}`],
      config,
    ).sync()
  }
}

/** A tool at the version that the service pins, with the plug-ins that are installed beside it. */
function chosen(
  name: ToolName,
  { version, additional }: PinnedTool,
  sources: ToolSources,
): Promise<Container> {
  const beside = name === "mypy" ? [] : additional
  return withPackages(
    emptyTools(sources),
    [
      ...INSTALL,
      `--python=${TOOLS_FOLDER}`,
      ...index(sources.config),
      "--",
      `${tool(name).package}==${version}`,
      ...beside,
    ],
    sources.config,
  ).sync()
}

/**
 * mypy beside the service's packages: it looks at them by their interpreter, and imports plug-ins from them, while its
 * own dependencies come first.
 */
function beside(
  service: Packages,
  tools: Container,
  additional: readonly string[],
  { config, python }: ToolSources,
): Pick<ToolEnvironment, "container" | "interpreter"> {
  const site = (folder: string) => `${folder}/lib/python${python}/site-packages`
  const link = (folders: readonly string[]) =>
    folders.map((folder) => `import site; site.addsitedir("${site(folder)}")\n`).join("")
  const container = inTools(service.container.withDirectory(TOOLS_FOLDER, tools.directory(TOOLS_FOLDER)))
  const views = additional.length === 0 ? [VENV_FOLDER] : [VIEW_FOLDER, VENV_FOLDER]
  const linked = container.withNewFile(`${site(TOOLS_FOLDER)}/slipway.pth`, link(views))
  const interpreter = `${views[0] ?? ""}/bin/python`
  if (additional.length === 0) return { container: linked, interpreter }
  const viewed = withPackages(
    linked.withExec(["uv", "venv", "--quiet", VIEW_FOLDER]),
    [...INSTALL, `--python=${VIEW_FOLDER}`, ...index(config), "--", ...additional],
    config,
  )
  return {
    container: viewed.withNewFile(`${site(VIEW_FOLDER)}/slipway.pth`, link([VENV_FOLDER])),
    interpreter,
  }
}
