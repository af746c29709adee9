import { type ReleaseAccess, resolveRelease } from "../deploy/wantedRelease.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import { reviewOf, type Repository } from "../lib/forge/repository.js"
import { httpClient } from "../lib/http/client.js"
import { type Approval, approvalOf } from "../lib/metrics/approval.js"
import { type Review } from "../lib/forge/repository.js"
import type { Evidence, ReleaseState } from "../lib/metrics/audit.js"
import { commitOfEvent } from "../lib/metrics/deployedChanges.js"
import type { DeploymentEvent } from "../lib/metrics/timeline.js"
import { shaOfGates } from "../lib/release/gates.js"
import { judgeRelease, releaseExitCode } from "../lib/release/verification.js"
import { pool } from "../lib/run/pool.js"
import { fields, objects, text } from "../lib/text/json.js"
import type { GitRepository } from "./repository.js"
import { releaseOf } from "../release/release.js"
import { messageOf } from "../lib/run/execError.js"
import type { PythonService } from "../stage/service.js"

/** Sources of evidence for deployments. */
export interface EvidenceSources {
  git: GitRepository | undefined
  /** The host to ask for reviews; undefined for none. */
  forge: { repository: Repository; token: string } | undefined
  /** Access for verifying releases; undefined to skip that. */
  releases: { service: PythonService; access: ReleaseAccess } | undefined
}

const NOT_ASKED: ReleaseState = { state: "not asked", reason: "", gates: null }

/** Gathers evidence for each event. Queries each digest and each commit once. */
export async function gatherEvidence(
  events: readonly DeploymentEvent[],
  sources: EvidenceSources,
): Promise<(event: DeploymentEvent) => Evidence> {
  const releases = await releasesOf(events, sources.releases)
  const commits = new Map(
    events.map((event) => [
      keyOf(event),
      knownCommit(event, sources.git) || releases.get(event.digest)?.commit || "",
    ]),
  )
  const approvals = await approvalsOf([...new Set(commits.values())], sources)
  return (event) => {
    const commit = commits.get(keyOf(event)) ?? ""
    return {
      commit,
      approval: approvals.get(commit) ?? approvalOf(undefined, undefined),
      release: releases.get(event.digest)?.state ?? NOT_ASKED,
    }
  }
}

/** Key of an event by its ledger entries. */
const keyOf = ({ hashes }: DeploymentEvent): string => hashes.join()

const knownCommit = (event: DeploymentEvent, git: GitRepository | undefined): string =>
  (git === undefined ? "" : commitOfEvent(event, git.history)) || event.sha

async function releasesOf(events: readonly DeploymentEvent[], releases: EvidenceSources["releases"]) {
  const digests = [...new Set(events.map(({ digest }) => digest).filter(Boolean))]
  if (releases === undefined) return new Map<string, Verified>()
  const work = digests.map((digest) => async () => [digest, await verifiedRelease(digest, releases)] as const)
  return new Map(await pool(releases.service.config.parallel, work))
}

interface Verified {
  state: ReleaseState
  /** The commit that its gates attestation names. */
  commit: string
}

async function verifiedRelease(
  digest: string,
  { service, access }: NonNullable<EvidenceSources["releases"]>,
): Promise<Verified> {
  try {
    const { reached, resolved } = await resolveRelease(service, access, digest)
    const release = releaseOf(resolved, reached, service, { ref: "", embedded: access.embedded })
    const { checks, gates } = await release.evidence(access.wanted)
    const { status, reason } = judgeRelease(checks, release.reference)
    const code = releaseExitCode(checks)
    const state = status === "passed" ? "verified" : code === ExitCode.gateFailed ? "refused" : "unknown"
    const predicate = gates.at(-1)
    const stages = objects(fields(predicate).stages).map(({ name, status: of }) => ({
      name: text(name),
      status: text(of),
    }))
    return {
      state: { state, reason, gates: predicate === undefined ? null : stages },
      commit: shaOfGates(predicate),
    }
  } catch (error) {
    return {
      state: { state: "unknown", reason: messageOf(error).split("\n")[0] ?? "", gates: null },
      commit: "",
    }
  }
}

async function approvalsOf(
  commits: readonly string[],
  { git, forge }: EvidenceSources,
): Promise<Map<string, Approval>> {
  const http = httpClient()
  const found = new Map<string, Approval>()
  let unreachable = "" // once the host is unreachable, the other commits would only wait for the same timeout
  for (const commit of commits) {
    let review: Review | "none" | undefined
    let why = git === undefined ? "no history was given" : ""
    if (forge !== undefined && /^[0-9a-f]{40,64}$/.test(commit)) {
      const reply =
        unreachable === "" ? await reviewOf(forge.repository, commit, forge.token, http) : undefined
      if (reply?.kind === "unreachable") unreachable = reply.reason
      if (reply?.kind === "done") review = reply.value
      else why = reply?.reason ?? unreachable
    }
    found.set(commit, approvalOf(git?.signed.get(commit), review, why))
  }
  return found
}
