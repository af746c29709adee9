import { basename } from "node:path"
import { HOST } from "../debian/rootfs.js"
import type { Recipe } from "./recipes.js"

const JAVA = `/usr/lib/jvm/java-17-openjdk-${basename(HOST)}`

/**
 * ZAP's core and what add-ons Maven has of it. The official image has some forty more: nearly all rules, the imports and
 * the reports among them. A few rules and jobs under their names stand in for these.
 */
export const zap: Recipe = {
  name: "zaproxy/zap-stable",
  tags: ["2.17.0"],
  platforms: [HOST],
  packages: ["openjdk-17-jre-headless"],
  unpackOnly: true,
  java: { "/zap": "zap" },
  links: { "/usr/bin/java": `${JAVA}/bin/java` },
  users: [{ name: "zap", id: 1000, home: "/home/zap", folders: ["/zap/wrk"] }],
  remove: ["/usr/sbin/update-ca-certificates"],
  env: {
    JAVA_HOME: JAVA,
    PATH: `${JAVA}/bin:/zap:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: "/home/zap",
    ZAP_PATH: "/zap/zap.sh",
  },
  workdir: "/zap",
  user: "zap",
  cmd: ["bash"],
}
