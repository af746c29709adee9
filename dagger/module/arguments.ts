/** An optional argument of `dagger`; none if undefined. */
export const optionalArgument = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`--${name}=${value}`]
