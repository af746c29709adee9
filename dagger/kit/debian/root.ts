import { join, relative } from "node:path"
import type { ProcessPromise } from "zx"
import { run } from "../../lib/shell.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { lastLines, requirePackages } from "./packages.js"
import { HOME } from "../../lib/home.js"
import { stored } from "../../lib/store.js"

const SUITE = "bookworm"

/** Packages that the engine runs and that build offline images, each with its purpose. */
const PACKAGES = [
  "ca-certificates",
  "containernetworking-plugins", // bridge, firewall, host-local: the engine's container network
  "dnsmasq-base", // names of services
  "docker-registry", // stores the offline images
  "git", // repositories as source
  "openssh-client", // the same over ssh
  "python3-pip", // PyPI packages in offline images
  "iproute2",
  "iptables", // the engine masquerades its containers
  "mmdebstrap", // root file systems of offline images
  "qemu-user-static", // linux/arm64
  "runc",
  "skopeo",
  "slirp4netns", // the sandbox's outbound network
  "tini",
  "umoci", // converts root file systems to images
]

const DROP = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/locale/*",
  "/var/cache/apt/*",
  "/var/lib/apt/lists/*",
]

/** The engine's root file system: a small, unpacked Debian. */
export async function engineRoot(): Promise<string> {
  const links =
    'ln -s ../sbin/xtables-legacy-multi ../sbin/xtables-nft-multi "$1/usr/bin/" && mkdir "$1/slipway"'
  const folder = await stored("root", { texts: [SUITE, ...PACKAGES, ...DROP, links] }, async (folder) => {
    await requirePackages(["mmdebstrap"])
    const options = [
      `--include=${PACKAGES.join(",")}`,
      ...DROP.map((path) => `--dpkgopt=path-exclude=${path}`),
    ]
    try {
      await run`mmdebstrap --variant=minbase ${options} --customize-hook=${links} ${SUITE} ${join(folder, "root")}`
    } catch (cause) {
      throw fail("ROOT_BUILD", [lastLines(cause)], { cause })
    }
  })
  return join(folder, "root")
}

/**
 * Runs a command in the engine's root file system, with Slipway's home as /slipway and the host's network.
 *
 * For steps before the engine's start or independent of it.
 */
export function inRoot(root: string, command: string[]): ProcessPromise {
  const script = `
    mount --bind "$2" "$1/slipway"; mount --rbind /dev "$1/dev"; mount -t proc proc "$1/proc"; mount -t tmpfs none "$1/tmp"
    for file in /etc/resolv.conf /etc/ssl/certs/ca-certificates.crt; do
      [ ! -e "$file" ] || { touch "$1$file"; mount --bind "$(realpath "$file")" "$1$file"; }
    done
    root=$1; shift 2; exec chroot "$root" "$@"`
  const alone = ["unshare", "--mount", "--propagation", "private", "--"]
  return run`${alone} bash -euc ${script} - ${root} ${HOME} ${command}`
}

/** The path of a file of Slipway's home for commands inside. */
export const insidePath = (path: string): string => join("/slipway", relative(HOME, path))
