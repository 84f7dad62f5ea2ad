import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import type { Rate } from '../gateway/throttle.ts'
import { LOG_LEVELS, type LogLevel } from '../platform/logger.ts'
import { SETTINGS, type SettingName, type Values, variableOf } from '../settings.ts'

/** Reads settings of the common shapes, and keeps a complaint for each that is not of its shape. */
export class Reader {
  readonly #values: Values
  readonly #problems: string[]

  /** @param problems what is complained of is added here */
  constructor(values: Values, problems: string[]) {
    this.#values = values
    this.#problems = problems
  }

  text(name: SettingName): string | undefined {
    const setting = SETTINGS.find((known) => known.name === name)
    const value = this.#values[name] ?? (setting && 'fallback' in setting ? setting.fallback : undefined)
    return value === '' ? undefined : value
  }

  /** Both names, so that the complaint helps whichever way it was set. */
  called(name: SettingName): string {
    return `--${name} (${variableOf(name)})`
  }

  complain(name: SettingName, text: string): void {
    this.#problems.push(`${this.called(name)}: ${text}`)
  }

  list(name: SettingName): string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
  }

  /** A relative one would be another after a start elsewhere. */
  directories(name: SettingName): string[] {
    const directories = this.list(name)
    for (const directory of directories)
      if (!isAbsolute(directory)) this.complain(name, `${directory} is not an absolute path`)
    return directories
  }

  address(name: SettingName): { host: string; port: number } {
    const text = this.text(name) ?? ''
    const colon = text.lastIndexOf(':')
    const port = Number(text.slice(colon + 1))
    const host = text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1')
    if (host === '' || !/^\d+$/.test(text.slice(colon + 1)) || port > 65_535) {
      this.complain(name, `${text} is not HOST:PORT`)
    }
    return { host, port }
  }

  account(name: SettingName): string | undefined {
    const id = this.text(name)
    return id === undefined ? undefined : this.accountIn(name, id)
  }

  accountIn(name: SettingName, id: string): string {
    if (!/^\d{12}$/.test(id)) this.complain(name, `${id} is not 12 digits`)
    return id
  }

  region(name: SettingName, region: string): string {
    if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
      this.complain(name, `${region} is not a region such as eu-west-1`)
    return region
  }

  proxy(address: string): string {
    if (isIP(address) === 0) this.complain('trusted-proxies', `${address} is not an IP address`)
    return address
  }

  count(name: SettingName): number {
    const text = this.text(name) ?? ''
    if (!/^[1-9]\d{0,9}$/.test(text)) this.complain(name, `${text} is not a count of at least 1`)
    return Number(text)
  }

  seconds(name: SettingName): number {
    const text = this.text(name) ?? ''
    if (!/^\d{1,4}$/.test(text)) this.complain(name, `${text} is not a whole number of seconds below 10000`)
    return Number(text)
  }

  /** In milliseconds. */
  period(name: SettingName): number {
    const seconds = this.seconds(name)
    if (seconds === 0) this.complain(name, '0 is not a period')
    return seconds * 1000
  }

  rate(name: SettingName): Rate {
    const match = /^([1-9]\d{0,8})\/([1-9]\d{0,8})$/.exec(this.text(name) ?? '')
    if (!match) this.complain(name, `${this.text(name)} is not PER_SECOND/BURST, such as 100/200`)
    return { perSecond: Number(match?.[1]), burst: Number(match?.[2]) }
  }

  /** A file's text; a complaint where it cannot be read. */
  file(name: SettingName, path: string): string | undefined {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      this.complain(name, `${path} cannot be read`)
      return undefined
    }
  }

  logLevel(): LogLevel {
    const text = this.text('log-level')
    const level = LOG_LEVELS.find((known) => known === text)
    if (!level) this.complain('log-level', `${text} is none of ${LOG_LEVELS.join(', ')}`)
    return level ?? 'info'
  }

  tls(): { certFile: string; keyFile: string } | undefined {
    const certFile = this.text('tls-cert')
    const keyFile = this.text('tls-key')
    if (certFile === undefined && keyFile === undefined) return undefined
    if (certFile === undefined || keyFile === undefined) {
      this.#problems.push(`${this.called('tls-cert')} and ${this.called('tls-key')} go together`)
      return undefined
    }
    return { certFile, keyFile }
  }
}
