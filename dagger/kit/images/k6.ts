import { HOST } from "../debian/rootfs.js"
import type { Recipe } from "./recipes.js"

/**
 * k6 itself is under the AGPL, and isn't built here: in its place comes a program of ours that knows its scripts, its
 * options and its output from its documentation, and says that it isn't k6.
 */
export const K6: Recipe = {
  name: "grafana/k6",
  tags: ["1.3.0"],
  // Figures under emulation would be those of the emulator.
  platforms: [HOST],
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
