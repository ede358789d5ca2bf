/** Every kind of database, by the names it has in Vault. */
import { mysql, mysqlLegacy } from './mysql.ts'
import type { Plugin } from './plugin.ts'
import { postgresql } from './postgresql.ts'
import { redis } from './redis.ts'

export const plugins: ReadonlyMap<string, Plugin> = new Map([
  ['postgresql-database-plugin', postgresql],
  ['mysql-database-plugin', mysql],
  ['mysql-aurora-database-plugin', mysql],
  ['mysql-rds-database-plugin', mysql],
  ['mysql-legacy-database-plugin', mysqlLegacy],
  ['mariadb-database-plugin', mysql],
  ['redis-database-plugin', redis],
  ['valkey-database-plugin', redis],
])
