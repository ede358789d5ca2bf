/** One request over HTTP or HTTPS, its answer as text. */
import http from 'node:http'
import https from 'node:https'

export function call(address: string, method: string, path: string, body?: object, token?: string): Promise<string> {
  const client = address.startsWith('https') ? https : http
  const headers = { 'Content-Type': 'application/json', ...(token === undefined ? {} : { 'X-Vault-Token': token }) }
  return new Promise((resolve, reject) => {
    // The bench makes its own certificate, so there is nothing to verify it against.
    const request = client.request(address + path, { method, headers, rejectUnauthorized: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    })
    request.on('error', reject)
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
