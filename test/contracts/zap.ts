/**
 * What Slipway relies on of ZAP 2.17 and its add-ons. Nothing here runs by itself: ZAP needs its image, and each fact
 * says how to see it there.
 *
 * Sources: "docs" is https://www.zaproxy.org/docs/, the others are repositories as they were in August 2026.
 */
import type { Fact } from "./contract.js"

const SITE = "zaproxy/zaproxy-website at e2c990f3, of 2026-08-21"
const ADD_ONS = "zaproxy/zap-extensions at aea3dee933, of 2026-08-21"
const CORE = "zaproxy/zaproxy at 90068415b, of 2026-08-21"
const FRAMEWORK = "docs, desktop/addons/automation-framework"
const MESSAGES = "zaproxy/zap-extensions, addOns/automation/…/Messages.properties"
const JSON_REPORT = "zaproxy/zap-extensions, addOns/reports/…/traditional-json/report.json"

const RUN =
  "docker run --rm -v $PWD:/zap/wrk zaproxy/zap-stable:2.17.0 /zap/zap.sh -cmd -silent -autorun /zap/wrk/plan.yaml"

export const ZAP_FACTS: readonly Fact[] = [
  {
    id: "autorun",
    fact: "zap.sh -cmd -autorun FILE runs a plan and ends; -silent keeps ZAP from asking for updates, -dir places its home.",
    sources: [FRAMEWORK, "docs, desktop/cmdline"],
    read: SITE,
    byHand: RUN,
  },
  {
    id: "exit-codes",
    fact: "It ends with 0, with 1 after errors, and with 2 after warnings alone, so that the code says little; Slipway ignores it.",
    sources: [`${FRAMEWORK}: exit codes`, "zaproxy/zaproxy#8875"],
    read: SITE,
    byHand: `${RUN}; echo $?`,
  },
  {
    id: "continue-on-failure",
    fact: "With continueOnFailure the jobs after one that failed run; alwaysRun lets a job run also after an early end.",
    sources: [`${FRAMEWORK}/environment`, FRAMEWORK],
    read: SITE,
    byHand: "a plan whose spider starts at a closed port: the reports are written",
  },
  {
    id: "progress",
    fact: "With progressToStdout each job says on standard output what it does.",
    sources: [`${FRAMEWORK}/environment`],
    read: SITE,
    byHand: RUN,
  },
  {
    id: "failures",
    fact: 'Errors stand below the line "Automation plan failures:", warnings below "Automation plan warnings:", each behind a tab; without either it says "Automation plan succeeded!".',
    sources: [MESSAGES, "zaproxy/zap-extensions, addOns/automation/…/ExtensionAutomation.java"],
    read: `${ADD_ONS}: the three lines; the tab wasn't found there`,
    byHand: "a plan with a URL that can't be reached",
  },
  {
    id: "urls-found",
    fact: 'The spider says "Job NAME found N URLs", where NAME is the job\'s name, which may be another than its type.',
    sources: [MESSAGES, "zaproxy/zap-extensions, addOns/spider/…/SpiderJob.java"],
    read: ADD_ONS,
    byHand: RUN,
  },
  {
    id: "urls-added",
    fact: 'The import of an OpenAPI document says "Job NAME added N URLs".',
    sources: ["zaproxy/zap-extensions, addOns/openapi/…/Messages.properties and OpenApiJob.java"],
    read: ADD_ONS,
    byHand: "a plan with an openapi job",
  },
  {
    id: "urls-number",
    fact: "N is written as the language of the machine writes numbers, from 1,000 on with a separator.",
    sources: ["Java, MessageFormat", "zaproxy/zaproxy, zap/…/utils/I18N.java"],
    read: "zaproxy at 48863037d, I18N.java: MessageFormat; Java's own page not",
    byHand: "a scan of a site with more than a thousand pages",
  },
  {
    id: "report-json",
    fact: "The report traditional-json is an object with a list site, each with a list alerts: pluginid, alertRef, name, riskcode, confidence, solution and instances with uri, method, param and evidence; numbers are texts.",
    sources: [JSON_REPORT],
    read: ADD_ONS,
    byHand: `${RUN}; jq '.site[].alerts[0]' report.json`,
  },
  {
    id: "risk-codes",
    fact: "riskcode is 0 for informational, 1 for low, 2 for medium and 3 for high; confidence 0 is a false positive.",
    sources: ["zaproxy/zaproxy, zap/…/parosproxy/paros/core/scanner/Alert.java", JSON_REPORT],
    read: CORE,
    byHand: `${RUN}; jq '[.site[].alerts[] | .riskcode]' report.json`,
  },
  {
    id: "alert-references",
    fact: "alertRef is the plug-in's id, with - and a number where it has several cases.",
    sources: ["docs, alerts"],
    read: SITE,
    byHand: `${RUN}; jq '[.site[].alerts[] | .alertRef]' report.json`,
  },
  {
    id: "alert-pages",
    fact: "Each plug-in has a page https://www.zaproxy.org/docs/alerts/ID/.",
    sources: ["docs, alerts"],
    read: SITE,
    byHand: "open https://www.zaproxy.org/docs/alerts/10038/",
  },
  {
    id: "authentication-header",
    fact: "ZAP_AUTH_HEADER_VALUE is sent with every request, as ZAP_AUTH_HEADER or Authorization, to hosts whose name contains ZAP_AUTH_HEADER_SITE; it need not be the whole name.",
    sources: [
      "docs, getting-further/authentication/handling-auth-yourself",
      "zaproxy/zaproxy, zap/…/HttpSenderAuthHeaderListener.java",
    ],
    read: CORE,
    byHand: "a scan with these variables of a service that logs its headers",
  },
  {
    id: "passive-scan-settings",
    fact: "passiveScan-config takes maxAlertsPerRule, 0 for all, and scanOnlyInScope; passiveScan-wait takes maxDuration in minutes.",
    sources: ["docs, desktop/addons/passive-scanner/job-pscanconf and job-pscanwait"],
    read: SITE,
    byHand: RUN,
  },
  {
    id: "spider-settings",
    fact: "spider takes context, maxDuration in minutes, and postForm, which is true by default; false keeps it from sending forms by POST.",
    sources: [
      `${FRAMEWORK}/job-spider`,
      "zaproxy/zap-extensions, addOns/spider/…/help/contents/automation.html",
    ],
    read: "zap-extensions at 0ced85eae4, automation.html",
    byHand: RUN,
  },
  {
    id: "active-scan-settings",
    fact: "activeScan takes context and maxScanDurationInMins; without that job nothing is attacked.",
    sources: [`${FRAMEWORK}/job-ascan`],
    read: SITE,
    byHand: RUN,
  },
  {
    id: "openapi-settings",
    fact: "openapi takes apiFile, targetUrl and context; complaints about the document are warnings or errors of the plan.",
    sources: [
      "docs, desktop/addons/openapi-support/automation",
      "zaproxy/zap-extensions, addOns/openapi/…/OpenApiJob.java",
    ],
    read: SITE,
    byHand: "a plan with an openapi job and a document with a broken reference",
  },
  {
    id: "report-settings",
    fact: "report takes template, reportDir, reportFile and reportTitle; the extension is appended.",
    sources: ["docs, desktop/addons/report-generation/automation"],
    read: SITE,
    byHand: `${RUN}; ls`,
  },
  {
    id: "image",
    fact: "The image has /zap/zap.sh, and a user of the number 1000 that may write to /zap/wrk where that belongs to it.",
    sources: ["zaproxy/zaproxy, docker/Dockerfile-stable"],
    read: CORE,
    byHand: "docker run --rm zaproxy/zap-stable:2.17.0 id -u zap",
  },
]
