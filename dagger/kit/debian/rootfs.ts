import { inRoot, insidePath } from "./root.js"

export type Platform = "linux/amd64" | "linux/arm64"

/** This machine's platform. */
export const HOST_PLATFORM: Platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64"

const SUITE = "bookworm"

/** dpkg patterns of documentation and translations, which no offline image needs. */
const DROP = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*"]

/** The content of a minimal Debian. */
export interface DebianRoot {
  packages: string[]
  platform: Platform
  /** Run no set-up scripts, as on a foreign platform. */
  unpackOnly?: boolean
  /** dpkg patterns of packaged files to leave out. */
  without?: string[]
}

/**
 * Installs a minimal Debian with these packages into a new folder below Slipway's home. Packages of a foreign
 * architecture are only unpacked: their set-up scripts would take minutes under emulation.
 */
export async function debianRoot(
  engineRoot: string,
  { packages, platform, unpackOnly = platform !== HOST_PLATFORM, without = [] }: DebianRoot,
  folder: string,
): Promise<void> {
  await inRoot(engineRoot, [
    "mmdebstrap",
    `--architectures=${platform.slice("linux/".length)}`,
    ...(unpackOnly
      ? ["--variant=extract", "--skip=check/qemu", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"]
      : ["--variant=minbase"]),
    ...[...(unpackOnly ? ["?essential"] : []), ...packages].map((name) => `--include=${name}`),
    ...[...DROP, ...without].map((path) => `--dpkgopt=path-exclude=${path}`),
    SUITE,
    insidePath(folder),
  ])
}
