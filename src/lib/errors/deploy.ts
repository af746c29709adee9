import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of deployments: what is to be deployed, and what the cluster makes of it. */
export const deployErrors = {
  MANIFESTS: (reason: string) => ({
    message: `the environment's kustomization can't be used: ${reason}`,
    remedy: "see what `kubectl kustomize` prints of it; deploy.overlay in slipway.yaml says where it is",
    exitCode: ExitCode.badInput,
  }),
  NO_OVERLAY: (folder: string) => ({
    message: `there is no kustomization in ${quote(folder)}`,
    remedy: "add one there, or say in slipway.yaml where it is (deploy.overlay)",
    exitCode: ExitCode.badInput,
  }),
  NO_DEPLOYMENT: (deployments: readonly string[], pairs: readonly string[]) => ({
    message:
      pairs.length === 0
        ? `no Service selects the pods of a Deployment (found ${deployments.map(quote).join(", ") || "no Deployment"})`
        : `it isn't clear what takes the traffic: ${pairs.join("; ")}`,
    remedy: "name both in slipway.yaml: deploy.deployment and deploy.service",
    exitCode: ExitCode.badInput,
  }),
  INVALID_SCALE: (scale: string) => ({
    message: `${quote(scale)} is no scale`,
    remedy: "give a number above 0, and at most 1: 0.1 makes a test a tenth as long",
    exitCode: ExitCode.badInput,
  }),
  INVALID_BASE: (base: string) => ({
    message: `${quote(base)} is no address to test`,
    remedy: "give one without a user, a query or a fragment: --base=https://staging.example.com",
    exitCode: ExitCode.badInput,
  }),
  NO_LOAD_SCRIPT: (path: string) => ({
    message: `there is no k6 script ${quote(path)} in the source`,
    remedy: "see load.script in slipway.yaml, or leave it out: one is made of the OpenAPI document",
    exitCode: ExitCode.badInput,
  }),
  OPENAPI: (path: string, reason: string) => ({
    message: `${quote(path)} can't be used as an OpenAPI document: ${reason}`,
    remedy: "see load.openapi in slipway.yaml",
    exitCode: ExitCode.badInput,
  }),
  NO_PORT: (service: string) => ({
    message: `the Service ${quote(service)} has no port to reach it at`,
    remedy: "give it one, or say where it is reached from outside (deploy.url)",
    exitCode: ExitCode.badInput,
  }),
  NOT_FORWARDED: (service: string, namespace: string, reason: string) => ({
    message: `no port of the Service ${quote(service)} in ${quote(namespace)} can be forwarded: ${reason}`,
    remedy:
      "see `slipway status`; the account needs the rights to get services and pods and to create pods/portforward",
    exitCode: ExitCode.infrastructure,
  }),
  NO_IMAGE: (repository: string, images: readonly string[]) => ({
    message: `none of the Deployment's images is that of ${quote(repository)}: ${images.map(quote).join(", ")}`,
    remedy: "give the container's image the repository's name",
    exitCode: ExitCode.badInput,
  }),
  NO_REPLICAS: (deployment: string) => ({
    message: `the Deployment ${quote(deployment)} is scaled to 0: there would be nothing to try`,
    remedy: "scale it up, or give it replicas in the kustomization",
    exitCode: ExitCode.badInput,
  }),
  PAUSED: (deployment: string) => ({
    message: `the Deployment ${quote(deployment)} is paused`,
    remedy: `kubectl rollout resume deployment/${deployment}, once whoever paused it agrees`,
    exitCode: ExitCode.badInput,
  }),
  SERVICE_TAKEN: (service: string, deployment: string) => ({
    message: `the Service ${quote(service)} leads to pods already, and there is no Deployment ${quote(deployment)}`,
    remedy:
      "keep the Deployment's name, or give the new one a Service of its own: the traffic would be cut off",
    exitCode: ExitCode.badInput,
  }),
  DRY_RUN: (problems: readonly string[]) => ({
    message: ["the cluster would not take it:", ...problems].join("\n  "),
    remedy: "mend the kustomization, or give the account the rights named above; nothing was changed",
    exitCode: ExitCode.badInput,
  }),
  DEPLOY_LOCKED: (holder: string, since: string, seconds: number) => ({
    message: `another deployment holds the lock: run ${quote(holder)}, since ${since} (waited ${seconds} s)`,
    remedy: "wait until it has ended, then run this again; nothing was changed",
    exitCode: ExitCode.infrastructure,
  }),
  LOCK_LOST: (holder: string) => ({
    message: `the lock went to run ${quote(holder)} while this one couldn't renew it`,
    remedy: "see `slipway status`: that run has taken over",
    exitCode: ExitCode.infrastructure,
  }),
  HELD: (version: string, since: string) => ({
    message: `version ${quote(version)} is held since ${since}: it has the traffic, and the old pods are still there`,
    remedy: "accept it with `slipway finish`, or undo it with `slipway rollback`",
    exitCode: ExitCode.badInput,
  }),
  NO_CLUSTER: (environment: string) => ({
    message: `no cluster is known for ${quote(environment)}`,
    remedy: `give a kubeconfig: ${environment.toUpperCase()}_KUBECONFIG or KUBECONFIG (its text or its path), or AZURE_… with deploy.aks in slipway.yaml`,
    exitCode: ExitCode.badInput,
  }),
  NO_MIGRATION_URL: (environment: string, command: string) => ({
    message: `${quote(command)} would migrate the database of ${quote(environment)}, whose URL isn't known`,
    remedy: `give ${environment.toUpperCase()}_DATABASE_URL, or say in slipway.yaml that nothing is to be migrated (deploy.migrate.command: none)`,
    exitCode: ExitCode.badInput,
  }),
  NO_REFERENCE: () => ({
    message: "it isn't said what is to be deployed",
    remedy: "give a tag, a digest or a whole reference: --tag=v1.2.3",
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_ENVIRONMENT: (name: string, known: readonly string[]) => ({
    message: `unknown environment ${quote(name)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  NO_VERSION: (version: string, known: readonly string[]) => ({
    message:
      version === ""
        ? "there is no earlier version that was deployed with success"
        : `version ${quote(version)} was not deployed here with success`,
    remedy: `choose one of ${known.join(", ") || "those that `slipway status` lists"}, or deploy it: slipway deploy --tag`,
    exitCode: ExitCode.badInput,
  }),
  NOTHING_DEPLOYED: (deployment: string, namespace: string) => ({
    message: `there is no Deployment ${quote(deployment)} in the namespace ${quote(namespace)}`,
    remedy: "deploy the service first: slipway deploy",
    exitCode: ExitCode.badInput,
  }),
  NO_IMAGE_HERE: (reference: string, platform: string, known: readonly string[]) => ({
    message: `${quote(reference)} has no image for ${quote(platform)}, which is this machine's platform; it has ${known.join(", ")}`,
    remedy: "prove it on a machine of one of these, or publish for this one too (image.platforms)",
    exitCode: ExitCode.badInput,
  }),
  PROMETHEUS: (url: string, query: string, reason: string) => ({
    message: `Prometheus at ${quote(url)} can't answer ${quote(query)}: ${reason}`,
    remedy: "see deploy.errors in slipway.yaml",
    exitCode: ExitCode.infrastructure,
  }),
  LEDGER_LOST: (problems: readonly string[]) => ({
    message: `the cluster's ledger is not whole: ${problems.join("; ")}`,
    remedy: "compare it with the git notes; entries are kept in ConfigMaps named slipway-ledger-…",
    exitCode: ExitCode.infrastructure,
  }),
} satisfies Catalogue
