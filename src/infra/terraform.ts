import { CacheSharingMode, type Container, dag, type Directory } from "@dagger.io/dagger"
import { execute, type Execution } from "../stage/execute.js"
import { imageReference, offlineImageNote } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"
import {
  azureSettings,
  azureVariables,
  canLogIn,
  needsAzure,
  secretParts,
  environmentSecrets,
  useOf,
} from "../lib/secrets/credentials.js"
import {
  CONFIGURATION_TESTS,
  CONFIGURATIONS,
  findRoots,
  normalisePath,
  type InfraTarget,
  forEnvironment,
  infraTargets,
} from "../lib/infra/roots.js"
import { targetNotes } from "../lib/infra/targetNotes.js"
import { notPulled, onlyPulled, toolVersion } from "../lib/infra/tools.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import type { StageName } from "../lib/pipeline/stages.js"
import { withScripts, SCRIPTS } from "../stage/scripts.js"
import type { NamedSecret } from "../stage/secrets.js"
import { texts } from "../stage/texts.js"
import { withVariables } from "../stage/variables.js"
import { cacheVolume } from "../stage/volumes.js"
import type { PythonService } from "../stage/service.js"

const NAMES = { terraform: "Terraform", opentofu: "OpenTofu" } as const

const COMMANDS = { terraform: "terraform", opentofu: "tofu" } as const

/** Reason for skipping a source without configuration. */
export const NOTHING_TO_PLAN = "there is no Terraform in the source (*.tf)"

/** Files that `fmt` checks. */
const FORMATTED = [...CONFIGURATIONS, "**/*.tfvars", "**/*.tftest.hcl", "**/*.tofutest.hcl"]

/** Files excluded from the configuration; states contain secrets. */
const LEFT_OUT = ["**/*.tfstate", "**/*.tfstate.*", "**/.terraform/**", "**/*.tfplan"]

/** Folder of the tool's output. */
export const OUT = "/slipway/out"
const SOURCE = "/src"
const SECRETS = "/slipway/secrets"
const PLUGINS = "/cache/plugins"

/** Inputs that all stages of the infrastructure share. */
export interface InfraInputs {
  /** The service's files that `fmt` checks. */
  formatted: Directory
  /** All files that the roots may read. */
  source: Directory
  config: Config
  /** The texts of the configuration, by their paths. */
  texts: Record<string, string>
  targets: InfraTarget[]
  /** What of the configuration isn't used, and what to do about it. */
  notes: string[]
  secrets: readonly NamedSecret[]
  /** The addresses of the secrets. */
  addresses: readonly string[]
  invocation: string
  /** The cache volumes that it may use. */
  space: string
}

/** The tool's name, as a person types it. */
export const toolCommand = ({ infra }: Config): string => COMMANDS[infra.tool]

/** The tool and its version, for people. */
export const toolText = async (config: Config): Promise<string> =>
  `${NAMES[config.infra.tool]} ${toolVersion(config)}${await offlineImageNote(terraform(config))}`

/** Finds the targets and collects the inputs of all stages. */
export async function infraInputs(
  { source, config, invocation, space }: PythonService,
  secrets: readonly NamedSecret[],
  addresses: readonly string[] = [],
): Promise<InfraInputs> {
  const configuration = await texts(source, [...CONFIGURATIONS, ...CONFIGURATION_TESTS])
  const roots = config.infra.roots?.map(normalisePath) ?? findRoots(configuration)
  const folders = [...new Set(roots.map((root) => root.split("/")[0] ?? "."))]
  const include = folders.includes(".") ? ["**"] : folders.map((folder) => `${folder}/**`)
  const files = source.filter({ include, exclude: LEFT_OUT })
  const names = roots.length === 0 ? [] : await files.glob("**/*")
  const targets = infraTargets(roots, names, config.infra)
  return {
    formatted: source.filter({ include: FORMATTED, exclude: LEFT_OUT }),
    source: files,
    config,
    texts: configuration,
    targets,
    notes: targetNotes(targets, { files: names, texts: configuration, settings: config.infra }),
    secrets,
    addresses,
    invocation,
    space,
  }
}

const toolImage = ({ infra, images }: Config): string =>
  imageReference(infra.tool, toolVersion({ infra }), images)

/** Fails with TERRAFORM_NOT_PULLED if the tool's image can't be had here, and says what can. */
export async function mustBePulled(config: Config): Promise<void> {
  if (!onlyPulled(config)) return
  const image = toolImage(config)
  try {
    await dag.container().from(image).sync()
  } catch (error) {
    throw notPulled(image, error)
  }
}

/** The tool, without anything to work on. */
export const terraform = (config: Config): Container =>
  withScripts(dag.container().from(toolImage(config)), "slipway_terraform.sh")
    .withEnvVariable("TF_IN_AUTOMATION", "1")
    .withEnvVariable("TF_INPUT", "0")
    .withEnvVariable("CHECKPOINT_DISABLE", "1")
    // Otherwise Dagger has it export traces, which would mix with those of the pipeline.
    .withEnvVariable("OTEL_TRACES_EXPORTER", "none")

/** Returns a command line of the script. */
export const work = (name: string, config: Config, args: readonly string[] = []): string[] => [
  "sh",
  `${SCRIPTS}/slipway_terraform.sh`,
  name,
  toolCommand(config),
  ...args,
]

/** Prepares a root. Its providers come from the cache, one root at a time. */
export const prepareRoot = (root: string, { source, config, space }: InfraInputs): Container =>
  terraform(config)
    .withMountedDirectory(SOURCE, source)
    .withWorkdir(`${SOURCE}/${root}`)
    .withEnvVariable("TF_PLUGIN_CACHE_DIR", PLUGINS)
    .withMountedCache(PLUGINS, pluginCache(space, config), { sharing: CacheSharingMode.Locked })

/** Cache of the providers; the script copes with an empty one. */
const pluginCache = (space: string, config: Config) =>
  cacheVolume(space, "plugins", config.infra.tool, toolVersion(config))

/** Installs a root's providers and validates it. */
export async function checkRoot(root: string, inputs: InfraInputs): Promise<Execution> {
  await mustBePulled(inputs.config)
  return execute(prepareRoot(root, inputs), work("check", inputs.config), inputs.config.timeout)
}

/** Root without the provider cache, ready for commands that need credentials. */
export const checkedRoot = ({ container }: Execution): Container =>
  container.withoutMount(PLUGINS).withoutEnvVariable("TF_PLUGIN_CACHE_DIR")

/** Container that may reach the state and the provider, with the arguments for it. */
export interface Connected {
  container: Container
  args: string[]
  /** Texts to scrub from output, since they reveal a secret. */
  secrets: string[]
}

/** Adds a target's secrets, files and workspace to a container. */
export async function connected(
  container: Container,
  target: InfraTarget,
  inputs: InfraInputs,
): Promise<Connected> {
  const { config } = inputs
  const files = [
    ...target.backend.map((file) => `-backend-config=${file}`),
    ...target.variables.map((file) => `-var-file=${file}`),
  ]
  const { workspace } = config.infra
  const placed =
    workspace === undefined
      ? container
      : container.withEnvVariable("SLIPWAY_WORKSPACE", forEnvironment(workspace, target.environment))
  const own = await Promise.all(
    targetSecrets(target, inputs).map(async ({ name, secret }) => {
      const text = await secret.plaintext()
      return { name, secret, text, use: useOf(name) }
    }),
  )
  const variables = own.flatMap(({ name, secret, text, use }) =>
    use.kind === "environment"
      ? [[use.variable, secret] as const]
      : use.kind === "azure"
        ? Object.entries(azureVariables(text)).map(
            ([variable, value]) => [variable, dag.setSecret(`${name} ${variable}`, value)] as const,
          )
        : [],
  )
  const mounted = own.filter(({ use }) => use.kind === "variables" || use.kind === "backend")
  const withFiles = mounted.reduce(
    (changed, { name, secret }) => changed.withMountedSecret(`${SECRETS}/${name}`, secret),
    variables.reduce((changed, [variable, secret]) => changed.withSecretVariable(variable, secret), placed),
  )
  return {
    container: withVariables(withFiles, azureSettings(variables.map(([variable]) => variable))),
    args: [
      ...files,
      ...mounted.map(({ name, use }) =>
        use.kind === "backend" ? `-backend-config=${SECRETS}/${name}` : `-var-file=${SECRETS}/${name}`,
      ),
    ],
    secrets: own.flatMap(({ use, text }) => secretParts(use, text)),
  }
}

/** Removes the credentials from a container: reading a plan needs none. */
export const disconnected = (container: Container, target: InfraTarget, inputs: InfraInputs): Container =>
  targetSecrets(target, inputs).reduce((changed, { name }) => {
    const use = useOf(name)
    if (use.kind === "variables" || use.kind === "backend") return changed.withoutMount(`${SECRETS}/${name}`)
    const variables = use.kind === "azure" ? AZURE_VARIABLES : [use.variable]
    return variables.reduce((less, variable) => less.withoutSecretVariable(variable), changed)
  }, container)

const AZURE_VARIABLES = ["ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_SUBSCRIPTION_ID", "ARM_TENANT_ID"]

function targetSecrets({ environment }: InfraTarget, { secrets, targets }: InfraInputs): NamedSecret[] {
  const environments = [...new Set(targets.map((target) => target.environment))]
  return environmentSecrets(secrets, environment, environments)
}

/** The command that repeats a stage on one target. */
export function targetRepro(
  stage: StageName,
  { environment, root }: InfraTarget,
  { invocation, addresses }: InfraInputs,
): string {
  const words = [
    "with-infra",
    ...addresses.map((address) => `--secrets=${address}`),
    `--environment=${environment}`,
    `--root=${root}`,
    "debug",
    `--stage=${stage}`,
    "terminal",
  ]
  return `${invocation} ${shellQuote(words)}`
}

/** True if a target needs credentials of Azure and has none, as in a fork. */
export function lacksAzure(target: InfraTarget, inputs: InfraInputs): boolean {
  const below = Object.entries(inputs.texts).filter(
    ([file]) => target.root === "." || file.startsWith(`${target.root}/`),
  )
  const names = targetSecrets(target, inputs).map(({ name }) => useOf(name))
  const variables = names.flatMap((use) =>
    use.kind === "environment" ? [use.variable] : use.kind === "azure" ? AZURE_VARIABLES : [],
  )
  return needsAzure(below.map(([, text]) => text)) && !canLogIn(variables)
}
