import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Administrator } from './compose/doors.ts'

/** What `lockstep admin-env` reads. */
interface Contents {
  readonly url: string
  readonly region: string
  readonly accounts: readonly Administrator[]
}

/**
 * `administrators.json` in the data directory: the first access key of each account, readable by its owner
 * alone, until somebody deletes it. Each change is written beside and renamed, so that a crash leaves one or
 * the other.
 */
export class AdministratorsFile {
  readonly path: string
  #contents: Contents

  constructor(directory: string, region: string) {
    this.path = join(directory, 'administrators.json')
    this.#contents = { ...read(this.path), region }
  }

  keep(administrator: Administrator): void {
    const others = this.#contents.accounts.filter(({ account }) => account !== administrator.account)
    this.#write({ ...this.#contents, accounts: [...others, administrator] })
  }

  drop(account: string): void {
    const others = this.#contents.accounts.filter((kept) => kept.account !== account)
    this.#write({ ...this.#contents, accounts: others })
  }

  /** Notes where the server answers. Does not bring back a file that was deleted. */
  setUrl(url: string): void {
    if (this.#contents.accounts.length > 0) this.#write({ ...this.#contents, url })
  }

  #write(contents: Contents): void {
    this.#contents = contents
    const beside = `${this.path}.new`
    // What a crash left there would keep its own mode, and a link would be followed.
    rmSync(beside, { force: true })
    const file = openSync(beside, 'wx', 0o600)
    writeFileSync(file, `${JSON.stringify(contents, undefined, 2)}\n`)
    fsyncSync(file)
    closeSync(file)
    renameSync(beside, this.path)
    const directory = openSync(dirname(this.path), 'r')
    fsyncSync(directory)
    closeSync(directory)
  }
}

function read(path: string): Contents {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Contents // written by this class alone
  } catch {
    return { url: '', region: '', accounts: [] }
  }
}
