import { invalidCommandId } from './command-errors.ts'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** @throws InvalidCommandId for what no command can be called */
export function demandCommandId(id: string): string {
  if (!UUID.test(id)) throw invalidCommandId()
  return id
}
