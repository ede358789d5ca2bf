/** Paths as users type them. */

/** Without spaces around it and slashes at its ends. */
export function sanitizePath(path: string): string {
  return path.trim().replace(/^\/+|\/+$/g, '')
}

/** With exactly what it had, and a slash at the end; empty stays empty. */
export function withSlash(path: string): string {
  const trimmed = path.trim()
  return trimmed === '' || trimmed.endsWith('/') ? trimmed : `${trimmed}/`
}
