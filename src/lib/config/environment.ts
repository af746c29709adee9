import { fail } from "../errors/catalogue.js"
import { type Environment, ENVIRONMENTS } from "./deploy.js"

/** The environment of that name. Fails with UNKNOWN_ENVIRONMENT. */
export function environmentOf(name: string): Environment {
  const found = ENVIRONMENTS.find((known) => known === name)
  if (found === undefined) throw fail("UNKNOWN_ENVIRONMENT", [name, ENVIRONMENTS])
  return found
}
