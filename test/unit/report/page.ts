/** An element of a page. */
export interface Element {
  name: string
  attributes: Record<string, string>
  children: (Element | string)[]
}

const VOID = new Set(["meta", "link"])

/**
 * Parses a page as strictly as XML; throws for unclosed elements, unquoted attributes and unescaped text.
 */
export function parse(page: string): Element {
  // eslint-disable-next-line no-control-regex -- forbidden in a page
  if (/[\0-\x08\x0B-\x1F\x7F-\x9F\uFFFE\uFFFF\u202A-\u202E\u2066-\u2069]|\p{Cs}/u.test(page))
    throw new Error("a character that may not be in a page")
  const start = "<!DOCTYPE html>\n"
  if (!page.startsWith(start)) throw new Error("no doctype")
  const root: Element = { name: "", attributes: {}, children: [] }
  const open = [root]
  const token =
    /<style>([^<]*)<\/style>|<\/([a-z][a-z0-9]*)>|<([a-z][a-z0-9]*)((?: [a-zA-Z0-9-]+="[^"<]*")*)(\/?)>|([^<]+)/gy
  token.lastIndex = start.length
  let end = start.length
  for (const [all, style, closed, name, attributes = "", empty, text] of page.matchAll(token)) {
    end += all.length
    const parent = open.at(-1) as Element
    if (style !== undefined) parent.children.push({ name: "style", attributes: {}, children: [style] })
    if (closed !== undefined && open.pop()?.name !== closed) throw new Error(`</${closed}> closes another`)
    if (text !== undefined) parent.children.push(unescape(text))
    if (name === undefined) continue
    const element = { name, attributes: attributesOf(attributes), children: [] }
    parent.children.push(element)
    if (VOID.has(name) && empty === "") throw new Error(`<${name}> is not closed`)
    if (empty === "") open.push(element)
  }
  if (end !== page.length || open.length !== 1)
    throw new Error(`not well formed at ${page.slice(end, end + 60)}`)
  return root
}

function attributesOf(source: string): Record<string, string> {
  const pairs = [...source.matchAll(/ ([a-zA-Z0-9-]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [
    key,
    unescape(value),
  ])
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`an attribute twice: ${source}`)
  return Object.fromEntries(pairs) as Record<string, string>
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }

function unescape(text: string): string {
  if (/&(?!(?:amp|lt|gt|quot|apos|#\d+);)/.test(text)) throw new Error(`unescaped: ${text}`)
  return text.replace(/&(?:#(\d+)|(\w+));/g, (_, code?: string, name = "") =>
    code === undefined ? (ENTITIES[name as string] ?? "") : String.fromCodePoint(Number(code)),
  )
}

/** Returns every descendant that a test accepts, in the page's order. */
export const all = (element: Element, accept: (element: Element) => boolean): Element[] =>
  element.children.flatMap((child) =>
    typeof child === "string" ? [] : [...(accept(child) ? [child] : []), ...all(child, accept)],
  )

export const named = (element: Element, name: string): Element[] => all(element, (one) => one.name === name)

export const classed = (element: Element, name: string): Element[] =>
  all(element, ({ attributes }) => (attributes["class"] ?? "").split(" ").includes(name))

/** Returns the section with an id; an empty one if there is none. */
export const section = (page: Element, id: string): Element =>
  all(page, ({ name, attributes }) => name === "section" && attributes["id"] === id)[0] ?? {
    name: "section",
    attributes: {},
    children: [],
  }

/** Returns the text of an element, with single spaces. */
export const textOf = (element: Element): string => rawText(element).replace(/\s+/g, " ").trim()

export const rawText = ({ children }: Element): string =>
  children.map((child) => (typeof child === "string" ? child : rawText(child))).join("")

/** Returns a table's rows as their cells' texts. */
export const rows = (element: Element): string[][] =>
  named(element, "tr").map(({ children }) =>
    children.flatMap((cell) => (typeof cell === "string" ? [] : [textOf(cell)])),
  )
