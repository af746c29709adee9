import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, extname, join } from "node:path"
import { inRoot, insidePath } from "../debian/root.js"
import { debianRoot, type Platform } from "../debian/rootfs.js"
import { builtJava } from "./java.js"
import { packImage, pushLayout, writeIndex } from "./layout.js"
import { builtProgram } from "./programs.js"
import type { Recipe, User } from "./recipes.js"

const DIST_PACKAGES = "usr/local/lib/python3.11/dist-packages"
const WHEEL_PLATFORM: Record<Platform, string> = {
  "linux/amd64": "manylinux2014_x86_64",
  "linux/arm64": "manylinux2014_aarch64",
}

/** Builds a recipe's image for each of its platforms and pushes it under each of its tags. Needs the registry. */
export async function buildImage(engineRoot: string, recipe: Recipe, folder: string): Promise<void> {
  const layout = join(folder, "layout")
  mkdirSync(folder, { recursive: true })
  // Platforms build concurrently, since half of the time goes into fetching packages.
  const roots = await Promise.all(
    recipe.platforms.map((platform) => makeRoot(engineRoot, recipe, platform, folder)),
  )
  for (const [i, platform] of recipe.platforms.entries())
    await packImage(engineRoot, recipe, platform, roots[i] ?? "", layout)
  writeIndex(layout, recipe)
  await pushLayout(engineRoot, layout, "index", recipe)
}

async function makeRoot(
  engineRoot: string,
  recipe: Recipe,
  platform: Platform,
  folder: string,
): Promise<string> {
  const root = join(folder, basename(platform))
  await debianRoot(engineRoot, { ...recipe, platform }, root)
  addAccountFiles(root)
  bundleCertificates(root)
  await addPythonPackages(engineRoot, root, recipe.pypi ?? [], platform)
  if (recipe.locale) await addLocale(engineRoot, root, recipe.locale)
  for (const [path, program] of Object.entries(recipe.programs ?? {}))
    place(await builtProgram(program, platform), join(root, path), 0o755)
  for (const [path, name] of Object.entries(recipe.java ?? {}))
    cpSync(await builtJava(name), join(root, path), { recursive: true })
  applyRecipe(root, recipe)
  return root
}

/** Creates the few files that set-up scripts would have created, if these could not run. */
function addAccountFiles(root: string): void {
  for (const [file, master] of [
    ["passwd", "base-passwd/passwd.master"],
    ["group", "base-passwd/group.master"],
    ["nsswitch.conf", "libc-bin/nsswitch.conf"],
  ] as const)
    if (!existsSync(join(root, "etc", file)))
      copyFileSync(join(root, "usr/share", master), join(root, "etc", file))
}

/** Bundles the certificates of the authorities if no set-up script did. */
function bundleCertificates(root: string): void {
  const authorities = join(root, "usr/share/ca-certificates/mozilla")
  if (!existsSync(authorities)) return
  const bundle = join(root, "etc/ssl/certs/ca-certificates.crt")
  const text = existsSync(bundle)
    ? readFileSync(bundle, "utf8")
    : readdirSync(authorities)
        .map((name) => readFileSync(join(authorities, name), "utf8"))
        .join("")
  mkdirSync(dirname(bundle), { recursive: true })
  // While a command runs, the engine appends this machine's own authorities. It removes them cleanly only if an empty
  // line precedes them; otherwise they would stay in the layer.
  writeFileSync(bundle, `${text.trimEnd()}\n\n`)
}

/** Unpacks wheels for the target platform, by their hashes and without running any of their code. */
async function addPythonPackages(
  engineRoot: string,
  root: string,
  packages: string[],
  platform: Platform,
): Promise<void> {
  if (packages.length === 0) return
  const only = ["--no-deps", "--only-binary=:all:", `--platform=${WHEEL_PLATFORM[platform]}`]
  const target = `--target=${insidePath(join(root, DIST_PACKAGES))}`
  const list = `${root}.requirements`
  writeFileSync(list, `${packages.join("\n")}\n`)
  const locked = ["--require-hashes", `--requirement=${insidePath(list)}`]
  await inRoot(engineRoot, ["pip", "install", "--quiet", "--no-cache-dir", ...only, target, ...locked])
}

/** Compiles a UTF-8 locale from the sources in the package `locales`, then removes the sources. */
async function addLocale(engineRoot: string, root: string, locale: string): Promise<void> {
  const inside = insidePath(root)
  const options = ["--no-archive", `--prefix=${inside}`, `--inputfile=${locale}`, "--charmap=UTF-8"]
  mkdirSync(join(root, "usr/lib/locale"), { recursive: true })
  await inRoot(engineRoot, [
    "env",
    `I18NPATH=${inside}/usr/share/i18n`,
    "localedef",
    ...options,
    `${locale}.UTF-8`,
  ])
  rmSync(join(root, "usr/share/i18n"), { recursive: true })
}

/** Applies a recipe's removals, links, users and files on top of its packages. */
function applyRecipe(root: string, { remove = [], links = {}, users = [], files = {} }: Recipe): void {
  for (const path of remove) rmSync(join(root, path), { force: true })
  for (const [path, target] of Object.entries(links)) link(join(root, path), target)
  for (const user of users) addUser(root, user)
  for (const [path, source] of Object.entries(files))
    place(join(import.meta.dirname, source), join(root, path), extname(source) === ".sh" ? 0o755 : 0o644)
}

function place(file: string, path: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(file, path)
  chmodSync(path, mode)
}

function link(path: string, target: string): void {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  symlinkSync(target, path)
}

function addUser(root: string, { name, id, home, folders }: User): void {
  appendFileSync(join(root, "etc/passwd"), `${name}:*:${id}:${id}::${home}:/bin/bash\n`)
  appendFileSync(join(root, "etc/group"), `${name}:*:${id}:\n`)
  for (const path of [home, ...folders].map((folder) => join(root, folder))) {
    mkdirSync(path, { recursive: true })
    chownSync(path, id, id)
    // As in the official images: any user that a container runs as can write there.
    chmodSync(path, 0o1777)
  }
}
