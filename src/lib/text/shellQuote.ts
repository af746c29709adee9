/** A command as a POSIX shell reads it back. */
export const shellQuote = (command: readonly string[]): string =>
  command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ")

/** The words of a command as `shellQuote` writes it. */
export const shellWords = (text: string): string[] =>
  Array.from(text.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/g), ([word]) =>
    word.replace(/'([^']*)'|\\(.)/g, "$1$2"),
  )
