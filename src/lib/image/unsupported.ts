import type { DockerfileStage, Instruction } from "./dockerfile.js"
import { optionOf } from "./dockerfile.js"
import { isIgnored, takesHistory } from "./history.js"
import { copiedPaths, type Mount, mountsOf, type PlannedStage, secretName, sources } from "./plan.js"

/** What is handed to a build beside its sources. */
export interface Supplied {
  /** Names of secrets. */
  secrets: readonly string[]
  /** True with an SSH agent. */
  ssh: boolean
  /** True with the history of the sources. */
  git: boolean
  /** The patterns of the ignore file. */
  ignored: readonly string[]
}

/** An instruction that can't be built, whatever its command does. */
export interface InstructionProblem {
  stage: PlannedStage
  instruction: Instruction
  message: string
}

/**
 * Finds the instructions that can't be built: those that need what isn't supplied, and those that the engine (0.21.8)
 * doesn't support. Values with variables are left to it.
 */
export const instructionProblems = (
  stages: readonly PlannedStage[],
  all: readonly DockerfileStage[],
  supplied: Supplied,
): InstructionProblem[] =>
  stages.flatMap((stage) =>
    stage.stage.instructions.flatMap((instruction) =>
      [
        ...lacking(instruction, supplied),
        ...unsupported(instruction),
        ...misplaced(instruction, stage, all),
      ].map((message) => ({ stage, instruction, message })),
    ),
  )

/** Needs of an instruction that nothing meets, each with what to type. */
const lacking = (instruction: Instruction, { secrets, ssh, git, ignored }: Supplied): string[] => [
  ...mountsOf(instruction)
    .filter((mount) => mount.type === "secret" && isRequired(mount) && !secrets.includes(secretName(mount)))
    .map(
      (mount) => `the secret "${secretName(mount)}" is missing: pass it, ${secretOption(secretName(mount))}`,
    ),
  ...(ssh || !mountsOf(instruction).some((mount) => mount.type === "ssh" && isRequired(mount))
    ? []
    : [`no SSH agent is passed: ${SSH_OPTION}`]),
  ...(takesHistory(instruction) ? historyProblem(git, ignored) : []),
]

/** The options that pass an SSH agent. */
export const SSH_OPTION = "slipway image --ssh, or --ssh KEYFILE for a key of its own"

/** The option that passes a secret of this name. */
export function secretOption(name: string): string {
  const variable = name.toUpperCase().replace(/\W/g, "_")
  return name === variable ? `such as --secret env://${name}` : `such as --secret id=${name},env=${variable}`
}

function historyProblem(git: boolean, ignored: readonly string[]): string[] {
  if (isIgnored(ignored)) return ["the ignore file leaves out .git: add !.git to it"]
  return git ? [] : [`.git isn't part of the sources: ${HISTORY_ADVICE}`]
}

/** What to do where a build has no history. */
export const HISTORY_ADVICE =
  "`slipway image` supplies it for a folder that is a git repository; elsewhere pass the version, such as " +
  'image: { args: ["SETUPTOOLS_SCM_PRETEND_VERSION=1.2.3"] } with ARG SETUPTOOLS_SCM_PRETEND_VERSION in the Dockerfile'

const isRequired = ({ required }: Mount): boolean =>
  required !== undefined && /^(?:|1|t|true)$/i.test(required)

/** Features that the engine's builder lacks. */
function unsupported(instruction: Instruction): string[] {
  const { keyword } = instruction
  if (keyword === "RUN") return unsupportedRun(instruction)
  if (keyword === "ADD" || keyword === "COPY") return unsupportedCopy(instruction)
  return []
}

const unsupportedRun = (run: Instruction): string[] => [
  ...(optionOf(run, "network").includes("host")
    ? ["--network=host isn't supported: commands reach the network without it"]
    : []),
  ...(optionOf(run, "security").includes("insecure")
    ? ["--security=insecure isn't supported: no command runs privileged"]
    : []),
  ...(optionOf(run, "device").length > 0 ? ["--device isn't supported: the engine has no devices"] : []),
  ...mountsOf(run)
    .filter(({ type, mode = "0600" }) => type === "ssh" && !/^0*600$/.test(mode) && !mode.includes("$"))
    .map(({ mode }) => `an SSH mount of mode ${mode} isn't supported, only 0600`),
]

function unsupportedCopy(instruction: Instruction): string[] {
  const from = copiedPaths(instruction)
  const [owner] = optionOf(instruction, "chown")
  const web = from.some((path) => /^https?:\/\//.test(path) && !/\.git(?:#|$)/.test(path))
  const add = instruction.keyword === "ADD"
  return [
    ...(add && web && optionOf(instruction, "checksum").length > 0
      ? ["--checksum isn't supported: fetch and check it with RUN curl and sha256sum"]
      : []),
    ...(add && web && owner !== undefined
      ? ["--chown isn't supported for an address: change the owner in the RUN that follows"]
      : []),
    ...(add && from.some((path) => /^(?:git@|ssh:\/\/)/.test(path))
      ? ["git over SSH isn't supported: clone it with RUN --mount=type=ssh"]
      : []),
    ...(instruction.heredocs.length > 0 && owner !== undefined && !/^[\d:$]+/.test(owner)
      ? [`--chown=${owner} isn't supported for a here-document: use the numbers of user and group`]
      : []),
  ]
}

/** A stage that files are taken from before it begins: the engine would look for an image of its name. */
function misplaced(
  instruction: Instruction,
  { stage }: PlannedStage,
  all: readonly DockerfileStage[],
): string[] {
  return sources(instruction).flatMap(({ from }) => {
    const named = all.filter(({ name }) => name !== "" && name === from.toLowerCase())
    const [first] = named
    if (first === undefined || named.some(({ index }) => index < stage.index)) return []
    return [
      first.index === stage.index
        ? `the stage "${from}" can't take files from itself`
        : `the stage "${from}" begins later, in line ${first.instructions[0]?.line}`,
    ]
  })
}
