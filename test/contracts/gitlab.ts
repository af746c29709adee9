/**
 * What Slipway relies on of GitLab: notes of merge requests, and the variables of its jobs.
 *
 * Sources: "docs" is https://docs.gitlab.com/.
 */
import { BODY, last, type ServiceFact, statuses } from "./serviceRuns.js"

const NOTES = "docs, api/notes"
const VARIABLES = "docs, ci/variables/predefined_variables"
/** Its pages and source as gitlabhq/gitlabhq had them, each at the commit that is named with it. */
const MIRROR = "gitlabhq/gitlabhq"
const STATUSES = "doc/api/rest/troubleshooting.md at 07a9524568"
const PREDEFINED = "doc/ci/variables/predefined_variables.md at 00a46ce6b4"
const all = "/projects/{project}/merge_requests/{number}/notes"
const one = `${all}/{id}`
const create = (body: string = BODY) => ({ path: all, json: { body } })

export const GITLAB_FACTS: readonly ServiceFact[] = [
  {
    id: "note",
    fact: "POST …/merge_requests/IID/notes answers 201 with id, body, author.id and system.",
    sources: [NOTES],
    read: `${MIRROR}: doc/api/notes.md at 077b92f78b, ${STATUSES}`,
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
    read: `${MIRROR}: ${STATUSES}`,
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
    read: `${MIRROR}: lib/api/helpers/notes_helpers.rb at 017a6c129d, lib/api/api.rb at 0045970352`,
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
    read: `${MIRROR}: doc/api/rest/_index.md at 017a6c129d, offset_header_builder.rb at 8b573c94c8`,
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
    read: `${MIRROR}: doc/api/notes.md at 077b92f78b`,
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
    read: `${MIRROR}: lib/api/users.rb at 0045970352, project_access_tokens.md at 02246c40b8, doc/security/tokens at 017a6c129d`,
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
    read: `${MIRROR}: doc/api/rest/authentication.md at 08ed20f9d5`,
    check: { run: [{ ...create(), token: "glpat-unknown" }], found: statuses, equals: [401] },
  },
  {
    id: "scope",
    fact: "A token without the scope api is answered with 403, error insufficient_scope and error_description.",
    sources: ["docs, user/profile/personal_access_tokens: scopes"],
    read: `${MIRROR}: lib/api/api_guard.rb at 017a6c129d, lib/api/api.rb at 0045970352, authentication.md at 08ed20f9d5`,
    byHand: "POST a note with a token of the scope read_api",
  },
  {
    id: "job-token",
    fact: "CI_JOB_TOKEN begins with glcbt- from GitLab 16.9 on; it may read the notes of a merge request, in newer versions, but not write any.",
    sources: [
      "docs, ci/jobs/ci_job_token: job token access",
      "gitlab-org/gitlab#464591",
      "docs, security/tokens: token prefixes",
    ],
    read: `${MIRROR}: ci_job_token.md, doc/security/tokens/_index.md and lib/api/notes.rb at 017a6c129d`,
    byHand: "POST a note with CI_JOB_TOKEN: 401",
  },
  {
    id: "quick-actions",
    fact: "A line of a note that begins with a quick action, such as /close, is carried out for its author and taken out.",
    sources: ["docs, user/project/quick_actions"],
    read: `${MIRROR}: lib/gitlab/quick_actions/extractor.rb at 18f7828977, quick_actions_service.rb at 03717bbc9f`,
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
    read: `${MIRROR}: doc/api/notes.md at 077b92f78b, notes_helpers.rb at 017a6c129d`,
    check: { run: [create("a".repeat(1_000_001))], found: statuses, equals: [400] },
  },
  {
    id: "limits",
    fact: "Too many requests are answered with 429: those over a limit of the HTTP layer with Retry-After and RateLimit-Reset, those over one of the application, as of new notes in a minute, with neither.",
    sources: [
      "docs, administration/settings/user_and_ip_rate_limits: response headers",
      "docs, administration/settings/rate_limit_on_notes_creation",
    ],
    read: `${MIRROR}: user_and_ip_rate_limits.md at 0286e4c628, rate_limit_on_notes_creation.md at 04027f81f0`,
    byHand: "more than 60 notes within a minute on gitlab.com",
  },
  {
    id: "variables",
    fact: "CI_PIPELINE_SOURCE is push, schedule, merge_request_event, web, api, trigger, or another, such as pipeline and parent_pipeline, which Slipway takes for a run by hand; CI_COMMIT_BRANCH isn't there in merge request and tag pipelines, CI_COMMIT_TAG in those of tags alone.",
    sources: [VARIABLES, "docs, ci/jobs/job_rules: CI_PIPELINE_SOURCE"],
    read: `${MIRROR}: ${PREDEFINED}, doc/ci/jobs/job_rules.md at 06b63cf514`,
    byHand: "print them in a job of each kind",
  },
  {
    id: "merge-request",
    fact: "CI_MERGE_REQUEST_IID, _PROJECT_ID, _SOURCE_PROJECT_ID and _TARGET_BRANCH_NAME are set in merge request pipelines while the merge request is open; a fork's source project differs.",
    sources: [VARIABLES],
    read: `${MIRROR}: ${PREDEFINED}`,
    byHand: "print them in a merge request pipeline of a fork",
  },
  {
    id: "protected",
    fact: "CI_COMMIT_REF_PROTECTED is true for a protected branch or tag; protected variables are there for these, and in merge request pipelines where the project allows it. One that a member runs in the project for a fork has all variables.",
    sources: [VARIABLES, "docs, ci/variables: protect a CI/CD variable"],
    read: `${MIRROR}: ${PREDEFINED}, doc/ci/variables/_index.md at 017a6c129d`,
    byHand: "print it on a branch that isn't protected",
  },
]
