import { HOST_PLATFORM } from "../debian/rootfs.js"
import type { Recipe } from "./recipes.js"

/**
 * A replacement for k6, which is under the AGPL and isn't built here: a program of ours that implements k6's scripts,
 * options and output from its documentation, and says that it isn't k6.
 */
export const K6: Recipe = {
  name: "grafana/k6",
  tags: ["1.3.0"],
  // Measurements under emulation would be those of the emulator.
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates", "mawk"],
  unpackOnly: true,
  programs: { "/usr/bin/k6": { module: "k6", package: "./k6", flags: ["-trimpath", "-ldflags", "-s -w"] } },
  links: { "/usr/bin/awk": "mawk" },
  users: [{ name: "k6", id: 12345, home: "/home/k6", folders: [] }],
  remove: ["/usr/sbin/update-ca-certificates"],
  entrypoint: ["k6"],
  workdir: "/home/k6",
  user: "k6",
}
