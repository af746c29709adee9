import type { InitFindings } from "./findings.js"
import { placeTexts } from "./findings.js"
import type { DescribedRepository } from "./repositoryView.js"
import { commandWords } from "./shell.js"

const CONFIGURATION = /\.(?:tf|tofu)(?:\.json)?$/

interface Evidence {
  file: string
  line: number
}

/** OpenTofu, if a lock, a file of its own or a CI host says so. */
export function infraSettings({ source, jobs }: DescribedRepository): InitFindings {
  if (!source.paths.some((path) => CONFIGURATION.test(path))) return { settings: [], questions: [] }
  const own = source.paths.filter((path) => /\.tofu(?:\.json)?$/.test(path))
  const locks = Object.entries(source.texts).flatMap(([path, text]) =>
    path.endsWith(".terraform.lock.hcl") ? linesWith(path, text, "registry.opentofu.org") : [],
  )
  const runs = (program: string, action: RegExp): Evidence[] =>
    jobs.flatMap(({ actions, commands }) => [
      ...actions.filter(({ text }) => action.test(text)),
      ...commands.filter(({ text }) => commandWords(text)[0] === program),
    ])
  const tofu = runs("tofu", /^opentofu\/setup-opentofu@/)
  const terraform = runs("terraform", /^hashicorp\/setup-terraform@/)
  const says = own[0] ?? placeTexts([...locks, ...tofu])
  if (says === "") return { settings: [], questions: [] }
  if (terraform.length > 0)
    return {
      settings: [],
      questions: [
        { key: "infra.tool", text: `opentofu (${says}), or terraform (${placeTexts(terraform)})?` },
      ],
    }
  return {
    settings: [{ key: ["infra", "tool"], value: "opentofu", reason: `${says}: OpenTofu` }],
    questions: [],
  }
}

const linesWith = (file: string, text: string, word: string): Evidence[] =>
  text
    .split("\n")
    .flatMap((line, index) => (line.includes(word) ? [{ file, line: index + 1 }] : []))
    .slice(0, 1)
