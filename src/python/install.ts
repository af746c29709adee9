import { posix } from "node:path"
import type { Container, Directory } from "@dagger.io/dagger"
import { objects, parseJson, text } from "../lib/text/json.js"
import { withoutFolders } from "../lib/python/lock.js"
import { normaliseName, type Pins } from "../lib/python/pins.js"
import { readToml } from "../lib/text/toml.js"
import { index, withPackages } from "./base.js"
import type { IndexedConfig } from "./indexLogin.js"
import { type PackageInputs, resolvedPackages, strategy, withFiles } from "./resolve.js"
import { declarations } from "./manifests.js"
import { withoutVersion, withPackageVersion } from "./project.js"
import { workFolder, type SourceTree, withTree } from "../stage/place.js"

/** A container with packages, and their versions by the names that indexes compare. */
export interface Packages {
  container: Container
  versions: Pins
}

/** The virtual environment of the service's packages. */
export const VENV_FOLDER = "/venv"

const LOCK = "/slipway/requirements.lock"

export const UV_INSTALL = [
  "uv",
  "pip",
  "install",
  "--quiet",
  "--no-deps",
  "--compile-bytecode", // else every run of every tool compiles it again
  "--link-mode=copy", // the cache is another file system
]

/** Installs a service's packages as its plan says, without the service itself. Throws an ExecError. */
export async function installedPackages(base: Container, inputs: PackageInputs): Promise<Packages> {
  const container = await (inputs.plan.installer === "uv" ? synced(base, inputs) : fromLock(base, inputs))
  return { container, versions: await versionsIn(container) }
}

/** The versions of the packages in the virtual environment. */
export async function versionsIn(container: Container): Promise<Pins> {
  const list = await container.withExec(["uv", "pip", "list", "--format=json", "--quiet"]).stdout()
  return new Map(
    objects(parseJson(list)).map(({ name, version }) => [normaliseName(text(name)), text(version)]),
  )
}

const withVenv = (container: Container): Container =>
  container
    .withExec(["uv", "venv", "--quiet", VENV_FOLDER])
    .withEnvVariable("VIRTUAL_ENV", VENV_FOLDER)
    .withEnvVariable("PATH", `${VENV_FOLDER}/bin:$PATH`, { expand: true })

/** Installs the lines of a lock; then the folders of the source that it names, except the service itself. */
async function fromLock(base: Container, inputs: PackageInputs): Promise<Container> {
  const { config, plan, tree, manifests } = inputs
  const { lock, folders } = withoutFolders(await resolvedPackages(base, inputs), workFolder(tree))
  const venv = withVenv(base)
  if (/^\s*$/.test(lock) && folders.length === 0) return venv
  const hasFiles = /--find-links|\.whl|file:|\.tar\.gz/.test(lock)
  const installed = withPackages(
    (hasFiles ? withTree(venv, tree) : venv).withNewFile(LOCK, lock),
    [...UV_INSTALL, ...strategy(inputs), ...index(config), `--requirements=${LOCK}`],
    config,
  )
  const done = hasFiles ? installed.withoutMount(tree.root) : installed
  const others = folders.filter((folder) => folder !== "./")
  if (others.length === 0) return done
  return withFiles({ tree, manifests, plan: { ...plan, needsSource: true } }, (files) =>
    built(
      done,
      { ...tree, files },
      [
        ...UV_INSTALL,
        ...index(config),
        ...others.flatMap((folder) => ["--editable", posix.join(workFolder(tree), folder)]),
      ],
      config,
    ).sync(),
  )
}

/** Runs an installation of code in the source, with the variables that replace versions from git tags. */
function built(
  container: Container,
  tree: SourceTree,
  command: readonly string[],
  config: IndexedConfig,
): Container {
  const prepared = withPackageVersion(
    container.withDirectory(tree.root, tree.files).withWorkdir(workFolder(tree)),
  )
  return withoutVersion(withPackages(prepared, command, config)).withoutDirectory(tree.root)
}

/** Installs a uv project by its lock: packages from elsewhere first, which edits to code don't touch. */
async function synced(base: Container, inputs: PackageInputs): Promise<Container> {
  const { tree, lockFolder, manifests, plan, config } = inputs
  const lock = plan.locked ? undefined : await newLock(base, inputs)
  const withLock = (files: Directory) =>
    lock === undefined ? files : files.withNewFile(posix.join(lockFolder, "uv.lock"), lock)
  const venv = withVenv(base).withEnvVariable("UV_PROJECT_ENVIRONMENT", VENV_FOLDER)
  const sync = [
    "uv",
    "sync",
    "--quiet",
    "--frozen",
    "--no-install-project",
    "--compile-bytecode",
    "--link-mode=copy",
    ...index(config),
    ...plan.options,
  ]
  const others = withPackages(
    venv.withDirectory(tree.root, withLock(declarations({ tree, manifests }))).withWorkdir(workFolder(tree)),
    [...sync, "--no-install-local"],
    config,
  ).withoutDirectory(tree.root)
  const done = hasLocal(lock ?? manifests["uv.lock"] ?? "")
    ? await withFiles(inputs, (files) =>
        built(others, { ...tree, files: withLock(files) }, sync, config).sync(),
      )
    : others
  return done.withoutEnvVariable("UV_PROJECT_ENVIRONMENT")
}

/** True if a lock of uv has packages of the source besides the service itself. */
const hasLocal = (lock: string): boolean =>
  objects(readToml(lock).data.package).some(({ source }) =>
    ["editable", "directory", "path"].some((kind) => {
      const place = text((source as Record<string, unknown> | undefined)?.[kind])
      return place !== "" && place !== "."
    }),
  )

const newLock = (base: Container, inputs: PackageInputs): Promise<string> =>
  withFiles(inputs, (files) =>
    withPackages(
      base.withDirectory(inputs.tree.root, files).withWorkdir(workFolder(inputs.tree)),
      ["uv", "lock", "--quiet", ...index(inputs.config)],
      inputs.config,
    )
      .file(posix.join(inputs.tree.root, inputs.lockFolder, "uv.lock"))
      .contents(),
  )
