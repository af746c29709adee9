/**
 * What Slipway relies on of GitHub: comments, reviews, protections and code scanning of its API, and Actions' variables.
 *
 * Sources: "docs" is https://docs.github.com/en/, with the API's version 2022-11-28.
 */
import { BODY, last, type ServiceFact, statuses } from "./serviceRuns.js"

const COMMENTS = "docs, rest/issues/comments"
const VARIABLES = "docs, actions/reference/workflows-and-actions/variables"
/** GitHub's OpenAPI description 23.0.1, with the words of each operation. */
const TYPES = "@octokit/openapi-types 29.0.1"
const VARIABLES_READ = "github/docs at 159bd1b02c, variables.md"
const all = "{repository}/issues/{number}/comments"
const one = "{repository}/issues/comments/{id}"
const create = (body: string = BODY) => ({ path: all, json: { body } })
const remove = { method: "DELETE", path: one } as const

const API: readonly ServiceFact[] = [
  {
    id: "comment",
    fact: "POST …/issues/NUMBER/comments with body answers 201 with id, body and user.login, for pull requests too.",
    sources: [COMMENTS],
    read: TYPES,
    check: {
      run: [create()],
      found: ([made = last([])]) => [made.status, typeof made.json["id"], made.json["body"]],
      equals: [201, "number", BODY],
    },
  },
  {
    id: "edit",
    fact: "PATCH …/issues/comments/ID answers 200, DELETE 204; both 404 for a comment that is gone.",
    sources: [COMMENTS],
    read: `${TYPES}: 200 and 204, not the 404`,
    check: {
      run: [create(), { method: "PATCH", path: one, json: { body: `${BODY} Changed.` } }],
      found: statuses,
      equals: [201, 200],
    },
  },
  {
    id: "delete",
    fact: "A deleted comment is answered with 204.",
    sources: [COMMENTS],
    read: TYPES,
    check: { run: [create(), remove], found: statuses, equals: [201, 204] },
  },
  {
    id: "pages",
    fact: 'A list has at most per_page=100 items; the header link names the next page, with rel="next", and none on the last.',
    sources: ["docs, rest/using-the-rest-api/using-pagination-in-the-rest-api", "RFC 8288"],
    read: `${TYPES}: per_page; github/docs at 37cec4a930, using-pagination-in-the-rest-api.md: its text, as a sample in it was tampered with`,
    check: {
      run: [create(), create(), { method: "GET", path: `${all}?per_page=1` }],
      found: (answers) => /<[^>]+[?&]page=2[^>]*>; rel="next"/.test(last(answers).headers.get("link") ?? ""),
      equals: true,
    },
  },
  {
    id: "order",
    fact: "Comments of an issue are listed with the oldest first.",
    sources: [`${COMMENTS}: ordered by ascending ID`],
    read: TYPES,
    check: {
      run: [create(), create(), { method: "GET", path: `${all}?per_page=100` }],
      found: (answers) => {
        const ids = (last(answers).json as unknown as { id: number }[]).map(({ id }) => id)
        return ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0))
      },
      equals: true,
    },
  },
  {
    id: "too-long",
    fact: "A body of more than 65,536 characters is answered with 422 and errors[].message.",
    sources: ["github/docs: community discussion 27190", COMMENTS],
    read: "an excerpt in December 2026",
    check: {
      run: [create("a".repeat(65_537))],
      found: (answers) => [last(answers).status, /too long/.test(last(answers).text)],
      equals: [422, true],
    },
  },
  {
    id: "unknown-token",
    fact: "A token that it doesn't know is answered with 401 and message.",
    sources: ["docs, rest/authentication/authenticating-to-the-rest-api"],
    read: "github/docs at 051718f297, authenticating-to-the-rest-api.md: the status, not the message",
    check: {
      run: [{ ...create(), token: "ghp_unknown" }],
      found: (answers) => [last(answers).status, last(answers).json["message"]],
      equals: [401, "Bad credentials"],
    },
  },
  {
    id: "hidden",
    fact: "What a token may not see is answered with 404 Not Found, what it may not write with 403.",
    sources: ["docs, rest/using-the-rest-api/troubleshooting-the-rest-api"],
    read: "github/docs at 0952a21569, troubleshooting-the-rest-api.md: 404, and that a token may not",
    check: {
      run: [{ method: "GET", path: "/repos/nobody/nothing-of-this-name/issues/1/comments" }],
      found: statuses,
      equals: [404],
    },
  },
  {
    id: "viewer",
    fact: "GraphQL's viewer.login is that of a comment's user.login, github-actions[bot] for GITHUB_TOKEN, which may not ask GET /user.",
    sources: [
      "docs, graphql/reference/queries: viewer",
      "docs, actions/concepts/security/github_token",
      "fullsend-ai/fullsend#1953: viewer with an app's token",
      "actions/create-github-app-token#258: GET /user with one",
    ],
    read: "github/docs at 02ac71cd67, github_token.md: it is an app's token; both issues in December 2026",
    check: {
      run: [{ path: "{graphql}", json: { query: "{ viewer { login } }" } }],
      found: (answers) => {
        const { viewer } = (last(answers).json["data"] ?? {}) as { viewer?: { login?: unknown } }
        return [last(answers).status, typeof viewer?.login]
      },
      equals: [200, "string"],
    },
  },
  {
    id: "user-agent",
    fact: "A request without a User-Agent is refused; with 403, which no page says.",
    sources: ["docs, rest/using-the-rest-api/getting-started-with-the-rest-api: user agent"],
    read: "github/docs at 0952a21569, troubleshooting-the-rest-api.md",
    check: { run: [{ ...create(), headers: { "user-agent": "" } }], found: statuses, equals: [403] },
  },
  {
    id: "version",
    fact: "x-github-api-version 2022-11-28 is supported; an unknown one is answered with 400.",
    sources: ["docs, rest/about-the-rest-api/api-versions"],
    read: "github/docs at 0952a21569, troubleshooting-the-rest-api.md",
    check: {
      run: [{ method: "GET", path: all, headers: { "x-github-api-version": "1999-01-01" } }],
      found: statuses,
      equals: [400],
    },
  },
  {
    id: "limits",
    fact: "Limits are 403 or 429 with Retry-After, or with x-ratelimit-remaining 0 and x-ratelimit-reset in seconds since 1970; a secondary one may have neither, and is to be tried again after a minute or later.",
    sources: ["docs, rest/using-the-rest-api/rate-limits-for-the-rest-api: exceeding the rate limit"],
    read: "github/docs at 21143d5aa2, rate-limits-for-the-rest-api.md",
    byHand: "more than 80 comments within a minute",
  },
  {
    id: "protection",
    fact: "GET …/branches/NAME/protection needs administration:read and answers 404 Branch not protected; rules/branches/NAME lists the rules of all rulesets.",
    sources: ["docs, rest/branches/branch-protection", "docs, rest/repos/rules"],
    read: `${TYPES}: 404, and rules of every level; not the permission`,
    byHand: "gh api repos/OWNER/NAME/branches/main/protection; gh api repos/OWNER/NAME/rules/branches/main",
  },
  {
    id: "pulls-of-commit",
    fact: "GET …/commits/SHA/pulls lists pull requests with number, merged_at, merge_commit_sha, html_url and user; 422 for no commit.",
    sources: ["docs, rest/commits/commits: list pull requests associated with a commit"],
    read: `${TYPES}: the fields; a 422 isn't in it`,
    check: {
      run: [{ method: "GET", path: `{repository}/commits/${"0".repeat(40)}/pulls` }],
      found: statuses,
      equals: [422],
    },
  },
  {
    id: "reviews",
    fact: "GET …/pulls/NUMBER/reviews lists in order of time, with state APPROVED, CHANGES_REQUESTED, DISMISSED or COMMENTED.",
    sources: ["docs, rest/pulls/reviews"],
    read: `${TYPES}: the order, and one of the states`,
    byHand: "gh api repos/OWNER/NAME/pulls/NUMBER/reviews",
  },
  {
    id: "sarif",
    fact: "POST …/code-scanning/sarifs takes commit_sha, ref and sarif, gzip as base64, and answers 202; an upload replaces that of its category.",
    sources: ["docs, rest/code-scanning/code-scanning"],
    read: `${TYPES}: all but what replaces what`,
    byHand: "run the wrapper in a repository with code scanning",
  },
]

const ACTIONS: readonly ServiceFact[] = [
  {
    id: "event",
    fact: "GITHUB_EVENT_NAME is push, pull_request, merge_group, schedule or workflow_dispatch; GITHUB_REF is refs/pull/NUMBER/merge for pull requests, and GITHUB_BASE_REF its target's name.",
    sources: [VARIABLES, "docs, actions/reference/workflows-and-actions/events-that-trigger-workflows"],
    read: `${VARIABLES_READ}; ref-description.md at 02ac71cd67, events-that-trigger-workflows.md at 037ad6b7c0`,
    byHand: "print them in a workflow for each event",
  },
  {
    id: "run",
    fact: "GITHUB_RUN_ID stays for a repeated run, GITHUB_RUN_ATTEMPT is one more.",
    sources: [VARIABLES],
    read: `${VARIABLES_READ}; run_id_description.md at 76c222f7da`,
    byHand: "run a workflow again, and print both",
  },
  {
    id: "fork",
    fact: "Only the event's payload at GITHUB_EVENT_PATH says pull_request.head.repo.full_name, null for a deleted fork; the payload may be empty for pull requests of forks.",
    sources: [
      VARIABLES,
      "docs, webhooks/webhook-events-and-payloads: pull_request",
      "docs, actions/reference/workflows-and-actions/events-that-trigger-workflows: pull_request",
    ],
    read: "octokit/webhooks at 3a58428a, common/pull-request.schema.json; github/docs at 037ad6b7c0, events-that-trigger-workflows.md",
    byHand: "print the payload of a fork's pull request",
  },
  {
    id: "oidc",
    fact: "ACTIONS_ID_TOKEN_REQUEST_URL with audience, and its token as Bearer, answers value, valid for some minutes; both are there with id-token: write alone.",
    sources: ["docs, actions/reference/security/oidc"],
    read: "github/docs at 051718f297, oidc.md; actions/toolkit at 4b9afa4c, oidc-utils.ts; not how long it is valid",
    byHand: "ask for it in a job with the permission",
  },
  {
    id: "oidc-subject",
    fact: "The subject of a job's token is repo:OWNER/NAME:environment:ENVIRONMENT for a job with an environment, and repo:OWNER@ID/NAME@ID:… in repositories that were made, renamed or moved after 2026-07-15, or that asked for it.",
    sources: ["docs, actions/reference/security/oidc: immutable subject claims"],
    read: "github/docs at 051718f297, oidc.md",
    byHand: "decode the token of a job in an old and in a new repository",
  },
  {
    id: "annotations",
    fact: "::error, ::warning and ::notice take file, line, col and title; %25, %0D, %0A, and in properties %3A and %2C, are read back; ten of a level in a step are kept.",
    sources: [
      "docs, actions/reference/workflows-and-actions/workflow-commands",
      "actions/toolkit, packages/core/src/command.ts",
      "actions/runner, src/Runner.Worker/ExecutionContext.cs and src/Runner.Common/ActionCommand.cs",
    ],
    read: "github/docs at 28492001e8, workflow-commands.md; actions/toolkit at 4b9afa4c; actions/runner at 258d6c857",
    byHand: "print such a line in a job",
  },
]

export const GITHUB_FACTS: readonly ServiceFact[] = [...API, ...ACTIONS]
