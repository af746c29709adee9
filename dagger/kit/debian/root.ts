import { join, relative } from "node:path"
import type { ProcessPromise } from "zx"
import { run } from "../../lib/shell.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { lastLines, requirePackages } from "./packages.js"
import { HOME } from "../../lib/home.js"
import { stored } from "../../lib/store.js"

const SUITE = "bookworm"

/** What the engine runs, and what makes stand-in images, each with its reason. */
const PACKAGES = [
  "ca-certificates",
  "containernetworking-plugins", // bridge, firewall, host-local: the engine's container network
  "dnsmasq-base", // names of services
  "docker-registry", // keeps the stand-in images
  "git", // repositories as source
  "openssh-client", // the same over ssh
  "python3-pip", // PyPI packages in stand-in images
  "iproute2",
  "iptables", // the engine masquerades its containers
  "mmdebstrap", // roots of stand-in images
  "qemu-user-static", // linux/arm64
  "runc",
  "skopeo",
  "slirp4netns", // the sandbox's way out
  "tini",
  "umoci", // roots to images
]

const DROP = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/locale/*",
  "/var/cache/apt/*",
  "/var/lib/apt/lists/*",
]

/** The engine's root file system: a small Debian, unpacked. */
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
 * Runs a command of the engine's root file system, which sees Slipway's home as /slipway and the host's network.
 * For what happens before or beside a running engine.
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

/** Where a file of Slipway's home lies for commands inside. */
export const insidePath = (path: string): string => join("/slipway", relative(HOME, path))
