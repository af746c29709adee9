/** The data of an object, without its functions. */
export type Fields<T> = { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: T[K] }

/** Only properties of `Known`: others could hide a function of the object, or end up in the engine's state. */
type Only<Known, Given> = Given & Record<Exclude<keyof Given, keyof Known>, never>

/**
 * Creates an object of the module from its fields.
 *
 * The SDK also builds these objects without a constructor; only the root, which callers create, has one.
 */
export const create = <T extends object, F extends Fields<T>>(
  type: new () => T,
  fields: Only<Fields<T>, F>,
): T => Object.assign(new type(), fields)
