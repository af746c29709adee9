import { objects, text } from "../text/json.js"
import { readToml } from "../text/toml.js"
import type { ProjectFiles } from "./project.js"

const LOCKS = ["uv.lock", "poetry.lock", "pdm.lock"]

/** Tags of a wheel's file name. */
interface WheelTags {
  python: string[]
  abi: string
  platform: string
}

/** Finds a package that the locks have wheels of for Linux, but none for a minor version of Python. */
export function withoutWheel(files: ProjectFiles, minor: number): string | undefined {
  const wheels = new Map<string, WheelTags[]>()
  for (const lock of LOCKS)
    for (const entry of objects(readToml(files[lock] ?? "").data.package)) {
      const found = [...objects(entry.wheels), ...objects(entry.files)].flatMap(readTags)
      const name = text(entry.name)
      // A package with several versions has one for each Python.
      wheels.set(name, [...(wheels.get(name) ?? []), ...found.filter(isForLinux)])
    }
  return [...wheels].find(([, all]) => all.length > 0 && !all.some((tags) => runsOn(tags, minor)))?.[0]
}

function readTags({ url, file, path, filename }: Record<string, unknown>): WheelTags[] {
  const name = [url, file, path, filename].map(text).find((value) => value !== "") ?? ""
  const [, python, abi = "", platform = ""] = /-([^-/]+)-([^-/]+)-([^-/]+)\.whl(?:#|$)/.exec(name) ?? []
  return python === undefined ? [] : [{ python: python.split("."), abi, platform }]
}

const isForLinux = ({ platform }: WheelTags): boolean => /^any$|linux/.test(platform)

const runsOn = ({ python, abi }: WheelTags, minor: number): boolean =>
  python.some((tag) => {
    const [, kind, number] = /^(py|cp)3(\d*)$/.exec(tag) ?? []
    if (kind === undefined) return false
    const anyLater = kind === "py" || abi === "none" || abi.includes("abi3")
    return anyLater ? Number(number) <= minor : Number(number) === minor
  })
