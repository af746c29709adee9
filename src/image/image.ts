import { create } from "../stage/create.js"
import {
  check,
  Container,
  Directory,
  File,
  func,
  object,
  type Platform,
  Secret,
  Service,
  Socket,
} from "@dagger.io/dagger"
import type { BuildAccess } from "./access.js"
import { artifacts } from "../stage/artifacts.js"
import { destinationOf, destinationOfFields, type Destination } from "../registry/destination.js"
import { type Built, type BuiltImage, debugBuild, type ImageInputs, imageInputs, runBuild } from "./build.js"
import { debugScan, runImageScan } from "./scan.js"
import { installingFields, type InstallingFields, serviceOf } from "../stage/service.js"
import { fail } from "../lib/errors/catalogue.js"
import { ImageRevision, webAddress } from "../lib/image/revision.js"
import { once } from "../lib/run/once.js"
import { checkedTag, tagsFor } from "../lib/release/tags.js"
import { STAGES } from "../lib/pipeline/stages.js"
import { pushImage, setTags } from "../registry/publish.js"
import { tagsOf } from "../registry/regctl.js"
import { registryTools } from "../registry/access.js"
import { Release, releaseOf } from "../release/release.js"
import { mustPass, runTasks, type Stage, type Task } from "../stage/stage.js"
import { versionOfRef, versionText } from "../lib/release/version.js"

type ImageStage = (typeof STAGES.image)[number]

/** Stages of an image, with the image that they build. */
export interface ImageStages {
  tasks: Task[]
  /** The image; undefined if the build failed. */
  image: () => Promise<BuiltImage | undefined>
}

/**
 * Image of the service: built for every platform, scanned, then pushed.
 *
 * It is built by the service's Dockerfile, or by Slipway without one. The same commit gives the same digest whenever
 * and wherever it is built, provided that the Dockerfile's own commands are reproducible.
 */
@object()
export class Image {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** The call of this module, for the commands that repeat a stage. */
  invocation!: string
  /** The time by which dates are judged, RFC 3339; empty for the present. */
  now!: string
  /** The cache volumes that it may use. */
  space!: string
  /** Credentials of package indexes. */
  netrc?: Secret
  indexSecrets!: Secret[]
  /** Patterns of files that git tracks although `.gitignore` names them. */
  tracked?: string[]
  /** Its folder in a repository of several services, and what it uses beside it. */
  path!: string
  around?: Directory
  /** The commit's revision, as JSON. */
  revision!: string
  /** The git reference that tags derive from. */
  ref!: string
  /** Secrets that the Dockerfile's commands may mount. */
  secrets!: Secret[]
  secretIds!: string[]
  /** The SSH agent that they may use. */
  ssh?: Socket
  /** The `.git` folder of the sources, if the Dockerfile's commands need it. */
  git?: Directory
  username!: string
  password?: Secret
  registryService?: Service
  authority?: File
  plainHttp!: boolean
  loginHost!: string
  embedded!: boolean

  /**
   * Builds the image of each platform.
   *
   * Fails with IMAGE_BUILD if the Dockerfile fails, naming the line, the command and its last output. Pure.
   *
   * @param platforms Target platforms. Default: `image.platforms` of `slipway.yaml`, else linux/amd64 and linux/arm64.
   */
  @func()
  async build(platforms: Platform[] = []): Promise<Container[]> {
    return (await this.built(platforms)).layouts.map(({ container }) => container)
  }

  /**
   * OCI layout of all platforms, exactly as it is published.
   *
   * Pure and reproducible.
   *
   * @param platforms Target platforms. Default: `image.platforms` of `slipway.yaml`.
   */
  @func()
  async layout(platforms: Platform[] = []): Promise<Directory> {
    return (await this.built(platforms)).layout
  }

  /**
   * Digest of the published image: the index of all platforms.
   *
   * Pure.
   */
  @func()
  async digest(): Promise<string> {
    return (await this.built()).digest
  }

  /**
   * Fails for a critical vulnerability, or an image over its size budget.
   *
   * `security.severity` sets another gate. One without a fix fails too, unless the distribution won't fix it;
   * `image.unfixed` sets another rule. Cached for an hour.
   */
  @func({ cache: "1h" })
  @check()
  async scan(): Promise<void> {
    for (const { run } of (await this.stages()).tasks) mustPass(await run())
  }

  /**
   * SBOMs of each platform's image, in CycloneDX and SPDX.
   *
   * Cached for an hour.
   */
  @func({ cache: "1h" })
  async sbom(): Promise<Directory> {
    return (await this.report()).directory("sbom")
  }

  /**
   * Reports of building and scanning.
   *
   * `junit/image.xml`, `sarif/`, `trivy/` (JSON for each platform), `sbom/`, `logs/`. Never fails because of findings.
   * Cached for an hour.
   */
  @func({ cache: "1h" })
  async report(): Promise<Directory> {
    const { tasks } = await this.stages()
    return artifacts(await runTasks(1, tasks))
  }

  /**
   * Publishes the image after it has passed the scan.
   *
   * A version's tag is never moved to another image: that fails with TAG_TAKEN. Fails with REGISTRY if the registry
   * refuses or fails, after retries if those may help. An effect.
   *
   * @param registry The registry. `release.registry` of slipway.yaml, if left out.
   * @param repository The repository in it. `release.repository`, else the service's name, if left out.
   * @param tags The tags to set. Those of `release.tags` for this reference and commit, if left out.
   */
  @func({ cache: "never" })
  async publish(registry?: string, repository?: string, tags: string[] = []): Promise<Release> {
    const service = serviceOf(this)
    const { source, config } = service
    const to = await destinationOf({ ...destinationOfFields(this), registry, repository }, source, config)
    const chosen = tags.map(checkedTag)
    const { tasks, image: built } = await this.stages()
    for (const { run } of tasks) mustPass(await run())
    const image = await built()
    if (image === undefined) throw fail("NOT_SCANNED", [])
    const { digest, images } = image
    const tools = await registryTools(to.access, config)
    await pushImage(image, to.repository, tools)
    const { sha, origin } = JSON.parse(this.revision) as ImageRevision
    const tagging = { event: "manual", ref: this.ref, sha, kinds: config.release.tags }
    const existing = await tagsOf(to.repository, tools)
    await setTags(
      { repository: to.repository, digest },
      chosen.length > 0 ? chosen : tagsFor(tagging, existing),
      tools,
    )
    const published = { repository: to.repository, digest, images }
    return releaseOf(published, to.access, service, { embedded: this.embedded, ref: "", origin })
  }

  /** Tasks, with the image that they build. Internal: not part of the API. */
  async stages(): Promise<ImageStages> {
    const inputs = await this.inputs()
    const build = once(() => runBuild(inputs))
    const image = async () => (await build()).image
    const scan = async (): Promise<Stage> => runImageScan(await image(), inputs)
    return {
      tasks: [
        { name: "build", run: build },
        { name: "scan", run: scan },
      ],
      image,
    }
  }

  /** Container of a stage before its command, for `debug`. Internal: not part of the API. */
  async debug(name: ImageStage): Promise<Container> {
    const inputs = await this.inputs()
    return name === "build" ? debugBuild(inputs) : debugScan(await this.built(), inputs)
  }

  private inputs(platforms: readonly Platform[] = []): Promise<ImageInputs> {
    const revision = JSON.parse(this.revision) as ImageRevision
    const { secrets, secretIds, ssh, git } = this
    return imageInputs(serviceOf(this), revision, { secrets, secretIds, ssh, git }, platforms)
  }

  private async built(platforms: readonly Platform[] = []): Promise<BuiltImage> {
    const built: Built = await runBuild(await this.inputs(platforms))
    mustPass(built)
    if (built.image === undefined) throw fail("EMPTY_SOURCE", [])
    return built.image
  }
}

/** Revision for an image's labels. Passwords are removed from the remote's address. */
export const revisionOf = ({
  ref,
  origin,
  ...known
}: Omit<ImageRevision, "version"> & { ref: string }): ImageRevision => {
  const version = versionOfRef(ref)
  return { ...known, origin: webAddress(origin), version: version === undefined ? "" : versionText(version) }
}

/** Creates the image of a service, for stages in the same process. */
export const imageOf = (
  service: InstallingFields,
  {
    username,
    password,
    loginHost = "",
    service: registryService,
    authority,
    plainHttp,
    embedded,
  }: Destination,
  { revision, ref, access }: { revision: ImageRevision; ref: string; access: BuildAccess },
): Image =>
  create(Image, {
    ...installingFields(service),
    revision: JSON.stringify(revision),
    ref,
    ...access,
    secrets: [...access.secrets],
    secretIds: [...access.secretIds],
    username,
    password,
    registryService,
    authority,
    plainHttp,
    embedded,
    loginHost,
  })
