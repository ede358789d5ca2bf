/** Where an authorization code may be sent. */

/** A loopback address: scheme, host, and what follows the port. No user, no blank, no backslash: nothing that a browser reads otherwise. */
const LOOPBACK = /^([a-z][a-z0-9+.-]*):\/\/(localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?((?:[/?][!-[\]-~]*)?)$/

/**
 * Whether a client may be answered there: byte for byte one of those that it registered. Of a loopback address the port may be any, since
 * a native program cannot know beforehand which one it will get (RFC 8252, 7.3).
 */
export function redirectAllowed(uri: string, registered: readonly string[]): boolean {
  if (registered.includes(uri)) return true
  const asked = withoutPort(uri)
  return asked !== undefined && registered.some((one) => withoutPort(one) === asked)
}

function withoutPort(uri: string): string | undefined {
  const match = LOOPBACK.exec(uri)
  return match === null ? undefined : `${match[1]}://${match[2]}${match[3]}`
}
