/** Files of other tools that Slipway doesn't read or run, and what it does in their place. */
import { someOf } from "../text/words.js"
import type { Finding } from "../run/finding.js"
import { objects, text } from "../text/json.js"
import { yamlMap } from "../text/yaml.js"
import type { Group } from "./stages.js"

/** A file that isn't used, and what takes its place. */
interface Unused {
  file: string
  group: Extract<Group, "quality" | "security" | "tests">
  message: string
}

const SUPPRESSED =
  "what may be ignored is listed in .slipway/suppressions.yaml, with reason, owner and expiry"

type Note = (content: string) => string | undefined

/** The files, with the group that does their work, and a note; none where the file's content needs no word. */
const FILES: Readonly<Record<string, readonly [group: Unused["group"], note: Note]>> = {
  ".trivyignore": ["security", () => SUPPRESSED],
  ".trivyignore.yaml": ["security", () => SUPPRESSED],
  ".trivyignore.yml": ["security", () => SUPPRESSED],
  "trivy.yaml": ["security", () => "security.severity and security.checks of slipway.yaml set Trivy's gates"],
  ".secrets.baseline": ["security", () => `Trivy looks for secrets; ${SUPPRESSED}`],
  ".gitleaks.toml": ["security", () => `Trivy looks for secrets; ${SUPPRESSED}`],
  ".gitleaksignore": ["security", () => `Trivy looks for secrets; ${SUPPRESSED}`],
  ".safety-policy": ["security", () => `Trivy looks for vulnerable packages; ${SUPPRESSED}`],
  ".safety-policy.yml": ["security", () => `Trivy looks for vulnerable packages; ${SUPPRESSED}`],
  ".safety-policy.yaml": ["security", () => `Trivy looks for vulnerable packages; ${SUPPRESSED}`],
  ".snyk": ["security", () => `Trivy looks for vulnerable packages; ${SUPPRESSED}`],
  "osv-scanner.toml": ["security", () => `Trivy looks for vulnerable packages; ${SUPPRESSED}`],
  "tox.ini": ["tests", toxNote],
  "noxfile.py": ["tests", () => runs("nox")],
  ".pre-commit-config.yaml": ["quality", preCommitNote],
  ".pre-commit-config.yml": ["quality", preCommitNote],
  "ruff.toml": ["quality", () => judges("Ruff")],
  ".ruff.toml": ["quality", () => judges("Ruff")],
  ".pylintrc": ["quality", () => judges("Pylint")],
  pylintrc: ["quality", () => judges("Pylint")],
  "pyrightconfig.json": ["quality", () => judges("Pyright")],
}

/** The names of these files, all of them at the top of the source. */
export const OTHER_TOOLS = Object.keys(FILES)

const CHECKERS = "black, isort, Flake8, mypy and Bandit"

const judges = (tool: string): string => `${tool} isn't run: ${CHECKERS} judge the code`

const runs = (tool: string): string =>
  `${tool} isn't run, nor are the commands of its sessions: pytest runs the tests, on one version of Python, by tests.* of slipway.yaml, and ${CHECKERS} judge the code`

/** Sections of other tools in the file are those tools' own, and read by them. */
function toxNote(content: string): string | undefined {
  return /^\[(?:tox|testenv)/m.test(content) ? runs("tox") : undefined
}

/** Hooks whose work the quality stage does. */
const OWN_HOOKS = ["black", "black-jupyter", "isort", "flake8", "mypy", "bandit"]

function preCommitNote(content: string): string | undefined {
  const hooks = objects(yamlMap(content)?.["repos"])
    .flatMap((repository) => objects(repository["hooks"]))
    .map((hook) => text(hook["id"]))
    .filter((id) => id !== "" && !OWN_HOOKS.includes(id))
  if (hooks.length === 0) return undefined
  return `its hooks aren't run: ${CHECKERS} run by themselves, and ${someOf([...new Set(hooks)], 8)} not at all`
}

/** Notes on those files of a source that aren't used. Takes the texts of the files by path. */
export function unusedFiles(texts: Readonly<Record<string, string>>): Unused[] {
  return Object.entries(FILES).flatMap(([file, [group, note]]) => {
    const content = texts[file]
    const message = content === undefined ? undefined : note(content)
    return message === undefined ? [] : [{ file, group, message: `${file} isn't used: ${message}` }]
  })
}

/** Adds the notes to the first stage of their group, as findings below the gate. */
export function withUnusedFiles<S extends { group: string; findings: Finding[] }>(
  stages: readonly S[],
  unused: readonly Unused[],
): S[] {
  return stages.map((stage, index) => {
    const first = stages.findIndex(({ group }) => group === stage.group) === index
    const notes = first ? unused.filter(({ group }) => group === stage.group) : []
    if (notes.length === 0) return stage
    const findings = notes.map(({ file, message }): Finding => ({
      tool: "slipway",
      rule: "unused-file",
      level: "note",
      file,
      message,
      advisory: true,
    }))
    return { ...stage, findings: [...stage.findings, ...findings] }
  })
}
