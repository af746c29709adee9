import type { Command } from "commander"
import type { ImagesOptions } from "../commands/images.js"
import { exit, withSource } from "../options/common.js"

/** Adds the commands that lock the digests of images. */
export function addImagesCommands(program: Command): void {
  const images = program.command("images").description("pin the images that runs use, by digest")
  withSource(images.command("lock"))
    .description("write the digests of all images that runs use to .slipway/images.lock")
    .action(async (options: ImagesOptions) => {
      const { changeImagesLock } = await import("../commands/images.js")
      exit(await changeImagesLock(options, true))
    })
  withSource(images.command("update"))
    .description("print what `images lock` would change, as a patch")
    .action(async (options: ImagesOptions) => {
      const { changeImagesLock } = await import("../commands/images.js")
      exit(await changeImagesLock(options, false))
    })
}
