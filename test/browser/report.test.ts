import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import axe, { type Result } from "axe-core"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { html } from "../../src/lib/report/html/page.js"
import { hostileRun } from "../unit/report/hostileRun.js"
import { emptyRun, type Example, failedRun, passedRun } from "../unit/report/runs.js"
import { CHROMIUM } from "./chromium.js"

const PHONE = { width: 360, height: 740 }
const DESKTOP = { width: 1280, height: 800 }
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

/** Text without a place to break, which would widen a page. */
const LONG = '<img src="//evil.example/x" onerror="document.title=1">' + "W".repeat(2000)

const RUNS: Record<string, Example> = {
  failed: failedRun(),
  passed: passedRun(),
  empty: emptyRun(),
  hostile: hostileRun(LONG, 3),
}
const NAMES = Object.keys(RUNS)
const LOOKS = [PHONE, DESKTOP].flatMap((viewport) =>
  (["light", "dark"] as const).map((colorScheme) => ({ viewport, colorScheme })),
)

/** Finds elements that extend beyond a width in pixels, even if the page can't be scrolled there. */
const WIDER = `((width) => [...document.querySelectorAll("main *, header *")]
  .filter((one) => one.closest("svg, thead") === null && one.getBoundingClientRect().right > width)
  .map((one) => one.outerHTML.slice(0, 80)))`

const folder = mkdtempSync(join(tmpdir(), "slipway-report-"))
const address = (name: string): string => pathToFileURL(join(folder, `${name}.html`)).href

let browser: Browser

beforeAll(async () => {
  for (const [name, { verdict, reports }] of Object.entries(RUNS))
    writeFileSync(join(folder, `${name}.html`), html(verdict, reports))
  browser = await chromium.launch({ executablePath: CHROMIUM })
})

afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true })
})

/** Opens a page, does something with it and closes it. */
async function visit<T>(
  name: string,
  options: NonNullable<Parameters<Browser["newContext"]>[0]>,
  work: (page: Page, context: BrowserContext) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext(options)
  try {
    const page = await context.newPage()
    await page.goto(address(name))
    return await work(page, context)
  } finally {
    await context.close()
  }
}

const withoutScripts = { javaScriptEnabled: false, viewport: PHONE }

/** Opens all folded parts, so that they are checked too. */
const unfold = (page: Page): Promise<unknown> =>
  page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")

/** Returns the violations only: to transfer the passed checks would take seconds. */
async function violations(page: Page): Promise<string[]> {
  const options = { runOnly: RULES, resultTypes: ["violations"] }
  const found: Result[] = await page.evaluate(
    `axe.run(${JSON.stringify(options)}).then(({ violations }) => violations)`,
  )
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html: node }) => node).join(" ")}`)
}

describe.each(NAMES)("the report of a run that is %s", (name) => {
  it("has no accessibility violation, in light and dark, on a phone and a desktop", async () => {
    // The page's own policy blocks all scripts, including axe.
    await visit(name, { bypassCSP: true }, async (page) => {
      await page.evaluate(axe.source)
      await unfold(page)
      for (const { viewport, colorScheme } of LOOKS) {
        await page.setViewportSize(viewport)
        await page.emulateMedia({ colorScheme })
        expect(await violations(page), `${colorScheme} ${viewport.width}`).toEqual([])
      }
    })
  })

  it("needs no horizontal scrolling, and shows the verdict first", async () => {
    await visit(name, withoutScripts, async (page) => {
      for (const viewport of [PHONE, DESKTOP]) {
        await page.setViewportSize(viewport)
        const heading = await page.locator("h1").boundingBox()
        expect(heading?.y).toBeGreaterThan(0)
        expect((heading?.y ?? Infinity) + (heading?.height ?? 0)).toBeLessThan(viewport.height / 2)
        await unfold(page)
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(viewport.width)
        expect(await page.evaluate(`${WIDER}(${viewport.width})`)).toEqual([])
      }
    })
  })

  it("requests nothing else, runs no script and doesn't violate its own policy", async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    const asked: string[] = []
    const said: string[] = []
    page.on("request", (request) => asked.push(request.url()))
    page.on("console", (message) => said.push(message.text()))
    page.on("pageerror", (error) => said.push(error.message))
    await page.goto(address(name))
    await unfold(page)
    expect(asked.filter((url) => !url.startsWith("data:"))).toEqual([address(name)])
    expect(said).toEqual([])
    expect(await page.title()).toMatch(/ · Slipway$/)
    // The style is allowed by its digest in the policy: without it the page would be as wide as the window.
    expect(await page.evaluate("getComputedStyle(document.body).maxWidth")).toBe("1152px")
    await context.close()
  })
})

describe("the report without scripts", () => {
  it("shows the command that repeats a failure, and selects all of it on a click", async () => {
    const { verdict, reports } = failedRun()
    const repro = reports.find(({ status }) => status === "failed")?.repro
    expect(verdict.status).toBe("failed")
    await visit("failed", withoutScripts, async (page) => {
      const command = page.locator(".repeat pre").first()
      expect(await command.isVisible()).toBe(true)
      await command.click()
      expect(await page.evaluate("String(getSelection()).trim()")).toBe(repro)
    })
  })

  it("unfolds its details", async () => {
    await visit("failed", withoutScripts, async (page) => {
      const details = page.locator(".tests details").first()
      expect(await details.locator("pre").isVisible()).toBe(false)
      await details.locator("summary").click()
      expect(await details.locator("pre").isVisible()).toBe(true)
    })
  })

  it("links the numbers at the top to their sections", async () => {
    await visit("failed", withoutScripts, async (page) => {
      await page.locator("nav a", { hasText: "Coverage" }).click()
      expect((await page.locator("#coverage h2").boundingBox())?.y).toBeLessThan(PHONE.height / 2)
    })
  })

  it("focuses the first section by keyboard, with a visible outline", async () => {
    await visit("failed", withoutScripts, async (page) => {
      await page.keyboard.press("Tab")
      const outline = "getComputedStyle(document.activeElement).outlineStyle"
      expect(await page.evaluate("document.activeElement.getAttribute('href')")).toBe("#failures")
      expect(await page.evaluate(outline)).toBe("solid")
    })
  })
})

describe("the printed report", () => {
  it("is light, and nothing is folded", async () => {
    await visit("failed", { colorScheme: "dark", viewport: DESKTOP }, async (page) => {
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(15, 19, 24)")
      await page.emulateMedia({ media: "print" })
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(
        "rgb(255, 255, 255)",
      )
      expect(await page.locator(".tests details pre").first().isVisible()).toBe(true)
    })
  })
})
