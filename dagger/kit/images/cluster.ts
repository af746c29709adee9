import { HOST } from "../debian/rootfs.js"
import type { Program } from "./programs.js"
import type { Recipe } from "./recipes.js"

const VERSION = "1.36.3"

const SMALL = ["-trimpath", "-ldflags", "-s -w"]

const stamps = ["component-base", "client-go/pkg"].map(
  (part) => `-X k8s.io/${part}/version.gitVersion=v${VERSION}`,
)
const numbers = ["gitMajor=1", "gitMinor=36"].map((set) => `-X k8s.io/component-base/version.${set}`)

/** Kubernetes, etcd and kubectl in one program, which is what the name says that it is called by. */
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

/** Where `k3s` looks for what it starts. */
const inside = (programs: Record<string, Program>): Record<string, Program> =>
  Object.fromEntries(
    Object.entries(programs).map(([name, program]) => [`/usr/local/lib/k3s/${name}`, program]),
  )

/** Debian leaves the flavour of each command to a set-up script. Nested containers can rely on the old one alone. */
const iptables = ["iptables", "ip6tables"]
  .flatMap((name) => [name, `${name}-save`, `${name}-restore`])
  .map((name) => [`/usr/sbin/${name}`, "xtables-legacy-multi"] as const)

/** A Kubernetes of one node: upstream's own components, started by a command that is called as k3s is. */
const k3s = (mirror: string, registries: string[]): Recipe => ({
  name: "rancher/k3s",
  tags: [`v${VERSION}-k3s1`],
  // Minutes to compile, and nobody runs a cluster under emulation.
  platforms: [HOST],
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
  platforms: [HOST],
  packages: ["ca-certificates"],
  unpackOnly: true,
  programs: { "/bin/kubectl": KUBEBOX },
  // The real image is kubectl and hardly more: nobody is to rely on a shell in it.
  remove: ["/usr/sbin/update-ca-certificates", "/bin/sh", "/bin/dash", "/bin/bash", "/bin/rbash"],
  entrypoint: ["/bin/kubectl"],
}

/**
 * A Kubernetes cluster in one container, and the command that speaks to any.
 *
 * @param mirror Where nodes find the mirror.
 * @param registries In whose place they ask it first.
 */
export const clusterRecipes = (mirror: string, registries: string[]): Recipe[] => [
  k3s(mirror, registries),
  kubectl,
]
