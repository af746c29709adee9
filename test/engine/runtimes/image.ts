import { spawn } from "node:child_process"
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import type { Readable } from "node:stream"
import { engineRoot, inRoot, insidePath } from "../../../dagger/kit/debian/root.js"
import { HOST_PLATFORM } from "../../../dagger/kit/debian/rootfs.js"
import { builtBinaries, DAGGER_VERSION } from "../../../dagger/kit/engine/binaries.js"
import { sdkContent } from "../../../dagger/kit/engine/sdk.js"
import { builtProgram } from "../../../dagger/kit/images/programs.js"
import { REPOSITORY } from "../../../dagger/lib/home.js"
import { stored } from "../../../dagger/lib/store.js"

/** The image that `dagger` runs its engine in. */
export const ENGINE_IMAGE = `registry.dagger.io/engine:${DAGGER_VERSION}`

const SUITE = "trixie"

/** Packages of the machine: what a user of Debian has, with both runtimes. */
const PACKAGES = [
  "aardvark-dns", // names of podman's containers
  "ca-certificates",
  "crun",
  "docker-cli",
  "docker.io",
  "git",
  "iproute2",
  "iptables",
  "netavark", // podman's networks
  "nftables", // podman's, for its networks
  "nodejs",
  "podman",
  "procps",
  "runc",
]

/** The machine's root file system. */
export async function machineRoot(): Promise<string> {
  const options = [
    ...PACKAGES.map((name) => `--include=${name}`),
    ...["doc", "man", "info", "locale"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
  ]
  const folder = await stored("runtimes", { texts: [SUITE, ...options] }, async (folder) => {
    const root = insidePath(join(folder, "root"))
    await inRoot(await engineRoot(), ["mmdebstrap", "--variant=minbase", ...options, SUITE, root])
  })
  return join(folder, "root")
}

/** Parts of the engine's root for building offline images, and what a container has from its runtime. */
const LEFT_OUT = ["dev/*", "proc/*", "sys/*", "usr/bin/docker-registry", "usr/bin/qemu-*", "usr/bin/skopeo"]
  .concat("usr/bin/umoci", "usr/lib/python3*")
  .map((path) => `--exclude=./${path}`)

/**
 * Runs as the container's first command. In version 2 a cgroup with controllers for its children holds no process of
 * its own.
 */
const ENTRYPOINT = `#!/bin/sh
set -eu
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir -p /sys/fs/cgroup/init
  xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/init/cgroup.procs || true
  sed 's/ / +/g; s/^/+/' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
fi
mkdir -p /run/dagger
exec dagger-engine --addr unix:///run/dagger/engine.sock --oci-cni-pool-size 16 "$@"
`

/** The engine's image: its content as a tar stream, and its configuration for `import --change`. */
export interface EngineImage {
  content: () => Readable
  changes: string[]
}

/**
 * The engine's image, of what the kit runs: in the places that the official image has it, with the command by which
 * `dagger` reaches an engine in a container.
 */
export async function engineImage(scratch: string): Promise<EngineImage> {
  const [root, built] = await Promise.all([engineRoot(), builtBinaries()])
  const sdk = await sdkContent(root, built)
  const dial = await builtProgram(
    { module: join(REPOSITORY, "dagger/kit/engine/go"), package: "github.com/dagger/dagger/cmd/dialstdio" },
    HOST_PLATFORM,
  )
  const places = {
    engine: "usr/local/bin/dagger-engine",
    init: "usr/local/bin/dagger-init",
    dnsname: "opt/cni/bin/dnsname",
    content: "usr/local/share/dagger/content",
    dialstdio: "usr/local/bin/buildctl",
  }
  const own = join(scratch, "engine-image")
  const files = writeOwn(own)
  const args = [
    ...Object.entries(places).map(([name, place]) => `--transform=flags=r;s,^${name}\\b,${place},`),
    ...[...LEFT_OUT, "-C", root, ".", "-C", own, ...files],
    ...["-C", built, "engine", "init", "dnsname", "-C", sdk, "content", "-C", dirname(dial), "dialstdio"],
  ]
  const digest = readFileSync(join(sdk, "digest"), "utf8")
  return {
    content: () => spawn("tar", ["-c", ...args], { stdio: ["ignore", "pipe", "inherit"] }).stdout,
    changes: [
      'ENTRYPOINT ["tini", "--", "entrypoint"]',
      `ENV DAGGER_TYPESCRIPT_SDK_MANIFEST_DIGEST=${digest}`,
    ],
  }
}

/** Writes the files that neither the engine's root nor a build has; returns their paths within the folder. */
function writeOwn(folder: string): string[] {
  const entrypoint = "usr/local/bin/entrypoint"
  const links = ["bridge", "firewall", "host-local", "loopback"].map((name) => join("opt/cni/bin", name))
  for (const path of [entrypoint, ...links]) mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, entrypoint), ENTRYPOINT, { mode: 0o755 })
  for (const link of links) symlinkSync(join("/usr/lib/cni", basename(link)), join(folder, link))
  return [entrypoint, ...links]
}
