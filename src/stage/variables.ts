import type { Container } from "@dagger.io/dagger"

/** A container with these environment variables. */
export const withVariables = (container: Container, variables: Readonly<Record<string, string>>): Container =>
  Object.entries(variables).reduce(
    (changed, [name, value]) => changed.withEnvVariable(name, value),
    container,
  )
