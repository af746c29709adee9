/** The environments of pull requests: `preview-12` is that of number 12. */

const PREVIEW = /^preview-([1-9][0-9]{0,8})$/

/** True for the number of a pull request. */
export const isPreviewNumber = (text: string): boolean => PREVIEW.test(previewOf(text))

/** The environment of a pull request's preview. */
export const previewOf = (number: number | string): string => `preview-${number}`

/** The number of the pull request that an environment is the preview of; undefined for any other environment. */
export const previewNumber = (environment: string): string | undefined => PREVIEW.exec(environment)?.[1]

/** What all previews share with each other, and with no other environment: manifests, values and secrets. */
export const PREVIEWS = "preview"

/** The name by which an environment's manifests and secrets are found. */
export const sharedName = (environment: string): string =>
  previewNumber(environment) === undefined ? environment : PREVIEWS
