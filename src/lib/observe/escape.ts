/** C0 and C1 controls, DEL, line separators, and the marks that reorder text on a terminal (U+202E and its kin). */
// oxlint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu

/** `text` on one line, nothing in it a terminal would act on: such characters become JSON escapes. */
export function escapeControls(text: string): string {
  return text.replace(unsafe, (c) => {
    if (c === '\n') return '\\n'
    if (c === '\t') return '\\t'
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
