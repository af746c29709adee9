import { basename } from "node:path"
import { HOST_PLATFORM } from "../debian/rootfs.js"
import type { Recipe } from "./recipes.js"

const JAVA = `/usr/lib/jvm/java-17-openjdk-${basename(HOST_PLATFORM)}`

/**
 * ZAP's core and the add-ons that are on Maven Central.
 *
 * The official image has some forty more, among them nearly all rules, the imports and the reports; a few rules and
 * jobs of our own have their names.
 */
export const zap: Recipe = {
  name: "zaproxy/zap-stable",
  tags: ["2.17.0"],
  platforms: [HOST_PLATFORM],
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
