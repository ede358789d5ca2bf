/** Names of hosts that requests are sent to: never more than a name, so that no path or user gets into an address by them. */

const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/i

export function isHost(text: string): boolean {
  return HOST.test(text) && URL.canParse(`https://${text}/`)
}
