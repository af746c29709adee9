import { HOST_PLATFORM } from "../debian/rootfs.js"
import type { Program } from "./programs.js"
import type { Recipe } from "./recipes.js"

const VERSION = "1.36.3"

const SMALL = ["-trimpath", "-ldflags", "-s -w"]

const stamps = ["component-base", "client-go/pkg"].map(
  (part) => `-X k8s.io/${part}/version.gitVersion=v${VERSION}`,
)
const numbers = ["gitMajor=1", "gitMinor=36"].map((set) => `-X k8s.io/component-base/version.${set}`)

/** Kubernetes, etcd and kubectl in one program, which acts as the one that it is called as. */
const KUBEBOX: Program = {
  module: "kubernetes",
  package: "./kubebox",
  flags: ["-trimpath", "-ldflags", ["-s -w", ...stamps, ...numbers].join(" ")],
}

const containerd = (command: string): Program => ({
  module: "containerd",
  package: `github.com/containerd/containerd/v2/cmd/${command}`,
  flags: [...SMALL, "-tags", "no_btrfs,no_devmapper,no_zfs"],
})

/** The folder where `k3s` looks for the programs it starts. */
const inside = (programs: Record<string, Program>): Record<string, Program> =>
  Object.fromEntries(
    Object.entries(programs).map(([name, program]) => [`/usr/local/lib/k3s/${name}`, program]),
  )

/** Links to the legacy variant, the only one that works in nested containers; Debian leaves the choice to a set-up script. */
const iptables = ["iptables", "ip6tables"]
  .flatMap((name) => [name, `${name}-save`, `${name}-restore`])
  .map((name) => [`/usr/sbin/${name}`, "xtables-legacy-multi"] as const)

/** A single-node Kubernetes: upstream's own components, started by a command with k3s's interface. */
const k3s = (mirror: string, registries: string[]): Recipe => ({
  name: "rancher/k3s",
  tags: [`v${VERSION}-k3s1`],
  // Takes minutes to compile, and a cluster under emulation is of no use.
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates", "containernetworking-plugins", "iptables", "mount", "runc"],
  unpackOnly: true,
  programs: {
    "/bin/k3s": { module: "kubernetes", package: "./k3s", flags: SMALL },
    ...inside({
      kubebox: KUBEBOX,
      containerd: containerd("containerd"),
      "containerd-shim-runc-v2": containerd("containerd-shim-runc-v2"),
      ctr: containerd("ctr"),
      coredns: { module: "coredns", package: "./coredns", flags: SMALL },
      pause: { module: "kubernetes", package: "./pause", flags: SMALL },
    }),
  },
  links: { ...Object.fromEntries(iptables), "/bin/kubectl": "k3s" },
  remove: ["/usr/sbin/update-ca-certificates"],
  env: { REGISTRY_MIRROR: mirror, MIRRORED_REGISTRIES: registries.join() },
  entrypoint: ["/bin/k3s"],
  cmd: ["agent"],
})

const kubectl: Recipe = {
  name: "kubectl",
  tags: [`v${VERSION}`],
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates"],
  unpackOnly: true,
  programs: { "/bin/kubectl": KUBEBOX },
  // The real image is distroless: stages must not rely on a shell.
  remove: ["/usr/sbin/update-ca-certificates", "/bin/sh", "/bin/dash", "/bin/bash", "/bin/rbash"],
  entrypoint: ["/bin/kubectl"],
}

/**
 * The recipes of a Kubernetes cluster in one container and of kubectl.
 *
 * @param mirror Address of the registry mirror, as nodes reach it.
 * @param registries Registries that nodes look for in the mirror first.
 */
export const clusterRecipes = (mirror: string, registries: string[]): Recipe[] => [
  k3s(mirror, registries),
  kubectl,
]
