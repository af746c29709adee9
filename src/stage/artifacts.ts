import { dag, type Directory } from "@dagger.io/dagger"
import { junit } from "../lib/report/junit.js"
import { sarif } from "../lib/report/sarif.js"
import type { Stage } from "./stage.js"

/** Collects the output files of stages in a folder per kind. */
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
