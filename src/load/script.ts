import { type Container, dag } from "@dagger.io/dagger"
import { execute } from "../stage/execute.js"
import { imageReference, PYTHON_VERSION } from "../stage/images.js"
import type { LoadInputs } from "./k6.js"
import { fail } from "../lib/errors/catalogue.js"
import { type Asks, readOpenApi } from "../lib/load/openapi.js"
import { madeScript, plainAsk } from "../lib/load/script.js"
import { secretNamed } from "../stage/secrets.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"
import type { ServiceEndpoint } from "../deploy/endpoint.js"

const DOCUMENTS = ["openapi.json", "openapi.yaml", "openapi.yml", "docs/openapi.json", "docs/openapi.yaml"]
const FETCH_SECONDS = 60

/** Script of the users, with its origin. */
export interface Script {
  /** Its path in the container. */
  path: string
  /** Adds it to a container. */
  put: (container: Container) => Container
  /** True if it was generated here. */
  made: boolean
  /** Notes on its origin and omissions. */
  notes: string[]
}

/**
 * Returns the service's own script, else one generated from its OpenAPI document, else one of paths.
 *
 * Fails with NO_LOAD_SCRIPT and OPENAPI.
 */
export async function scriptFor(inputs: LoadInputs, target: ServiceEndpoint): Promise<Script> {
  const { source, config } = inputs
  const { script, paths, pause } = config.load
  if (script !== undefined) {
    if (!(await source.exists(script))) throw fail("NO_LOAD_SCRIPT", [script])
    return {
      path: `/src/${script}`,
      made: false,
      notes: [`the script is ${script}`],
      put: (container) => container.withMountedDirectory("/src", source),
    }
  }
  const { asks, notes } = await asksOf(inputs, target)
  const text = madeScript(asks.length > 0 ? asks : paths.map(plainAsk), pause)
  const path = "/slipway/script.js"
  return { path, made: true, notes, put: (container) => container.withNewFile(path, text) }
}

async function asksOf(
  inputs: LoadInputs,
  target: ServiceEndpoint,
): Promise<{ asks: Asks["asks"]; notes: string[] }> {
  const { source, config, secrets, environment } = inputs
  const { openapi, document, paths } = config.load
  const found = openapi ?? (await firstOf(inputs))
  const where = found ?? `${target.url}${document}`
  const otherwise = `the script asks ${paths.join(", ")}`
  const text = found === undefined ? await fetched(inputs, target) : await contents(source.file(found), found)
  if (text === "") return { asks: [], notes: [`${where} isn't there: ${otherwise}`] }
  const read = readOpenApi(text)
  if (typeof read === "string") {
    if (openapi !== undefined) throw fail("OPENAPI", [openapi, read])
    return { asks: [], notes: [`${where} is no OpenAPI document, ${read}: ${otherwise}`] }
  }
  const known = secretNamed(secrets, environment, AUTHORIZATION) !== undefined
  const asks = read.asks.filter(({ secured }) => known || !secured)
  const skipped = [
    ...read.skipped,
    ...read.asks
      .filter((ask) => !asks.includes(ask))
      .map(({ name }) => `${name}: ${AUTHORIZATION} isn't given`),
  ]
  return {
    asks,
    notes: [
      asks.length === 0
        ? `of ${where} nothing can be asked: ${otherwise}`
        : `the script asks ${asks.map(({ name }) => name).join(", ")}, of ${where}`,
      ...(skipped.length > 0 ? [`not asked: ${skipped.slice(0, 10).join("; ")}`] : []),
    ],
  }
}

/** Secret variable with the value of the header Authorization. */
export const AUTHORIZATION = "LOAD_AUTHORIZATION"

async function firstOf({ source }: LoadInputs): Promise<string | undefined> {
  const there = await Promise.all(DOCUMENTS.map((name) => source.exists(name)))
  return DOCUMENTS.find((_, index) => there[index])
}

async function contents(file: { contents: () => Promise<string> }, path: string): Promise<string> {
  return file.contents().catch((cause: unknown) => {
    throw fail("OPENAPI", [path, "it can't be read"], { cause })
  })
}

/** Returns the service's response, or an empty text. */
async function fetched(inputs: LoadInputs, target: ServiceEndpoint): Promise<string> {
  const { config, run } = inputs
  const python = dag.container().from(imageReference("python", PYTHON_VERSION, config.images))
  const container = withAuthorization(inputs, target.bind(withScripts(python, "slipway_fetch.py")))
    .withDirectory("/slipway", dag.directory())
    .withEnvVariable("SLIPWAY_RUN", run)
  const command = ["python3", `${SCRIPTS}/slipway_fetch.py`, `${target.url}${config.load.document}`]
  return (await execute(container, command, FETCH_SECONDS)).stdout
}

/** Passes the Authorization header to a container. */
export function withAuthorization({ secrets, environment }: LoadInputs, container: Container): Container {
  const named = secretNamed(secrets, environment, AUTHORIZATION)
  return named === undefined ? container : container.withSecretVariable(AUTHORIZATION, named.secret)
}
