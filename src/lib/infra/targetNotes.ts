import { count } from "../text/words.js"
import { withoutComments } from "./hclText.js"
import { DEFAULT_ENVIRONMENT, filesOf, type InfraTarget, normalisePath } from "./roots.js"

interface Looked {
  /** All files of the source, by their paths. */
  files: readonly string[]
  /** The texts of the configuration. */
  texts: Readonly<Record<string, string>>
  settings: { workspace?: string }
}

/** Names each thing that looks like a part of an environment, and that its plans don't use. */
export function targetNotes(targets: readonly InfraTarget[], { files, texts, settings }: Looked): string[] {
  const roots = [...new Set(targets.map(({ root }) => root))]
  const known = files.map(normalisePath)
  return roots.flatMap((root) => {
    const own = targets.filter((target) => target.root === root)
    const inside = filesOf(root, roots, known)
    const text = inside
      .map((file) => texts[root === "." ? file : `${root}/${file}`] ?? "")
      .map(withoutComments)
    return [
      ...unusedFiles(own, inside).map((file) => notUsed(root, file)),
      ...(settings.workspace === undefined ? [...sharedState(own, text), ...workspaces(own, text)] : []),
    ]
  })
}

const notUsed = (root: string, file: string): string =>
  `${root === "." ? file : `${root}/${file}`} isn't used: Terraform reads only terraform.tfvars and *.auto.tfvars by itself; name it in infra.variables of slipway.yaml`

/** Files of variables that neither a target nor Terraform itself reads. */
function unusedFiles(targets: readonly InfraTarget[], files: readonly string[]): string[] {
  const used = targets.flatMap(({ variables }) => variables)
  return files.filter(
    (file) =>
      /\.tfvars(?:\.json)?$/.test(file) &&
      !/^(?:terraform|[^/]*\.auto)\.tfvars(?:\.json)?$/.test(file) &&
      !/(?:^|[/.-])(?:example|sample|template)s?[/.]/.test(file) &&
      !used.includes(file),
  )
}

/** A note on environments that have the same backend, and so the same state. */
function sharedState(targets: readonly InfraTarget[], texts: readonly string[]): string[] {
  const alike = targets.filter(({ backend }) => backend.length === 0)
  const remote = texts.some((text) => /\bbackend\s+"(?!local")/.test(text))
  if (!remote || alike.length < 2) return []
  const names = alike.map(({ environment }) => environment).join(", ")
  return [
    `${names} have one state in ${alike[0]?.root ?? ""}, unless TF_BACKEND of each says otherwise: give each a file ${alike[0]?.environment ?? ""}.tfbackend, or set infra.workspace to "{environment}"`,
  ]
}

/** A note on a root whose values follow from its workspace, and whose environments aren't known. */
function workspaces(targets: readonly InfraTarget[], texts: readonly string[]): string[] {
  const uses = texts.filter((text) => /\bterraform\.workspace\b/.test(text)).length
  const [only] = targets
  if (uses === 0 || only?.environment !== DEFAULT_ENVIRONMENT) return []
  return [
    `${only.root} reads terraform.workspace (${count(uses, "file")}), and is planned in the workspace default: name its environments in infra.environments, and set infra.workspace to "{environment}"`,
  ]
}
