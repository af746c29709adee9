import { inRoot, insidePath } from "../engine/root.js"

export type Platform = "linux/amd64" | "linux/arm64"

const SUITE = "bookworm"

/** What no image here needs. */
const DROP = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*"]

export interface DebianRoot {
  packages: string[]
  platform: Platform
}

/**
 * Unpacks a minimal Debian with these packages into a new folder below Slipway's home. Those of a foreign architecture
 * are unpacked only: their set-up scripts would take minutes under emulation.
 */
export async function debianRoot(
  engineRoot: string,
  { packages, platform }: DebianRoot,
  folder: string,
): Promise<void> {
  const architecture = platform.slice("linux/".length)
  const foreign = architecture !== process.arch.replace("x64", "amd64")
  await inRoot(engineRoot, [
    "mmdebstrap",
    `--architectures=${architecture}`,
    ...(foreign
      ? ["--variant=extract", "--skip=check/qemu", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"]
      : ["--variant=minbase"]),
    ...[...(foreign ? ["?essential"] : []), ...packages].map((name) => `--include=${name}`),
    ...DROP.map((path) => `--dpkgopt=path-exclude=${path}`),
    SUITE,
    insidePath(folder),
  ])
}
