import {
  durationRule,
  durationSeconds,
  environmentInPathRule,
  gitBranchRule,
  gitUrlRule,
  pathRules,
} from "./rules.js"

/** The section `deploy.commit`. */
export const commitSection = {
  kind: "section",
  doc: "A repository of manifests to commit the release's digest to, for a controller such as Argo CD or Flux that applies them; [GitOps](gitops.md).",
  fields: {
    repository: {
      kind: "text",
      doc: 'Its address, of HTTPS or SSH; "{environment}" stands for the environment\'s name, as in branch and path. Without it, Slipway applies the manifests itself.',
      rules: [gitUrlRule],
    },
    branch: { kind: "text", doc: "The branch to push to.", rules: [gitBranchRule], default: "main" },
    path: {
      kind: "text",
      doc: "The folder with the environment's manifests, kustomization or values.",
      rules: [...pathRules, environmentInPathRule],
      default: "{environment}",
    },
    knownHosts: {
      kind: "text",
      doc: "A file of the source with the keys of the hosts to trust by SSH, as ssh-keyscan prints them.",
      rules: pathRules,
    },
    timeout: {
      kind: "text",
      doc: "The time limit for the controller to apply a commit; deploy.readyTimeout then counts for the pods.",
      rules: [durationRule],
      convert: durationSeconds,
      default: "10m",
    },
  },
} as const
