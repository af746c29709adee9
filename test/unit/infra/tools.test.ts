import { describe, expect, it, test } from "vitest"
import { RECIPES } from "../../../dagger/kit/images/recipes.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { diagnosticFinding, validateDiagnostics } from "../../../src/lib/infra/diagnostics.js"
import { notPulled, onlyPulled, TOOL_VERSIONS, toolVersion } from "../../../src/lib/infra/tools.js"

describe("the tools of the infrastructure", () => {
  test("have default versions that the offline images have, under their own names", () => {
    const names = { terraform: "hashicorp/terraform", opentofu: "opentofu/opentofu" }
    const commands = {
      terraform: "github.com/hashicorp/terraform",
      opentofu: "github.com/opentofu/opentofu/cmd/tofu",
    }
    for (const tool of ["terraform", "opentofu"] as const) {
      const recipes = RECIPES.filter(({ name }) => name === names[tool])
      expect(recipes.flatMap(({ tags }) => tags)).toEqual([TOOL_VERSIONS[tool]])
      const built = recipes.flatMap(({ programs = {} }) =>
        Object.values(programs).map((each) => each.package),
      )
      expect(built).toContain(commands[tool])
    }
  })

  test.each<[settings: string, version: string, pulled: boolean]>([
    ["", "1.5.7", false],
    ["infra: { tool: opentofu }", "1.12.6", false],
    ['infra: { tool: opentofu, version: "1.10.0" }', "1.10.0", false],
    ['infra: { version: "1.5.7" }', "1.5.7", false],
    ['infra: { version: "1.13.3" }', "1.13.3", true],
    [
      '{ infra: { version: "1.13.3" }, images: { replace: { terraform: "team.example/terraform:1" } } }',
      "1.13.3",
      false,
    ],
  ])("with %s: version %s, only pulled: %s", (settings, version, pulled) => {
    const config = parseConfig(settings)
    expect(toolVersion(config)).toBe(version)
    expect(onlyPulled(config)).toBe(pulled)
  })
})

describe("notPulled", () => {
  it("says what can be had, and by which setting", () => {
    const { message } = notPulled(
      "hashicorp/terraform:1.13.3",
      new Error(
        'failed to resolve image "docker.io/hashicorp/terraform:1.13.3" (platform: "linux/amd64"): dial tcp: no such host',
      ),
    )
    expect(message).toContain(`the image "hashicorp/terraform:1.13.3" can't be pulled here: no such host`)
    expect(message).toContain("OpenTofu 1.12.6 (infra: { tool: opentofu })")
    expect(message).toContain("[TERRAFORM_NOT_PULLED]")
  })
})

describe("diagnosticFinding", () => {
  it("names Slipway's settings for a configuration that needs another Terraform", () => {
    const [diagnostic] =
      validateDiagnostics(
        JSON.stringify({
          valid: false,
          diagnostics: [
            {
              severity: "error",
              summary: "Unsupported Terraform Core version",
              detail:
                "Module module.x (from ./m) does not support Terraform version 1.5.7. To proceed, either choose another supported Terraform version or update this version constraint.",
              range: { filename: "m/main.tf", start: { line: 2, column: 3 } },
            },
          ],
        }),
      ) ?? []
    if (diagnostic === undefined) throw new Error("nothing was read")
    expect(diagnosticFinding("terraform", "infra", diagnostic)).toMatchObject({
      file: "infra/m/main.tf",
      message:
        'Unsupported Terraform Core version: Module module.x (from ./m) does not support Terraform version 1.5.7. infra: { version: "…" } in slipway.yaml chooses another Terraform, infra: { tool: opentofu } OpenTofu',
    })
  })
})
