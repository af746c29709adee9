import { HOST_PLATFORM } from "../debian/rootfs.js"
import type { Recipe } from "./recipes.js"

/** promtool, which checks alert rules, without clouds' service discovery; the server of the real image isn't needed. */
const prometheus: Recipe = {
  name: "prom/prometheus",
  tags: ["v3.16.0"],
  // Takes minutes to compile.
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates"],
  unpackOnly: true,
  programs: {
    "/bin/promtool": {
      module: "prometheus",
      package: "github.com/prometheus/prometheus/cmd/promtool",
      flags: [
        "-trimpath",
        "-ldflags",
        "-s -w -X github.com/prometheus/common/version.Version=3.16.0",
        "-tags",
        "remove_all_sd",
      ],
    },
  },
  remove: ["/usr/sbin/update-ca-certificates"],
  workdir: "/prometheus",
  user: "nobody",
}

/** Images for monitoring. */
export const MONITORING: readonly Recipe[] = [prometheus]
