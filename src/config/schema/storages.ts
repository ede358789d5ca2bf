/** `storage "type" { … }`: where everything is kept. */
import { ignored, needed, orFrom } from '../field.ts'
import { bool, integer, optionalText, seconds, millis, strings, text } from '../kinds.ts'

/** The embedded store, on a disk. */
const lmdb = {
  path: needed(text('Folder of the data. It is made if it is not there, for this user alone.')),
}

/** Gone when the process ends. */
const inmem = {}

const ha_enabled = bool(
  'Several nodes share the storage: one leads and writes, the others follow it and take its place. Otherwise one server at a time may have it.',
)

/** Source: Vault documentation, "PostgreSQL storage backend". */
const postgresql = {
  connection_url: needed(
    orFrom(
      ['VAULT_PG_CONNECTION_URL'],
      text(
        'As libpq takes it: `postgres://user:password@host:5432/database?sslmode=verify-full&sslrootcert=/path/ca.pem`.',
      ),
    ),
  ),
  table: text('Name of the tables, of which the others add to it; with a schema as `schema.table`.', 'coffer_kv_store'),
  ha_enabled,
  ha_table: optionalText('Table that names the leader; beside the others if not given.'),
  max_parallel: integer('Connections for reading; there are up to three more.', 16, { min: 1, max: 1000 }),
  skip_create_table: bool('The tables were made by an operator: nothing is made or changed at the start.'),
  lock_ttl: seconds('Time after which a leader that says nothing is replaced.', 10),
  max_idle_connections: ignored('connections are closed when they have not been used for a while'),
  max_connect_retries: ignored('it is tried again until it works'),
  upsert_function: ignored('every supported version can do without'),
}

/** Source: Vault documentation, "Etcd storage backend". */
const etcd = {
  address: orFrom(['ETCD_ADDR'], strings('Addresses of etcd, tried in turn; `http://127.0.0.1:2379` if not given.')),
  path: text('What all keys start with.', 'coffer/'),
  ha_enabled,
  username: orFrom(['ETCD_USERNAME'], optionalText('User of etcd.')),
  password: orFrom(['ETCD_PASSWORD'], optionalText("The user's password.")),
  tls_ca_file: optionalText('PEM file of whom to trust.'),
  tls_cert_file: optionalText('PEM file of the certificate to show.'),
  tls_key_file: optionalText('PEM file of its private key.'),
  tls_server_name: optionalText("Name that etcd's certificate has to be for, if not that of the address."),
  request_timeout: millis('Longest time a call to etcd may take.', 10_000),
  lock_timeout: millis('Time after which a leader that says nothing is replaced.', 8_000),
  etcd_api: ignored('only version 3 is spoken'),
  sync: ignored('the addresses given are the ones used'),
  discovery_srv: ignored('give the addresses'),
  discovery_srv_name: ignored('give the addresses'),
  max_receive_size: ignored('lists are read in pieces'),
}

export const storageSchemas = { lmdb, inmem, postgresql, etcd }
