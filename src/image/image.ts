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
} from "@dagger.io/dagger"
import { artifacts } from "../stage/artifacts.js"
import { destinationOf, destinationOfFields, type Destination } from "../registry/destination.js"
import { type Built, type BuiltImage, debugBuild, type ImageInputs, imageInputs, runBuild } from "./build.js"
import { debugScan, runImageScan } from "./scan.js"
import { serviceOf, type ServiceFields } from "../stage/service.js"
import { fail } from "../lib/errors/catalogue.js"
import { Revision, webAddress } from "../lib/image/revision.js"
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

/** The stages of an image, and what they build. */
export interface ImageStages {
  tasks: Task[]
  /** The image; undefined where it could not be built. */
  image: () => Promise<BuiltImage | undefined>
}

/**
 * The service's image: built for every platform, by its Dockerfile or by Slipway, and scanned before it is pushed.
 *
 * The same commit gives the same digest, whenever and wherever it is built, as far as the Dockerfile's own commands do.
 */
@object()
export class Image {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** How this module was called, for the commands that repeat a stage. */
  invocation!: string
  /** The time by which dates are judged, RFC 3339; empty for the present. */
  now!: string
  /** What is known of the commit, as JSON. */
  revision!: string
  /** The git reference, of which tags are made. */
  ref!: string
  /** What the Dockerfile's commands may mount. */
  secrets!: Secret[]
  username!: string
  password?: Secret
  registryService?: Service
  authority?: File
  plainHttp!: boolean
  embedded!: boolean

  /**
   * The image of each platform, ready to run. Pure.
   *
   * Fails with IMAGE_BUILD where the Dockerfile does: it names the line, the command and its last output.
   *
   * @param platforms What to build for. `image.platforms` of `slipway.yaml`, if left out: linux/amd64 and linux/arm64.
   */
  @func()
  async build(platforms: Platform[] = []): Promise<Container[]> {
    return (await this.built(platforms)).layouts.map(({ container }) => container)
  }

  /**
   * The images of all platforms as an OCI layout, just as they are published. Pure, and reproducible.
   *
   * @param platforms What to build for. `image.platforms` of `slipway.yaml`, if left out.
   */
  @func()
  async layout(platforms: Platform[] = []): Promise<Directory> {
    return (await this.built(platforms)).layout
  }

  /** The digest that the image has when it is published: that of the index of all platforms. Pure. */
  @func()
  async digest(): Promise<string> {
    return (await this.built()).digest
  }

  /**
   * Fails for a critical vulnerability in any platform's image, or one over its budget. Kept for an hour.
   *
   * `security.severity` sets another gate. What nobody has fixed yet is named, and fails only if `image.unfixed` says so.
   */
  @func({ cache: "1h" })
  @check()
  async scan(): Promise<void> {
    for (const { run } of (await this.stages()).tasks) mustPass(await run())
  }

  /** The bills of material of each platform's image, in CycloneDX and SPDX. Kept for an hour. */
  @func({ cache: "1h" })
  async sbom(): Promise<Directory> {
    return (await this.report()).directory("sbom")
  }

  /**
   * What building and scanning left, when they failed too: `junit/image.xml`, `sarif/`, `trivy/` (JSON for each
   * platform), `sbom/`, `logs/`. Never fails for what is found. Kept for an hour.
   */
  @func({ cache: "1h" })
  async report(): Promise<Directory> {
    const { tasks } = await this.stages()
    return artifacts(await runTasks(1, tasks))
  }

  /**
   * Publishes the image, once each platform's has passed the scan, and returns it by its digest. An effect.
   *
   * A version's tag is never moved to another image: that fails with TAG_TAKEN. Fails with REGISTRY for what the
   * registry refuses or can't do, after several tries where that may help.
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
    const { sha } = JSON.parse(this.revision) as Revision
    const tagging = { event: "manual", ref: this.ref, sha, kinds: config.release.tags }
    const existing = await tagsOf(to.repository, tools)
    await setTags(
      { repository: to.repository, digest },
      chosen.length > 0 ? chosen : tagsFor(tagging, existing),
      tools,
    )
    const published = { repository: to.repository, digest, images }
    return releaseOf(published, to.access, service, { embedded: this.embedded, ref: "" })
  }

  /** What is to be run, a task each, and what they build. For other stages; it is no part of the API. */
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

  /** A stage's container as it stands before its command. For `debug` of the root; it is no part of the API. */
  async debug(name: ImageStage): Promise<Container> {
    const inputs = await this.inputs()
    return name === "build" ? debugBuild(inputs) : debugScan(await this.built(), inputs)
  }

  private inputs(platforms: readonly Platform[] = []): Promise<ImageInputs> {
    const revision = JSON.parse(this.revision) as Revision
    return imageInputs(serviceOf(this), revision, this.secrets, platforms)
  }

  private async built(platforms: readonly Platform[] = []): Promise<BuiltImage> {
    const built: Built = await runBuild(await this.inputs(platforms))
    mustPass(built)
    if (built.image === undefined) throw fail("EMPTY_SOURCE", [])
    return built.image
  }
}

/** What labels say of a commit. A remote's address may hold a password, and goes without. */
export const revisionOf = ({
  ref,
  origin,
  ...known
}: Omit<Revision, "version"> & { ref: string }): Revision => {
  const version = versionOfRef(ref)
  return { ...known, origin: webAddress(origin), version: version === undefined ? "" : versionText(version) }
}

/** The image of a service, for stages in the same process. */
export const imageOf = (
  { source, settings, invocation, now }: ServiceFields,
  { username, password, service, authority, plainHttp, embedded }: Destination,
  { revision, ref, secrets }: { revision: Revision; ref: string; secrets: Secret[] },
): Image =>
  create(Image, {
    source,
    settings,
    invocation,
    now,
    revision: JSON.stringify(revision),
    ref,
    secrets,
    username,
    password,
    registryService: service,
    authority,
    plainHttp,
    embedded,
  })
