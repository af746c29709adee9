import { HOST } from "../debian/rootfs.js"
import type { Recipe } from "./recipes.js"

/** What checks rules, without the server that the real image is for: nothing here needs one. */
const prometheus: Recipe = {
  name: "prom/prometheus",
  tags: ["v3.16.0"],
  // It takes minutes to compile.
  platforms: [HOST],
  packages: ["ca-certificates"],
  unpackOnly: true,
  programs: {
    "/bin/promtool": {
      module: "prometheus",
      package: "github.com/prometheus/prometheus/cmd/promtool",
      flags: ["-trimpath", "-ldflags", "-s -w -X github.com/prometheus/common/version.Version=3.16.0"],
    },
  },
  remove: ["/usr/sbin/update-ca-certificates"],
  workdir: "/prometheus",
  user: "nobody",
}

/** What watches services once they are deployed. */
export const MONITORING: readonly Recipe[] = [prometheus]
