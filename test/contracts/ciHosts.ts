/** What Slipway relies on of the CI hosts that it asks nothing: Jenkins' and CircleCI's variables and values. */
import type { Fact } from "./contract.js"

const CIRCLE = "https://circleci.com/docs/reference/variables/ and circleci/circleci-docs, …/variables.adoc"
/** As fetched in December 2026. */
const DOCS = "circleci/circleci-docs at 9734a1410c, of 2026-08-20"
const MULTIBRANCH =
  "jenkinsci/branch-api-plugin and scm-api-plugin: ContributorMetadataAction, and env-vars.html of a Jenkins"
const PIPELINE = "https://www.jenkins.io/doc/book/pipeline/"

export const CIRCLECI_FACTS: readonly Fact[] = [
  {
    id: "branch",
    fact: "CIRCLE_BRANCH and CIRCLE_TAG hold the branch, or the tag alone in a job for a tag.",
    sources: [CIRCLE],
    read: DOCS,
    byHand: "print them in a job for a tag",
  },
  {
    id: "number",
    fact: "CIRCLE_BUILD_NUM is another for each job, repeated ones too.",
    sources: [CIRCLE],
    read: DOCS,
    byHand: "rerun a workflow, and print it",
  },
  {
    id: "pull-request",
    fact: "CIRCLE_PULL_REQUEST holds the address of a pull request of the branch, in each push to it; any one where there are several; not in GitLab.",
    sources: [CIRCLE],
    read: DOCS,
    byHand: "print it on a branch with a pull request",
  },
  {
    id: "fork",
    fact: "CIRCLE_PR_USERNAME is set for a fork's pull request, with GitHub's OAuth app and Bitbucket Cloud; with CircleCI's GitHub App nothing says that.",
    sources: [CIRCLE],
    read: DOCS,
    byHand: "print it for a fork's pull request, in a project of each kind",
  },
  {
    id: "secrets-of-forks",
    fact: "Forks' builds get no secrets and no OIDC token, unless the project's setting passes them.",
    sources: ["https://circleci.com/docs/guides/integration/pull-request-build-settings/"],
    read: DOCS,
    byHand: "print a context's variable in a fork's build",
  },
  {
    id: "trigger-source",
    fact: "pipeline.trigger.type is schedule, api, webhook, or the code host: github_app, github_server, github_oauth, bitbucket_cloud or bitbucket_dc; it isn't there for GitLab and on CircleCI's server. It takes the place of pipeline.trigger_source, whose support ended on 2026-08-01.",
    sources: ["circleci/circleci-docs, docs/guides/modules/ROOT/partials/…/pipeline-values.adoc"],
    read: DOCS,
    byHand: "print it in a pipeline of each kind",
  },
  {
    id: "empty",
    fact: "An empty pipeline value that stands alone in environment is set as <nil>, not as an empty text.",
    sources: [CIRCLE],
    read: DOCS,
    byHand: "print SLIPWAY_VERSION in a pipeline without a version",
  },
  {
    id: "oidc",
    fact: "CIRCLE_OIDC_TOKEN_V2 is a token of the job; its audience is the organization's id.",
    sources: [CIRCLE, "https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/"],
    read: DOCS,
    byHand: "decode it",
  },
  {
    id: "serial-group",
    fact: "serial-group lets one job of a key run at a time, over all pipelines of the organization.",
    sources: ["https://circleci.com/docs/reference/configuration-reference/#serial-group"],
    read: DOCS,
    byHand: "push twice: the second delivery waits",
  },
  {
    id: "artifacts",
    fact: "store_artifacts and store_test_results run after a failed step too, but not after a job was cancelled or had no time left.",
    sources: ["https://circleci.com/docs/reference/configuration-reference/#storetestresults"],
    read: DOCS,
    byHand: "fail a run: its reports are there",
  },
]

export const JENKINS_FACTS: readonly Fact[] = [
  {
    id: "change",
    fact: "CHANGE_ID, CHANGE_TARGET and CHANGE_URL are set for a pull request in a multibranch project, and CHANGE_FORK for one of a fork.",
    sources: [MULTIBRANCH],
    read: "branch-api-plugin at e73a56d, BranchNameContributor.java",
    byHand: "print them for a pull request of a fork",
  },
  {
    id: "branch",
    fact: "BRANCH_NAME is the branch, PR-NUMBER for a pull request; TAG_NAME is set for a tag.",
    sources: [MULTIBRANCH],
    read: "branch-api-plugin at e73a56d, BranchNameContributor.java",
    byHand: "print them",
  },
  {
    id: "build-tag",
    fact: "BUILD_TAG is jenkins-JOB-NUMBER, with - for slashes; a repeated build has another number.",
    sources: [
      "https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables",
      "jenkinsci/jenkins, core/…/hudson/model/Run.java",
    ],
    read: "jenkins at ff9430ee1d, Run.java",
    byHand: "print it",
  },
  {
    id: "causes",
    fact: "currentBuild.getBuildCauses() has the classes of causes: hudson.triggers.TimerTrigger$TimerTriggerCause, hudson.model.Cause$UserIdCause, jenkins.branch.BranchIndexingCause and BranchEventCause.",
    sources: ["jenkinsci/workflow-support-plugin, RunWrapper.getBuildCauses", "jenkinsci/branch-api-plugin"],
    read: "branch-api-plugin at e73a56d, jenkins at ff9430ee1d, workflow-support-plugin at 04ea4bf8d5",
    byHand: "print it in a build by each",
  },
  {
    id: "job-name",
    fact: "JOB_NAME has the names of folders and of the multibranch project before the branch, joined by slashes, the branch's own as %2F.",
    sources: ["jenkinsci/branch-api-plugin: NameEncoder", MULTIBRANCH],
    read: "branch-api-plugin at e73a56d, NameEncoder.java",
    byHand: "print it on a branch feature/a",
  },
  {
    id: "credentials",
    fact: "withCredentials fails for one missing id, before its block runs; string(credentialsId, variable) sets a secret text.",
    sources: ["https://plugins.jenkins.io/credentials-binding/"],
    read: "credentials-binding-plugin at 0331934: BindingStep.java, MultiBinding.java and StringBinding.java",
    byHand: "run a delivery without one of its credentials",
  },
  {
    id: "parameters",
    fact: "The first build of a branch has no parameters yet: they are known once the file was read.",
    sources: [`${PIPELINE}syntax/#parameters`],
    byHand: "print SLIPWAY_ACTION in a branch's first and second build",
  },
  {
    id: "options",
    fact: "disableConcurrentBuilds lets one build of a branch run at a time; timeout aborts with SIGTERM.",
    sources: [`${PIPELINE}syntax/#options`],
    read: "jenkins.io at 003b9ead43, syntax.adoc; not the signal",
    byHand: "push twice",
  },
  {
    id: "cron",
    fact: "cron takes TZ=ZONE as a first line.",
    sources: [`${PIPELINE}syntax/#triggers`, "https://www.jenkins.io/doc/book/pipeline/syntax/#cron-syntax"],
    read: "jenkins at ff9430ee1d, CronTabList.java",
    byHand: "see when it runs",
  },
  {
    id: "publishers",
    fact: "junit, recordIssues, recordCoverage and archiveArtifacts come with the plugins JUnit, Warnings, Coverage and the core.",
    sources: ["https://plugins.jenkins.io/ junit, warnings-ng and coverage"],
    read: "junit-plugin at c64aedde, jenkins at ff9430ee1d, coverage-plugin at 096daf2a95; not recordIssues",
    byHand: "run a build with findings",
  },
]
