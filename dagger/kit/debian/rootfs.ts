import { inRoot, insidePath } from "./root.js"

export type Platform = "linux/amd64" | "linux/arm64"

/** This machine's own. */
export const HOST: Platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64"

const SUITE = "bookworm"

/** What no image here needs. */
const DROP = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*"]

export interface DebianRoot {
  packages: string[]
  platform: Platform
  /** Run no set-up scripts, as if the platform were foreign. */
  unpackOnly?: boolean
  /** Files in packages that are left out, as dpkg's patterns. */
  without?: string[]
}

/**
 * Unpacks a minimal Debian with these packages into a new folder below Slipway's home. Those of a foreign architecture
 * are unpacked only: their set-up scripts would take minutes under emulation.
 */
export async function debianRoot(
  engineRoot: string,
  { packages, platform, unpackOnly = platform !== HOST, without = [] }: DebianRoot,
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
