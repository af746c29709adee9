import { type Container, dag, ReturnType } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { type ParsedSql, readParsedSql } from "../lib/migration/operations.js"
import { ownMessage } from "../lib/run/outcome.js"
import { isExecError } from "../lib/run/execError.js"
import { oneLine } from "../lib/text/words.js"
import { index, pythonBase } from "../python/base.js"
import { byHashes, withHashedLock } from "../python/locks.js"
import { PYTHON_VERSION } from "../stage/images.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"

/**
 * PostgreSQL's own parser. It is under the GPL, version 3 or later, so it is kept apart: it has an environment of its own
 * in a container of its own, never a service's, only `slipway_sql.py` imports it, which runs as a program and prints
 * JSON, and no image that is built or published contains it.
 */
const ENVIRONMENT = "/slipway/pglast"
const PROGRAM = "slipway_sql.py"
const FOLDER = "/slipway/sql"

/** A container with the parser. Throws if it can't be installed. */
async function parser(config: Config): Promise<Container> {
  const python = `${ENVIRONMENT}/bin/python`
  try {
    return await withHashedLock(await pythonBase(PYTHON_VERSION, config), "pglast")
      .withExec(["uv", "venv", "--quiet", ENVIRONMENT])
      .withExec(["uv", "pip", "install", `--python=${python}`, ...index(config), ...byHashes("pglast")])
      .sync()
  } catch (error) {
    if (!isExecError(error)) throw error
    throw new Error(`pglast can't be installed: ${oneLine(error.stderr)}`, { cause: error })
  }
}

/** Parses SQL texts with PostgreSQL's parser. Throws if the parser can't be installed or run. */
export async function parseSqlTexts(texts: readonly string[], config: Config): Promise<ParsedSql[]> {
  const names = texts.map((_, at) => `${FOLDER}/${at}.sql`)
  const files = names.reduce(
    (folder, name, at) => folder.withNewFile(name.slice(FOLDER.length), texts[at] ?? ""),
    dag.directory(),
  )
  const run = withScripts(await parser(config), PROGRAM)
    .withDirectory(FOLDER, files)
    .withExec([`${ENVIRONMENT}/bin/python`, "-I", `${SCRIPTS}/${PROGRAM}`, ...names], {
      expect: ReturnType.Any,
    })
  const [exitCode, stdout, stderr] = await Promise.all([run.exitCode(), run.stdout(), run.stderr()])
  if (exitCode !== 0)
    throw new Error(`the migrations' SQL can't be parsed: ${ownMessage({ exitCode, stdout, stderr })}`)
  return stdout.trimEnd().split("\n").map(readParsedSql)
}

/** Parses one SQL text. */
export async function parseSql(sql: string, config: Config): Promise<ParsedSql> {
  const [parsed = { revisions: [], operations: [] }] = await parseSqlTexts([sql], config)
  return parsed
}
