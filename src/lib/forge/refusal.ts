import type { HttpAnswer } from "../http/client.js"
import { clip, visible } from "../text/escape.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import type { ForgeAccess, ForgeRefusal } from "./host.js"

const MESSAGE_LENGTH = 200

/** Explains an unsuccessful answer in one line; the token is masked in case the server quotes it. */
export function forgeRefusal(access: ForgeAccess, answer: HttpAnswer): ForgeRefusal {
  const { status } = answer
  const said = messageOf(answer.text, access.token)
  const tail = `${said === "" ? "" : `: ${said}`}`
  const needs = `${tail}; the token needs ${access.needs}`
  const { name } = access
  const refused = (reason: string): ForgeRefusal => ({ kind: "refused", reason, status, said })
  if (status === 401 || status === 203) return refused(`${name} doesn't accept the token (${status})${needs}`)
  if (status === 403) return refused(`${name} doesn't let the token do this (403)${needs}`)
  if (status === 404)
    return refused(
      `${name} has no such ${access.thing ?? "pull request"}, or hides it from the token (404)${needs}`,
    )
  if (status >= 300 && status < 400)
    return refused(`${name} sends this elsewhere (${status}), where the token isn't sent`)
  if (status < 500) return refused(`${name} refuses this (${status})${tail}`)
  return { kind: "unreachable", reason: `${name}: it answered ${status}${tail}`, status, uncertain: true }
}

/** Returns the server's own message: every host has a field or two for it, GitLab lists of them by field. */
function messageOf(body: string, token: string): string {
  const json = fields(parseJson(body))
  const parts = [
    ...[json.message, json.error_description, json.error].slice(0, 3).map(words),
    ...objects(json.errors)
      .slice(0, 3)
      .map((error) => text(error.message)),
  ]
  const own = parts.filter((part) => part !== "")
  const plain = own.length > 0 || /^\s*[<{[]/.test(body) ? own.join(", ") : body
  // Masked before it is cut: half a token would not be found.
  const start = maskToken(plain, token).slice(0, 10 * MESSAGE_LENGTH)
  return clip(visible(start.trim().replace(/\s+/g, " ")), MESSAGE_LENGTH)
}

const words = (value: unknown): string =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : text(value)

/** Returns a text with the token masked, in each form that is sent or may be quoted. */
export function maskToken(said: string, token: string): string {
  if (token === "") return said
  const forms = [
    token,
    encodeURIComponent(token),
    JSON.stringify(token).slice(1, -1),
    ...[`:${token}`, token].map((value) => Buffer.from(value).toString("base64").replaceAll("=", "")),
  ]
  return forms.reduce((masking, form) => masking.replaceAll(form, "***"), said)
}
