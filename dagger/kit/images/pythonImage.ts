import {
  chmodSync,
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
import { basename, dirname, join } from "node:path"
import { inRoot, insidePath } from "../debian/root.js"
import { HOST_PLATFORM, type Platform } from "../debian/rootfs.js"
import { builtJava } from "./java.js"
import { packImage, pushLayout, writeIndex } from "./layout.js"
import { type PythonImage, sitePackages } from "./pythons.js"

// Apart from build.ts and rootfs.ts, whose text is part of every other image's key: what these do for Debian bookworm is
// done here for any suite.

const ARCHITECTURE: Record<Platform, string> = { "linux/amd64": "x86_64", "linux/arm64": "aarch64" }

/** The label that says what the official image has besides. */
export const LACKS_LABEL = "dev.slipway.lacks"

/** Builds an image of Python for each of its platforms and pushes it under each of its tags. Needs the registry. */
export async function buildPython(engineRoot: string, image: PythonImage, folder: string): Promise<void> {
  const layout = join(folder, "layout")
  mkdirSync(folder, { recursive: true })
  const java = image.source === "debian" ? undefined : await builtJava(image.source.java)
  const roots = await Promise.all(
    image.platforms.map(async (platform) => {
      const root = join(folder, basename(platform))
      await suiteRoot(engineRoot, image, platform, root)
      if (java !== undefined)
        cpSync(join(java, basename(platform)), join(root, "usr/local"), { recursive: true })
      await addWheels(engineRoot, image, platform, root)
      finish(image, root)
      return root
    }),
  )
  for (const [i, platform] of image.platforms.entries()) {
    await packImage(engineRoot, image, platform, roots[i] ?? "", layout)
    const tagged = `${insidePath(layout)}:${basename(platform)}`
    const label = `${LACKS_LABEL}=${image.lacks}`
    await inRoot(engineRoot, ["umoci", "config", "--image", tagged, "--config.label", label])
  }
  writeIndex(layout, image)
  await pushLayout(engineRoot, layout, "index", image)
}

/** Installs the image's packages from its suite; those of a foreign architecture are only unpacked. */
async function suiteRoot(
  engineRoot: string,
  { packages, without = [], suite }: PythonImage,
  platform: Platform,
  root: string,
): Promise<void> {
  const foreign = platform !== HOST_PLATFORM
  const merged = "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"
  const dropped = ["doc", "man", "info", "locale"].map((name) => `/usr/share/${name}/*`)
  await inRoot(engineRoot, [
    "mmdebstrap",
    `--architectures=${basename(platform)}`,
    ...(foreign ? ["--variant=extract", "--skip=check/qemu", merged] : ["--variant=minbase"]),
    ...[...(foreign ? ["?essential"] : []), ...packages].map((name) => `--include=${name}`),
    ...[...dropped, ...without].map((path) => `--dpkgopt=path-exclude=${path}`),
    // Mirrors of suites that aren't stable any more or yet may be past their date.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    suite,
    insidePath(root),
    ...(MIRRORS[suite] ?? []),
  ])
}

/** Sources in place of mmdebstrap's own: the old suite's updates are elsewhere for some architectures. */
const MIRRORS: Record<string, string[]> = { bullseye: ["deb http://deb.debian.org/debian bullseye main"] }

/** Unpacks wheels for the target's platform and Python, by their hashes and without running any of their code. */
async function addWheels(
  engineRoot: string,
  { version, source, pypi = [], wheels = {} }: PythonImage,
  platform: Platform,
  root: string,
): Promise<void> {
  const target = join(root, "usr/local/lib", `python${version}`, sitePackages(source))
  const list = `${root}.requirements`
  const own = wheels[platform]
  writeFileSync(list, [...pypi, ...(own === undefined ? [] : [own])].join("\n"))
  await inRoot(engineRoot, [
    ...[
      "pip",
      "install",
      "--quiet",
      "--no-cache-dir",
      "--no-deps",
      "--only-binary=:all:",
      "--require-hashes",
    ],
    ...[`--platform=manylinux2014_${ARCHITECTURE[platform]}`, `--python-version=${version}`],
    ...[`--target=${insidePath(target)}`, `--requirement=${insidePath(list)}`],
  ])
  // Its module is the standard library's own, under another name.
  const sqlite = `_sqlite3.cpython-${version.replace(".", "")}-${ARCHITECTURE[platform]}-linux-gnu.so`
  if (existsSync(join(target, "pysqlite3", sqlite)))
    link(join(target, "..", "lib-dynload", sqlite), join("../site-packages/pysqlite3", sqlite))
}

/** Adds the accounts and authorities that set-up scripts would have, then the image's own files and links. */
function finish({ remove = [], links = {}, files = {} }: PythonImage, root: string): void {
  for (const [file, master] of [
    ["passwd", "base-passwd/passwd.master"],
    ["group", "base-passwd/group.master"],
    ["nsswitch.conf", "libc-bin/nsswitch.conf"],
  ] as const)
    if (!existsSync(join(root, "etc", file)))
      copyFileSync(join(root, "usr/share", master), join(root, "etc", file))
  const authorities = join(root, "usr/share/ca-certificates/mozilla")
  const bundle = join(root, "etc/ssl/certs/ca-certificates.crt")
  const texts = readdirSync(authorities).map((name) => readFileSync(join(authorities, name), "utf8"))
  mkdirSync(dirname(bundle), { recursive: true })
  // The engine appends this machine's authorities while a command runs, and removes them only after an empty line.
  writeFileSync(bundle, `${texts.join("").trimEnd()}\n\n`)
  for (const path of remove) rmSync(join(root, path), { force: true })
  for (const [path, target] of Object.entries(links)) link(join(root, path), target)
  for (const [path, source] of Object.entries(files)) {
    copyFileSync(join(import.meta.dirname, source), join(root, path))
    chmodSync(join(root, path), 0o755)
  }
}

function link(path: string, target: string): void {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  symlinkSync(target, path)
}
