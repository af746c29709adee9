import { randomBytes } from "node:crypto"
import { copyFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { stored } from "../../dagger/lib/store.js"
import { makeHome, REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { folder } from "./pipeline.js"

const FIXTURE = join(REPOSITORY, "test/fixtures/azure")

/**
 * Azurite's blob service, from the npm packages of the fixture's lock, in a single file: its packages have 186 MB. Built
 * once for each content of these.
 */
function azurite(): Promise<string> {
  makeHome()
  return stored("azurite", { folders: [FIXTURE] }, async (place) => {
    for (const name of ["package.json", "package-lock.json"])
      copyFileSync(join(FIXTURE, name), join(place, name))
    const npm = run({ cwd: place })
    await npm`npm ci --ignore-scripts --no-audit --no-fund`
    const main = join(place, "node_modules/azurite/dist/src/blob/main.js")
    // A part of Sequelize that Azurite doesn't use asks for it.
    const bundle = [
      "--bundle",
      "--platform=node",
      "--target=node18",
      "--external:pg-hstore",
      "--log-level=error",
    ]
    await npm`${join(REPOSITORY, "node_modules/.bin/esbuild")} ${main} ${bundle} --outfile=azurite.cjs`
    rmSync(join(place, "node_modules"), { recursive: true })
  })
}

/** Name and key of an account, and the files of its storage's server with a certificate that nobody else vouches for. */
export async function azureStorage() {
  const files = folder()
  copyFileSync(join(await azurite(), "azurite.cjs"), join(files, "azurite.cjs"))
  copyFileSync(join(FIXTURE, "storage.cjs"), join(files, "storage.cjs"))
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"]
  const name = ["-subj", "/CN=storage.test", "-addext", "subjectAltName=DNS:*.blob.storage.test"]
  await run({ cwd: files })`openssl req -x509 -days 2 ${key} ${name} -out cert.pem`
  return {
    files,
    certificate: join(files, "cert.pem"),
    account: "slipway",
    key: randomBytes(64).toString("base64"),
  }
}
