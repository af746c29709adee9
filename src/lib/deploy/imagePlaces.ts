/** Where the text of manifests names an image: containers, kustomizations, and Helm's values. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
  visit,
  type YAMLMap,
} from "yaml"
import { bareImageName } from "./manifests.js"

/** Files by their paths in their repository. */
export type ManifestFiles = Readonly<Record<string, string>>

/** A key with a scalar value, as the parser read it. */
export interface ScalarPair {
  key: Scalar
  value: Scalar
}

/** A place that names an image. */
export interface ImagePlace {
  file: string
  /** Counted from 1. */
  line: number
  /** `manifest` is any key `image`; the others are an entry of a kustomization's images, and Helm's values. */
  kind: "manifest" | "kustomization" | "values"
  /** The image's name there, without tag and digest. */
  name: string
  /** The digest there; empty for none. */
  digest: string
  /** The keys there that an edit may change or follow, by their names. */
  pairs: Readonly<Record<string, ScalarPair>>
  /** True within braces. */
  isFlow: boolean
}

/** What names images in these files. */
export interface ImagePlaces {
  places: ImagePlace[]
  /** Files that aren't YAML, such as the templates of a chart. */
  unread: string[]
}

/** Finds all places that name an image. */
export function imagePlaces(files: ManifestFiles): ImagePlaces {
  const unread: string[] = []
  const places = Object.entries(files).flatMap(([file, text]) => {
    const documents = parseAllDocuments(text, { logLevel: "silent" }) as Document[]
    if (documents.every(isReadable)) return documents.flatMap((document) => placesIn(document, file, text))
    unread.push(file)
    return []
  })
  return { places, unread }
}

/** False also for an alias of nothing, which the parser leaves to the reader. */
function isReadable(document: Document): boolean {
  if (document.errors.length > 0) return false
  try {
    document.toJS()
    return true
  } catch {
    return false
  }
}

function placesIn(document: Document, file: string, text: string): ImagePlace[] {
  const isKustomization =
    /(?:^|\/)kustomization\.ya?ml$/.test(file) ||
    (isMap(document.contents) && document.contents.get("kind") === "Kustomization")
  const found: ImagePlace[] = []
  visit(document, {
    Map: (_, map) => {
      const pairs = scalarPairs(map, document)
      const place = imageOf(pairs) ?? valuesOf(pairs)
      if (place !== undefined) found.push(placed(place, map, { file, text }))
    },
    Pair: (_, { key, value }) => {
      if (!isKustomization || !isScalar(key) || key.value !== "images" || !isSeq(value)) return
      for (const item of value.items) {
        const place = isMap(item) ? entryOf(scalarPairs(item, document)) : undefined
        if (place !== undefined) found.push(placed(place, item as YAMLMap, { file, text }))
      }
    },
  })
  return found
}

type Named = Pick<ImagePlace, "kind" | "name" | "digest" | "pairs">

const placed = (place: Named, map: YAMLMap, { file, text }: { file: string; text: string }): ImagePlace => ({
  ...place,
  file,
  line: text.slice(0, map.range?.[0] ?? 0).split("\n").length,
  isFlow: map.flow === true,
})

/** Returns the keys of a map that have scalars, an alias being what it stands for. */
function scalarPairs(map: YAMLMap, document: Document): Record<string, ScalarPair> {
  const pairs = (map.items as Pair<Node, Node | null>[]).flatMap(({ key, value }) => {
    const meant = isAlias(value) ? value.resolve(document) : value
    return isScalar(key) && isScalar(meant) ? [[String(key.value), { key, value: meant }] as const] : []
  })
  return Object.fromEntries(pairs)
}

const textOf = (pair: ScalarPair | undefined): string =>
  typeof pair?.value.value === "string" ? pair.value.value : ""

/** The digest at the end of a reference or a tag; empty for none. */
const digestIn = (text: string): string => /sha256:[0-9a-f]{64}$/.exec(text)?.[0] ?? ""

/** A container of any workload, and values that name an image in one text. */
function imageOf({ image }: Record<string, ScalarPair>): Named | undefined {
  const reference = textOf(image)
  if (image === undefined || reference === "") return undefined
  return { kind: "manifest", name: bareImageName(reference), digest: digestIn(reference), pairs: { image } }
}

/** An entry of `images` in a kustomization, or in Flux's object of that kind. */
function entryOf(pairs: Record<string, ScalarPair>): Named | undefined {
  const name = textOf(pairs["newName"]) || textOf(pairs["name"])
  return name === ""
    ? undefined
    : { kind: "kustomization", name, digest: digestIn(textOf(pairs["digest"])), pairs }
}

/** Helm's values: `repository`, with or without `registry`, and a `tag` or a `digest`. */
function valuesOf(pairs: Record<string, ScalarPair>): Named | undefined {
  const [repository, registry] = [textOf(pairs["repository"]), textOf(pairs["registry"])]
  const { tag, digest } = pairs
  if (repository === "" || (tag === undefined && digest === undefined)) return undefined
  return {
    kind: "values",
    name: registry === "" ? repository : `${registry}/${repository}`,
    digest: digestIn(textOf(digest)) || digestIn(textOf(tag)),
    pairs,
  }
}
