import { posix } from "node:path"
import { PLATFORMS } from "../config/supplyChain.js"
import { fail } from "../errors/catalogue.js"
import { type Dockerfile, type Instruction, jsonForm, optionOf, type DockerfileStage } from "./dockerfile.js"

/** Stage that the image needs, with its variables expanded. */
export interface PlannedStage {
  stage: DockerfileStage
  /** Name in reports: the stage's own, or Docker's for a stage without one. */
  label: string
  /** The base image or stage. */
  base: string
  /** True if the base is an image rather than another stage. */
  fromImage: boolean
  /** The platform on which its commands run. */
  platform: string
}

export interface Platforms {
  /** The platform of the image. */
  target: string
  /** The platform of the engine. */
  native: string
}

/**
 * Build arguments that name platforms, for every build.
 *
 * Without them the engine (0.21.8) uses the target's platform for `$BUILDPLATFORM`, and emulates the very stages that
 * are written to run natively.
 */
export function platformArguments({ native }: Platforms): Record<string, string> {
  const { os, arch, variant } = platformParts(native)
  return { BUILDPLATFORM: native, BUILDOS: os, BUILDARCH: arch, BUILDVARIANT: variant }
}

function platformParts(platform: string) {
  const [os = "", arch = "", variant = ""] = platform.split("/")
  return { os, arch, variant }
}

/** Validates the chosen platforms. Fails with UNKNOWN_PLATFORM. */
export function checkedPlatforms(platforms: readonly string[]): readonly string[] {
  const unknown = platforms.find((platform) => !PLATFORMS.some((known) => known === platform))
  if (unknown !== undefined) throw fail("UNKNOWN_PLATFORM", [unknown, PLATFORMS])
  return platforms
}

/** True if a stage's commands run on another processor than the engine's. */
const isEmulated = ({ platform }: PlannedStage, { native }: Platforms): boolean =>
  platformParts(platform).arch !== platformParts(native).arch

/** Commands that run under emulation: the `RUN` instructions of stages for another processor. */
export const emulatedRuns = (stages: readonly PlannedStage[], platforms: Platforms): Instruction[] =>
  stages
    .filter((stage) => isEmulated(stage, platforms))
    .flatMap(({ stage }) => stage.instructions.filter(({ keyword }) => keyword === "RUN"))

/** True for platforms that can run each other's programs. */
export function samePlatform(one: string, other: string): boolean {
  const [a, b] = [platformParts(one), platformParts(other)]
  return a.os === b.os && a.arch === b.arch
}

/** True if the last stage has no base image. */
export function isFromScratch(stages: readonly PlannedStage[]): boolean {
  const last = stages.at(-1)
  if (last === undefined || last.fromImage) return last?.base === "scratch"
  const parent = stages.findIndex(({ stage }) => stage.name === last.base)
  return isFromScratch(stages.slice(0, parent + 1))
}

/** Returns the stages that the target needs, in the order of the file; undefined if the target doesn't exist. */
export function planStages(
  { globals, stages }: Dockerfile,
  target: string | undefined,
  platforms: Platforms,
  args: Readonly<Record<string, string>>,
): PlannedStage[] | undefined {
  const variables = globalVariables(globals, platforms, args)
  const planned = stages.reduce<PlannedStage[]>(
    (known, stage) => [...known, planStage(stage, known, platforms.target, variables)],
    [],
  )
  const last =
    target === undefined
      ? planned.at(-1)
      : planned.findLast(({ stage }) => stage.name === target.toLowerCase())
  if (last === undefined) return undefined
  const needed = new Set<PlannedStage>()
  collect(last, planned, needed)
  return planned.filter((stage) => needed.has(stage))
}

function planStage(
  stage: DockerfileStage,
  known: readonly PlannedStage[],
  target: string,
  variables: ReadonlyMap<string, string>,
): PlannedStage {
  const base = expand(stage.base, variables)
  const parent = known.findLast(({ stage }) => stage.name !== "" && stage.name === base)
  const own = stage.platform === undefined ? target : expand(stage.platform, variables)
  const label = stage.name === "" ? `stage-${stage.index}` : stage.name
  return { stage, label, base, fromImage: parent === undefined, platform: parent?.platform ?? own }
}

function collect(
  { stage, base, fromImage }: PlannedStage,
  planned: readonly PlannedStage[],
  needed: Set<PlannedStage>,
) {
  const before = planned.slice(0, stage.index)
  const self = planned[stage.index]
  if (self === undefined || needed.has(self)) return
  needed.add(self)
  const byName = (name: string) => before.findLast((known) => known.stage.name === name.toLowerCase())
  const references = stage.instructions.flatMap(sources)
  const parents = [
    fromImage ? undefined : byName(base),
    ...references.map(({ from, numbered }) =>
      numbered && /^\d+$/.test(from) ? before[Number(from)] : byName(from),
    ),
  ]
  for (const parent of parents) if (parent !== undefined) collect(parent, planned, needed)
}

/** The paths that a `COPY` or `ADD` names as its sources. */
export const copiedPaths = ({ rest }: Instruction): string[] =>
  (jsonForm(rest) ?? rest.split(/\s+/)).slice(0, -1)

/** True for a `COPY` or `ADD` from the build context. */
export const copiesContext = (instruction: Instruction): boolean =>
  ["COPY", "ADD"].includes(instruction.keyword) && optionOf(instruction, "from").length === 0

/** Stages or images that an instruction takes files from. Only `COPY` accepts the number of a stage. */
export function sources(instruction: Instruction): { from: string; numbered: boolean }[] {
  if (instruction.keyword === "COPY")
    return optionOf(instruction, "from").map((from) => ({ from, numbered: true }))
  if (instruction.keyword !== "RUN") return []
  return mountsOf(instruction).flatMap(({ from }) => (from === undefined ? [] : [{ from, numbered: false }]))
}

/** Images that stages are based on or take files from, without repetition. */
export function baseReferences(stages: readonly PlannedStage[]): { reference: string; platform: string }[] {
  const names = new Set(stages.map(({ stage }) => stage.name))
  const taken = stages.flatMap(({ stage, base, fromImage, platform }) => [
    ...(fromImage ? [{ reference: base, platform }] : []),
    ...stage.instructions
      .flatMap(sources)
      .filter(({ from }) => !/^\d+$/.test(from) && !names.has(from.toLowerCase()))
      .map(({ from }) => ({ reference: from, platform })),
  ])
  const images = taken.filter(({ reference }) => reference !== "scratch")
  return [...new Map(images.map((image) => [`${image.reference} ${image.platform}`, image])).values()]
}

/** Options of a mount, by lower-case keys. */
export type Mount = Partial<Record<string, string>>

export const mountsOf = (run: Instruction): Mount[] => optionOf(run, "mount").map(readMount)

/** Reads the fields of a mount. */
export const readMount = (mount: string): Mount =>
  Object.fromEntries(
    mount.split(",").map((field) => {
      const [, key = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(field) ?? []
      return [key.toLowerCase(), value]
    }),
  )

/** Names of the secrets that a `RUN` mounts. */
export const mountedSecretNames = (run: Instruction): string[] =>
  mountsOf(run).flatMap((mount) => (mount.type === "secret" ? [secretName(mount)] : []))

/** True for a `RUN` that mounts an SSH agent. */
export const mountsAgent = (run: Instruction): boolean => mountsOf(run).some(({ type }) => type === "ssh")

export const secretName = ({ source, src, id, target, dst, destination }: Mount): string =>
  source ?? src ?? id ?? posix.basename(target ?? dst ?? destination ?? "")

/** Path at which a secret is mounted. */
export const secretPath = (mount: Mount): string =>
  mount.target ?? mount.dst ?? mount.destination ?? `/run/secrets/${posix.basename(secretName(mount))}`

/** Variables for `FROM`: the platforms, and each `ARG` before the first stage. */
function globalVariables(
  globals: readonly Instruction[],
  { target, native }: Platforms,
  args: Readonly<Record<string, string>>,
): Map<string, string> {
  const { os, arch, variant } = platformParts(target)
  const variables = new Map(
    Object.entries({
      ...platformArguments({ target, native }),
      TARGETPLATFORM: target,
      TARGETOS: os,
      TARGETARCH: arch,
      TARGETVARIANT: variant,
    }),
  )
  for (const { name, value } of globals.flatMap(argumentsOf)) {
    const given = args[name]
    const known = given ?? (value === undefined ? undefined : expand(value, variables))
    if (known !== undefined) variables.set(name, known)
  }
  return variables
}

/** Returns the arguments that an `ARG` declares. */
export function argumentsOf({ keyword, rest }: Instruction): { name: string; value?: string }[] {
  if (keyword !== "ARG") return []
  const words = rest.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/gs) ?? []
  return words.map((word) => {
    const [, name = "", given] = /^([^=]*)(?:=(.*))?$/s.exec(word) ?? []
    return given === undefined ? { name } : { name, value: given }
  })
}

/** Expands variables as `FROM` does; forms rarer than a default are left unchanged. */
function expand(word: string, variables: ReadonlyMap<string, string>): string {
  const value = (match: string, plain?: string, name = "", operator?: string, other = ""): string => {
    const found = variables.get(plain ?? name)
    const set = operator?.startsWith(":") === true ? found !== undefined && found !== "" : found !== undefined
    if (operator?.endsWith("+") === true) return set ? other : ""
    if (operator?.endsWith("-") === true) return set ? (found ?? "") : other
    return found ?? ""
  }
  const once = (text: string) => text.replace(/\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^{}]*))?\})/g, value)
  return once(once(word.replace(/["']/g, ""))) // a default may contain a variable
}
