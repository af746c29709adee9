import { rmSync } from "node:fs"
import { join } from "node:path"
import type { Place, SlipwayRun } from "./place.js"

/** The obvious Dockerfile, as most people write it first. */
const obvious = (command: string): string => `FROM python:3.11-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt .
CMD ${command}
`

interface Wanted {
  /** Comma-separated, as in `slipway.yaml`. */
  platforms: string
  command: string
}

const WIDTH = 34

/** Prints the compressed size of the sample's image with several Dockerfiles, and the commands that were emulated. */
export async function printSizes(place: Place, { platforms, command }: Wanted): Promise<void> {
  const settings = `image: { platforms: [${platforms}], command: ${command} }\n`
  const app = (name: string) => {
    const folder = place.copy("test/app", `${name}-size`)
    place.write(join(folder, "slipway.yaml"), settings)
    return folder
  }
  const [own, dockerfile, usual] = [app("own"), app("dockerfile"), app("obvious")]
  rmSync(join(own, "Dockerfile"))
  rmSync(join(usual, ".dockerignore"))
  place.write(join(usual, "Dockerfile"), obvious(jsonList(command)))
  const columns = [...platforms.split(", "), "emulated commands"]
  console.log(`\ncompressed size of the sample service\n${line("", columns)}`)
  for (const [name, folder] of [
    ["slipway's own, no Dockerfile", own],
    ["the sample's Dockerfile", dockerfile],
    ["the obvious Dockerfile", usual],
  ] as const) {
    const run = await place.slipway("image", folder)
    console.log(
      line(
        name,
        columns.map((column) => factOf(run, column)),
      ),
    )
  }
  console.log("the layers of the base image are part of each")
}

const jsonList = (command: string): string =>
  JSON.stringify(
    command
      .slice(1, -1)
      .split(", ")
      .map((word) => word.replaceAll('"', "")),
  )

const line = (name: string, [first = "", second = "", ...rest]: readonly string[]): string =>
  `${name.padEnd(WIDTH)}${first.padStart(14)}${second.padStart(14)}   ${rest.join("")}`.trimEnd()

/** Reads a fact of the stage `build`; only the total of sizes. */
function factOf({ read }: SlipwayRun, name: string): string {
  const row = read("summary.md")
    .split("\n")
    .map((text) => text.split(" | "))
    .find(([stage, what]) => stage === "| build" && what === name)
  if (row === undefined) throw new Error(`the summary has no ${name}`)
  return (row[2] ?? "").replace(/ in \d+ layers.*/, "").replace(/ \|$|, see .*/g, "")
}
