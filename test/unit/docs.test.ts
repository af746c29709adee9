import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { describe, expect, it } from "vitest"

const root = resolve(import.meta.dirname, "../..")
const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n")
  .filter((page) => !page.startsWith("test/"))

const prose = (page: string): string => readFileSync(join(root, page), "utf8").replace(/^```[^]*?^```$/gm, "")

/** The anchors of a page's headings, as GitHub derives them. */
const anchors = (page: string): string[] =>
  [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  )

/** The relative links of a page that lead nowhere. */
const broken = (page: string): string[] =>
  [...prose(page).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
    const [path = "", anchor] = link.split("#")
    const target = path === "" ? page : join(dirname(page), path)
    if (!existsSync(join(root, target))) return [link]
    return anchor === undefined || anchors(target).includes(anchor) ? [] : [link]
  })

describe("documentation", () => {
  it.each(pages)("has no broken relative link in %s", (page) => {
    expect(broken(page)).toEqual([])
  })

  it("lists every page of docs/ in README.md", () => {
    const listed = readFileSync(join(root, "README.md"), "utf8")
    expect(pages.filter((page) => page.startsWith("docs/") && !listed.includes(`](${page})`))).toEqual([])
  })

  it("names tests in the security model that there are", () => {
    const text = prose("docs/security-model.md").replace(/\s+/g, " ")
    const named = [...text.matchAll(/\]\(\.\.\/(test\/[^)]+)\) “([^”]+)”(?: and “([^”]+)”)?/g)].flatMap(
      ([, file = "", ...titles]) => titles.flatMap((title = "") => (title === "" ? [] : [[file, title]])),
    )
    expect(named.length).toBeGreaterThan(15)
    const missing = named.filter(
      ([file = "", title = ""]) => !readFileSync(join(root, file), "utf8").includes(title),
    )
    expect(missing).toEqual([])
  })
})
