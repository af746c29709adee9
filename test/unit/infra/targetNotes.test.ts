import { describe, expect, it } from "vitest"
import { infraTargets } from "../../../src/lib/infra/roots.js"
import { targetNotes } from "../../../src/lib/infra/targetNotes.js"

const notes = (texts: Record<string, string>, settings = {}) => {
  const files = Object.keys(texts)
  return targetNotes(infraTargets(["infra"], files, settings), { files, texts, settings })
}

describe("targetNotes", () => {
  it("names files of variables that no plan uses", () => {
    const files = ["infra/env/staging.tfvars", "infra/common.tfvars", "infra/x/eu.tfvars"]
    const read = [
      "infra/terraform.tfvars",
      "infra/a.auto.tfvars",
      "infra/example.tfvars",
      "infra/prod.tfvars.example",
    ]
    expect(notes(Object.fromEntries([...files, ...read].map((file) => [file, ""])))).toEqual([
      expect.stringMatching(/^infra\/common\.tfvars isn't used: .*infra\.variables/),
      expect.stringMatching(/^infra\/x\/eu\.tfvars isn't used/),
    ])
  })

  const AZURE = 'terraform {\n  backend "azurerm" {}\n}\n'
  const two = { "infra/env/staging.tfvars": "", "infra/env/production.tfvars": "" }

  it("says that environments share one state", () => {
    expect(notes({ "infra/main.tf": AZURE, ...two })).toEqual([
      expect.stringContaining("production, staging have one state in infra"),
    ])
    const own = { "infra/env/staging.tfbackend": "", "infra/env/production.tfbackend": "" }
    expect(notes({ "infra/main.tf": AZURE, ...two, ...own })).toEqual([])
    expect(notes({ "infra/main.tf": AZURE, ...two }, { workspace: "{environment}" })).toEqual([])
    expect(notes({ "infra/main.tf": 'terraform {\n  backend "local" {}\n}\n', ...two })).toEqual([])
  })

  it("says how to plan a root whose values follow from its workspace", () => {
    const text = "locals {\n  size = terraform.workspace\n}\n"
    expect(notes({ "infra/main.tf": text })).toEqual([
      expect.stringMatching(
        /^infra reads terraform\.workspace \(1 file\).*infra\.environments.*infra\.workspace/,
      ),
    ])
    expect(notes({ "infra/main.tf": `# ${text.split("\n")[1] ?? ""}` })).toEqual([])
  })
})
