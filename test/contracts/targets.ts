/** The imitations of services that the tests have, and the real ones, as targets of their contracts. */
import type { ServiceFact, Target } from "./serviceRuns.js"
import { AZURE_DEVOPS_FACTS } from "./azureDevOps.js"
import { GITHUB_FACTS } from "./github.js"
import { GITLAB_FACTS } from "./gitlab.js"
import { GRAFANA_FACTS } from "./grafana.js"
import { SLACK_FACTS } from "./slack.js"
import { TEAMS_FACTS } from "./teams.js"

/** A service with a contract that can be tried. */
export interface Service {
  name: string
  facts: readonly ServiceFact[]
  headers: Target["headers"]
  /** Where the imitation is, below its server's address, with the token that it takes. */
  imitation: { server: "receiver" | "forge"; base: string; token: string; places?: Target["places"] }
}

const basic = (token: string): string => `Basic ${Buffer.from(`:${token}`).toString("base64")}`

export const SERVICES: Readonly<Record<string, Service>> = {
  slack: {
    name: "Slack",
    facts: SLACK_FACTS,
    headers: () => ({}),
    imitation: { server: "receiver", base: "/services/T000/B000/SECRET", token: "" },
  },
  teams: {
    name: "Teams",
    facts: TEAMS_FACTS,
    headers: () => ({}),
    imitation: { server: "receiver", base: "/workflows/SECRET", token: "" },
  },
  grafana: {
    name: "Grafana",
    facts: GRAFANA_FACTS,
    headers: (token) => ({ authorization: `Bearer ${token}`, accept: "application/json" }),
    imitation: { server: "receiver", base: "", token: "glsa_slipway", places: { viewer: "glsa_viewer" } },
  },
  github: {
    name: "GitHub",
    facts: GITHUB_FACTS,
    headers: (token) => ({
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "x-github-api-version": "2022-11-28",
    }),
    imitation: {
      server: "forge",
      base: "/github",
      token: "ghs_slipway",
      places: { repository: "/repos/acme/shop", number: "7", graphql: "/graphql" },
    },
  },
  gitlab: {
    name: "GitLab",
    facts: GITLAB_FACTS,
    headers: (token) => ({ accept: "application/json", "private-token": token }),
    imitation: {
      server: "forge",
      base: "/gitlab/api/v4",
      token: "glpat-slipway",
      places: { project: "42", number: "7" },
    },
  },
  azure: {
    name: "Azure DevOps",
    facts: AZURE_DEVOPS_FACTS,
    headers: (token) => ({
      accept: "application/json",
      authorization: basic(token),
      "x-tfs-fedauthredirect": "Suppress",
    }),
    imitation: {
      server: "forge",
      base: "/azure/acme",
      token: `${"pat".repeat(17)}x`,
      places: {
        threads:
          "/Demo%20Project/_apis/git/repositories/5febef5a-833d-4e14-b9c0-14cb638f91e6/pullRequests/7/threads",
      },
    },
  },
}

/** The imitation of a service on a server. */
export const imitated = ({ imitation, headers }: Service, server: string): Target => ({
  base: `${server}${imitation.base}`,
  token: imitation.token,
  headers,
  places: imitation.places ?? {},
})
