import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of publishing, signing and verifying. */
export const releaseErrors = {
  NO_REGISTRY: () => ({
    message: "no registry is named to publish to",
    remedy: "say `release: { registry: team.azurecr.io }` in slipway.yaml, or pass one",
    exitCode: ExitCode.badInput,
  }),
  NO_NAME: () => ({
    message: "the service has no name, and its image no repository",
    remedy: "say `name: …` or `release: { repository: … }` in slipway.yaml, or `name` in pyproject.toml",
    exitCode: ExitCode.badInput,
  }),
  NOT_SCANNED: () => ({
    message: "the image was not scanned, and is not published unseen",
    remedy: "run the groups image and release together",
    exitCode: ExitCode.badInput,
  }),
  NO_SIGNER: () => ({
    message: "there is nothing to sign with",
    remedy:
      "pass a private key of cosign's (COSIGN_PRIVATE_KEY), or the token of who signs (SIGSTORE_ID_TOKEN)",
    exitCode: ExitCode.badInput,
  }),
  TWO_SIGNERS: () => ({
    message: "both a private key and an identity token are given to sign with",
    remedy: "pass one of them (COSIGN_PRIVATE_KEY or SIGSTORE_ID_TOKEN)",
    exitCode: ExitCode.badInput,
  }),
  SIGSTORE_SETTINGS: (contradiction: string) => ({
    message: `release in slipway.yaml contradicts itself: ${contradiction}`,
    remedy: 'name both files of a private Sigstore, or none; `log: false` goes with a key alone',
    exitCode: ExitCode.badInput,
  }),
  NO_COMMIT: (sha: string) => ({
    message: `a release must be of a commit, and ${sha === "" ? "none is known" : `${quote(sha)} is none`}`,
    remedy: "pass --sha with the whole commit, or run it in a git checkout",
    exitCode: ExitCode.badInput,
  }),
  GATES_MISSING: (faults: readonly string[]) => ({
    message: `not released: ${faults.join(", ")}`,
    remedy: "run all groups that `release: { gates: … }` demands in the same run",
    exitCode: ExitCode.gateFailed,
  }),
  NO_TRUST: () => ({
    message: "it isn't known whose signature is to be trusted",
    remedy:
      "say so in slipway.yaml: `release: { key: cosign.pub }`, or `release: { identity: …, issuer: … }` where no key is used",
    exitCode: ExitCode.badInput,
  }),
  SIGN: (what: string, reason: string, exitCode: ExitCode) => ({
    message: `${quote(what)} can't be signed: ${reason}`,
    remedy: "mend that, then run it again: what is signed already stays so",
    exitCode,
  }),
  TAG_MOVED: (reference: string, wanted: string, now: string) => ({
    message: `the tag of ${quote(reference)} has moved: it stands for ${now}, not for ${wanted}`,
    remedy: "find out who moved it; verify by the digest alone what is meant",
    exitCode: ExitCode.gateFailed,
  }),
  NOT_VERIFIED: (reference: string, problems: readonly string[]) => ({
    message: [`${quote(reference)} is not what was released:`, ...problems].join("\n  "),
    remedy: "deploy nothing of it; publish it anew, or verify with the key or identity that signed it",
    exitCode: ExitCode.gateFailed,
  }),
  INVALID_REFERENCE: (reference: string, problem: string) => ({
    message: `${quote(reference)} is no reference of an image: ${problem}`,
    remedy: "write it as registry.example.com/repository:tag, or with @sha256:… in place of the tag",
    exitCode: ExitCode.badInput,
  }),
  INVALID_TAG: (tag: string) => ({
    message: `${quote(tag)} is no tag that an image can have`,
    remedy:
      "take up to 128 of A-Z, a-z, 0-9, _ . and -, the first no . or -; a release's git tag is such as v1.2.3",
    exitCode: ExitCode.badInput,
  }),
  TAG_TAKEN: (tag: string, existing: string, wanted: string) => ({
    message: `${quote(tag)} stands for ${quote(existing)} already, and not for ${quote(wanted)}`,
    remedy:
      "a version is published once: give what has changed a version of its own; one commit gives the same image only while its base images are the same, so pin those by digest",
    exitCode: ExitCode.badInput,
  }),
  REGISTRY: (
    reference: string,
    reason: string,
    remedy = "see whether the registry can be reached, and what the user may do there",
    exitCode: ExitCode = ExitCode.infrastructure,
  ) => ({ message: `${quote(reference)}: ${reason}`, remedy, exitCode }),
} satisfies Catalogue
