import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest"
import { branchAnswers, repositoryOf, reviewOf } from "../../../src/lib/forge/repository.js"
import { requirementsOf, judgeBranch } from "../../../src/lib/metrics/protection.js"
import { Clock, type Forge, startForge } from "../forge/forge.js"

let forge: Forge
beforeAll(async () => {
  forge = await startForge()
})
afterAll(() => forge.stop())
beforeEach(() => forge.control({ reset: true }))

const repository = () => ({ api: `${forge.url}/github`, project: "acme/shop" })

const judged = async (branches: Record<string, unknown>, token = "ghs_auditor") => {
  await forge.control({ branches })
  const http = new Clock().client()
  const found = []
  for (const [branch, requirements] of requirementsOf("main", "develop"))
    found.push(...judgeBranch(branch, requirements, await branchAnswers(repository(), branch, token, http)))
  return found.map(({ branch, demand, status, reason }) => `${branch} ${demand} ${status}: ${reason}`)
}

const OWN = {
  required_pull_request_reviews: { required_approving_review_count: 2 },
  required_status_checks: { strict: true, contexts: ["ci"], checks: [{ context: "ci", app_id: 1 }] },
}
const CHECKS = {
  type: "required_status_checks",
  ruleset_source: "acme/shop",
  ruleset_id: 1,
  parameters: { required_status_checks: [{ context: "ci" }, { context: "lint" }] },
}
const approvals = (count: number) => ({
  type: "pull_request",
  ruleset_source: "acme",
  ruleset_id: 2,
  parameters: { required_approving_review_count: count },
})

describe("judgeBranch", () => {
  it("accepts a branch protection rule, rulesets, or both together", async () => {
    const rules = [CHECKS, approvals(1)]
    expect(await judged({ main: { protection: OWN }, develop: { rules } })).toEqual([
      "main pull request approval passed: 2 approvals, by the branch protection rule",
      "main status checks passed: ci, by the branch protection rule",
      "develop status checks passed: ci, lint, by rules of acme/shop, acme",
    ])
    const { required_pull_request_reviews } = OWN
    const both = { protection: { required_pull_request_reviews }, rules: [CHECKS] }
    expect((await judged({ main: both, develop: both })).filter((line) => !line.includes("passed"))).toEqual(
      [],
    )
  })

  it("fails requirements that nothing enforces", async () => {
    const weak = {
      required_pull_request_reviews: { required_approving_review_count: 0 },
      required_status_checks: { contexts: [] },
    }
    expect(await judged({ main: { protection: weak, rules: [approvals(0)] } })).toEqual([
      "main pull request approval failed: changes can be merged without an approval",
      "main status checks failed: no status check is required before a merge",
      "develop status checks failed: there is no branch develop",
    ])
    expect((await judged({ main: {}, develop: {} })).map((line) => / (\w+): /.exec(line)?.[1])).toEqual([
      "failed",
      "failed",
      "failed",
    ])
  })

  test.each([
    [
      "ghs_slipway",
      /doesn't let the token do this \(403\): Resource not accessible by integration; the token needs the permission `administration: read`$/,
    ],
    [
      "ghp_robot",
      /has no such repository, or hides it from the token \(404\): Not Found; the token needs the permission `administration: read`$/,
    ],
    [
      "ghp_wrong",
      /doesn't accept the token \(401\).*administration: read.*; GitHub doesn't accept the token \(401\).*metadata: read`$/,
    ],
  ])("is unknown with the token %s, which lacks a permission", async (token, reason) => {
    for (const line of await judged({ main: {}, develop: {} }, token)) {
      expect(line).toMatch(/ unknown: GitHub /)
      expect(line).toMatch(reason)
      expect(line).not.toContain(token)
    }
  })

  it("needs only the rulesets if they are enough", async () => {
    const rules = [CHECKS, approvals(1)]
    const lines = await judged({ main: { rules }, develop: { rules } }, "ghs_slipway")
    expect(lines.filter((line) => !line.includes(" passed: "))).toEqual([])
  })
})

describe("reviewOf", () => {
  const SHA = "a".repeat(40)
  const pull = (number: number, more = {}) => ({
    number,
    user: { login: "ann" },
    merged_at: "2026-03-01T00:00:00Z",
    merge_commit_sha: "x",
    html_url: `https://github.com/acme/shop/pull/${number}`,
    ...more,
  })
  const said = (login: string, state: string) => ({ user: { login }, state })
  const review = async (commit = SHA) => reviewOf(repository(), commit, "ghs_slipway", new Clock().client())

  it("returns each reviewer's last review of the pull request merged as the commit", async () => {
    await forge.control({
      page: 2,
      pulls: { [SHA]: [pull(1, { merged_at: null }), pull(2), pull(3, { merge_commit_sha: SHA })] },
      reviews: {
        3: [
          said("bob", "CHANGES_REQUESTED"),
          said("cid", "APPROVED"),
          said("eve", "APPROVED"),
          said("bob", "APPROVED"),
          said("bob", "COMMENTED"),
          said("cid", "DISMISSED"),
        ],
      },
    })
    expect(await review()).toEqual({
      kind: "done",
      value: {
        number: 3,
        url: "https://github.com/acme/shop/pull/3",
        author: "ann",
        approvedBy: ["bob", "eve"],
      },
    })
  })

  it("returns none without a pull request, and a refusal for an unknown commit", async () => {
    await forge.control({ pulls: { [SHA]: [pull(1, { merged_at: null })] } })
    expect(await review()).toEqual({ kind: "done", value: "none" })
    expect(await review("b".repeat(40))).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/^GitHub refuses this \(422\)/) as string,
    })
  })
})

test.each([
  ["https://github.com/acme/shop", "https://api.github.com", "acme/shop"],
  ["https://github.com/acme/shop.git", "https://api.github.com", "acme/shop"],
  ["https://git.acme.example/acme/shop/", "https://git.acme.example/api/v3", "acme/shop"],
])("repositoryOf parses %s", (address, api, project) => {
  expect(repositoryOf(address)).toEqual({ api, project })
})

test.each([
  "",
  "acme/shop",
  "https://github.com/acme",
  "https://github.com/acme/..",
  "ftp://github.com/acme/shop",
  "https://github.com/a/b/c",
])("repositoryOf rejects %j", (address) => {
  expect(repositoryOf(address)).toBeUndefined()
})
