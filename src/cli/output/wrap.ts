/** Paragraphs broken into lines. */

export const lineLength = 78

/** Cost of a line that holds one word longer than the limit. */
const tooLong = 100_000

/**
 * Breaks a paragraph into lines of at most `limit` characters with the least raggedness (sum of squares of what is left free, the
 * last line not counted), indented by `indent` spaces within that limit.
 */
export function wrap(text: string, indent = 0, limit = lineLength): string {
  const words = text.trim().replaceAll('\n', ' ').split(' ')
  return breakWords(words, limit - indent)
    .map((line) => ' '.repeat(indent) + line.join(' '))
    .join('\n')
}

function breakWords(words: readonly string[], limit: number): string[][] {
  // From the last word backwards: the cheapest way to set words[i…], and where its first line ends.
  const cost: number[] = Array.from({ length: words.length + 1 }, () => Infinity)
  const ends: number[] = []
  for (let i = words.length - 1; i >= 0; i--) {
    let length = -1
    for (let end = i + 1; end <= words.length; end++) {
      length += 1 + Buffer.byteLength(words[end - 1] ?? '')
      if (length > limit && end > i + 1) break
      if (end === words.length) {
        if (length <= limit || i === words.length - 1) {
          cost[i] = 0
          ends[i] = end
        }
        break
      }
      const here = (limit - length) ** 2 + (length > limit ? tooLong : 0) + (cost[end] ?? 0)
      if (here < (cost[i] ?? 0)) {
        cost[i] = here
        ends[i] = end
      }
    }
  }
  const lines: string[][] = []
  for (let i = 0; i < words.length; i = ends[i] ?? words.length) lines.push(words.slice(i, ends[i]))
  return lines
}
