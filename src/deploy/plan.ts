import { type Manifests, withVersion } from "../lib/deploy/manifests.js"
import { migrate, smokeK6, smokeCommand } from "../lib/deploy/migrate.js"
import { schemaText } from "../lib/deploy/proof.js"
import type { RolloutPlan } from "../lib/deploy/rollout.js"
import { scriptFiles } from "../lib/deploy/scriptFiles.js"
import { fail } from "../lib/errors/catalogue.js"
import { deployedMigration } from "../lib/migration/command.js"
import { imageReference, K6_VERSION } from "../stage/images.js"
import { scriptText } from "../stage/scripts.js"
import { secretNamed } from "../stage/secrets.js"
import { DeployInputs } from "./environment.js"
import { WantedRelease } from "./wantedRelease.js"

/** Plans a rollout. Fails with NO_IMAGE and NO_MIGRATION_URL. */
export async function rolloutPlan(
  inputs: DeployInputs,
  rendered: Manifests,
  deployed: WantedRelease,
  migrates = true,
): Promise<RolloutPlan> {
  const { environment, secrets } = inputs
  const version = versionOf(deployed)
  const manifests = withVersion(rendered, version)
  const command = migrates ? await migrationOf(inputs) : undefined
  const url = secretNamed(secrets, environment, "DATABASE_URL")
  if (command !== undefined && url === undefined) throw fail("NO_MIGRATION_URL", [environment, command])
  const script = scriptText("slipway_migrate.py")
  return {
    kind: "deploy",
    version,
    digests: deployed.digests,
    manifests,
    smokes: await smokesOf(inputs),
    migrate:
      command === undefined || url === undefined
        ? undefined
        : async (held, template, log) => {
            const { deployment } = manifests
            const migrating = { ...deployment, spec: { ...deployment.spec, template } }
            return migrate(held, { command, script, url: await url.secret.plaintext() }, migrating, log)
          },
    schema: schemaText("the previous version"),
  }
}

const versionOf = ({ name, repository, digest, commit }: WantedRelease) => ({
  name,
  repository,
  digest,
  commit,
})

/** Plans the first rollout of a controller, of which the cluster has no objects yet. */
export const planWithoutObjects = (manifests: Manifests, deployed: WantedRelease): RolloutPlan => ({
  kind: "deploy",
  version: versionOf(deployed),
  digests: deployed.digests,
  manifests,
  smokes: [],
  migrate: undefined,
  schema: "",
})

/** Says why a first rollout of a controller migrates nothing; empty if there is nothing to migrate. */
export async function unmigratedText(inputs: DeployInputs): Promise<string> {
  const command = await migrationOf(inputs)
  if (command === undefined) return ""
  return `not migrated by \`${command}\`: no Deployment runs yet whose pods the Job could be like`
}

/** Returns the command that migrates the database, if there is one. */
export const migrationOf = async ({ source, config }: DeployInputs): Promise<string | undefined> =>
  deployedMigration(config, await source.entries())

/** Returns the configured smoke tests: a command of the image and a k6 script. */
export async function smokesOf({ source, config }: DeployInputs): Promise<RolloutPlan["smokes"]> {
  const { command, k6 } = config.deploy.smoke
  const read = async (path: string) =>
    (await source.exists(path)) ? source.file(path).contents() : undefined
  const files = k6 === undefined ? {} : await scriptFiles(k6, read)
  if (k6 !== undefined && Object.keys(files).length === 0) throw fail("NO_SMOKE_SCRIPT", [k6])
  const image = imageReference("k6", K6_VERSION, config.images)
  return [
    ...(command === undefined
      ? []
      : [
          ((context, address, template, log) =>
            smokeCommand(context, command, address, template, log)) satisfies RolloutPlan["smokes"][number],
        ]),
    ...(k6 === undefined
      ? []
      : [
          ((context, address, _, log) =>
            smokeK6(
              context,
              { image, script: k6, files },
              address,
              log,
            )) satisfies RolloutPlan["smokes"][number],
        ]),
  ]
}
