import { asking, type InitFindings, lineWith, NOTHING, type PlacedText, placeTexts } from "./findings.js"
import type { DescribedRepository } from "./repositoryView.js"
import { commandWords } from "./shell.js"

const CONFIGURATION = /\.(?:tf|tofu)(?:\.json)?$/

type Evidence = Pick<PlacedText, "file" | "line">

const LOCK = ".terraform.lock.hcl"
const REGISTRY = "registry.opentofu.org"

/** OpenTofu, if a lock, a file of its own or a CI host says so. */
export function infraSettings({ source, jobs }: DescribedRepository): InitFindings {
  if (!source.paths.some((path) => CONFIGURATION.test(path))) return NOTHING
  const own = source.paths.filter((path) => /\.tofu(?:\.json)?$/.test(path))
  const locks = Object.entries(source.texts)
    .filter(([path, text]) => path.endsWith(LOCK) && text.includes(REGISTRY))
    .map(([file, text]) => ({ file, line: lineWith(text, REGISTRY) }))
  const runs = (program: string, action: RegExp): Evidence[] =>
    jobs.flatMap(({ actions, commands }) => [
      ...actions.filter(({ text }) => action.test(text)),
      ...commands.filter(({ text }) => commandWords(text)[0] === program),
    ])
  const tofu = runs("tofu", /^opentofu\/setup-opentofu@/)
  const terraform = runs("terraform", /^hashicorp\/setup-terraform@/)
  const says = own[0] ?? placeTexts([...locks, ...tofu])
  if (says === "") return NOTHING
  if (terraform.length > 0)
    return asking("infra.tool", `opentofu (${says}), or terraform (${placeTexts(terraform)})?`)
  return {
    settings: [{ key: ["infra", "tool"], value: "opentofu", reason: `${says}: OpenTofu` }],
    questions: [],
  }
}
