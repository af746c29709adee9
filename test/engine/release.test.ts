import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import type { Gates } from "../../src/lib/release/gates.js"
import type { Provenance } from "../../src/lib/release/provenance.js"
import { DELIVERED, STAGES } from "../../src/lib/pipeline/stages.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { ci, type CiRun, type Files, folder, service, slipway, statuses } from "./pipeline.js"
import {
  STORE,
  SHA,
  HOST,
  RUN,
  NAME,
  REPO,
  COMMIT,
  TAG,
  STEPS,
  IMAGE_ONLY,
  on,
  releasing,
  verifying,
  outside,
  stageOf,
  problems,
  said,
  RELEASES,
  session,
  tiny,
  keys,
  makeKeys,
  expectNoSecret,
  formsOf,
  type Session,
} from "./supply.js"

const OTHER_SHA = "f".repeat(40)
/** More than the tiny service has. */
const FLOOR = `stages: [black, integration]
sources: ["https://git.example.com/other/*"]
`
const TAGS = `regctl -v error tag ls --exclude "sha256-.*" ${REPO}`

let source = ""
/** Services that only need to be built and scanned: the one that is released, and another one. */
let quick = ""
let other = ""

/** Folders with the files that runs left. */
const outs: string[] = []

beforeAll(async () => {
  await makeKeys()
  source = tiny()
  quick = tiny(IMAGE_ONLY)
  other = tiny(IMAGE_ONLY, { "src/tiny/more.py": '"""More."""\n' })
})

/** The release that most tests use: its digests, and the folder of its run. */
const good = { index: "", amd: "", arm: "", older: "", left: "" }
const left = (name: string): string => readFileSync(join(good.left, name), "utf8")

describe("a release", () => {
  let run: Session

  beforeAll(async () => {
    good.left = folder()
    run = await session({
      digest: `${on(source)} | ${COMMIT} | image ${TAG} | digest`,
      all: `${on(source)} | $there | $signer | ${COMMIT} | ci --event=push ${TAG} --run-id=${RUN} | export ${good.left}`,
      before: `store "${STORE}" | digest`,
      again: releasing(quick),
      after: `store "${STORE}" | digest`,
      publish: `${on(source)} | $there | ${COMMIT} | image ${TAG} | publish | reference`,
      platforms: `${on(source)} | $there | release ${REPO}:1.2 | platforms`,
      tags: outside(TAGS),
      taken: releasing(other),
      older: releasing(other, "$there | $signer", { ref: "--ref=refs/tags/v1.1.9" }),
      "tags after": outside(`${TAGS}; for tag in 1 1.1; do regctl -v error manifest head ${REPO}:$tag; done`),
      skopeo: outside(`
        flags="--tls-verify=false --format={{.Digest}}"
        skopeo inspect $flags docker://${REPO}:1.2.3
        skopeo --override-arch=arm64 inspect --tls-verify=false --format={{.Architecture}} docker://${REPO}:1.2.3
        skopeo --insecure-policy copy --quiet --all --preserve-digests --src-tls-verify=false docker://${REPO}:1.2.3 oci:/tmp/copy:v1
        jq -r .manifests[0].digest /tmp/copy/index.json`),
    })
    good.index = run.of("digest")
    const { images } = JSON.parse(left("release/release.json")) as {
      images: { platform: string; digest: string }[]
    }
    const digestFor = (platform: string) => images.find((image) => image.platform === platform)?.digest ?? ""
    Object.assign(good, { amd: digestFor("linux/amd64"), arm: digestFor("linux/arm64") })
    good.older = /@(sha256:\w+)/.exec(stageOf(run.verdict("older"), "publish").reason)?.[1] ?? ""
  })

  it("passes every gate, and is published, signed, attested and verified", () => {
    const { stages, exitCode } = JSON.parse(left("verdict.json")) as Verdict
    // The tiny service has no integration tests and no Terraform, and nothing is deployed: so nothing proves which images
    // are unused.
    const { deploy, notify, load, stress, dast } = STAGES
    const deployed = [...deploy, ...notify, ...load, ...stress, ...dast]
    const absent = ["integration", ...STAGES.infra, ...STAGES.drift, ...deployed, "registry", "cluster"]
    expect(stages.filter(({ status }) => status !== "passed").map(({ name }) => name)).toEqual(absent)
    expect(exitCode).toBe(0)
    const released = stages.filter(({ group }) => group === "release")
    expect(released.map(({ name }) => name)).toEqual(STEPS)
  })

  it("has the digest computed before it was published, with all of its tags", () => {
    expect(good.index).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(JSON.parse(left("release/release.json"))).toEqual({
      repository: REPO,
      digest: good.index,
      tags: ["1.2.3", "sha-0123456789ab", "1.2", "1"],
      images: [
        { platform: "linux/amd64", digest: good.amd },
        { platform: "linux/arm64", digest: good.arm },
      ],
    })
    expect(run.of("tags").split("\n")).toEqual(["1", "1.2", "1.2.3", "sha-0123456789ab"])
    expect(run.of("publish")).toBe(`${REPO}@${good.index}`)
    expect(run.of("platforms").split("\n")).toEqual([`linux/amd64@${good.amd}`, `linux/arm64@${good.arm}`])
  })

  it("is unchanged when it is published again, which is quick", () => {
    const again = run.verdict("again")
    expect(stageOf(again, "publish").reason).toBe(`${REPO}@${good.index}, published already`)
    expect(stageOf(again, "sign").reason).toMatch(/signed already$/)
    expect(stageOf(again, "attest").reason).toMatch(/, 0 of them new$/)
    expect(stageOf(again, "publish").milliseconds).toBeLessThan(15_000)
    expect(run.of("before")).toMatch(/^\w+:[0-9a-f]+$/)
    expect(run.of("after")).toBe(run.of("before"))
  })

  it("is refused if its tag belongs to another image", () => {
    const { exitCode, stages } = run.verdict("taken")
    expect(exitCode).toBe(4)
    expect(stages.slice(-5).map(({ status }) => status)).toEqual([
      "error",
      ...Array<string>(4).fill("skipped"),
    ])
    expect(stageOf(run.verdict("taken"), "publish").reason).toContain(
      `the tag "${REPO}:1.2.3" already exists: it is "${good.index}"`,
    )
  })

  it("of an older version doesn't move the tags of a newer one", () => {
    const [tags, heads] = [
      run.of("tags after").split("\n").slice(0, -2),
      run.of("tags after").split("\n").slice(-2),
    ]
    expect(tags).toEqual(["1", "1.1", "1.1.9", "1.2", "1.2.3", "sha-0123456789ab"])
    expect(good.older).toMatch(/^sha256:/)
    expect(heads).toEqual([good.index, good.older])
  })

  it("has the same digest when skopeo inspects and copies it", () => {
    expect(run.of("skopeo").split("\n")).toEqual([good.index, "arm64", good.index])
  })

  it("lists its sources and base images in its provenance", () => {
    const { buildDefinition, runDetails } = JSON.parse(left("release/provenance.json")) as Provenance
    const { externalParameters, resolvedDependencies } = buildDefinition
    expect(externalParameters).toEqual({
      source: "git+https://git.example.com/team/tiny@refs/tags/v1.2.3",
      ref: "refs/tags/v1.2.3",
      platforms: ["linux/amd64", "linux/arm64"],
      dockerfile: "Dockerfile",
      args: { GREETING: "hello" },
    })
    const [git, ...bases] = resolvedDependencies
    expect(git).toEqual({ uri: externalParameters["source"], digest: { gitCommit: SHA } })
    expect(bases.length).toBeGreaterThan(0)
    for (const { uri, digest } of bases) {
      expect(uri).toMatch(/^pkg:docker\/debian@bookworm-slim/)
      expect(digest?.["sha256"]).toMatch(/^[0-9a-f]{64}$/)
    }
    expect(runDetails.metadata.invocationId).toBe(RUN)
    expect(Object.keys(runDetails.builder.version)).toEqual(["dagger", "regctl", "cosign", "trivy"])
  })

  it("carries the status of every gate", () => {
    const { stages } = JSON.parse(left("verdict.json")) as Verdict
    const gates = JSON.parse(left("release/gates.json")) as Gates
    expect(gates.run).toMatchObject({ id: RUN, sha: SHA, ref: "refs/tags/v1.2.3" })
    expect(gates.coverage).toBeGreaterThan(0)
    expect(gates.policyDigest).toMatch(/^sha256:[0-9a-f]{64}$/)
    for (const { digest, reference } of gates.images)
      expect(digest, reference).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(gates.stages.map(({ name, status }) => [name, status])).toEqual(
      stages
        .filter(({ group }) => !["release", ...DELIVERED].includes(group))
        .map(({ name, status }) => [name, status]),
    )
  })
})

/** A problem of everything that is signed. */
const every = (problem: string) => [
  ...["signature", "provenance", "gates"].map((name) => `${name} of the index: ${problem}`),
  ...["linux/amd64", "linux/arm64"].flatMap((platform) =>
    ["signature", "spdx", "cyclonedx"].map((name) => `${name} of ${platform}: ${problem}`),
  ),
]

describe("verification", () => {
  let run: Session

  beforeAll(async () => {
    const gates = JSON.parse(left("release/gates.json")) as Gates
    const [failing, foreign] = [structuredClone(gates), structuredClone(gates)]
    for (const stage of failing.stages) if (stage.name === "mypy") stage.status = "failed"
    foreign.run.sha = OTHER_SHA
    const tamper: Files = {
      "script.sh": readFileSync(join(RELEASES, "tamper/script.sh")),
      "arguments.sh": `SOURCE=${REPO} INDEX=${good.index} ARM=${good.arm} AMD=${good.amd} OTHER=${good.older}\n`,
      "gates.json": JSON.stringify(gates),
      "failing.json": JSON.stringify(failing),
      "foreign.json": JSON.stringify(foreign),
      "provenance.json": left("release/provenance.json"),
      "evil.json": left("release/provenance.json")
        .replaceAll("git.example.com/team/tiny", "git.example.com/evil/tiny")
        .replace("https://slipway.dev/builders/dagger/v1", "https://evil"),
    }
    const flags = "--allow-http-registry --trusted-root=no-roots.json --private-infrastructure"
    const cosign = [
      `cosign verify --key=own.pub ${flags} ${REPO}@${good.index} | jq -c "[.[].critical.type]"`,
      `for type in https://slsa.dev/provenance/v1 https://slipway.dev/attestations/gates/v1; do
         cosign verify-attestation --key=own.pub ${flags} --type=$type ${REPO}@${good.index} | jq -r .payload | base64 -d | jq -r .predicateType
       done`,
      `for type in https://spdx.dev/Document https://cyclonedx.org/bom; do
         cosign verify-attestation --key=own.pub ${flags} --type=$type ${REPO}@${good.arm} | jq -r .payload | base64 -d | jq -r .predicateType
       done`,
      `cosign verify --key=other.pub ${flags} ${REPO}@${good.index}`,
    ]
    const at = (name: string, digest = good.index) => verifying(source, `${HOST}/${name}@${digest}`)
    run = await session({
      tamper: outside(tamper),
      stranger: outside(
        `set -e
        regctl -v error image copy ${REPO}@${good.index} ${HOST}/stranger@${good.index}
        cosign sign -y -r --key=env://COSIGN_PRIVATE_KEY --allow-http-registry --signing-config=no-services.json --trusted-root=no-roots.json ${HOST}/stranger@${good.index} 2> /dev/null`,
        "--key env://OTHER_PRIVATE_KEY --passphrase env://COSIGN_PASSWORD",
      ),
      cosign: outside(cosign.join("\n")),
      good: verifying(source, `${REPO}:1.2.3`),
      function: `${on(source)} | $there | release ${REPO}:1.2.3@${good.index} | verify`,
      "other key": verifying(tiny({}, { "cosign.pub": keys.other }), `${REPO}:1.2.3`),
      "key given": verifying(
        source,
        `${REPO}:1.2.3`,
        `$there | with-signer --public-key $(host | directory ${service({ "other.pub": keys.other })} | file other.pub)`,
      ),
      floor: verifying(
        source,
        `${REPO}:1.2.3`,
        `$there | with-policy --file $(host | directory ${service({ "floor.yaml": FLOOR })} | file floor.yaml)`,
      ),
      branch: verifying(
        source,
        `${REPO}:1.2.3`,
        "$there | with-policy --address https://git.example.com/policies@main:floor.yaml",
      ),
      copied: at("copied"),
      unsigned: at("unsigned"),
      strange: at("stranger"),
      moved: verifying(source, `${HOST}/moved:1.2.3@${good.index}`),
      "no-gates": at("no-gates"),
      "no-bill": at("no-bill"),
      failing: at("failing"),
      foreign: at("foreign"),
      evil: at("evil"),
      swapped: verifying(quick, `${HOST}/swapped:1.2.3`),
      incomplete: releasing(tiny({ repository: "incomplete" })),
      childless: at("childless"),
      partial: verifying(source, `${HOST}/partial:1.2.3`),
      attested: at("attested"),
      absent: at(NAME, `sha256:${"0".repeat(64)}`),
      passphrase: releasing(
        tiny({ ...IMAGE_ONLY, repository: "passphrase" }),
        "$there | with-signer --key env://COSIGN_PRIVATE_KEY --passphrase env://WRONG_PASSWORD",
      ),
      "no key": releasing(tiny({ ...IMAGE_ONLY, repository: "no-key" }), "$there"),
    })
  })

  it("has a valid fixture", () => {
    expect(run.of("tamper")).not.toMatch(/^Error|exit code/m)
    expect(run.of("stranger")).not.toContain("exit code")
  })

  it("passes for the release, also in the repository that it was copied to", () => {
    for (const name of ["good", "copied"]) {
      const found = run.verification(name)
      expect(problems(found)).toEqual([])
      expect(found).toMatchObject({ status: "passed", exitCode: 0, digest: good.index })
      expect(found.checks.map(({ name, subject }) => `${name} of ${subject}`)).toEqual([
        "signature of the index",
        "provenance of the index",
        "gates of the index",
        ...["signature", "spdx", "cyclonedx"].map((check) => `${check} of linux/amd64`),
        ...["signature", "spdx", "cyclonedx"].map((check) => `${check} of linux/arm64`),
      ])
    }
    expect(run.of("function")).toBe(`${REPO}@${good.index}: all 9 signatures and attestations are good`)
  })

  it("by cosign's own command line agrees", () => {
    const lines = run.of("cosign").split("\n")
    expect(
      lines.some((line) => line.startsWith("[") && line.includes("https://sigstore.dev/cosign/sign/v1")),
    ).toBe(true)
    for (const type of [
      "https://slsa.dev/provenance/v1",
      "https://slipway.dev/attestations/gates/v1",
      "https://spdx.dev/Document",
      "https://cyclonedx.org/bom",
    ])
      expect(lines).toContain(type)
    expect(run.of("cosign")).toMatch(
      /Error: no matching attestations: .*accepted signatures do not match threshold/s,
    )
  })

  it.each<[string, string, string[]]>([
    ["signed with another key than that in the settings", "other key", every("it was made with another key")],
    ["signed with another key than the one given", "key given", every("it was made with another key")],
    ["that carries nothing", "unsigned", every("there is none")],
    ["without its gates", "no-gates", ["gates of the index: there is none"]],
    ["without an SBOM", "no-bill", ["cyclonedx of linux/arm64: there is none"]],
    [
      "of another commit than its gates",
      "foreign",
      [`provenance of the index: it is of commit "${SHA}", the gates are of "${OTHER_SHA}"`],
    ],
    [
      "of a foreign repository and builder, signed with the right key",
      "evil",
      [
        'provenance of the index: its builder is "https://evil", not "https://slipway.dev/builders/dagger/v1", ' +
          'its source is "https://git.example.com/evil/tiny", not "https://git.example.com/team/tiny" (release.source, release.sources)',
      ],
    ],
    ["of a run that didn't pass", "failing", ["gates of the index: mypy failed"]],
    ["with an image that was deleted", "childless", ["image of linux/arm64: the registry doesn't have it"]],
    ["with a platform missing", "partial", ["platform of linux/arm64: the index has no image for it"]],
  ])("refuses a release %s, and gives the reason", (_, name, expected) => {
    const found = run.verification(name)
    expect(problems(found)).toEqual(expected)
    expect(found).toMatchObject({ status: "failed", exitCode: 1 })
  })

  it("refuses a release that somebody else signed, and one that was attested but never signed", () => {
    expect(problems(run.verification("strange"))).toContain(
      "signature of the index: it was made with another key",
    )
    const attested = problems(run.verification("attested"))
    expect(attested).toContain("signature of the index: there is none")
    expect(attested).not.toContain("gates of the index: there is none")
  })

  it("refuses a tag that was moved", () => {
    const found = run.verification("moved")
    expect(found.exitCode).toBe(1)
    expect(found.problem).toContain(
      `the tag of "${HOST}/moved:1.2.3" has moved: it is ${good.older}, expected ${good.index}`,
    )
  })

  it("refuses a good release below a floor from outside, and a floor that isn't pinned", () => {
    expect(problems(run.verification("floor"))).toEqual([
      expect.stringMatching(
        /^provenance of the index: .*: its source ".*\/team\/tiny" isn't among those allowed$/,
      ),
      expect.stringMatching(
        /^gates of the index: below the floor sha256:[0-9a-f]{12}: integration was skipped$/,
      ),
    ])
    const { exitCode, problem } = run.verification("branch")
    expect(exitCode).toBe(4)
    expect(problem).toContain("isn't pinned")
  })

  it("refuses a version's tag on a release of another version", () => {
    expect(problems(run.verification("swapped"))).toEqual([
      "gates of the index: it is not of refs/tags/v1.2.3",
    ])
  })

  it("is skipped unless every gate was run", () => {
    const { exitCode, stages } = run.verdict("incomplete")
    expect(exitCode).toBe(1)
    expect(stages.find(({ name }) => name === "publish")?.reason).toContain(
      "not released: black was not run, ",
    )
    expect(stages.slice(-4).map(({ status }) => status)).toEqual(Array(4).fill("skipped"))
  })

  it("reports a digest that isn't in the registry", () => {
    const found = run.verification("absent")
    expect(found.exitCode).toBe(4)
    expect(found.problem).toContain("the registry doesn't have it")
  })

  it("is skipped with a wrong passphrase, or without a key", () => {
    const wrong = run.verdict("passphrase")
    expect(wrong.exitCode).toBe(4)
    expect(stageOf(wrong, "publish").status).toBe("passed")
    expect(stageOf(wrong, "sign").reason).toContain("the passphrase doesn't fit the private key")
    const none = run.verdict("no key")
    expect(none.exitCode).toBe(4)
    expect(stageOf(none, "publish").reason).toContain("no signing key and no identity token")
  })
})

it("an image of a pull request is published for its preview without a signature, which verification refuses", async () => {
  const name = `reviewed-${RUN}`
  const previews = 'deploy: { preview: { namespace: "tiny-pr-{number}" } }'
  const plain = tiny({ repository: name })
  const own = `${readFileSync(join(plain, "slipway.yaml"), "utf8")}${previews}\n`
  const reviewed = tiny({}, { "slipway.yaml": own })
  const event = `--event=pull_request --ref=refs/pull/11/merge --base-ref=main --run-id=${RUN}`
  const ran = `$there | $signer | ${COMMIT} | with-deploy --environment preview-11 | ci ${event}`
  const run = await session({
    reviewed: `${on(reviewed)} | ${ran} | file verdict.json | contents`,
    verified: verifying(reviewed, `${HOST}/${name}:sha-0123456789ab`),
  })
  const verdict = run.verdict("reviewed")
  expect(STEPS.map((step) => [step, stageOf(verdict, step).status])).toEqual([
    ["publish", "passed"],
    ...["sign", "attest", "verify"].map((step) => [step, "skipped"]),
    ["tag", "passed"],
  ])
  expect(stageOf(verdict, "sign").reason).toMatch(/pull request isn't signed/)
  expect(problems(run.verification("verified"))).toEqual(every("there is none"))
  // No cluster was given; that of previews is asked for.
  expect(verdict.exitCode).toBe(4)
  expect(stageOf(verdict, "prepare").reason).toMatch(/preview-11/)
})

describe("the command", () => {
  const push = ["--event=push", `--sha=${SHA}`, "--ref=refs/tags/v1.2.3", "--embedded"]
  const release = ({ verdict }: CiRun) => verdict?.stages.filter(({ group }) => group === "release") ?? []
  let run: CiRun

  const kept = (ended: CiRun): CiRun => {
    said.push(ended.stdout, ended.stderr)
    outs.push(ended.out)
    return ended
  }

  it("publishes a version to Slipway's own registry, and leaves the signed statements", async () => {
    run = kept(await ci(source, ...push))
    expect(run.exitCode, run.stdout + run.stderr).toBe(0)
    expect(release(run).map(({ name, status }) => [name, status])).toEqual(
      STEPS.map((name) => [name, "passed"]),
    )
    expect(readdirSync(join(run.out, "release")).sort()).toEqual([
      "gates.json",
      "provenance.json",
      "release.json",
    ])
    // The same commit results in the same image in every registry.
    expect(JSON.parse(run.read("release/release.json"))).toMatchObject({ digest: good.index })
  })

  it("verifies the published version", async () => {
    const reference = `registry.slipway.internal:5000/${NAME}:1.2.3`
    const ended = await slipway("verify", reference, `--source=${source}`, "--embedded")
    said.push(ended.stdout, ended.stderr)
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0)
    expect(ended.stdout).toContain(`verified: ${reference} (${good.index})`)
    const unknown = await slipway("verify", `${reference}4`, `--source=${source}`, "--embedded")
    expect(unknown.exitCode).toBe(4)
  })

  it("publishes nothing on a laptop", async () => {
    const local = kept(await ci(source, "--event=local", "--embedded"))
    expect(local.exitCode, local.stdout).toBe(0)
    expect(release(local)).toEqual([])
    expect(local.stdout).not.toContain("publish")
  })

  it("publishes nothing if a gate fails, and names the gate", async () => {
    const bad = tiny({}, { "src/tiny/bad.py": "x  =  1\n" })
    const failing = kept(await ci(bad, ...push))
    expect(failing.exitCode).toBe(1)
    expect(statuses(failing)).toMatchObject({ black: "failed", build: "passed" })
    for (const { status, reason } of release(failing)) {
      expect(status).toBe("skipped")
      expect(reason).toMatch(/^(black|black, .*) stopped it$/)
    }
  })
})

describe("the secrets", () => {
  it("are not in the output, the reports or the registry in any encoding", async () => {
    await expectNoSecret(good.left, ...outs)
  })

  it.each([`p&ss "w/rd" +%$é ${RUN}`, "phr&se <quoted> 'so'\\"])(
    "such as %j don't escape the search",
    (secret) => {
      const forms = formsOf(secret)
      const login = (user: string) => Buffer.from(`${user}:${secret}`).toString("base64")
      const url = encodeURIComponent(secret)
      for (const text of [secret, JSON.stringify({ a: secret }), url, login("a"), login("ab"), login("abc")])
        expect(
          forms.some((form) => text.includes(form)),
          text,
        ).toBe(true)
    },
  )
})
