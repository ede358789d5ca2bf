/** `JSON.stringify` for one string; short plain ones skip the call into the engine. */
export function quote(text: string): string {
  const { length } = text
  if (length > 64) return JSON.stringify(text)
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i)
    if (c < 0x20 || c === 0x22 || c === 0x5c || c >= 0xd800) return JSON.stringify(text)
  }
  return `"${text}"`
}
