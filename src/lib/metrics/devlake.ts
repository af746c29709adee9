/**
 * Payloads for Apache DevLake's incoming webhooks (https://devlake.apache.org/docs/Plugins/webhook).
 *
 * Deployments go to `/api/rest/plugins/webhook/connections/ID/deployments`, incidents to `…/issues`, one object a request.
 */
import type { DoraDeployment, DoraReport } from "./dora.js"
import type { Incident } from "./incidents.js"

interface DevlakeDeployment {
  id: string
  displayTitle: string
  name: string
  result: "SUCCESS" | "FAILURE"
  environment: string
  createdDate: string
  startedDate: string
  finishedDate: string
  deploymentCommits: {
    displayTitle: string
    repoUrl: string
    refName: string
    commitSha: string
    result: "SUCCESS" | "FAILURE"
    createdDate: string
    startedDate: string
    finishedDate: string
  }[]
}

interface DevlakeIssue {
  issueKey: string
  title: string
  description: string
  url: string
  type: "INCIDENT"
  status: "TODO" | "DONE"
  originalStatus: "open" | "resolved"
  createdDate: string
  resolutionDate?: string
  leadTimeMinutes?: number
}

/**
 * The deployments of a report.
 *
 * Those with an unknown commit are left out since DevLake requires one, those on hold since they have no result. The id is
 * the hash of the ledger entry, so that sending it twice creates one deployment.
 */
export const devlakeDeployments = (report: DoraReport, repoUrl: string): DevlakeDeployment[] =>
  report.deployments
    .filter(({ commit, status }) => commit !== "" && status !== "pending")
    .map((deployment) => devlakeDeployment(deployment, report.environment, repoUrl))

function devlakeDeployment(
  { hash, run, version, commit, status, startedAt, finishedAt }: DoraDeployment,
  environment: string,
  repoUrl: string,
): DevlakeDeployment {
  const result = status === "succeeded" ? "SUCCESS" : "FAILURE"
  const dates = { createdDate: startedAt, startedDate: startedAt, finishedDate: finishedAt }
  const displayTitle = `${version} to ${environment}`
  return {
    id: hash,
    displayTitle,
    name: `run ${run}`,
    result,
    environment: environment.toUpperCase(),
    ...dates,
    deploymentCommits: [{ displayTitle, repoUrl, refName: version, commitSha: commit, result, ...dates }],
  }
}

/** The incidents. DevLake assumes that the last deployment before caused them; the description names the real one. */
export const devlakeIncidents = (incidents: readonly Incident[]): DevlakeIssue[] =>
  incidents.map(({ id, url, deployment, version, environment, started, resolved }) => ({
    issueKey: id,
    title: id,
    url,
    type: "INCIDENT",
    description:
      deployment === "" ? `deployment of ${version} to ${environment}` : `deployment ${deployment}`,
    ...(resolved === undefined
      ? { status: "TODO", originalStatus: "open" }
      : {
          status: "DONE",
          originalStatus: "resolved",
          resolutionDate: new Date(resolved).toISOString(),
          leadTimeMinutes: Math.round((resolved - started) / 60_000),
        }),
    createdDate: new Date(started).toISOString(),
  }))
