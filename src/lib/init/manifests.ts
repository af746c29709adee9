import { posix } from "node:path"
import { splitTag } from "../image/reference.js"
import type { PlacedText } from "./findings.js"
import { type Located, locatedDocuments } from "./located.js"
import { APART, folderOfFile, type InitSource } from "./source.js"

/** A container of a Deployment in a repository's manifests. */
export interface Workload {
  deployment: string
  image?: PlacedText
  /** The path of its readiness probe. */
  probe?: PlacedText
  port?: PlacedText
}

/** The containers of all Deployments; templates of Helm can't be read. */
export const workloadsIn = ({ texts }: InitSource): Workload[] =>
  Object.entries(texts)
    .filter(
      ([path, text]) =>
        /\.ya?ml$/.test(path) && !APART.test(folderOfFile(path)) && /^kind: *Deployment\b/m.test(text),
    )
    .flatMap(([path, text]) => locatedDocuments(path, text))
    .filter((document) => document.at("kind")?.text === "Deployment")
    .flatMap((document) =>
      (document.at("spec", "template", "spec", "containers")?.items ?? []).map((container) =>
        workload(document.at("metadata", "name")?.text ?? "", container),
      ),
    )

function workload(deployment: string, container: Located): Workload {
  const probe = container.at("readinessProbe", "httpGet", "path")?.placed
  const ports = container.at("ports")?.items.flatMap((each) => each.at("containerPort") ?? []) ?? []
  const image = container.at("image")?.placed
  const [port] = ports.length === 1 ? ports : []
  return {
    deployment,
    ...(image && { image }),
    ...(probe?.text.startsWith("/") && { probe }),
    ...(port && { port: port.placed }),
  }
}

/** The last part of an image's name, without tag and digest. */
export const imageBase = (image: string): string => posix.basename(splitTag(image)[0])
