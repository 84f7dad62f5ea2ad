import type { NodeStep } from '@lockstep/wire'
import type { Keyring, Sealed } from '../keyring/keyring.ts'
import type { Place } from '../store/store.ts'

/** What a command's caller gave for a document's parameters. */
export type ParameterValues = Readonly<Record<string, readonly string[]>>

/** What a step printed. */
export interface Printed {
  readonly stdout: string
  readonly stderr: string
}

/** Which part of which command sealed bytes are. They open as nothing else. */
export interface CommandPart extends Place {
  readonly commandId: string
}

const text = new TextEncoder()

export function sealParameters(keyring: Keyring, part: CommandPart, values: ParameterValues): Sealed {
  return seal(keyring, { ...contextOf(part), part: 'parameters' }, values)
}

export function openParameters(keyring: Keyring, part: CommandPart, sealed: Sealed): ParameterValues {
  return open(keyring, { ...contextOf(part), part: 'parameters' }, sealed) as ParameterValues
}

export function sealSteps(keyring: Keyring, part: CommandPart, steps: readonly NodeStep[]): Sealed {
  return seal(keyring, { ...contextOf(part), part: 'steps' }, steps)
}

export function openSteps(keyring: Keyring, part: CommandPart, sealed: Sealed): readonly NodeStep[] {
  return open(keyring, { ...contextOf(part), part: 'steps' }, sealed) as readonly NodeStep[]
}

/** Which step of a command on which node. */
export interface OutputPart extends CommandPart {
  readonly instanceId: string
  readonly stepName: string
}

export function sealPrinted(keyring: Keyring, part: OutputPart, printed: Printed): Sealed {
  return seal(keyring, outputContext(part), printed)
}

export function openPrinted(keyring: Keyring, part: OutputPart, sealed: Sealed): Printed {
  return open(keyring, outputContext(part), sealed) as Printed
}

function contextOf({ account, region, commandId }: CommandPart) {
  return { account, region, command: commandId }
}

function outputContext(part: OutputPart) {
  return { ...contextOf(part), part: 'output', instance: part.instanceId, step: part.stepName }
}

function seal(keyring: Keyring, context: Readonly<Record<string, string>>, value: unknown): Sealed {
  return keyring.seal('command', text.encode(JSON.stringify(value)), context)
}

function open(keyring: Keyring, context: Readonly<Record<string, string>>, sealed: Sealed): unknown {
  using opened = keyring.open('command', sealed, context)
  return JSON.parse(opened.text())
}
