import { fail } from "../errors/catalogue.js"
import { type Environment, ENVIRONMENTS } from "./deploy.js"

/** Returns the environment of this name. Fails with UNKNOWN_ENVIRONMENT. */
export function environmentOf(name: string): Environment {
  const found = ENVIRONMENTS.find((known) => known === name)
  if (found === undefined) throw fail("UNKNOWN_ENVIRONMENT", [name, ENVIRONMENTS])
  return found
}
