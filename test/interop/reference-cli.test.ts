/**
 * The command line of another program, unmodified, against Coffer: `REFERENCE_BIN=/path/to/bao npm test -- test/interop`. Its
 * transcripts are those of the documentation, so exit codes and the lines a script would look for are what is checked.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startServer, type TestServer } from '../support/server.ts'

const binary = process.env['REFERENCE_BIN']

/** Words, exit code, what the output has. */
const COMMANDS: readonly (readonly [string, number, RegExp])[] = [
  ['status', 0, /Sealed +false/],
  ['secrets enable -path=secret -version=2 kv', 0, /Success! Enabled the kv secrets engine at: secret\//],
  ['kv put secret/a x=1 y=two', 0, /version +1/],
  ['kv get -field=y secret/a', 0, /^two$/],
  ['kv patch secret/a z=3', 0, /version +2/],
  ['kv get -format=json secret/a', 0, /"z": "3"/],
  ['kv put -cas=1 secret/a x=2', 2, /check-and-set parameter did not match the current version/],
  ['kv list secret', 0, /^a$/m],
  ['kv metadata put -custom-metadata=team=x secret/a', 0, /Success/],
  ['kv metadata get secret/a', 0, /current_version +2/],
  ['kv delete secret/a', 0, /Success! Data deleted/],
  ['kv get secret/a', 0, /deletion_time +2/],
  ['kv undelete -versions=2 secret/a', 0, /Success/],
  ['kv rollback -version=1 secret/a', 0, /version +3/],
  ['kv destroy -versions=1 secret/a', 0, /Success/],
  ['kv metadata delete secret/a', 0, /Success/],
  ['secrets enable -path=old kv', 0, /Success/],
  ['kv put old/x a=b', 0, /Success! Data written to: old\/x/],
  ['secrets tune -default-lease-ttl=1h old', 0, /Success/],
  ['secrets move old older', 0, /Success! Finished moving secrets engine old\/ to older\//],
  ['secrets list', 0, /older\/ +kv/],
  ['secrets disable older', 0, /Success/],
  ['policy list', 0, /default/],
  ['policy read default', 0, /lookup-self/],
  ['token create -policy=default -ttl=1h', 0, /token_policies +\["default"\]/],
  ['token create -policy=default -ttl=1h -wrap-ttl=60', 0, /wrapping_token:/],
  ['token lookup', 0, /display_name +root/],
  ['token capabilities secret/foo', 0, /^root$/m],
  ['list auth/token/accessors', 0, /Keys/],
  ['write -f sys/tools/random/16', 0, /random_bytes/],
  ['write cubbyhole/x a=b', 0, /Success! Data written to: cubbyhole\/x/],
  ['read cubbyhole/x', 0, /a +b/],
  ['delete cubbyhole/x', 0, /Success/],
  ['secrets enable transit', 0, /Success! Enabled the transit secrets engine/],
  ['write -f transit/keys/k', 0, /latest_version +1/],
  ['write transit/encrypt/k plaintext=aGVsbG8=', 0, /ciphertext +vault:v1:/],
  ['write -f transit/keys/k/rotate', 0, /latest_version +2/],
  ['transit import transit/keys/i AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= exportable=true', 0, /Success!/],
  ['read transit/export/encryption-key/i', 0, /AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=/],
  ['transit import-version transit/keys/i HyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4=', 0, /Success!/],
  ['list transit/keys', 0, /^i$/m],
  ['auth enable userpass', 0, /Success! Enabled userpass auth method at: userpass\//],
  ['auth enable -path=machines approle', 0, /Success! Enabled approle auth method at: machines\//],
  [
    'auth tune -token-type=service -user-lockout-threshold=7 userpass',
    0,
    /Success! Tuned the auth method at: userpass\//,
  ],
  ['read sys/auth/userpass/tune', 0, /user_lockout_threshold +7/],
  ['write auth/userpass/users/bob password=pw token_policies=default token_ttl=1h', 0, /Success! Data written/],
  ['login -method=userpass -no-store username=bob password=pw', 0, /token_meta_username +bob/],
  ['login -method=userpass -no-store -token-only username=BOB password=pw', 0, /^hvs\.\w+$/],
  ['login -method=userpass -no-store username=bob password=no', 2, /invalid username or password/],
  ['write auth/machines/role/web role_id=web secret_id_num_uses=1', 0, /Success! Data written/],
  ['write auth/machines/role/web/custom-secret-id secret_id=once', 0, /secret_id_num_uses +1/],
  ['write auth/machines/login role_id=web secret_id=once', 0, /token_meta_role_name +web/],
  ['write auth/machines/login role_id=web secret_id=once', 2, /invalid role or secret ID/],
  ['read auth/machines/role/web/policies', 0, /token_policies +\[\]/],
  ['auth list', 0, /machines\/ +approle +auth_approle_/],
  ['auth move auth/machines auth/robots', 0, /Success! Finished moving auth method auth\/machines\/ to auth\/robots\//],
  ['auth disable robots', 0, /Success! Disabled the auth method \(if it existed\) at: robots\//],
  ['namespace create team', 0, /path +team\//],
  ['namespace create -namespace=team dev', 0, /path +team\/dev\//],
  ['namespace list', 0, /^team\/$/m],
  ['namespace lookup -ns=team dev', 0, /locked +false/],
  ['namespace patch -custom-metadata=a=b team', 0, /custom_metadata +map\[a:b\]/],
  ['secrets enable -namespace=team/dev -path=kv -version=2 kv', 0, /Success/],
  ['kv put -namespace=team/dev kv/a x=1', 0, /version +1/],
  ['kv get -namespace=team -field=x -mount=dev/kv a', 0, /^1$/],
  ['kv get -field=x team/dev/kv/a', 0, /^1$/],
  ['namespace lock team/dev', 0, /Unlock Key: \w+/],
  ['kv get -namespace=team/dev kv/a', 2, /has been locked by an administrator/],
  ['namespace unlock team/dev', 0, /using sudo/],
  ['namespace delete team', 2, /child namespaces exist/],
  ['namespace delete -namespace=team dev', 0, /Success/],
  ['namespace delete team', 0, /Success/],
  ['operator key-status', 0, /Key Term +1/],
  ['operator rotate', 0, /Key Term +2/],
  ['operator raft snapshot save {folder}/reference.snap', 0, /^$/],
  ['write cubbyhole/later a=b', 0, /Success/],
  // It closes its own file twice, and says so.
  ['operator raft snapshot restore {folder}/reference.snap', 0, /^(?:.*file already closed)?$/],
  ['read cubbyhole/later', 2, /No value found/],
  ['operator raft snapshot restore {folder}/coffer.hcl', 2, /the snapshot is not whole/],
  ['operator raft snapshot restore -force {folder}/reference.snap', 0, /^(?:.*file already closed)?$/],
  ['lease lookup nothing', 2, /invalid lease/],
  ['path-help secret', 0, /DESCRIPTION/],
  ['unwrap nope', 2, /wrapping token is not valid/],
  ['operator seal', 0, /is sealed/],
  ['status', 2, /Sealed +true/],
]

describe(
  'the reference command line',
  { skip: binary === undefined ? 'REFERENCE_BIN does not name an OpenBao or Vault binary' : false },
  () => {
    let server: TestServer
    before(async () => {
      server = await startServer({ tls: true })
    })
    after(() => server[Symbol.asyncDispose]())

    for (const [words, code, wanted] of COMMANDS) {
      test(words, () => {
        const variables = { ADDR: server.address, TOKEN: server.token, CACERT: join(server.folder, 'ca.pem') }
        const env = Object.fromEntries(
          Object.entries(variables).flatMap(([name, value]) => [
            [`VAULT_${name}`, value],
            [`BAO_${name}`, value],
          ]),
        )
        const done = spawnSync(binary ?? '', words.replaceAll('{folder}', server.folder).split(' '), {
          encoding: 'utf8',
          env: { ...env, HOME: server.folder },
        })
        const output = `${done.stdout}${done.stderr}`.trim()
        assert.equal(done.status, code, output)
        assert.match(output, wanted)
      })
    }
  },
)
