import { describe, expect, it } from "vitest"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { checkConfig } from "../../../src/lib/config/parse.js"
import { readKubeconfig } from "../../../src/lib/kube/access.js"
import { redact } from "../../../src/lib/text/redact.js"

const TOKEN = "ghp_0123456789abcdefABCDEF0123"

describe("redact", () => {
  it.each<[string, string]>([
    ["postgres://shop:hunter2@db/shop", "postgres://shop:***@db/shop"],
    ["postgres://shop:hun/ter2@db/shop", "postgres://shop:***@db/shop"],
    ["postgres://shop:hun@ter2@db/shop", "postgres://shop:***@db/shop"],
    ["postgres://shop:hun?ter#2@db/shop", "postgres://shop:***@db/shop"],
    ['"redis://:hunter2@cache:6379/0", and more', '"redis://:***@cache:6379/0", and more'],
    [`https://${TOKEN}@github.com/team/shop`, "https://***@github.com/team/shop"],
    [`remote: ${TOKEN} is unknown`, "remote: *** is unknown"],
    ["https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/***"],
    [
      "https://team.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4",
      "https://team.webhook.office.com/***",
    ],
    [
      "https://x.logic.azure.com/w?api-version=1&sig=abc&sv=1.0",
      "https://x.logic.azure.com/w?api-version=1&sig=***&sv=1.0",
    ],
    ["https://h/x?access_token=abc#top", "https://h/x?access_token=***#top"],
    ["host=db password=hunter2 user=u", "host=db password=*** user=u"],
    ["host=db password='hunter 2' user=u", "host=db password=*** user=u"],
    ["Server=db;Password=hunter2;Port=1", "Server=db;Password=***;Port=1"],
    ["AccountName=a;AccountKey=abc+/d==;x=y", "AccountName=a;AccountKey=***;x=y"],
    ["key AGE-SECRET-KEY-1QQQQQQQQQQQQQQ is bad", "key *** is bad"],
    [
      "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
      "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----",
    ],
    ["Bearer eyJhbGciOiJub25l.eyJzdWIiOiJ4In0.c2lnbmF0dXJl", "Bearer ***"],
  ])("hides what is secret in %s", (text, shown) => {
    expect(redact(text)).toBe(shown)
    expect(redact(`é ${text} é`)).toBe(`é ${shown} é`)
    expect(redact(shown)).toBe(shown)
  })

  it.each([
    "https://github.com/team/shop/issues?q=is:open#top",
    "http://localhost:8080/a@b?x=1",
    "https://registry.example.com:5000/v2/",
    "git@github.com:team/shop.git, ssh://git@github.com/team/shop",
    "postgres://x@nobody.invalid/x",
    "slipway verify REF --password=env://REGISTRY_PASSWORD --token=$TOKEN",
    "Possible hardcoded password: 'x'",
    "sha256:0123456789abcdef@sha256:0123",
    "http://[::1]:8080/ and file:///tmp/x",
  ])("keeps %s", (text) => {
    expect(redact(text)).toBe(text)
  })

  it("takes linear time", () => {
    const took = (text: string) => {
      const before = performance.now()
      redact(text)
      return performance.now() - before
    }
    for (const part of [
      "a://b:c",
      "eyJ-",
      "eyJaaaaaaaa.",
      "password='",
      "?aaaaaaaatoken",
      "://@",
      "ghp_-",
      "-----BEGIN PRIVATE KEY-----",
    ])
      expect(took(part.repeat(100_000)), part).toBeLessThan(3000)
  }, 60_000)
})

describe("no message quotes a secret in the wrong place", () => {
  it.each([
    ["INVALID_BASE", "https://shop:hunter2@example.com"],
    ["INVALID_BASE", "https://shop:hunter2/x@example.com"],
    ["INVALID_TIME", "postgres://u:hunter2@db/x"],
    ["NO_REPOSITORY", "https://hunter2hunter2hunter2@github.com/team/shop"],
    ["UNKNOWN_EVENT", "password=hunter2"],
  ] as const)("%s", (code, value) => {
    const { message } = fail(code, [value, []] as never)
    expect(message).toContain("***")
    expect(message).not.toContain("hunter2")
  })

  it("of slipway.yaml", () => {
    const yaml =
      'release: { registry: "https://robot:hunter2@registry.example.com/x" }\nmonitoring: { prometheus: "x://u:hunter2@h y" }\n'
    const message = JSON.stringify(checkConfig(yaml))
    expect(message).toContain("registry")
    expect(message).not.toContain("hunter2")
  })

  it("of a kubeconfig", () => {
    const text = JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: "https//u:hunter2@h" } }],
      users: [{ name: "u", user: { token: "hunter2" } }],
    })
    expect(() => readKubeconfig(text)).toThrow(/^(?!.*hunter2)[\s\S]*is not an address/)
  })
})
