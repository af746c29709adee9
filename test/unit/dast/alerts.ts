/** A report of ZAP's template `traditional-json`, as far as it is read. */
export const report = (...alerts: Record<string, unknown>[]): string =>
  JSON.stringify({ "@version": "2.17.0", site: [{ "@name": "http://s", alerts }] })

export const alert = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  pluginid: "10038",
  alertRef: "10038-1",
  name: "CSP Header Not Set",
  riskcode: "2",
  confidence: "3",
  solution: "<p>Send one.</p>",
  instances: [instance()],
  ...changes,
})

export const instance = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  uri: "http://s:8000/items/1?q=2",
  method: "GET",
  param: "",
  attack: "",
  evidence: "",
  ...changes,
})
