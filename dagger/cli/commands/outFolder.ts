import { mkdirSync, readdirSync, readlinkSync, renameSync, rmdirSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { isFolder, linkIn } from "../../lib/links.js"
import { keepVerdict, PREVIOUS } from "./previousVerdict.js"

/** Folder that the engine writes to, until all reports are complete. */
export const UNFINISHED = ".unfinished"

/** Everything that a run writes. */
const ARTIFACTS = [
  "verdict.json",
  "summary.md",
  "report.html",
  "failures.txt",
  UNFINISHED,
  "junit",
  "sarif",
  "logs",
  "coverage",
  "trivy",
  "terraform",
  "sbom",
  "release",
  "deploy",
  "k6",
  "zap",
  "gitlab",
  "cleanup",
]

/**
 * Creates the folder for reports and deletes those of earlier runs, so that no old verdict is taken for a new one.
 *
 * The last verdict of each branch is kept in a folder of its own, to compare the next run with.
 *
 * Fails with OUT_NOT_FOLDER for a link too: the source may hold one, and its folder elsewhere would be emptied.
 */
export function prepareOut(path: string, workingFolder = process.cwd()): string {
  const out = resolve(workingFolder, path)
  try {
    const link = linkIn(out, workingFolder)
    if (link !== undefined) throw new Error(`${link} is a link to ${readlinkSync(link)}`)
    mkdirSync(out, { recursive: true })
    keepVerdict(out)
    for (const name of ARTIFACTS) rmSync(join(out, name), { recursive: true, force: true })
  } catch (error) {
    throw fail("OUT_NOT_FOLDER", [out, error instanceof Error ? error.message : String(error)])
  }
  return out
}

/** Deletes all that a folder for reports holds, but for the verdicts that the next run may be compared with. */
export function emptyOut(out: string): void {
  if (!isFolder(out)) {
    rmSync(out, { force: true })
    return
  }
  keepVerdict(out)
  const names = readdirSync(out).filter((name) => name !== PREVIOUS)
  for (const name of names) rmSync(join(out, name), { recursive: true, force: true })
  if (readdirSync(out).length === 0) rmdirSync(out)
}

/**
 * Moves a folder's content, the verdict last: if there is a verdict, everything is there.
 *
 * Leaves out links and returns their paths: the service's own code writes some of the files, and a link in a report
 * would show or publish whatever it leads to on this machine.
 */
export function moveInto(from: string, to: string): string[] {
  mkdirSync(to, { recursive: true })
  const last = (name: string) => (name === "verdict.json" ? 1 : 0)
  const entries = readdirSync(from, { withFileTypes: true }).sort((a, b) => last(a.name) - last(b.name))
  const links = entries.flatMap((entry) => {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) return moveInto(source, target)
    if (entry.isFile()) renameSync(source, target)
    else rmSync(source)
    return entry.isFile() ? [] : [target]
  })
  rmdirSync(from)
  return links
}
