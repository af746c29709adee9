import { type Catalogue, ExitCode, quote } from "./entry.js"

const LISTED = 20

const list = (files: readonly string[]): string =>
  [
    ...files.slice(0, LISTED).map(quote),
    ...(files.length > LISTED ? [`${files.length - LISTED} more`] : []),
  ].join(", ")

/** Errors of deployments by a commit in a repository of manifests. */
export const commitErrors = {
  COMMIT_IGNORES: (keys: readonly string[]) => ({
    message: `with deploy.commit a controller rolls out, and these settings would have no effect: ${keys.join(", ")}`,
    remedy:
      "remove them from slipway.yaml, or deploy.commit; docs/gitops.md says which steps are the controller's",
    exitCode: ExitCode.badInput,
  }),
  COMMIT_SHARED: (environments: readonly string[]) => ({
    message: `deploy.commit names one folder of one branch for ${environments.join(" and ")}: a commit would change all of them`,
    remedy:
      'put "{environment}" into deploy.commit.path, branch or repository, or name one environment in deploy.environments',
    exitCode: ExitCode.badInput,
  }),
  COMMIT_NO_FOLDER: (folder: string, repository: string, branch: string) => ({
    message: `no YAML file below ${quote(folder)} on the branch ${quote(branch)} of ${quote(repository)}`,
    remedy: "name the environment's folder of manifests in slipway.yaml: deploy.commit.path",
    exitCode: ExitCode.badInput,
  }),
  COMMIT_NO_IMAGE: (repository: string, looked: readonly string[], unread: readonly string[]) => ({
    message: `no file names the image ${quote(repository)}; looked at ${list(looked)}${unread.length === 0 ? "" : `, of which ${list(unread)} is no YAML`}`,
    remedy:
      "name it there: as a container's image, in the images of a kustomization.yaml, or as repository and tag among Helm's values; deploy.commit.path is the folder",
    exitCode: ExitCode.badInput,
  }),
  COMMIT_IMAGES: (repository: string, places: readonly string[]) => ({
    message: [`several images could be ${quote(repository)}:`, ...places].join("\n  "),
    remedy: "write the repository's whole name at the right one, or name a narrower deploy.commit.path",
    exitCode: ExitCode.badInput,
  }),
  COMMIT_EDIT: (place: string) => ({
    message: `can't set the image at ${place}`,
    remedy: "write name, tag and digest there as plain texts, without anchors; nothing was committed",
    exitCode: ExitCode.badInput,
  }),
  COMMIT_GIT: (repository: string, branch: string, reason: string) => ({
    message: `git can't read or write the branch ${quote(branch)} of ${quote(repository)}: ${reason}`,
    remedy:
      "see deploy.commit in slipway.yaml; MANIFESTS_TOKEN, or MANIFESTS_SSH_KEY for an address of SSH, must be allowed to push there",
    exitCode: ExitCode.infrastructure,
  }),
  COMMIT_KEY: (repository: string, file: string) => ({
    message: `no key of the hosts for ${quote(repository)}${file === "" ? "" : `, as there is no file ${quote(file)}`}: nothing says which server to trust`,
    remedy:
      "write the output of `ssh-keyscan HOST`, once checked, to a file of the source, and name it in slipway.yaml: deploy.commit.knownHosts",
    exitCode: ExitCode.badInput,
  }),
  NOT_APPLIED: (commit: string, seconds: number, deployment: string, running: string) => ({
    message: `no controller applied the commit ${commit} within ${seconds} s: ${quote(deployment)} still runs ${running}`,
    remedy:
      "see what Argo CD or Flux says of it; once it is applied, the same `slipway deploy` waits and records it; to go back: `slipway rollback`",
    exitCode: ExitCode.infrastructure,
  }),
} satisfies Catalogue
