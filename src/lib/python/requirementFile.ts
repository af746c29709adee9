import { posix } from "node:path"

/**
 * Files that requirement files include, by their paths from the service's folder; `-c` counts as well.
 *
 * @param folder The service's folder in its source, above which files may be.
 */
export const includedFiles = (file: string, content: string, folder = ""): string[] =>
  [...content.matchAll(/^[ \t]*(?:-r|-c|--requirement|--constraint)[ =]?[ \t]*([^\s#]+)/gm)].flatMap(
    ([, path = ""]) => {
      const place = posix.normalize(posix.join(posix.dirname(file), path))
      return path.includes("://") || posix.join(folder, place).startsWith("..") ? [] : [place]
    },
  )

/**
 * Rewrites what pip allows in a requirement file and uv doesn't: an editable repository, which becomes a plain one.
 *
 * @example installableLines("-e git+https://example.com/a.git@1.0#egg=a") // "a @ git+https://example.com/a.git@1.0"
 */
export const installableLines = (content: string): string =>
  content.replace(
    /^[ \t]*(?:-e|--editable)[ =][ \t]*((?:git|hg|svn|bzr)\+[^\s#]+)(?:#([^\s]*))?/gm,
    (_, address: string, fragment = "") => {
      const [, name] = /(?:^|&)egg=([\w.-]+(?:\[[^\]]*\])?)/.exec(fragment as string) ?? []
      const [, folder] = /(?:^|&)subdirectory=([^&]*)/.exec(fragment as string) ?? []
      const place = folder === undefined ? address : `${address}#subdirectory=${folder}`
      return name === undefined ? place : `${name} @ ${place}`
    },
  )

/** True for a text with a requirement that is fetched by git. */
export const usesGit = (content: string): boolean =>
  /git\+(?:https?|ssh|file|git):/.test(content) || /(?<![\w.-])git[ \t]{0,4}=[ \t]{0,4}["']/.test(content)
