/** Returns the path of the command's bundle, and writes it first unless it is there for these sources. */
export function bundledCommand(repository: string): Promise<string>
