import type { Container } from "@dagger.io/dagger"
import { k6Image } from "./image.js"
import type { LoadInputs } from "./k6.js"
import { cacheVolume } from "../stage/volumes.js"
import type { Kept } from "../lib/load/compare.js"
import type { Kind } from "../lib/load/profile.js"

const FOLDER = "/kept"

/** Record of the last run that passed: the given file, else from the engine's cache; undefined without one. */
export async function keptBefore(inputs: LoadInputs, kind: Kind): Promise<string | undefined> {
  if (inputs.before !== undefined) return inputs.before.contents()
  const script = `cp ${FOLDER}/${kind}.json /kept.json 2> /dev/null || : > /kept.json`
  const text = await place(inputs).withExec(["sh", "-c", script]).file("/kept.json").contents()
  return text === "" ? undefined : text
}

/** Keeps a run's record for the next one. */
export async function keep(inputs: LoadInputs, kept: Kept): Promise<void> {
  const script = `cp /new.json ${FOLDER}/new && mv ${FOLDER}/new ${FOLDER}/${kept.kind}.json`
  await place(inputs).withNewFile("/new.json", JSON.stringify(kept)).withExec(["sh", "-c", script]).sync()
}

/** Container with the engine's cache for the service and its environment. */
function place({ config, environment, at, space }: LoadInputs): Container {
  const service = config.name ?? config.deploy.deployment ?? "service"
  const where = at === undefined ? environment : `${environment}-elsewhere`
  return k6Image({ config })
    .withUser("0")
    .withMountedCache(FOLDER, cacheVolume(space, "load", service, where))
    .withEnvVariable("SLIPWAY_ASKED", crypto.randomUUID())
}
