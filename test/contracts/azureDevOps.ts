/**
 * What Slipway relies on of Azure DevOps: threads of pull requests, and the variables and commands of Azure Pipelines.
 *
 * Sources: "rest" is https://learn.microsoft.com/rest/api/azure/devops/ at 7.1, "docs" https://learn.microsoft.com/azure/devops/.
 */
import { BODY, last, type ServiceFact, statuses } from "./serviceRuns.js"

const THREADS = "rest, git/pull-request-threads"
const COMMENTS = "rest, git/pull-request-thread-comments"
const VARIABLES = "docs, pipelines/build/variables"
const COMMANDS = "docs, pipelines/scripts/logging-commands"
/** Microsoft's own description of the API, with its examples. */
const SPECS = "MicrosoftDocs/vsts-rest-api-specs at adb28786, specification/git/7.1"
/** Predefined variables, as azure-devops-docs had them. */
const PREDEFINED = "azure-devops-docs at 08132ed662, includes/variables-hosted.md"
const VERSION = "api-version=7.1"
const all = `{threads}?${VERSION}`
const create = (content: string = BODY, status = "active") => ({
  path: all,
  json: { comments: [{ parentCommentId: 0, content, commentType: "text" }], status },
})
const first = `{threads}/{id}/comments/1?${VERSION}`

const API: readonly ServiceFact[] = [
  {
    id: "thread",
    fact: "POST …/threads answers 200 with id, status and comments, whose first has id 1, content and author.id.",
    sources: [THREADS],
    read: `${SPECS}: the example of POST threads`,
    check: {
      run: [create()],
      found: ([{ status, json } = last([])]) => {
        const [comment] = (json["comments"] ?? []) as { id: number; content: string }[]
        return [status, typeof json["id"], json["status"], comment?.id, comment?.content]
      },
      equals: [200, "number", "active", 1, BODY],
    },
  },
  {
    id: "status",
    fact: "PATCH …/threads/ID changes its status: active, fixed, wontFix, closed, byDesign or pending.",
    sources: [THREADS],
    read: "MicrosoftDocs/azure-devops-docs-sdk-web, docs-ref-autogen/…/CommentThreadStatus.yml",
    check: {
      run: [create(), { method: "PATCH", path: `{threads}/{id}?${VERSION}`, json: { status: "closed" } }],
      found: (answers) => [last(answers).status, last(answers).json["status"]],
      equals: [200, "closed"],
    },
  },
  {
    id: "edit",
    fact: "PATCH …/threads/ID/comments/1 with content answers 200.",
    sources: [COMMENTS],
    read: SPECS,
    check: {
      run: [create(), { method: "PATCH", path: first, json: { content: `${BODY} Changed.` } }],
      found: statuses,
      equals: [200, 200],
    },
  },
  {
    id: "delete",
    fact: "DELETE …/comments/1 answers 200, and leaves a thread with isDeleted in the list.",
    sources: [COMMENTS, THREADS],
    read: `${SPECS}: the example of DELETE, and isDeleted of a thread`,
    check: { run: [create(), { method: "DELETE", path: first }], found: statuses, equals: [200, 200] },
  },
  {
    id: "list",
    fact: "GET …/threads answers value with all threads, those of files with threadContext and those of the system with commentType system.",
    sources: [THREADS],
    read: `${SPECS}: the example of GET threads`,
    check: {
      run: [create(), { method: "GET", path: all }],
      found: (answers) => [last(answers).status, Array.isArray(last(answers).json["value"])],
      equals: [200, true],
    },
  },
  {
    id: "no-version",
    fact: "A preview API needs -preview in api-version, else it answers 400.",
    sources: ["docs, integrate/concepts/rest-api-versioning"],
    check: {
      run: [{ method: "GET", path: `/_apis/connectionData?${VERSION}` }],
      found: statuses,
      equals: [400],
    },
  },
  {
    id: "identity",
    fact: "GET _apis/connectionData?api-version=7.1-preview answers authenticatedUser.id, also for a job's token; the case of its letters may differ.",
    sources: [
      "microsoft/azure-devops-node-api, api/interfaces/LocationsInterfaces.ts: ConnectionData, and api/WebApi.ts",
    ],
    read: "azure-devops-node-api at 252f4bc554 and 00872a2ccb: the path and the field; not the version, a job's token and the case",
    check: {
      run: [{ method: "GET", path: `/_apis/connectionData?${VERSION}-preview` }],
      found: (answers) => {
        const { id } = (last(answers).json["authenticatedUser"] ?? {}) as { id?: unknown }
        return [last(answers).status, typeof id]
      },
      equals: [200, "string"],
    },
  },
  {
    id: "unknown-token",
    fact: "A personal token is sent as Basic with an empty user; with X-TFS-FedAuthRedirect: Suppress an unknown one is answered with 401, else with a sign-in page (203 or 302).",
    sources: [
      "docs, integrate/get-started/authentication/pats",
      "Azure/azure-sdk-for-python, azure/identity/_credentials/azure_pipelines.py: X-TFS-FedAuthRedirect",
    ],
    read: "azure_pipelines.py in December 2026: that the header keeps it from redirecting; not the statuses",
    check: { run: [{ method: "GET", path: all, token: "unknown" }], found: statuses, equals: [401] },
  },
  {
    id: "no-pull-request",
    fact: "A pull request that isn't there, or is hidden, is answered with 404 and message.",
    sources: [THREADS],
    byHand: "GET the threads of a number that isn't there: TF401180",
  },
  {
    id: "author-only",
    fact: "Only a comment's author may edit or delete it.",
    sources: [`${COMMENTS}/update`],
    byHand: "PATCH a comment of somebody else: 403",
  },
  {
    id: "length",
    fact: "A comment has at most 150,000 characters.",
    sources: ["docs, repos/git/pull-requests: comment limits"],
    check: { run: [create("a".repeat(150_001))], found: statuses, equals: [400] },
  },
]

const PIPELINES: readonly ServiceFact[] = [
  {
    id: "reason",
    fact: "BUILD_REASON is IndividualCI, BatchedCI, PullRequest, Schedule or Manual; BUILD_SOURCEBRANCH the whole ref, refs/pull/ID/merge for pull requests.",
    sources: [VARIABLES],
    read: PREDEFINED,
    byHand: "print them in a run of each kind",
  },
  {
    id: "pull-request",
    fact: "SYSTEM_PULLREQUEST_PULLREQUESTID is that of Azure Repos, SYSTEM_PULLREQUEST_PULLREQUESTNUMBER GitHub's number; SYSTEM_PULLREQUEST_ISFORK is True for a fork; the target is refs/heads/NAME, or NAME for GitHub.",
    sources: [VARIABLES, "env-ci 11.2.0, services/azure-pipelines.js: short names were seen"],
    read: PREDEFINED,
    byHand: "print them in a run for a pull request of each",
  },
  {
    id: "repository",
    fact: "BUILD_REPOSITORY_PROVIDER is TfsGit or GitHub; SYSTEM_COLLECTIONURI ends with a slash.",
    sources: [VARIABLES],
    read: `${PREDEFINED}: the slash only of SYSTEM_TEAMFOUNDATIONCOLLECTIONURI`,
    byHand: "print them",
  },
  {
    id: "attempt",
    fact: "SYSTEM_JOBATTEMPT is 1, and one more for each repetition of a job.",
    sources: [VARIABLES],
    read: PREDEFINED,
    byHand: "run a failed job again, and print it",
  },
  {
    id: "unset",
    fact: "$(NAME) stays as it is if no such variable is set.",
    sources: ["docs, pipelines/process/variables: macro syntax"],
    read: "azure-devops-docs at 000e76081e, process/variables.md",
    byHand: "print a variable of env whose value is $(NONE)",
  },
  {
    id: "access-token",
    fact: "System.AccessToken reaches a script through env alone, and is a JWT.",
    sources: [`${VARIABLES}: System.AccessToken`],
    read: "azure-devops-docs at 0185b4fc79, build/variables.md: the env, not what it is",
    byHand: "count its dots",
  },
  {
    id: "oidc",
    fact: "POST SYSTEM_OIDCREQUESTURI?api-version=7.1&serviceConnectionId=ID with System.AccessToken answers oidcToken; a task with a service connection sets AZURESUBSCRIPTION_CLIENT_ID, _TENANT_ID and _SERVICE_CONNECTION_ID.",
    sources: [
      "rest, distributedtask/oidctoken/create",
      "Azure/azure-sdk-for-python, azure/identity/_credentials/azure_pipelines.py",
      "docs, pipelines/release/troubleshoot-workload-identity",
    ],
    read: "the page of oidctoken/create at 7.1-preview.1, and azure_pipelines.py, in December 2026; not the task's variables",
    byHand: "ask for it in AzureCLI@2",
  },
  {
    id: "issues",
    fact: "##vso[task.logissue] takes type, sourcepath, linenumber, columnnumber and code; %AZP25, %0D, %0A, and in properties %5D and %3B, are read back.",
    sources: [COMMANDS, "microsoft/azure-pipelines-agent, src/Agent.Sdk/CommandStringConvertor.cs"],
    read: "azure-devops-docs at 00beb29317, logging-commands.md; azure-pipelines-agent at 42bde98be",
    byHand: "print such a line in a job",
  },
  {
    id: "commands",
    fact: "task.setsecret masks a value in what follows, task.uploadsummary adds a file of Markdown to the run's page.",
    sources: [COMMANDS],
    read: "azure-devops-docs at 00beb29317, logging-commands.md: setsecret; azure-pipelines-agent at 42bde98be, TaskCommandExtension.cs: uploadsummary",
    byHand: "print such lines in a job",
  },
]

export const AZURE_DEVOPS_FACTS: readonly ServiceFact[] = [...API, ...PIPELINES]
