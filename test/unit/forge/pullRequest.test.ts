import { describe, expect, it, test } from "vitest"
import { isPullRequest, pullRequestOf } from "../../../src/lib/forge/pullRequest.js"

const GITHUB = {
  GITHUB_REF: "refs/pull/7/merge",
  GITHUB_REPOSITORY: "acme/shop.api",
  GITHUB_API_URL: "https://api.github.com",
}
const GITLAB = {
  CI_MERGE_REQUEST_IID: "7",
  CI_MERGE_REQUEST_PROJECT_ID: "42",
  CI_API_V4_URL: "https://gitlab.example.com/sub/api/v4",
}
const AZURE = {
  SYSTEM_PULLREQUEST_PULLREQUESTID: "7",
  SYSTEM_COLLECTIONURI: "https://dev.azure.com/acme/",
  SYSTEM_TEAMPROJECT: "Démo Project",
  BUILD_REPOSITORY_ID: "5febef5a-833d-4e14-b9c0-14cb638f91e6",
  BUILD_REPOSITORY_PROVIDER: "TfsGit",
}

describe("pullRequestOf reads a pull request", () => {
  test("of GitHub Actions", () => {
    const expected = { host: "github", api: "https://api.github.com", project: "acme/shop.api", number: 7 }
    expect(pullRequestOf(GITHUB)).toEqual(expected)
    expect(pullRequestOf({ ...GITHUB, GITHUB_API_URL: undefined })).toEqual(expected)
    expect(pullRequestOf({ ...GITHUB, GITHUB_API_URL: "https://ghe.example.com/api/v3/" })).toMatchObject({
      api: "https://ghe.example.com/api/v3",
    })
  })

  test.each([
    ["https://github.com/acme/shop/pull/7", "github", "https://api.github.com", "acme/shop"],
    ["https://ghe.example.com/acme/shop/pull/7", "github", "https://ghe.example.com/api/v3", "acme/shop"],
    [
      "https://gitlab.example.com/a/b/c/-/merge_requests/7",
      "gitlab",
      "https://gitlab.example.com/api/v4",
      "a/b/c",
    ],
  ])("from the address that Jenkins and CircleCI set: %s", (url, host, api, project) => {
    expect(pullRequestOf({ CHANGE_URL: url })).toEqual({ host, api, project, number: 7 })
    expect(pullRequestOf({ CIRCLE_PULL_REQUEST: url })).toEqual({ host, api, project, number: 7 })
  })

  test.each([
    "http://github.com/acme/shop/pull/7",
    "https://me:pw@github.com/a/b/pull/7",
    "https://github.com/a/pull/7",
    "7",
  ])("from no address that a token could leak to: %s", (url) => {
    expect(pullRequestOf({ CHANGE_URL: url })).toBeUndefined()
  })

  test("of GitLab CI", () => {
    const api = "https://gitlab.example.com/sub/api/v4"
    expect(pullRequestOf(GITLAB)).toEqual({ host: "gitlab", api, project: "42", number: 7 })
  })

  test("of Azure Pipelines", () => {
    const project = `Démo Project/${AZURE.BUILD_REPOSITORY_ID}`
    const expected = { host: "azure-devops", api: "https://dev.azure.com/acme", project, number: 7 }
    expect(pullRequestOf(AZURE)).toEqual(expected)
    expect(pullRequestOf({ ...AZURE, BUILD_REPOSITORY_PROVIDER: undefined })).toEqual(expected)
  })

  test("of Azure Pipelines for a repository on GitHub", () => {
    const env = {
      ...AZURE,
      SYSTEM_PULLREQUEST_PULLREQUESTID: "987654321",
      SYSTEM_PULLREQUEST_PULLREQUESTNUMBER: "7",
      BUILD_REPOSITORY_PROVIDER: "GitHub",
      BUILD_REPOSITORY_NAME: "acme/shop",
    }
    const expected = { host: "github", api: "https://api.github.com", project: "acme/shop", number: 7 }
    expect(pullRequestOf(env)).toEqual(expected)
    expect(pullRequestOf({ ...env, BUILD_REPOSITORY_PROVIDER: "Bitbucket" })).toBeUndefined()
  })
})

describe("pullRequestOf returns undefined", () => {
  test.each<[string, Record<string, string | undefined>]>([
    ["outside of a CI host", {}],
    ["on a branch", { ...GITHUB, GITHUB_REF: "refs/heads/main" }],
    ["for a similar ref", { ...GITHUB, GITHUB_REF: "refs/pull/7/merge/x" }],
    ["for number 0", { ...GITHUB, GITHUB_REF: "refs/pull/0/merge" }],
    ["for a number too great", { ...GITHUB, GITHUB_REF: `refs/pull/${"9".repeat(400)}/merge` }],
    ["without a repository", { ...GITHUB, GITHUB_REPOSITORY: undefined }],
    ["for a repository with .. in its path", { ...GITHUB, GITHUB_REPOSITORY: "../.." }],
    ["for a repository of one part", { ...GITHUB, GITHUB_REPOSITORY: "shop" }],
    ["for a repository with a query", { ...GITHUB, GITHUB_REPOSITORY: "acme/shop?x" }],
    ["for an address with credentials", { ...GITHUB, GITHUB_API_URL: "https://user:pw@api.github.com" }],
    ["for an address with a query", { ...GITHUB, GITHUB_API_URL: "https://api.github.com?x" }],
    ["for the address of a file", { ...GITHUB, GITHUB_API_URL: "file:///etc" }],
    ["for an invalid address", { ...GITHUB, GITHUB_API_URL: "api.github.com" }],
    ["on a branch in GitLab", { ...GITLAB, CI_MERGE_REQUEST_IID: undefined }],
    ["for an invalid number in GitLab", { ...GITLAB, CI_MERGE_REQUEST_IID: "7/notes" }],
    ["without a project in Azure", { ...AZURE, SYSTEM_TEAMPROJECT: undefined }],
    ["for a project with a slash in Azure", { ...AZURE, SYSTEM_TEAMPROJECT: "a/b" }],
  ])("%s", (_, env) => {
    expect(pullRequestOf(env)).toBeUndefined()
  })
})

it("isPullRequest rejects addresses that pullRequestOf doesn't return", () => {
  const found = {
    host: "gitlab",
    api: "https://gitlab.example.com/api/v4",
    project: "a/b/c",
    number: 1,
  } as const
  expect(isPullRequest(found)).toBe(true)
  expect(isPullRequest({ ...found, project: "a/../c" })).toBe(false)
  expect(isPullRequest({ ...found, project: "a//c" })).toBe(false)
  expect(isPullRequest({ ...found, api: `${found.api}/` })).toBe(false)
  expect(isPullRequest({ ...found, number: 1.5 })).toBe(false)
  for (const other of [null, [], "x", {}, { ...found, host: "toString" }, { ...found, project: 42 }]) {
    expect(isPullRequest(other)).toBe(false)
  }
})
