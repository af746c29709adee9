/** The data of an object, without its functions. */
export type Fields<T> = { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: T[K] }

/**
 * Creates an object of the module from its fields. The SDK builds these objects without their constructor, too: only
 * the root, which callers create, has one.
 */
export const create = <T extends object>(type: new () => T, fields: Fields<T>): T =>
  Object.assign(new type(), fields)
