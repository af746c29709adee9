import { describe, expect, it } from "vitest"
import { runUrl, actorOf } from "../../../dagger/cli/commands/actor.js"

describe("actorOf", () => {
  it("returns the CI host's user, or else the login", () => {
    expect(actorOf({ GITHUB_ACTOR: "ada" }, () => "root")).toBe("ada")
    expect(actorOf({ GITHUB_ACTOR: "", GITLAB_USER_LOGIN: "bob" }, () => "root")).toBe("bob")
    expect(actorOf({}, () => "root")).toBe("root")
    const nobody = () => {
      throw new Error("no such user")
    }
    expect(actorOf({}, nobody)).toBe("")
  })
})

describe("runUrl", () => {
  it.each<[string, Record<string, string>, string]>([
    [
      "GitHub",
      { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "acme/shop", GITHUB_RUN_ID: "7" },
      "https://github.com/acme/shop/actions/runs/7",
    ],
    [
      "Azure DevOps",
      {
        SYSTEM_COLLECTIONURI: "https://dev.azure.com/acme/",
        SYSTEM_TEAMPROJECT: "Demo Project",
        BUILD_BUILDID: "7",
      },
      "https://dev.azure.com/acme/Demo%20Project/_build/results?buildId=7",
    ],
    [
      "GitLab",
      { CI_PIPELINE_URL: "https://gitlab.com/acme/shop/-/pipelines/7" },
      "https://gitlab.com/acme/shop/-/pipelines/7",
    ],
    ["Jenkins", { BUILD_URL: "https://ci.example.com/job/shop/7/" }, "https://ci.example.com/job/shop/7/"],
    ["a laptop", {}, ""],
  ])("returns the URL of %s", (_, env, address) => {
    expect(runUrl(env)).toBe(address)
  })
})
