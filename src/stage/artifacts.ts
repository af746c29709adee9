import { dag, type Directory } from "@dagger.io/dagger"
import { junit } from "../lib/report/junit.js"
import { sarif } from "../lib/report/sarif.js"
import type { Stage } from "./stage.js"

/** The files that stages leave behind, each in its kind's folder. */
export function artifacts(stages: readonly Stage[]): Directory {
  const groups = [...new Set(stages.map(({ group }) => group))]
  const suites = groups.reduce(
    (folder, group) =>
      folder.withNewFile(`junit/${group}.xml`, junit(stages.filter((stage) => stage.group === group))),
    dag.directory(),
  )
  return stages.reduce((folder, stage) => {
    const reported = folder
      .withNewFile(`sarif/${stage.name}.sarif`, sarif(stage, stage.version))
      .withNewFile(`logs/${stage.name}.log`, stage.log)
    return stage.files === undefined ? reported : reported.withDirectory("/", stage.files)
  }, suites)
}
