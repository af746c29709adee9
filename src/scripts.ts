import { type Container, dag } from "@dagger.io/dagger"

/** Where a container finds the Python programs of this module. */
export const SCRIPTS = "/slipway/scripts"

/** Adds Python programs of this module, by their text: another change to the module runs nothing again. */
export async function withScripts(container: Container, ...names: string[]): Promise<Container> {
  const folder = dag.currentModule().source().directory("src/scripts")
  const texts = await Promise.all(names.map((name) => folder.file(name).contents()))
  return names.reduce(
    (changed, name, index) => changed.withNewFile(`${SCRIPTS}/${name}`, texts[index] ?? ""),
    container,
  )
}
