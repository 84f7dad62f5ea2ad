import { isIP } from 'node:net'

/** 127.0.0.0/8, ::1 and localhost: what other machines cannot reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
