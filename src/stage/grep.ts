import { type Container, type Directory, ReturnType } from "@dagger.io/dagger"

/** True if `grep -E` finds a pattern in the Python files of a source; undefined if the search fails. */
export async function foundInCode(
  container: Container,
  source: Directory,
  pattern: string,
  exclude: string[] = [],
): Promise<boolean | undefined> {
  const search = ["grep", "--recursive", "--quiet", "--extended-regexp", pattern, "/src"]
  const exitCode = await container
    .withMountedDirectory("/src", source.filter({ include: ["**/*.py"], exclude }))
    .withExec(search, { expect: ReturnType.Any })
    .exitCode()
  return exitCode > 1 ? undefined : exitCode === 0
}
