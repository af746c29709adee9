import type { Finding } from "../run/finding.js"
import { oneLine } from "../text/words.js"
import type { Pins } from "./pins.js"
import type { PinnedTools } from "./preCommit.js"
import { minorOf } from "./versions.js"

/** Versions of a tool that can't work from a version of Python on. */
interface ToolLimit {
  package: string
  /** The oldest of them. Default: none is too old. */
  since?: string
  /** The oldest version that works again. */
  below: string
  /** The oldest version of Python on which they fail. */
  python: string
  why: string
}

/** https://docs.python.org/3.14/whatsnew/3.14.html#id2 */
const NO_LITERALS = { python: "3.14", why: "ast has no Str and Num there" }

/**
 * What is known to fail: versions on both sides of each limit were installed from PyPI and run, but that flake8 4.0.1
 * stands for all below 5.0, and that mypy 0.812 was only resolved. The addresses lead to discussions of the same.
 */
const LIMITS: readonly ToolLimit[] = [
  { package: "black", below: "23.7", ...NO_LITERALS }, // https://github.com/psf/black/pull/4393
  { package: "bandit", below: "1.9.1", ...NO_LITERALS }, // https://github.com/PyCQA/bandit/pull/1323; 1.9.0 isn't there
  {
    package: "flake8",
    since: "3.8", // before, the package entrypoints found plug-ins
    below: "5.0",
    python: "3.12",
    why: "importlib.metadata has no dictionary there", // https://github.com/PyCQA/flake8/issues/1885
  },
  { package: "flake8", below: "6.1", ...NO_LITERALS }, // https://github.com/cal-itp/data-analyses/pull/1756
  {
    package: "mypy",
    below: "0.900",
    python: "3.10",
    why: "its typed_ast has no wheel there", // https://github.com/python/typed_ast/issues/156
  },
  { package: "mypy", below: "1.5", ...NO_LITERALS }, // https://github.com/ramnes/notion-sdk-py/pull/300
  {
    package: "pytest",
    below: "6.2.4",
    python: "3.10",
    why: "it can't rewrite assertions there", // https://github.com/pytest-dev/pytest/issues/8539
  },
  { package: "pytest", below: "7.3.2", ...NO_LITERALS }, // https://github.com/pytest-dev/pytest/pull/11089
]

/** A tool's version that doesn't work on a version of Python. */
export interface Misfit {
  package: string
  version: string
  /** The version of Python on which it fails. */
  python: string
  why: string
  /** The oldest version of the tool that works there. */
  least: string
  /** The newest version of Python on which this version works. */
  newest: string
}

/** Finds out why a tool's version can't work on a version of Python; undefined if nothing is known of it. */
export function misfitOf(name: string, version: string, python: string): Misfit | undefined {
  const limits = LIMITS.filter(
    (limit) =>
      limit.package === name &&
      minorOf(limit.python) <= minorOf(python) &&
      isBelow(version, limit.below) &&
      !isBelow(version, limit.since ?? "0"),
  )
  const [first] = limits
  const last = limits.at(-1)
  if (first === undefined || last === undefined) return undefined
  const newest = `3.${minorOf(first.python) - 1}`
  return { package: name, version, python, why: last.why, least: last.below, newest }
}

/**
 * Finds what doesn't work on a version of Python of the tools that run: the checks' and pytest.
 *
 * A check runs in the version of the service's own packages, else in the one that it pins besides.
 */
export function toolMisfits(
  checks: readonly string[],
  packages: Pins,
  pinned: PinnedTools,
  python: string,
): Misfit[] {
  const versions = [
    ...checks.map((name) => [name, packages.get(name) ?? pinned(name)?.version] as const),
    ["pytest", packages.get("pytest")] as const,
  ]
  return versions.flatMap(([name, version]) =>
    version === undefined ? [] : (misfitOf(name, version, python) ?? []),
  )
}

/** True if the numbers of a version are below those of another; false for a version without any. */
function isBelow(version: string, other: string): boolean {
  const [parts, others] = [version, other].map((text) =>
    /^\d+(?:\.\d+)*/.exec(text)?.[0].split(".").map(Number),
  )
  if (parts === undefined || others === undefined) return false
  const at = others.findIndex((part, index) => part !== (parts[index] ?? 0))
  return at >= 0 && (parts[at] ?? 0) < (others[at] ?? 0)
}

/** Why another version of Python is chosen. */
const reasonAgainst = ({ package: name, version, newest }: Misfit): string =>
  `${name} ${version}, which the service pins, works up to ${newest}`

/** What fails, and what to do. */
export const misfitText = (misfit: Misfit): string =>
  `${misfit.package} ${misfit.version} doesn't work on Python ${misfit.python} (${misfit.why}): ` +
  `use ${misfit.package} ${misfit.least} or later, or write \`python: { version: "${misfit.newest}" }\` into slipway.yaml`

/** Rules of findings that say that a tool can't read a file. */
const UNREAD = ["unread", "collection"]

/** Puts what fails and what to do before the reason of a tool that couldn't run, or that couldn't read files. */
export function withMisfit<O extends { status: string; reason: string; findings: readonly Finding[] }>(
  outcome: O,
  misfit: Misfit | undefined,
): O {
  const { status, reason, findings } = outcome
  const isBroken =
    status === "error" || (status === "failed" && findings.some(({ rule }) => UNREAD.includes(rule)))
  if (misfit === undefined || !isBroken) return outcome
  return { ...outcome, reason: oneLine(`${misfitText(misfit)}; ${reason}`) }
}

/** A version of Python that was tried: why the service's packages don't do on it, else what its tools say. */
export interface Candidate {
  version: string
  problem?: string
  misfits: readonly Misfit[]
}

/** Chooses the first version on which the packages do and the fewest tools fail, and says why none before it. */
export function bestCandidate(
  candidates: readonly Candidate[],
): { version: string; passed: string[] } | undefined {
  const fit = candidates.filter(({ problem }) => problem === undefined)
  const least = Math.min(...fit.map(({ misfits }) => misfits.length))
  const best = fit.find(({ misfits }) => misfits.length === least)
  if (best === undefined) return undefined
  return { version: best.version, passed: passedOver(candidates.slice(0, candidates.indexOf(best))) }
}

/** Says why versions of Python aren't chosen, those in a row together. */
export function passedOver(candidates: readonly Candidate[]): string[] {
  const said: { versions: string[]; why: string }[] = []
  for (const { version, problem, misfits } of candidates) {
    const why = problem ?? misfits.map(reasonAgainst).join(", ")
    const last = said.at(-1)
    if (last?.why === why) last.versions.push(version)
    else said.push({ versions: [version], why })
  }
  return said.map(({ versions, why }) => `not ${versions.join(", ")}: ${why}`)
}
