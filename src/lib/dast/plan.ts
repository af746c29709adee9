import { stringify } from "yaml"
import type { Config } from "../config/config.js"
import { excluded, within } from "./scope.js"

/** Where ZAP finds what it is to do, and leaves what it found. */
export const WORK = "/zap/wrk"
export const PLAN = `${WORK}/plan.yaml`
export const DOCUMENT = `${WORK}/openapi.json`
/** ZAP puts the endings there itself. */
const REPORT = "report"

export interface Scan {
  /** Where the service answers, without a slash at its end. */
  url: string
  /** True for an active scan, which attacks the service. */
  active: boolean
  /** Where the spider begins; without one there is none. */
  path?: string
  /** True if there is an OpenAPI document to import. */
  documented: boolean
}

const MINUTE = 60
/** Time reserved for the start, the passive rules, and the reports. */
const REST = 3 * MINUTE

/**
 * The plan of ZAP's automation framework. No job's failure ends it: what was found until then is reported. There is
 * nothing secret in it: the authentication header comes from ZAP's own environment variables.
 */
export function planText(scan: Scan, dast: Config["dast"]): string {
  const { url, active, path, documented } = scan
  const context = "service"
  const attack = Math.max(MINUTE, dast.timeout - dast.spider - REST)
  const report = (template: string) => ({
    type: "report",
    alwaysRun: true,
    parameters: { template, reportDir: WORK, reportFile: REPORT, reportTitle: "ZAP" },
  })
  return stringify({
    env: {
      contexts: [
        {
          name: context,
          urls: [`${url}${path ?? "/"}`],
          includePaths: [within(url)],
          excludePaths: excluded(url, dast),
        },
      ],
      parameters: {
        failOnError: true,
        failOnWarning: false,
        continueOnFailure: true,
        progressToStdout: true,
      },
    },
    jobs: [
      { type: "passiveScan-config", parameters: { maxAlertsPerRule: 0, scanOnlyInScope: true } },
      ...(documented
        ? [{ type: "openapi", parameters: { apiFile: DOCUMENT, targetUrl: url, context } }]
        : []),
      ...(path === undefined
        ? []
        : [
            {
              type: "spider",
              // Forms that are sent by POST change something.
              parameters: { context, maxDuration: minutes(dast.spider), postForm: active },
            },
          ]),
      { type: "passiveScan-wait", parameters: { maxDuration: minutes(dast.timeout) } },
      ...(active
        ? [{ type: "activeScan", parameters: { context, maxScanDurationInMins: minutes(attack) } }]
        : []),
      report("traditional-json"),
      report("traditional-html"),
    ],
  })
}

const minutes = (seconds: number): number => Math.ceil(seconds / MINUTE)
