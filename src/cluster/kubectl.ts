import { type Container, dag } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { REGCTL_VERSION } from "../stage/images.js"
import { imageReference } from "../stage/images.js"
import { KUBECTL_VERSION } from "../stage/images.js"

/** Container with kubectl, on an image that has a shell, unlike kubectl's own. */
export const kubectl = (config: Config): Container =>
  dag
    .container()
    .from(imageReference("regctl", REGCTL_VERSION, config.images))
    .withUser("0")
    .withDirectory("/slipway", dag.directory())
    .withFile(
      "/usr/local/bin/kubectl",
      dag
        .container()
        .from(imageReference("kubectl", KUBECTL_VERSION, config.images))
        .file("/bin/kubectl"),
    )
