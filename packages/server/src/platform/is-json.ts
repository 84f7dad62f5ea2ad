// A byte order mark stays in the text, where JSON.parse refuses it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether a text, or bytes in UTF-8, is JSON. */
export function isJson(text: string | Uint8Array): boolean {
  try {
    JSON.parse(typeof text === 'string' ? text : utf8.decode(text))
    return true
  } catch {
    return false
  }
}
