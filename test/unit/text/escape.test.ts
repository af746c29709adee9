import { describe, expect, it } from "vitest"
import { clip, code, fenced, markdown, visible, wellFormed, xml } from "../../../src/lib/text/escape.js"

describe("visible", () => {
  it.each([
    ["a\nb\r\tc", "a\\nb\\r\\tc"],
    ["\x1b[31mred\x7f\x9b", "\\x1b[31mred\\x7f\\x9b"],
    ["x\u202Egpj.exe\u2066\u200B", "x\\u202egpj.exe\\u2066\\u200b"],
    ["\uD800 \u2028", "\\ud800 \\u2028"],
    ["ünï → 💥", "ünï → 💥"],
  ])("converts %j to %j", (text, expected) => {
    expect(visible(text)).toBe(expected)
  })
})

describe("clip", () => {
  it("keeps what fits and never cuts through a character", () => {
    expect(clip("abc", 3)).toBe("abc")
    expect(clip("abcd", 3)).toBe("ab…")
    expect(clip("a💥b", 3)).toBe("a…")
  })
})

describe("xml", () => {
  it("escapes all syntax and replaces characters that XML can't hold", () => {
    expect(xml(`<a b="c" d='e'>&]]>`)).toBe("&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;]]&gt;")
    expect(xml("\0\x1b\uFFFE\uD800x\uDC00")).toBe("\uFFFD\uFFFD\uFFFD\uFFFDx\uFFFD")
    expect(xml("a\nb\tc\r💥")).toBe("a&#10;b&#9;c&#13;💥")
  })
})

describe("markdown", () => {
  it.each([
    ["a|b", "a&#124;b"],
    ["`x` *y* _z_", "&#96;x&#96; &#42;y&#42; &#95;z&#95;"],
    ["<img src=x>", "&#60;img src=x&#62;"],
    ["@octocat fixes #12", "@\u200Boctocat fixes #\u200B12"],
    ["a\nb", "a&#92;nb"],
    [
      "[x](https://evil.example) www.evil.example",
      "&#91;x&#93;&#40;https&#58;//evil.example&#41; www&#46;evil.example",
    ],
    ["it's", "it&#39;s"],
  ])("makes %j inert", (text, expected) => {
    expect(markdown(text)).toBe(expected)
  })

  it("quotes code without breaking it", () => {
    expect(code("a|b</code>@x")).toBe("<code>a&#124;b&#60;/code&#62;@x</code>")
  })

  it("uses a longer fence than the text contains", () => {
    expect(fenced("a ```` b\nc", "sh")).toBe("`````sh\na ```` b\\nc\n`````\n")
  })
})

describe("wellFormed", () => {
  it("replaces lone surrogates only", () => {
    expect(wellFormed("💥\uD800")).toBe("💥\uFFFD")
  })
})
