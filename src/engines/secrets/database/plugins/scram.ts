/** A password as PostgreSQL keeps it (RFC 5802, RFC 7677): so that the password itself never stands in a statement or in a log. */
import { createHash, createHmac, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { freshBytes } from '../../../../lib/secure/random.ts'

const derive = promisify(pbkdf2)
const ITERATIONS = 4096
const LENGTH = 32
const SALT_LENGTH = 16

export async function scramVerifier(password: string, salt: Uint8Array = freshBytes(SALT_LENGTH)): Promise<string> {
  const salted = await derive(password.normalize('NFKC'), salt, ITERATIONS, LENGTH, 'sha256')
  const mac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(mac('Client Key')).digest('base64')
  const server = mac('Server Key').toString('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${Buffer.from(salt).toString('base64')}$${stored}:${server}`
}
