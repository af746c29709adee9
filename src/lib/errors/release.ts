import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of publishing, signing and verifying. */
export const releaseErrors = {
  EMBEDDED_STRANGE: (groups: readonly string[]) => ({
    message: `${groups.join(", ")} can't use the embedded registry and key in a run of a fork, pull request or unprotected branch`,
    remedy: "merge it first, or run it as yourself, with the event `local`",
    exitCode: ExitCode.badInput,
  }),
  NO_REGISTRY: () => ({
    message: "no registry to publish to",
    remedy: "set `release: { registry: team.azurecr.io }` in slipway.yaml, or pass a registry",
    exitCode: ExitCode.badInput,
  }),
  NO_NAME: () => ({
    message: "no name for the service, and so no repository for its image",
    remedy: "set `name: …` or `release: { repository: … }` in slipway.yaml, or `name` in pyproject.toml",
    exitCode: ExitCode.badInput,
  }),
  NOT_SCANNED: () => ({
    message: "the image was not scanned, and only scanned images are published",
    remedy: "run the groups image and release together",
    exitCode: ExitCode.badInput,
  }),
  NO_SIGNER: () => ({
    message: "no signing key and no identity token",
    remedy:
      "pass a cosign private key (COSIGN_PRIVATE_KEY), or an identity token for keyless signing (SIGSTORE_ID_TOKEN)",
    exitCode: ExitCode.badInput,
  }),
  TWO_SIGNERS: () => ({
    message: "both a signing key and an identity token are set",
    remedy: "pass only one of them (COSIGN_PRIVATE_KEY or SIGSTORE_ID_TOKEN)",
    exitCode: ExitCode.badInput,
  }),
  SIGSTORE_SETTINGS: (contradiction: string) => ({
    message: `release in slipway.yaml contradicts itself: ${contradiction}`,
    remedy: "name both files of a private Sigstore, or none; `log: false` requires a key",
    exitCode: ExitCode.badInput,
  }),
  NO_COMMIT: (sha: string) => ({
    message: sha === "" ? "no commit to release" : `invalid commit ${quote(sha)}`,
    remedy: "pass --sha with the full commit hash, or run in a git checkout",
    exitCode: ExitCode.badInput,
  }),
  NO_ORIGIN: () => ({
    message:
      "no source repository to name in the provenance, so nobody could verify where the release is from",
    remedy: "set `release: { source: https://… }` in slipway.yaml, or pass --origin",
    exitCode: ExitCode.badInput,
  }),
  INVALID_IDENTITY: (identity: string, expected: string) => ({
    message: `invalid identity ${quote(identity)}`,
    remedy: `pass ${expected}`,
    exitCode: ExitCode.badInput,
  }),
  NOT_A_VERSION: (environment: string, problem: string) => ({
    message: `not deployed to ${environment}: ${problem}`,
    remedy: "deploy the release of a version's tag",
    exitCode: ExitCode.gateFailed,
  }),
  BELOW_FLOOR: (problems: readonly string[]) => ({
    message: `not released: ${problems.join(", ")}`,
    remedy: "meet the floor of --policy, or ask those who own it to change it",
    exitCode: ExitCode.gateFailed,
  }),
  POLICY_UNPINNED: (address: string) => ({
    message: `the policy ${quote(address)} isn't pinned: a branch or tag can change`,
    remedy: "name it by a whole commit (https://…@COMMIT:PATH) or by a digest (REGISTRY/REPOSITORY@sha256:…)",
    exitCode: ExitCode.badInput,
  }),
  POLICY_ADDRESS: (address: string) => ({
    message: `no policy at ${quote(address)}`,
    remedy: "pass a file, GIT_ADDRESS@COMMIT:PATH, or REGISTRY/REPOSITORY@sha256:…",
    exitCode: ExitCode.badInput,
  }),
  POLICY_INVALID: (problems: readonly string[]) => ({
    message: ["the policy is invalid:", ...problems].join("\n  "),
    remedy: "fix each line above; `policy.schema.json` lists every key",
    exitCode: ExitCode.badInput,
  }),
  POLICY_UNREADABLE: (address: string, reason: string, exitCode: ExitCode) => ({
    message: `can't read the policy ${quote(address)}: ${reason}`,
    remedy: "see whether it exists there and may be read",
    exitCode,
  }),
  GATES_MISSING: (faults: readonly string[]) => ({
    message: `not released: ${faults.join(", ")}`,
    remedy: "run all groups of `release: { gates: … }` in the same run",
    exitCode: ExitCode.gateFailed,
  }),
  JUDGES_REPLACED: (settings: readonly string[]) => ({
    message: `not released: slipway.yaml replaces what judges or signs it: ${settings.map(quote).join(", ")}`,
    remedy:
      "remove it from slipway.yaml, or let the runner allow exactly that: SLIPWAY_ALLOW, or `with-gates --allow`",
    exitCode: ExitCode.gateFailed,
  }),
  NO_TRUST: () => ({
    message: "no trusted signer is configured",
    remedy:
      "set `release: { key: cosign.pub }` in slipway.yaml, or `release: { identity: …, issuer: … }` for keyless signing",
    exitCode: ExitCode.badInput,
  }),
  SIGN: (what: string, reason: string, exitCode: ExitCode) => ({
    message: `can't sign ${quote(what)}: ${reason}`,
    remedy: "fix that, then run it again: existing signatures are kept",
    exitCode,
  }),
  TAG_MOVED: (reference: string, wanted: string, now: string) => ({
    message: `the tag of ${quote(reference)} has moved: it is ${now}, expected ${wanted}`,
    remedy: "find out who moved it, and verify the image by its digest",
    exitCode: ExitCode.gateFailed,
  }),
  NOT_VERIFIED: (reference: string, problems: readonly string[]) => ({
    // The reason comes first: what follows may be cut where there is one line for it.
    message: [`verification failed: ${problems.join("\n  ")}`, `of ${quote(reference)}`].join("\n  "),
    remedy: "don't deploy it; publish it again, or verify it with the key or identity that signed it",
    exitCode: ExitCode.gateFailed,
  }),
  INVALID_REFERENCE: (reference: string, problem: string) => ({
    message: `invalid image reference ${quote(reference)}: ${problem}`,
    remedy: "write it as registry.example.com/repository:tag, or with @sha256:… in place of the tag",
    exitCode: ExitCode.badInput,
  }),
  INVALID_TAG: (tag: string) => ({
    message: `invalid image tag ${quote(tag)}`,
    remedy:
      "use up to 128 of A-Z, a-z, 0-9, _ . and -, not starting with . or -; a release's git tag looks like v1.2.3",
    exitCode: ExitCode.badInput,
  }),
  TAG_TAKEN: (tag: string, existing: string, wanted: string) => ({
    message: `the tag ${quote(tag)} already exists: it is ${quote(existing)}, not ${quote(wanted)}`,
    remedy:
      "publish changes under a new version; if nothing changed, pin the base images by digest, so that a commit always builds the same image",
    exitCode: ExitCode.badInput,
  }),
  REGISTRY: (
    reference: string,
    reason: string,
    remedy = "check that the registry is reachable and that the user has the required permissions",
    exitCode: ExitCode = ExitCode.infrastructure,
  ) => ({ message: `${quote(reference)}: ${reason}`, remedy, exitCode }),
  HOTFIX_LACKING: (name: string, lacking: readonly { tag: string; commits: readonly string[] }[]) => ({
    message: [
      `${quote(name)} lacks released hotfixes, which a deployment of it would take back:`,
      ...lacking.flatMap(({ tag, commits }) => commits.slice(0, 10).map((commit) => `${tag}: ${commit}`)),
    ].join("\n  "),
    remedy: `merge them: ${lacking.map(({ tag }) => `git merge ${tag}`).join(", ")}. In an emergency: --without-hotfix "REASON", which the ledger keeps`,
    exitCode: ExitCode.badInput,
  }),
  HOTFIX_NOT_STAGED: (tag: string, commit: string, environment: string) => ({
    message: `the hotfix ${quote(tag)} was never deployed to ${environment}: its ledger has no deployment of ${commit.slice(0, 12)}`,
    remedy: `push its hotfix/* branch, which deploys it there, and run this again. In an emergency: --off-main "REASON", which the ledger keeps`,
    exitCode: ExitCode.badInput,
  }),
  TAG_OFF_MAIN: (tag: string, main: string, branches: readonly string[]) => ({
    message: `the tag ${quote(tag)} isn't on ${main}, but ${branches.length === 0 ? "on no branch at all" : `on ${branches.map(quote).join(", ")}`}: production takes what was reviewed and merged`,
    remedy: `merge it into ${main} and tag the merge; a hotfix/* branch may be tagged as it is. In an emergency: --off-main "REASON", which the ledger keeps`,
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
