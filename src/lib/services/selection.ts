import { type ServiceView, touchedBy } from "./view.js"

/** What a run is compared with: a base, and the files that differ from it; or why there is none. */
export type ChangeSince = { base: string; changed: readonly string[] } | { problem: string }

/** A service, whether a run concerns it, and why. */
export interface SelectedService extends ServiceView {
  chosen: boolean
  why: string
}

/** Events of a change; others, such as a version or a schedule, concern every service. */
const OF_A_CHANGE = ["local", "push", "pull_request"]

/**
 * Selects the services that a run concerns: those that a change touches. Without a change, or without anything to
 * compare with, all of them.
 */
export function selectServices(
  views: readonly ServiceView[],
  { event, ref }: { event: string; ref: string },
  comparison: ChangeSince,
): SelectedService[] {
  const all = (why: string) => views.map((view) => ({ ...view, chosen: true, why }))
  if (!OF_A_CHANGE.includes(event) || ref.startsWith("refs/tags/"))
    return all("this event runs every service")
  if ("problem" in comparison) return all(`every service runs: ${comparison.problem}`)
  const { base, changed } = comparison
  if (changed.length === 0) return all(`every service runs: nothing differs from ${base}`)
  return views.map((view) => {
    const file = touchedBy(view, changed)
    return file === undefined
      ? { ...view, chosen: false, why: `no change since ${base} touches it` }
      : { ...view, chosen: true, why: `${file} changed since ${base}` }
  })
}
