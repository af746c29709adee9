/** A secret, with the id by which commands mount it. */
interface MountedSecret {
  address: string
  id?: string
}

/** Reads a secret's address, or Docker's form `id=NAME,env=VARIABLE` or `id=NAME,src=FILE`. */
export function mountedSecret(text: string): MountedSecret {
  if (!/^(?:id|type|env|src|source)=/.test(text)) return { address: text }
  const fields = new Map(
    text.split(",").map((field): [string, string] => {
      const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(field) ?? []
      return [name, value]
    }),
  )
  const file = fields.get("src") ?? fields.get("source")
  const id = fields.get("id") ?? ""
  const address = file === undefined ? `env://${fields.get("env") ?? id}` : `file://${file}`
  return { address, ...(id !== "" && id !== mountedName(address) && { id }) }
}

/** Writes a secret with an id in Docker's form. */
export const dockerSecret = (address: string, id: string | undefined): string =>
  id === undefined
    ? address
    : `id=${id},${address.replace(/^env:\/\//, "env=").replace(/^file:\/\//, "src=")}`

/** The name that the module gives the secret of an address. */
export const mountedName = (address: string): string => address.replace(/\?.*$/s, "").replace(/^.*\//s, "")

/** The problem with a secret's address; without the address, which may be the secret by mistake. */
export function secretProblem(address: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/./.test(address)) return "--secret takes an address, such as env://TOKEN"
  // `dagger` splits lists of secrets at commas and drops quotes: https://github.com/dagger/dagger/blob/v0.21.8/cmd/dagger/flags.go
  if (/[,"'`\r\n]/.test(address)) return "--secret takes an address without commas and quotes"
  return undefined
}

/** The value of `--ssh` without one: the agent of this session. */
export const SESSION_AGENT = "agent"
