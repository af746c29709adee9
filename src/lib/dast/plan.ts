import { stringify } from "yaml"
import type { Config } from "../config/config.js"
import { excluded, within } from "./scope.js"

/** Directory of ZAP's plan and reports in its container. */
export const WORK = "/zap/wrk"
export const PLAN = `${WORK}/plan.yaml`
export const DOCUMENT = `${WORK}/openapi.json`
/** Base name of the reports; ZAP appends the extensions. */
const REPORT = "report"

export interface Scan {
  /** URL of the service, without a trailing slash. */
  url: string
  /** True for an active scan, which attacks the service. */
  active: boolean
  /** Path at which the spider starts; without one there is no spider. */
  path?: string
  /** True if there is an OpenAPI document to import. */
  documented: boolean
}

const MINUTE = 60
/** Time reserved for the start, the passive rules, and the reports. */
const REST = 3 * MINUTE

/**
 * Writes the plan of ZAP's automation framework.
 *
 * No failed job ends it, so findings up to then are reported. It contains no secrets: ZAP takes the authentication
 * header from its environment variables.
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
              // Forms that are sent by POST may change data.
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
