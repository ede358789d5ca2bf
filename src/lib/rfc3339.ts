/** A moment (ms since the epoch) as Go's RFC3339Nano prints it in UTC: without trailing zeros in the fraction. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z')
}
