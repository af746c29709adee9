import { splitImage, splitTag } from "../image/reference.js"
import { serviceName } from "../python/name.js"
import { DOCKER_HUB } from "../release/reference.js"
import type { PushedImage } from "./ciJobs.js"
import { asking, type InitFindings, NOTHING, type PlacedText, placeText, oneAnswer } from "./findings.js"
import { imageBase, type Workload } from "./manifests.js"
import { type FoundPlace, manifestsIn } from "./places.js"
import type { DescribedRepository } from "./repositoryView.js"

/** An image's place in a registry. */
interface Published {
  host: string
  path: string
  place: PlacedText
}

/** Where the service's image is published: by a CI host, else by the images of its manifests. */
export function releaseSettings(
  { source, jobs }: DescribedRepository,
  place: FoundPlace,
  all: { places: readonly FoundPlace[]; workloads: readonly Workload[] },
): InitFindings {
  const alone = all.places.length === 1
  const name = serviceName(manifestsIn(source, place.path), place.name || undefined) ?? ""
  const names = [
    place.name,
    name,
    place.path.split("/").at(-1) ?? "",
    source.origin.split("/").at(-1) ?? "",
  ].filter((each) => each !== "")
  const pushed = jobs
    .flatMap((job) => job.pushed)
    .filter(
      (image) =>
        concerns(image, place) ?? (alone || names.includes(imageBase(withoutExpressions(image.text)))),
    )
  const deployed = all.workloads.flatMap(({ image }) =>
    image !== undefined && names.includes(imageBase(image.text)) && hasHost(image.text) ? [image] : [],
  )
  const images = pushed.length > 0 ? pushed : deployed
  const published = images.map(publishedAt)
  const unknown = images.filter((_, index) => published[index] === undefined)
  const found = published.filter((each) => each !== undefined)
  if (found.length === 0) return unresolved(unknown)
  return settings(
    found,
    name,
    pushed.length > 0 ? "where CI publishes the image" : "the image that is deployed",
  )
}

const hasHost = (image: string): boolean => splitImage(image).host !== "docker.io"

/** True if an image is built from the service's folder, false for another one; undefined if nothing says so. */
const concerns = ({ build }: PushedImage, { path }: FoundPlace): boolean | undefined =>
  build === undefined
    ? undefined
    : build.context === path || (path !== "" && build.dockerfile.startsWith(`${path}/`))

function settings(found: readonly Published[], name: string, says: string): InitFindings {
  const reason = ({ place }: Published) => `${placeText(place)}: ${says}`
  const whole = oneAnswer(
    ["release", "registry"],
    found.map((each) => ({ value: `${each.host}/${each.path}`, reason: reason(each) })),
  )
  const [first] = found
  if (whole.settings.length === 0 || first === undefined) return whole
  return {
    settings: [
      { key: ["release", "registry"], value: first.host, reason: reason(first) },
      ...(first.path === name
        ? []
        : [{ key: ["release", "repository"], value: first.path, reason: reason(first) }]),
    ],
    questions: [],
  }
}

/** Expressions of CI hosts that stand for something unknown. */
const EXPRESSION = /\$\{\{[^{}]*\}\}|\$\{?\w+\}?/g
const UNKNOWN = "\u0000"

const withoutExpressions = (image: string): string => image.replace(EXPRESSION, UNKNOWN)

/** Where an image is published; undefined for a name with something unknown in it. */
function publishedAt(image: PlacedText): Published | undefined {
  const whole = withoutExpressions(image.text.replace(/^docker:\/\//, "")).toLowerCase()
  const [name] = splitTag(whole)
  const { host, path } = splitImage(name)
  // What is left has no characters of another language.
  if (
    whole.includes("@") ||
    !/^[\w./:-]+$/.test(name) ||
    !/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(path) ||
    path.startsWith("library/")
  )
    return undefined
  return { host: DOCKER_HUB.includes(host) ? "docker.io" : host, path, place: image }
}

const unresolved = ([first]: readonly PlacedText[]): InitFindings =>
  first === undefined
    ? NOTHING
    : asking(
        "release.registry",
        `${placeText(first)} publishes ${first.text}: name its registry and release.repository, for Slipway to publish it`,
      )
