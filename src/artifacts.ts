import { dag, type Directory } from "@dagger.io/dagger"
import { junit } from "./lib/report/junit.js"
import { sarif } from "./lib/report/sarif.js"
import type { StageReport } from "./lib/verdict.js"

/** The files that the stages of one group leave behind, each by its kind's folder. */
export function artifacts(group: string, reports: readonly StageReport[]): Directory {
  return reports.reduce(
    (folder, report) =>
      folder
        .withNewFile(`sarif/${report.name}.sarif`, sarif(report, report.version))
        .withNewFile(`logs/${report.name}.log`, report.log),
    dag.directory().withNewFile(`junit/${group}.xml`, junit(reports)),
  )
}
