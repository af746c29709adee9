import { ownVariable } from "../text/variables.js"
import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of deployments. */
export const deployErrors = {
  MANIFESTS: (reason: string) => ({
    message: `invalid manifests of the environment: ${reason}`,
    remedy:
      "see the output of `kubectl kustomize` or `helm template`; deploy.overlay or deploy.chart in slipway.yaml names the folder",
    exitCode: ExitCode.badInput,
  }),
  NO_OVERLAY: (folder: string, environment: string, charts: readonly string[]) => ({
    message: `no kustomization for ${environment} in ${quote(folder)}${charts.length === 0 ? "" : `, and deploy.chart in slipway.yaml names no chart (there is ${charts.map(quote).join(", ")})`}`,
    remedy: `${charts[0] === undefined ? "" : `write deploy: { chart: { path: ${charts[0]} } }, or `}add one there, set its folder in slipway.yaml (deploy.overlay), or leave ${environment} out of those that the service is deployed to (deploy.environments)`,
    exitCode: ExitCode.badInput,
  }),
  NO_CHART: (path: string) => ({
    message: `no Helm chart in ${quote(path)}: it has no Chart.yaml`,
    remedy: "name the chart's folder in slipway.yaml (deploy.chart.path)",
    exitCode: ExitCode.badInput,
  }),
  TWO_CHARTS: (path: string, reference: string) => ({
    message: `two charts to deploy: the folder ${quote(path)} and ${quote(reference)}`,
    remedy: "leave one of both out of slipway.yaml: deploy.chart.path or deploy.chart.reference",
    exitCode: ExitCode.badInput,
  }),
  CHART: (chart: string, environment: string, reason: string) => ({
    message: `Helm can't render the chart ${quote(chart)} for ${environment}: ${reason}`,
    remedy: "`helm template` must work with this chart and these values; see deploy.chart in slipway.yaml",
    exitCode: ExitCode.badInput,
  }),
  CHART_HOOKS: (chart: string, hooks: readonly string[], migrates: boolean) => ({
    message: [`the chart ${quote(chart)} has hooks, which Slipway doesn't run:`, ...hooks].join("\n  "),
    remedy: `turn them off by a value (deploy.chart.values) or remove them; ${migrates ? "a migration's command belongs in slipway.yaml (deploy.migrate.command), and is run before the new pods start" : "an object that is needed all the time needs no hook, and smoke tests belong in slipway.yaml (deploy.smoke)"}`,
    exitCode: ExitCode.badInput,
  }),
  NOT_DEPLOYED_HERE: (environment: string, named: readonly string[]) => ({
    message: `the service isn't deployed to ${environment}, by deploy.environments in slipway.yaml`,
    remedy: `${named.length === 0 ? "" : `choose ${named.join(" or ")}, or `}add ${environment} there, with a kustomization or a chart`,
    exitCode: ExitCode.badInput,
  }),
  NOT_REVIEWED: (environment: string, text: string) => ({
    message: `not deployed to ${environment}: ${text}`,
    remedy: `have its pull request approved by another person, give REVIEW_TOKEN (it reads pull requests), or set deploy.review.${environment}`,
    exitCode: ExitCode.gateFailed,
  }),
  NOT_PROMOTED: (name: string, environment: string, before: string, why: string) => ({
    message: `${quote(name)} isn't deployed to ${environment}, since it wasn't to ${before}: ${why}`,
    remedy: `deploy it there first: slipway deploy --environment ${before} --tag ${name}; deploy.promotion.${environment} in slipway.yaml asks for this order. In an emergency: --off-order "REASON", which the ledger keeps`,
    exitCode: ExitCode.gateFailed,
  }),
  NO_DEPLOYMENT: (deployments: readonly string[], pairs: readonly string[]) => ({
    message:
      pairs.length === 0
        ? `no Service selects the pods of a Deployment (found ${deployments.map(quote).join(", ") || "no Deployment"})`
        : `several Deployments could take the traffic: ${pairs.join("; ")}`,
    remedy: "name both in slipway.yaml: deploy.deployment and deploy.service",
    exitCode: ExitCode.badInput,
  }),
  INVALID_SCALE: (scale: string) => ({
    message: `invalid scale ${quote(scale)}`,
    remedy: "give a number above 0, and at most 1: 0.1 makes a test a tenth as long",
    exitCode: ExitCode.badInput,
  }),
  INVALID_BASE: (base: string) => ({
    message: `invalid base URL ${quote(base)}`,
    remedy: "give one without a user, a query or a fragment: --base=https://staging.example.com",
    exitCode: ExitCode.badInput,
  }),
  NO_LOAD_SCRIPT: (path: string) => ({
    message: `no k6 script ${quote(path)} in the source`,
    remedy: "see load.script in slipway.yaml, or leave it out: one is generated from the OpenAPI document",
    exitCode: ExitCode.badInput,
  }),
  NO_SMOKE_SCRIPT: (path: string) => ({
    message: `no k6 script ${quote(path)} in the source`,
    remedy: "see deploy.smoke.k6 in slipway.yaml, or leave it out",
    exitCode: ExitCode.badInput,
  }),
  OPENAPI: (path: string, reason: string) => ({
    message: `invalid OpenAPI document ${quote(path)}: ${reason}`,
    remedy: "see load.openapi in slipway.yaml",
    exitCode: ExitCode.badInput,
  }),
  NO_PORT: (service: string) => ({
    message: `the Service ${quote(service)} has no port`,
    remedy: "add one, or set the service's URL (deploy.url)",
    exitCode: ExitCode.badInput,
  }),
  NOT_FORWARDED: (service: string, namespace: string, reason: string) => ({
    message: `can't forward a port of the Service ${quote(service)} in ${quote(namespace)}: ${reason}`,
    remedy:
      "see `slipway status`; the account needs the rights to get services and pods and to create pods/portforward",
    exitCode: ExitCode.infrastructure,
  }),
  NO_IMAGE: (repository: string, images: readonly string[]) => ({
    message: `none of the Deployment's images is ${quote(repository)}: ${images.map(quote).join(", ")}`,
    remedy: "give the container's image the repository's name",
    exitCode: ExitCode.badInput,
  }),
  NO_REPLICAS: (deployment: string) => ({
    message: `the Deployment ${quote(deployment)} is scaled to 0: there would be nothing to test`,
    remedy: "scale it up, or give it replicas in the manifests",
    exitCode: ExitCode.badInput,
  }),
  PAUSED: (deployment: string) => ({
    message: `the Deployment ${quote(deployment)} is paused`,
    remedy: `kubectl rollout resume deployment/${deployment}, once whoever paused it agrees`,
    exitCode: ExitCode.badInput,
  }),
  SERVICE_TAKEN: (service: string, deployment: string) => ({
    message: `the Service ${quote(service)} routes to pods already, and there is no Deployment ${quote(deployment)}`,
    remedy:
      "keep the Deployment's name, or give the new one its own Service: the traffic would be interrupted",
    exitCode: ExitCode.badInput,
  }),
  DRY_RUN: (problems: readonly string[]) => ({
    message: ["the cluster rejects the objects:", ...problems].join("\n  "),
    remedy: "fix the manifests, or give the account the rights named above; nothing was changed",
    exitCode: ExitCode.badInput,
  }),
  DEPLOY_LOCKED: (holder: string, since: string, seconds: number) => ({
    message: `another deployment holds the lock: run ${quote(holder)}, since ${since} (waited ${seconds} s)`,
    remedy: "wait until it has ended, then run this again; nothing was changed",
    exitCode: ExitCode.infrastructure,
  }),
  LOCK_LOST: (holder: string) => ({
    message: `lost the lock${holder === "" ? ": another run had it meanwhile" : ` to run ${quote(holder)}`}`,
    remedy: "see `slipway status`: that run has taken over",
    exitCode: ExitCode.infrastructure,
  }),
  ROLLOUT_LOST: (service: string, now: string) => ({
    message: `the Service ${quote(service)} no longer has this run's rollout: ${now}`,
    remedy:
      "see `slipway status`: whoever has taken over goes on; this run changes nothing more, and undoes nothing",
    exitCode: ExitCode.infrastructure,
  }),
  HELD: (version: string, since: string) => ({
    message: `version ${quote(version)} is on hold since ${since}: it has the traffic, and the old pods still exist`,
    remedy: "accept it with `slipway finish`, or undo it with `slipway rollback`",
    exitCode: ExitCode.badInput,
  }),
  NO_CLUSTER: (environment: string) => ({
    message: `no cluster for ${quote(environment)}`,
    remedy: `give a kubeconfig: ${ownVariable(environment, "KUBECONFIG")} or KUBECONFIG (its text or its path), or AZURE_… with deploy.aks in slipway.yaml; for --embedded start one: slipway cluster up`,
    exitCode: ExitCode.badInput,
  }),
  NO_MIGRATION_URL: (environment: string, command: string) => ({
    message: `no URL of the database of ${quote(environment)}, which ${quote(command)} would migrate`,
    remedy: `give ${ownVariable(environment, "DATABASE_URL")}, or turn migrations off in slipway.yaml (deploy.migrate.command: none)`,
    exitCode: ExitCode.badInput,
  }),
  NO_REFERENCE: () => ({
    message: "no release to deploy was given",
    remedy: "give a tag, a digest or a whole reference: --tag=v1.2.3",
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_ENVIRONMENT: (name: string, known: readonly string[]) => ({
    message: `unknown environment ${quote(name)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  NO_PREVIEWS: (name: string) => ({
    message: `no preview ${quote(name)}: slipway.yaml names no namespace for previews`,
    remedy: 'set it, such as deploy: { preview: { namespace: "api-pr-{number}" } }',
    exitCode: ExitCode.badInput,
  }),
  INVALID_PULL_REQUEST: (given: string) => ({
    message: `invalid number of a pull request ${quote(given)}`,
    remedy: "give its number on the forge, such as 12",
    exitCode: ExitCode.badInput,
  }),
  NOT_A_PREVIEW: (environment: string) => ({
    message: `${environment} is no preview, and isn't deleted`,
    remedy: "only the previews of pull requests are, such as preview-12",
    exitCode: ExitCode.badInput,
  }),
  PREVIEW_COMMITTED: (environment: string, repository: string) => ({
    message: `${environment} can't be committed to ${quote(repository)}: Slipway applies previews itself`,
    remedy:
      "leave deploy.preview out of slipway.yaml; Argo CD has previews of its own, the ApplicationSet with a generator for pull requests",
    exitCode: ExitCode.badInput,
  }),
  PREVIEW_OUTSIDE: (namespace: string, objects: readonly string[]) => ({
    message: [`a preview may only have objects in its own namespace, ${namespace}:`, ...objects].join("\n  "),
    remedy:
      "leave the namespace and objects of the whole cluster out of the manifests of previews; another overlay or values file may have them",
    exitCode: ExitCode.badInput,
  }),
  PREVIEW_TAKEN: (namespace: string, environment: string, holder: string) => ({
    message: `the namespace ${quote(namespace)} isn't that of ${environment}: ${holder}`,
    remedy:
      "choose other names for previews in slipway.yaml (deploy.preview.namespace), or delete that namespace if nobody needs it",
    exitCode: ExitCode.badInput,
  }),
  PREVIEW_ENDING: (namespace: string, seconds: number) => ({
    message: `the namespace ${quote(namespace)} is still being deleted after ${seconds} s`,
    remedy: `run it again; see what holds it up: kubectl get namespace ${namespace} -o yaml`,
    exitCode: ExitCode.infrastructure,
  }),
  NO_VERSION: (version: string, known: readonly string[]) => ({
    message:
      version === ""
        ? "no earlier version was deployed successfully"
        : `version ${quote(version)} was never deployed here successfully`,
    remedy: `choose one of ${known.join(", ") || "those that `slipway status` lists"}, or deploy it: slipway deploy --tag`,
    exitCode: ExitCode.badInput,
  }),
  NOTHING_DEPLOYED: (deployment: string, namespace: string) => ({
    message: `no Deployment ${quote(deployment)} in the namespace ${quote(namespace)}`,
    remedy: "deploy the service first: slipway deploy",
    exitCode: ExitCode.badInput,
  }),
  NO_IMAGE_HERE: (reference: string, platform: string, known: readonly string[]) => ({
    message: `${quote(reference)} has no image for ${quote(platform)}, this machine's platform, only for ${known.join(", ")}`,
    remedy: "prove it on a machine of one of these, or publish for this one too (image.platforms)",
    exitCode: ExitCode.badInput,
  }),
  PROMETHEUS: (url: string, query: string, reason: string) => ({
    message: `Prometheus at ${quote(url)} failed to answer ${quote(query)}: ${reason}`,
    remedy: "see deploy.errors in slipway.yaml",
    exitCode: ExitCode.infrastructure,
  }),
  LEDGER_LOST: (problems: readonly string[]) => ({
    message: `the cluster's ledger is damaged: ${problems.join("; ")}`,
    remedy: "compare it with the git notes; entries are kept in ConfigMaps named slipway-ledger-…",
    exitCode: ExitCode.infrastructure,
  }),
} satisfies Catalogue
