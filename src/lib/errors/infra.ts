import { type Catalogue } from "./entry.js"

/** Errors of planning, applying and comparing infrastructure. */
export const infraErrors = {} satisfies Catalogue
