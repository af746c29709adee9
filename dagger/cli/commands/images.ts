import { callModule, daggerHere } from "../../module/call.js"
import { absoluteSource } from "./sourceFolder.js"

export interface ImagesOptions {
  source: string
}

/** Writes the lock of images, or prints its changes as a patch. Returns the exit code. */
export const changeImagesLock = ({ source }: ImagesOptions, write: boolean): Promise<number> => {
  const folder = absoluteSource(source)
  const result = write ? ["export", `--path=${folder}`] : ["as-patch", "contents"]
  return daggerHere(["--progress=plain", ...callModule(folder), "lock-images", ...result])
}
