import type { Values } from '../settings.ts'
import type { StoreKind } from '../store/open.ts'
import { isLoopback } from './loopback.ts'
import type { Reader } from './reader.ts'

/** Servers on one database agree about the time, or one of them is wrong. */
const MAX_SKEW_MS = 10_000

/** The address is never repeated in a complaint: it may hold a password. */
export function storeOf(reader: Reader, data: string): StoreKind {
  const text = reader.text('store') ?? ''
  if (text === 'sqlite') return data === 'memory' ? { kind: 'memory' } : { kind: 'sqlite', directory: data }
  const url = postgresUrl(text)
  if (!url) reader.complain('store', 'is neither sqlite nor a postgres:// address')
  else if (!url.searchParams.has('sslmode') && !isBeside(url)) {
    reader.complain(
      'store',
      'add ?sslmode=verify-full to the address (or sslmode=disable, where whoever sees the network may read policies and the trail)',
    )
  }
  return { kind: 'postgres', url: text, maxSkewMs: MAX_SKEW_MS }
}

/** @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
function postgresUrl(text: string): URL | undefined {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
}

/** Whether the way to the database leaves this machine: not by a socket in a directory, nor by loopback. */
function isBeside(url: URL): boolean {
  const host = url.searchParams.get('host') ?? url.hostname.replace(/^\[(.*)\]$/, '$1')
  return host === '' || host.startsWith('/') || isLoopback(host)
}

/** Whether the arguments hold a password, which every user of the machine can read in the list of processes. */
export function hasPassword({ store = '' }: Values): boolean {
  const url = postgresUrl(store)
  return url !== undefined && (url.password !== '' || url.searchParams.has('password'))
}
