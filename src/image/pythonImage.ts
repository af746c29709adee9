import { type Container, dag, type Directory, type Platform } from "@dagger.io/dagger"
import type { ImageInputs } from "./build.js"
import { imageReference } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import { entryCommand, exampleCommand, projectScripts } from "../lib/image/command.js"
import { NO_TIME } from "../lib/image/revision.js"
import { healthCheck, USER, withUser } from "../lib/image/sources.js"
import {
  type Contents,
  foreignFiles,
  foreignPackages,
  processor,
  readBase,
  uvPlatform,
} from "../lib/image/wheels.js"
import { readPins } from "../lib/python/pins.js"
import {
  APP,
  type LayerInputs,
  packageLayer,
  resolvePackages,
  IMAGE_SCRIPT,
  epochSeconds,
  SELF,
  type ServiceLayer,
  serviceLayer,
  VENV,
} from "./pythonLayers.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"
import { texts } from "../stage/texts.js"

/** Installers to remove: the image has its packages in a virtual environment. */
const INSTALLERS = [
  ...["/usr/bin", "/usr/local/bin"].flatMap((folder) =>
    ["pip", "pip[0-9]*", "wheel", "uv", "uvx"].map((name) => `${folder}/${name}`),
  ),
  ...["/usr/lib/python3", "/usr/local/lib/python3*"].flatMap((library) =>
    ["pip", "pip-*", "setuptools", "setuptools-*", "wheel", "wheel-*", "uv", "uv-*", "bin/uv*"]
      .concat("pkg_resources", "_distutils_hack", "distutils-precedence.pth")
      .map((name) => `${library}/*-packages/${name}`),
  ),
]

/**
 * Builds the image of a Python service that has no Dockerfile: packages in one layer, the service in another.
 *
 * The build runs nothing of the image, so it needs no emulation. The same sources give the same layers. Files that
 * `.gitignore` excludes, tests and others that never run are left out.
 */
export async function pythonImage(
  { source, path, config, environment, revision }: ImageInputs,
  platform: Platform,
): Promise<Container> {
  const declared = await environment.declared()
  const { version } = await environment.python()
  const reference = imageReference("python", version, config.images)
  const base = dag.container({ platform }).from(reference)
  const builder = withScripts(await environment.base(), IMAGE_SCRIPT)
  const files = await source.glob("**/*.py")
  const { target, additions } = await describe(builder, base, platform, reference)
  const inputs: LayerInputs = { source, files, config, platform, target, ...declared, builder, revision }
  const resolution = await resolvePackages(inputs)
  // A project above the service, which declares its packages, isn't the service.
  const isProject = declared.tree.path === path
  const own: LayerInputs = isProject ? inputs : { ...inputs, manifests: {} }
  const [packages, service] = await Promise.all([
    packageLayer(inputs, resolution),
    serviceLayer(own, isProject ? resolution.folders : resolution.folders.filter((each) => each !== SELF)),
  ])
  refuseForeign(packages.contents, service.contents, platform)
  const { Procfile: procfile } = await texts(source, ["Procfile"])
  const command = commandOf(own, service, { lock: resolution.lock, procfile })
  return configured(base.withRootfs(base.rootfs().withoutFiles(INSTALLERS)), config)
    .with((image) => (service.isInstalled ? image : image.withEnvVariable("PYTHONPATH", service.path)))
    .withDirectory("/", additions)
    .withDirectory("/", packages.files)
    .withDirectory("/", service.files)
    .withDefaultArgs(command)
}

/** Inspects a base image, and creates what it lacks: the service's user, and bytecode of the standard library. */
async function describe(builder: Container, base: Container, platform: Platform, reference: string) {
  const described = builder
    .withMountedDirectory("/target", base.rootfs())
    .withDirectory("/slipway/base", await accounts(base))
    .withExec([
      "python",
      `${SCRIPTS}/${IMAGE_SCRIPT}`,
      "base",
      `${epochSeconds(NO_TIME)}`,
      "/target",
      "/slipway/base",
    ])
  const { machine, libc } = readBase(await described.stdout())
  if (machine !== processor(platform).machine) throw fail("WRONG_PROCESSOR", [[reference], platform])
  return { target: uvPlatform(platform, libc), additions: described.directory("/slipway/base") }
}

/** Files of /etc that name the service's user. */
async function accounts(base: Container): Promise<Directory> {
  const add = async (folder: Promise<Directory>, name: "passwd" | "group") =>
    (await folder).withNewFile(`etc/${name}`, withUser(name, await base.file(`/etc/${name}`).contents()))
  return add(add(Promise.resolve(dag.directory()), "passwd"), "group")
}

/** Fails for files and packages that the image's processor can't run. */
function refuseForeign(packages: Contents, service: Contents, platform: Platform): void {
  const names = [...foreignPackages(packages, platform), ...foreignPackages(service, platform)]
  const reason = "what was installed is for another processor"
  if (names.length > 0) throw fail("NO_WHEEL", [names, platform, reason])
  const files = foreignFiles(service.programs, platform)
  if (files.length > 0) throw fail("WRONG_PROCESSOR", [files, platform])
}

function commandOf(
  { config, files, manifests }: LayerInputs,
  service: ServiceLayer,
  { lock, procfile }: { lock: string; procfile: string | undefined },
): string[] {
  const { command: chosen, port } = config.image
  const installed = service.contents.distributions.flatMap(({ scripts }) => scripts)
  const scripts = service.isInstalled
    ? Object.fromEntries(installed.map((name) => [name, [name]]))
    : projectScripts(manifests["pyproject.toml"] ?? "")
  const command = entryCommand({
    ...(chosen && { chosen }),
    ...(procfile !== undefined && { procfile }),
    scripts,
    modules: service.contents.modules,
  })
  if (!("missing" in command)) return command
  const packages = new Set(readPins([{ name: "requirements.txt", text: lock }]).keys())
  throw fail("NO_COMMAND", [command.missing, exampleCommand(files, packages, port)])
}

/** Sets environment, user and health check, the same for each service, so that an edit to one changes none of them. */
const configured = (base: Container, { image }: Config): Container =>
  base
    .withoutEntrypoint()
    .withEnvVariable("PATH", `${VENV}/bin:$PATH`, { expand: true })
    .withEnvVariable("PYTHONDONTWRITEBYTECODE", "1") // it exists, and can't be written
    .withEnvVariable("PYTHONUNBUFFERED", "1")
    .withEnvVariable("HOME", "/tmp")
    .withEnvVariable("PORT", String(image.port)) // Procfiles use it
    .withUser(`${USER}:${USER}`)
    .withWorkdir(APP)
    .withExposedPort(image.port)
    .withDockerHealthcheck(healthCheck(image.port, image.health), {
      interval: "10s",
      timeout: "5s",
      startPeriod: "30s",
      startInterval: "1s",
      retries: 3,
    })
