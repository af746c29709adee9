/**
 * What Slipway relies on of GitLab: notes of merge requests, and the variables of its jobs.
 *
 * Sources: "docs" is https://docs.gitlab.com/.
 */
import { BODY, last, type ServiceFact, statuses } from "./serviceRuns.js"

const NOTES = "docs, api/notes"
const VARIABLES = "docs, ci/variables/predefined_variables"
const all = "/projects/{project}/merge_requests/{number}/notes"
const one = `${all}/{id}`
const create = (body: string = BODY) => ({ path: all, json: { body } })

export const GITLAB_FACTS: readonly ServiceFact[] = [
  {
    id: "note",
    fact: "POST …/merge_requests/IID/notes answers 201 with id, body, author.id and system.",
    sources: [NOTES],
    check: {
      run: [create()],
      found: ([{ status, json } = last([])]) => [status, typeof json["id"], json["body"], json["system"]],
      equals: [201, "number", BODY, false],
    },
  },
  {
    id: "edit",
    fact: "PUT …/notes/ID answers 200, DELETE 204.",
    sources: [NOTES],
    check: {
      run: [create(), { method: "PUT", path: one, json: { body: `${BODY} Changed.` } }],
      found: statuses,
      equals: [201, 200],
    },
  },
  {
    id: "gone",
    fact: "A note that isn't there is answered with 404.",
    sources: [NOTES],
    check: {
      run: [{ method: "PUT", path: `${all}/99999999999`, json: { body: BODY } }],
      found: statuses,
      equals: [404],
    },
  },
  {
    id: "pages",
    fact: "per_page is at most 100; x-next-page has the next page's number, and is empty on the last one.",
    sources: ["docs, api/rest: offset-based pagination"],
    check: {
      run: [create(), create(), { method: "GET", path: `${all}?per_page=1&sort=asc&order_by=created_at` }],
      found: (answers) => last(answers).headers.get("x-next-page"),
      equals: "2",
    },
  },
  {
    id: "order",
    fact: "sort=asc with order_by=created_at lists the oldest first; the default is the newest.",
    sources: [NOTES],
    check: {
      run: [create(), create(), { method: "GET", path: `${all}?per_page=100&sort=asc&order_by=created_at` }],
      found: (answers) => {
        const ids = (last(answers).json as unknown as { id: number }[]).map(({ id }) => id)
        return ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0))
      },
      equals: true,
    },
  },
  {
    id: "user",
    fact: "GET /user answers the token's own id, for a project's or group's token that of its bot.",
    sources: [
      "docs, api/users: current user",
      "docs, user/project/settings/project_access_tokens: bot users",
    ],
    check: {
      run: [{ method: "GET", path: "/user" }],
      found: (answers) => [last(answers).status, typeof last(answers).json["id"]],
      equals: [200, "number"],
    },
  },
  {
    id: "unknown-token",
    fact: "A token is sent as PRIVATE-TOKEN; an unknown one is answered with 401.",
    sources: ["docs, api/rest/authentication"],
    check: { run: [{ ...create(), token: "glpat-unknown" }], found: statuses, equals: [401] },
  },
  {
    id: "scope",
    fact: "A token without the scope api is answered with 403, error insufficient_scope and error_description.",
    sources: ["docs, user/profile/personal_access_tokens: scopes"],
    byHand: "POST a note with a token of the scope read_api",
  },
  {
    id: "job-token",
    fact: "CI_JOB_TOKEN begins with glcbt-, and may neither read nor write notes.",
    sources: [
      "docs, ci/jobs/ci_job_token and ci/jobs/fine_grained_permissions: no endpoint of notes",
      "gitlab-org/gitlab#464591",
      "docs, security/tokens: token prefixes",
    ],
    byHand: "POST a note with CI_JOB_TOKEN: 401",
  },
  {
    id: "quick-actions",
    fact: "A line of a note that begins with a quick action, such as /close, is carried out for its author and taken out.",
    sources: ["docs, user/project/quick_actions"],
    check: {
      run: [create(`${BODY}\n/label ~none`)],
      found: (answers) => String(last(answers).json["body"]).includes("/label"),
      equals: false,
    },
  },
  {
    id: "length",
    fact: "A note has at most 1,000,000 characters.",
    sources: ["docs, administration/instance_limits: comment size"],
    check: { run: [create("a".repeat(1_000_001))], found: statuses, equals: [400] },
  },
  {
    id: "limits",
    fact: "Too many requests are answered with 429, Retry-After and RateLimit-Reset.",
    sources: ["docs, administration/settings/user_and_ip_rate_limits: response headers"],
    byHand: "more than 60 notes within a minute on gitlab.com",
  },
  {
    id: "variables",
    fact: "CI_PIPELINE_SOURCE is push, schedule, merge_request_event, web, api or trigger; CI_COMMIT_BRANCH isn't there in merge request and tag pipelines, CI_COMMIT_TAG in those of tags alone.",
    sources: [VARIABLES, "docs, ci/jobs/job_rules: CI_PIPELINE_SOURCE"],
    byHand: "print them in a job of each kind",
  },
  {
    id: "merge-request",
    fact: "CI_MERGE_REQUEST_IID, _PROJECT_ID, _SOURCE_PROJECT_ID and _TARGET_BRANCH_NAME are set in merge request pipelines; a fork's source project differs.",
    sources: [VARIABLES],
    byHand: "print them in a merge request pipeline of a fork",
  },
  {
    id: "protected",
    fact: "CI_COMMIT_REF_PROTECTED is true for a protected branch or tag; protected variables are there for these alone.",
    sources: [VARIABLES, "docs, ci/variables: protect a CI/CD variable"],
    byHand: "print it on a branch that isn't protected",
  },
]
