/** Sets a release's image in the text of manifests, in place: comments, order and quotes stay as they are. */
import { parse } from "yaml"
import { fail } from "../errors/catalogue.js"
import { type ImagePlace, imagePlaces, type ManifestFiles, type ScalarPair } from "./imagePlaces.js"

/** The image to set. */
export interface WantedImage {
  /** Registry and repository. */
  repository: string
  digest: string
  /** A tag for people; the digest decides what runs. */
  tag: string
}

/** The outcome of an edit. */
export interface ImageEdit {
  /** The files whose text changes, with their new text. */
  changed: Record<string, string>
  /** The places that name the service's image, such as `staging/kustomization.yaml:4`. */
  places: string[]
  /** The digests that these places had, each once; one without a digest has an empty one. */
  digests: string[]
}

/** A piece of a text to replace. */
interface Splice {
  from: number
  to: number
  text: string
}

/**
 * Sets an image wherever files name it.
 *
 * A kustomization's entry decides over the manifests beside it. Fails with COMMIT_NO_IMAGE and COMMIT_IMAGES, and with
 * COMMIT_EDIT for a text in which it can't be set.
 *
 * @param looked All files that were looked at, for the error.
 */
export function editImage(files: ManifestFiles, wanted: WantedImage, looked = Object.keys(files)): ImageEdit {
  const places = placesOf(files, wanted.repository, looked)
  const changed = Object.entries(files).flatMap(([file, text]) => {
    const own = places.filter((place) => place.file === file && !isDone(place, wanted))
    const edited = spliced(
      text,
      own.flatMap((place) => splices(place, text, wanted)),
    )
    return edited === text ? [] : [[file, edited] as const]
  })
  const edit = {
    changed: Object.fromEntries(changed),
    places: places.map(placeText),
    digests: [...new Set(places.map(({ digest }) => digest))],
  }
  // An edit that can't be read again as meant is none.
  const now = imagePlaces({ ...files, ...edit.changed }).places
  const [wrong] = places.filter(
    ({ file, kind }) =>
      now.filter((place) => place.file === file && place.kind === kind && isDone(place, wanted)).length <
      places.filter((place) => place.file === file && place.kind === kind).length,
  )
  if (wrong !== undefined) throw fail("COMMIT_EDIT", [placeText(wrong)])
  return edit
}

const placeText = ({ file, line }: ImagePlace): string => `${file}:${line}`

/** The places of the service's image: by the whole name, else by its last part if that means one image. */
function placesOf(files: ManifestFiles, repository: string, looked: readonly string[]): ImagePlace[] {
  const { places, unread } = imagePlaces(files)
  const exact = places.filter(({ name }) => whole(name) === whole(repository))
  const alike = places.filter(({ name }) => last(name) === last(repository))
  const found = exact.length > 0 ? exact : alike
  const names = [...new Set(found.map(({ name }) => name))]
  if (names.length === 0) throw fail("COMMIT_NO_IMAGE", [repository, looked, unread])
  if (exact.length === 0 && names.length > 1)
    throw fail("COMMIT_IMAGES", [repository, found.map((place) => `${placeText(place)} names ${place.name}`)])
  // What a kustomization sets, it sets over the manifests that it takes.
  return found.some(({ kind }) => kind === "kustomization")
    ? found.filter(({ kind }) => kind !== "manifest")
    : found
}

const whole = (name: string): string => name.replace(/^(?:index\.)?docker\.io\/(?:library\/)?/, "")
const last = (name: string): string => name.slice(name.lastIndexOf("/") + 1)

const isDone = ({ name, digest }: ImagePlace, wanted: WantedImage): boolean =>
  digest === wanted.digest && whole(name) === whole(wanted.repository)

function splices(place: ImagePlace, text: string, wanted: WantedImage): Splice[] {
  const { pairs } = place
  switch (place.kind) {
    case "manifest":
      return set(pairs["image"], text, `${wanted.repository}@${wanted.digest}`)
    case "kustomization":
      return kustomizationSplices(place, text, wanted)
    case "values":
      return valuesSplices(place, text, wanted)
  }
}

/** The digest in the place of `newTag`: with both, versions of kustomize differ in what they do. */
function kustomizationSplices(place: ImagePlace, text: string, wanted: WantedImage): Splice[] {
  const { pairs, name } = place
  const { digest, newTag, newName } = pairs
  const isNamed = whole(name) === whole(wanted.repository)
  const added = [
    ...(isNamed || newName !== undefined ? [] : [`newName: ${wanted.repository}`]),
    ...(digest === undefined && newTag === undefined ? [`digest: ${wanted.digest}`] : []),
  ]
  const replaced =
    digest === undefined && newTag !== undefined
      ? [{ from: start(newTag.key), to: end(newTag.value), text: `digest: ${wanted.digest}` }]
      : set(digest, text, wanted.digest)
  return [
    ...replaced,
    // Beside a digest that was there.
    ...(digest === undefined ? [] : set(newTag, text, wanted.tag)),
    ...(isNamed ? [] : set(newName, text, wanted.repository)),
    ...(added.length === 0 ? [] : [after(newName ?? pairs["name"], place, text, added)]),
  ]
}

/** A chart without a digest among its values joins repository and tag: the tag then has the digest at its end. */
function valuesSplices({ pairs, name }: ImagePlace, text: string, wanted: WantedImage): Splice[] {
  const { registry, repository, tag, digest } = pairs
  const [host = "", ...path] = wanted.repository.split("/")
  const named =
    whole(name) === whole(wanted.repository)
      ? []
      : registry === undefined
        ? set(repository, text, wanted.repository)
        : [...set(registry, text, host), ...set(repository, text, path.join("/"))]
  const versioned =
    digest === undefined
      ? set(tag, text, `${wanted.tag}@${wanted.digest}`)
      : [...set(digest, text, wanted.digest), ...set(tag, text, wanted.tag)]
  return [...named, ...versioned]
}

const start = ({ range }: ScalarPair["key"]): number => range?.[0] ?? 0
const end = ({ range }: ScalarPair["key"]): number => range?.[1] ?? 0

/** Replaces a key's value in the quotes that it has. */
function set(pair: ScalarPair | undefined, text: string, value: string): Splice[] {
  if (pair === undefined) return []
  const [from, to] = [start(pair.value), end(pair.value)]
  const old = text.slice(from, to)
  if (old === "") return [{ from: end(pair.key), to: from, text: `: ${scalar(value)}` }]
  const [quote = ""] = /^["']/.exec(old) ?? []
  const ended = /^[|>]/.test(old) ? "\n" : ""
  return [{ from, to, text: `${quote === "" ? scalar(value) : `${quote}${value}${quote}`}${ended}` }]
}

/** A text as YAML; a tag such as 1.10 would be a number. */
const scalar = (value: string): string => (typeof parse(value) === "string" ? value : JSON.stringify(value))

/** Adds keys to a map, after one of its own and the comment there. */
function after(pair: ScalarPair | undefined, { isFlow }: ImagePlace, text: string, added: string[]): Splice {
  const to = pair === undefined ? 0 : end(pair.value)
  if (isFlow) return { from: to, to, text: added.map((line) => `, ${line}`).join("") }
  const key = pair === undefined ? 0 : start(pair.key)
  const indent = " ".repeat(key - (text.lastIndexOf("\n", key - 1) + 1))
  const [rest = ""] = /^[^\r\n]*/.exec(text.slice(to)) ?? []
  const eol = text.includes("\r\n") ? "\r\n" : "\n"
  const at = to + rest.length
  return { from: at, to: at, text: added.map((line) => `${eol}${indent}${line}`).join("") }
}

/** Replaces pieces of a text; of two with the same range, as by aliases of one value, one. */
function spliced(text: string, all: readonly Splice[]): string {
  const once = all.filter(
    ({ from, to }, index) => all.findIndex((other) => other.from === from && other.to === to) === index,
  )
  return once
    .toSorted((a, b) => b.from - a.from)
    .reduce((edited, { from, to, text: piece }) => edited.slice(0, from) + piece + edited.slice(to), text)
}
