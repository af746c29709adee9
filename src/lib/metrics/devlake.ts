/**
 * What Apache DevLake's incoming webhooks take (https://devlake.apache.org/docs/Plugins/webhook): deployments at
 * `/api/rest/plugins/webhook/connections/ID/deployments`, incidents at `…/issues`, one object a request.
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
 * The deployments of a report. One whose commit isn't known is left out, since DevLake demands it; one that is held too,
 * since it has no result. The id is the entry's hash: sent twice, it is the same deployment.
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

/** Incidents; DevLake itself takes the last deployment before them for their cause, so that the text names the real one. */
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
