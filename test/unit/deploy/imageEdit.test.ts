import { describe, expect, it } from "vitest"
import { editImage } from "../../../src/lib/deploy/imageEdit.js"
import { DIGEST, OTHER } from "./objects.js"

const REPO = "registry.example.com:5000/team/api"
const wanted = { repository: REPO, digest: DIGEST, tag: "1.10" }

/** Edits one file, and returns its new text; undefined if nothing changes. */
const edited = (text: string, file = "staging/api.yaml") => editImage({ [file]: text }, wanted).changed[file]

/** Expects an edit to change these texts, and all else to stay to the letter. */
function expectOnly(text: string, file: string, ...changes: [before: string, after: string][]): void {
  const expected = changes.reduce((all, [before, after]) => {
    expect(all).toContain(before)
    return all.replaceAll(before, after)
  }, text)
  expect(edited(text, file)).toBe(expected)
  expect(edited(expected, file)).toBeUndefined()
}

const MANIFEST = `# ours, don't touch
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}   # odd   spaces
spec:
    template:
        spec:
            initContainers:
                - {image: '${REPO}:1.0', name: first}
            containers:
              - name:   api
                image: "${REPO}:1.0@${OTHER}"  # set by hand
                args: [a,   b]
              - image: registry.example.com:5000/team/api-proxy:1
---
kind: CronJob
spec: { jobTemplate: { spec: { template: { spec: { containers: [ { image: ${REPO} } ] } } } } }
`

describe("editImage", () => {
  it("sets the digest in all containers of the image, and leaves all else to the letter", () => {
    expectOnly(
      MANIFEST,
      "staging/api.yaml",
      [`'${REPO}:1.0'`, `'${REPO}@${DIGEST}'`],
      [`"${REPO}:1.0@${OTHER}"`, `"${REPO}@${DIGEST}"`],
      [`image: ${REPO} }`, `image: ${REPO}@${DIGEST} }`],
    )
    expect(editImage({ "a.yaml": MANIFEST }, wanted)).toMatchObject({
      places: ["a.yaml:9", "a.yaml:11", "a.yaml:17"],
      digests: ["", OTHER],
    })
  })

  it.each([
    [
      "a tag",
      "- name: api\n  newName: REPO # here\n  newTag: '1.0'  # was\n",
      "newTag: '1.0'",
      "digest: NEW",
    ],
    ["a digest", "- newName: REPO\n  digest: 'OLD'\n  name: api\n", "OLD", "NEW"],
    ["both", "- name: REPO\n  digest: OLD\n  newTag: v1\n", "OLD\n  newTag: v1", 'NEW\n  newTag: "1.10"'],
    ["a name alone", "- name: REPO   # mine\n- name: x\n", "# mine", "# mine\n    digest: NEW"],
    ["braces", "- { name: REPO }\n", "{ name: REPO }", "{ name: REPO, digest: NEW }"],
    ["an empty tag", "- name: REPO\n  newTag:\n", "newTag:", "digest: NEW"],
    [
      "another registry's name",
      "- name: api # base\n  newTag: 1\n",
      "# base\n  newTag: 1",
      "# base\n    newName: REPO\n  digest: NEW",
    ],
    ["another registry's newName", "- name: a\n  newName: old/api\n  newTag: 1\n", "", ""],
  ])("sets it in a kustomization's entry with %s", (_, entries, before, after) => {
    const fill = (text: string) =>
      text.replaceAll("REPO", REPO).replaceAll("NEW", DIGEST).replaceAll("OLD", OTHER)
    const text = `# c\nresources: [../base]\nimages:\n${fill(entries).replace(/^/gm, "  ").trimEnd()}\n`
    const indented = (piece: string) => fill(piece).replace(/\n {2}(?! )/g, "\n    ")
    if (before !== "") expectOnly(text, "staging/kustomization.yml", [indented(before), indented(after)])
    else
      expect(edited(text, "staging/kustomization.yaml")).toContain(
        `- name: a\n    newName: ${REPO}\n    digest: ${DIGEST}\n`,
      )
  })

  it("sets it in Flux's Kustomization, and in no manifest that a kustomization takes", () => {
    const flux = `kind: Kustomization\nspec:\n  images:\n    - name: ${REPO}\n      newTag: a\n`
    expect(edited(flux)).toBe(flux.replace("newTag: a", `digest: ${DIGEST}`))
    const files = {
      "s/kustomization.yaml": `images: [{ name: api, newName: ${REPO} }]\n`,
      "s/a.yaml": MANIFEST,
    }
    const { changed, places } = editImage(files, wanted)
    expect(Object.keys(changed)).toEqual(["s/kustomization.yaml"])
    expect(places).toEqual(["s/kustomization.yaml:1"])
  })

  it.each([
    ["a tag", `  repository: ${REPO}\n  tag: "1.0" # x\n`, '"1.0"', `"1.10@${DIGEST}"`],
    ["an empty tag", `  repository: ${REPO}\n  tag:\n`, "tag:", `tag: 1.10@${DIGEST}`],
    ["a digest", `  repository: ${REPO}\n  digest: ${OTHER}\n`, OTHER, DIGEST],
    [
      "both, and a registry",
      `  registry: registry.example.com:5000\n  repository: team/api\n  tag: 1.9\n  digest: ""\n`,
      '1.9\n  digest: ""',
      `"1.10"\n  digest: "${DIGEST}"`,
    ],
    [
      "another registry",
      `  registry: old\n  repository: "api"\n  tag: 1\n`,
      'old\n  repository: "api"\n  tag: 1',
      `registry.example.com:5000\n  repository: "team/api"\n  tag: 1.10@${DIGEST}`,
    ],
  ])("sets it in Helm's values with %s", (_, values, before, after) => {
    expectOnly(`# v\nreplicas: 2\nimage: # i\n${values}other: {}\n`, "values.yaml", [before, after])
  })

  it("follows an anchor, keeps ends of lines of Windows, and takes a folded text", () => {
    const anchored = `x: &i ${REPO}:1\na: { image: *i }\nb: { image: *i }\n`
    expect(edited(anchored)).toBe(anchored.replace(`${REPO}:1`, `${REPO}@${DIGEST}`))
    const windows = `images:\r\n- name: ${REPO} # c\r\nx: 1\r\n`
    expect(edited(windows, "kustomization.yaml")).toBe(
      windows.replace("# c\r\n", `# c\r\n  digest: ${DIGEST}\r\n`),
    )
    expect(edited(`image: >-\n  ${REPO}:1\nb: 1\n`)).toBe(`image: ${REPO}@${DIGEST}\nb: 1\n`)
  })

  it("takes the one image of another registry by the last part of its name, but not one of several", () => {
    expect(edited("image: api:1\n")).toBe(`image: ${REPO}@${DIGEST}\n`)
    expect(() =>
      editImage({ "a.yaml": "image: one/api:1\n", "b.yaml": "\nimage: two/api\n" }, wanted),
    ).toThrow(`several images could be "${REPO}":\n  a.yaml:1 names one/api\n  b.yaml:2 names two/api`)
    const both = { "a.yaml": "image: one/api:1\n", "b.yaml": `image: ${REPO}:1\n` }
    expect(Object.keys(editImage(both, wanted).changed)).toEqual(["b.yaml"])
  })

  it("takes names of Docker Hub with and without its host", () => {
    const hub = { ...wanted, repository: "docker.io/team/api" }
    expect(editImage({ "a.yaml": "image: team/api:1\n" }, hub).changed["a.yaml"]).toBe(
      `image: docker.io/team/api@${DIGEST}\n`,
    )
  })

  it("names the files that it looked at if none has the image, and those that are no YAML", () => {
    const files = { "a.yaml": "image: db:1\n", "templates/b.yaml": "{{ if x }}\na: 1\n{{ end }}\n" }
    expect(() => editImage(files, wanted, [...Object.keys(files), "c.yaml"])).toThrow(
      `no file names the image "${REPO}"; looked at "a.yaml", "templates/b.yaml", "c.yaml", of which "templates/b.yaml" is no YAML`,
    )
  })

  it("refuses an edit that breaks the file", () => {
    const anchored = `images:\n  - name: ${REPO}\n    newTag: &t 1\n  - name: x\n    newTag: *t\n`
    expect(() => editImage({ "kustomization.yaml": anchored }, wanted)).toThrow(
      "can't set the image at kustomization.yaml:2",
    )
  })
})
