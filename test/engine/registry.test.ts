import { beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { service } from "./pipeline.js"
import {
  HOST,
  RUN,
  COMMIT,
  TAG,
  STEPS,
  IMAGE_ONLY,
  on,
  releasing,
  outside,
  stageOf,
  problems,
  PRELUDE,
  session,
  tiny,
  makeKeys,
  tokenOf,
  expectNoSecret,
  type Session,
} from "./supply.js"

let source = ""
let digest = ""

beforeAll(async () => {
  await makeKeys()
  source = tiny(IMAGE_ONLY)
})

describe("a registry", () => {
  let run: Session

  beforeAll(async () => {
    const service = (name: string, by: string) => `with-registry --service $(${name}) ${by}`
    const flaky = (mode: string) => service(`flaky $registry ${mode}`, "--plain-http $login")
    const tls = "tls-registry --host registry.test --user robot $password"
    const expired = "expired-registry --host registry.test --user robot $password"
    const pushing = (repository: string, to: string) =>
      `${on(source)} | ${to} | ${COMMIT} | image ${TAG} | publish --repository=${repository} | reference`
    const to = (repository: string, to: string) =>
      releasing(tiny({ ...IMAGE_ONLY, repository }), `${to} | $signer`)
    run = await session({
      digest: `${on(source)} | ${COMMIT} | image ${TAG} | digest`,
      "wrong password": to(
        "none",
        "with-registry --username robot --password env://WRONG_PASSWORD --plain-http --service $registry",
      ),
      "no password": to("none", "with-registry --plain-http --service $registry"),
      unknown: releasing(
        tiny({ ...IMAGE_ONLY, registry: "registry.invalid" }),
        "with-registry $login | $signer",
      ),
      expired: to("none", service(expired, "--authority $(ca) $login")),
      "not trusted": to("none", service(tls, "$login")),
      plain: to("none", "with-registry --service $registry $login"),
      "not plain": to("none", service(tls, "--plain-http $login")),
      "bad tag": `${on(source)} | $there | ${COMMIT} | image ${TAG} | publish --tags="bad+tag" | reference`,
      "good tag": `${on(source)} | $there | ${COMMIT} | image ${TAG} | publish --repository=tagged --tags=mine,1.2.3-rc.1 | reference`,
      trusted: pushing("trusted", service(tls, "--authority $(ca) $login")),
      busy: pushing("busy", flaky("busy")),
      unavailable: pushing("unavailable", flaky("unavailable")),
      reset: pushing("reset", flaky("reset")),
      tags: outside(
        "for name in tagged busy unavailable reset; do regctl -v error tag ls registry.test:5000/$name; done",
      ),
      dying: to("dying", flaky("dying")),
      dead: outside(`regctl -v error tag ls ${HOST}/dying`),
      alive: pushing("dying", "$there"),
    })
    digest = run.of("digest")
  })

  it.each<[string, string, RegExp]>([
    ["refuses a wrong password", "wrong password", /the registry refuses the user name and password/],
    ["wants a password", "no password", /the registry wants a user name and password, and none were given/],
    ["isn't known", "unknown", /no host of the name registry\.invalid is known/],
    ["has a certificate that expired", "expired", /the registry's certificate expired on \d{4}-\d\d-\d\d/],
    ["has an authority that isn't known", "not trusted", /is from an authority that isn't trusted/],
    ["speaks plain HTTP unexpectedly", "plain", /speaks plain HTTP, and TLS was expected/],
    ["speaks TLS unexpectedly", "not plain", /speaks TLS, and was asked without/],
    ["dies in the middle of a push", "dying", /the connection to the registry broke off/],
  ])("that %s is an infrastructure error with a plain message", (_, name, reason) => {
    const { exitCode, stages } = run.verdict(name)
    expect(exitCode).toBe(3)
    expect(stages.slice(-5).map(({ status }) => status)).toEqual([
      "error",
      ...Array<string>(4).fill("skipped"),
    ])
    expect(stageOf(run.verdict(name), "publish").reason).toMatch(reason)
  })

  it("that died has no tag, and accepts the same image once it is up again", () => {
    expect(run.of("dead")).toMatch(/NAME_UNKNOWN|^$/)
    expect(run.of("alive")).toBe(`${HOST}/dying@${digest}`)
  })

  it("is reached with TLS and its own certificate authority", () => {
    expect(run.of("trusted")).toBe(`${HOST}/trusted@${digest}`)
  })

  it("that is busy, unavailable or loses a connection at first is tried again", () => {
    for (const name of ["busy", "unavailable", "reset"])
      expect(run.of(name)).toBe(`${HOST}/${name}@${digest}`)
    const tags = ["1", "1.2", "1.2.3", "sha-0123456789ab"]
    expect(run.of("tags").split("\n")).toEqual(["1.2.3-rc.1", "mine", ...tags, ...tags, ...tags])
  })

  it("gets custom tags if they are valid", () => {
    expect(run.of("good tag")).toBe(`${HOST}/tagged@${digest}`)
    expect(run.of("bad tag")).toBe("failed")
    expect(run.stderr).toMatch(/invalid image tag "bad\+tag"\n→ .* \[INVALID_TAG\]/)
  })
})

describe("a release without a key", () => {
  const [identity, issuer] = ["ci@example.com", "http://issuer"]
  let run: Session

  beforeAll(async () => {
    const settings = { ...IMAGE_ONLY, repository: "keyless", log: "true", identity, issuer }
    const sigstore = { signingConfig: "signing-config.json", trustedRoot: "trusted-root.json" }
    const own = tiny({ ...settings, ...sigstore, key: undefined })
    const prelude = `${PRELUDE}
source=$(host | directory ${own} | with-file signing-config.json $(signing-config) | with-file trusted-root.json $(trusted-root))
${["fulcio", "rekor", "tsa"].map((name) => `sigstore ${name} | with-hostname ${name} | start`).join("\n")}`
    const slipway = `${REPOSITORY} --source $source`
    const verified = (trust = "") =>
      `${slipway} | $there ${trust && `| with-signer ${trust} `}| verification ${HOST}/keyless:1.2.3 | contents`
    await tokenOf(identity) // registers the token, so that the output is searched for it
    const by = (token: string) =>
      `${slipway} | $there | with-signer --token ${token} | ${COMMIT} | ci --event=push ${TAG} --run-id=${RUN} --only=image,release | file verdict.json | contents`
    const files = service({
      "script.sh": `cosign verify --certificate-identity=${identity} --certificate-oidc-issuer=${issuer} --trusted-root=trusted-root.json --allow-http-registry ${HOST}/keyless:1.2.3 | jq -c "[.[].critical.type]"`,
    })
    run = await session(
      {
        expired: by(`$(token ${identity} --expired)`),
        signed: by(`$(token ${identity})`),
        verified: verified(),
        identity: verified(`--identity=no@example.com --issuer=${issuer}`),
        issuer: verified(`--identity=${identity} --issuer=http://other`),
        key: verified(`--public-key $(host | directory ${own} | file cosign.pub)`),
        cosign: `outside $registry $(host | directory ${files} | with-file trusted-root.json $(trusted-root)) --user robot $password`,
      },
      prelude,
    )
  })

  it("is signed, attested and verified with the token's identity", () => {
    const { exitCode, stages } = run.verdict("signed")
    expect(stages.slice(-5).map(({ name, status }) => [name, status])).toEqual(
      STEPS.map((name) => [name, "passed"]),
    )
    expect(exitCode).toBe(0)
    expect(problems(run.verification("verified"))).toEqual([])
  })

  it.each([
    ["another identity", "identity", "it was made by somebody else"],
    ["another issuer", "issuer", "it was made by somebody else"],
    ["a key", "key", "it was made without a key"],
  ])("is refused by a verifier that trusts %s", (_, name, problem) => {
    const found = run.verification(name)
    expect(found.exitCode).toBe(1)
    expect(problems(found)).toHaveLength(9)
    expect(problems(found)[0]).toBe(`signature of the index: ${problem}`)
  })

  it("is not signed with an expired token", () => {
    const { exitCode, stages } = run.verdict("expired")
    expect(exitCode).toBe(4)
    expect(stages.slice(-5).map(({ status }) => status)).toEqual([
      "passed",
      "error",
      "skipped",
      "skipped",
      "skipped",
    ])
    expect(stageOf(run.verdict("expired"), "sign").reason).toContain("the identity token isn't accepted")
  })

  it("is verified by cosign's own command line", () => {
    expect(run.of("cosign")).toMatch(/^\[.*"https:\/\/sigstore\.dev\/cosign\/sign\/v1".*\]$/m)
  })
})

it("no secret is in the output or the registry", () => expectNoSecret())
