import type { ServicePlace } from "../services/places.js"
import { fields, objects, parseJson, text } from "../text/json.js"

/** A SARIF log of a service among several: a category of its own, and paths from the repository's root. */
export function sarifOfService(log: string, { name, path }: ServicePlace): string {
  if (name === "") return log
  const prefix = path.split("/").map(encodeURIComponent).join("/")
  const { runs, ...rest } = fields(parseJson(log))
  const placed = objects(runs).map((run) => ({
    ...run,
    automationDetails: { id: `${name}/${text(fields(run.automationDetails).id)}` },
    results: objects(run.results).map((result) => ({
      ...result,
      locations: objects(result.locations).map((location) => placedLocation(location, prefix)),
    })),
  }))
  return `${JSON.stringify({ ...rest, runs: placed })}\n`
}

function placedLocation(location: Record<string, unknown>, prefix: string): Record<string, unknown> {
  const physical = fields(location.physicalLocation)
  const artifact = fields(physical.artifactLocation)
  const uri = text(artifact.uri)
  if (uri === "") return location
  const artifactLocation = { ...artifact, uri: `${prefix}/${uri}` }
  return { ...location, physicalLocation: { ...physical, artifactLocation } }
}
