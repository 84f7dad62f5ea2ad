import { contentFault } from './document-fault.ts'
import { demandMapping, type Mapping, memberOf, shown } from './document-text.ts'
import type { DocumentStep } from './documents.ts'

/** Amazon documents no limit; a document of the greatest size has room for more than anybody reads. */
const MAX_STEPS = 100

const STEP = ['action', 'name', 'description', 'inputs', 'precondition', 'maxAttempts', 'timeoutSeconds']
const STEP_ENDS = ['onFailure', 'onSuccess', 'isEnd', 'finallyStep']
const INPUTS = ['id', 'runCommand', 'timeoutSeconds', 'workingDirectory', ...STEP_ENDS]
/** Steps name files and results: nothing but these may be in a name. */
const STEP_NAME = /^[A-Za-z0-9_:.-]{1,128}$/
/** `{{ssm:name}}`: a parameter of the Parameter Store. */
const STORED_PARAMETER = /\{\{\s*ssm(?:-secure)?:/

type Place = Pick<DocumentStep, 'name' | 'action' | 'precondition'>

/** `mainSteps` of schema 2.0 and 2.2. @throws DocumentFault */
export function readSteps(value: unknown): readonly DocumentStep[] {
  const steps = demandSteps(value, 'mainSteps').map((each, i) => readStep(each, `mainSteps[${i}]`))
  if (new Set(steps.map(({ name }) => name)).size < steps.length)
    throw contentFault('A step name is used twice.')
  return steps
}

function readStep(value: unknown, where: string): DocumentStep {
  const step = demandMapping(value, where, [...STEP, ...STEP_ENDS])
  const name = memberOf(step, 'name')
  if (typeof name !== 'string' || !STEP_NAME.test(name)) throw contentFault(`${where} has no valid name.`)
  const place = {
    name,
    action: readAction(memberOf(step, 'action'), where),
    precondition: readPrecondition(memberOf(step, 'precondition'), where),
  }
  demandPlainEnd(step, where)
  return readInputs(memberOf(step, 'inputs'), place, where)
}

/** `runtimeConfig` of schema 1.2: plugins, each with the properties of what it runs. @throws DocumentFault */
export function readRuntimeConfig(value: unknown): readonly DocumentStep[] {
  const steps = Object.entries(demandMapping(value, 'runtimeConfig')).flatMap(([plugin, config]) => {
    const where = `runtimeConfig.${shown(plugin)}`
    const action = readAction(plugin, where)
    const properties = memberOf(demandMapping(config, where, ['properties', 'description']), 'properties')
    const list = Array.isArray(properties) ? properties : [properties]
    return list.map((each, i) => {
      const inputs = demandMapping(each, where)
      const id = memberOf(inputs, 'id') ?? (list.length === 1 ? plugin : `${i}.${plugin}`)
      if (typeof id !== 'string' || !STEP_NAME.test(id)) throw contentFault(`${where} has no valid id.`)
      // Results of schema 1.2 are asked for by the plugin's name.
      const name = list.length === 1 ? plugin : id
      return readInputs(inputs, { name, action, precondition: [] }, where)
    })
  })
  demandSteps(steps, 'runtimeConfig')
  if (new Set(steps.map(({ name }) => name)).size < steps.length) throw contentFault('An id is used twice.')
  return steps
}

function demandSteps(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw contentFault(`${where} must hold a step.`)
  if (value.length > MAX_STEPS) throw contentFault(`${where} holds ${MAX_STEPS} steps at most.`)
  return value
}

function readAction(value: unknown, where: string): DocumentStep['action'] {
  if (value === 'aws:runShellScript' || value === 'aws:runPowerShellScript') return value
  // DIVERGENCE: documents run shell scripts; other plug-ins, such as aws:downloadContent, are refused when the
  // document is made. Steps of aws:runPowerShellScript are kept, and passed over on nodes, all of which run Linux.
  throw contentFault(`${where} has an action that is not supported: ${shown(value)}`)
}

function readPrecondition(value: unknown, where: string): DocumentStep['precondition'] {
  if (value === undefined) return []
  const operators = demandMapping(value, `${where}.precondition`, ['StringEquals'])
  const operands = memberOf(operators, 'StringEquals')
  const [left, right, ...others] = Array.isArray(operands) ? operands : []
  if (typeof left !== 'string' || typeof right !== 'string' || others.length > 0)
    throw contentFault(`${where}.precondition: StringEquals takes two strings.`)
  return [[left, right]]
}

/** A node runs steps in order until one fails. */
function demandPlainEnd(step: Mapping, where: string): void {
  // DIVERGENCE: a document whose steps end or go on otherwise (onFailure: successAndExit, onSuccess, finallyStep) is
  // refused, and a step that fails ends the document as if it had onFailure: exit.
  const isPlain =
    [undefined, 'exit', 'Abort'].includes(memberOf(step, 'onFailure') as string | undefined) &&
    memberOf(step, 'onSuccess') === undefined &&
    [undefined, false].includes(memberOf(step, 'isEnd') as boolean | undefined) &&
    [undefined, false].includes(memberOf(step, 'finallyStep') as boolean | undefined)
  if (!isPlain)
    throw contentFault(
      `${where}: of onFailure, onSuccess, isEnd and finallyStep only onFailure: exit is supported.`,
    )
}

function readInputs(value: unknown, place: Place, where: string): DocumentStep {
  const inputs = demandMapping(value, `${where}.inputs`, INPUTS)
  demandPlainEnd(inputs, `${where}.inputs`)
  const given = memberOf(inputs, 'runCommand')
  const runCommand = typeof given === 'string' ? [given] : given
  if (!isTextList(runCommand) || runCommand.length === 0)
    throw contentFault(`${where}: runCommand must be a list of strings.`)
  const workingDirectory = optionalText(inputs, 'workingDirectory', where)
  const timeoutSeconds = optionalText(inputs, 'timeoutSeconds', where)
  if ([...runCommand, workingDirectory ?? ''].some((text) => STORED_PARAMETER.test(text))) {
    // DIVERGENCE: there is no Parameter Store, so a document that refers to one is refused when it is made.
    throw contentFault(`${where} refers to a parameter of the Parameter Store.`)
  }
  return { ...place, runCommand, workingDirectory, timeoutSeconds }
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function optionalText(inputs: Mapping, key: string, where: string): string | undefined {
  const value = memberOf(inputs, key)
  if (value === undefined || typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw contentFault(`${where}: ${key} must be a string.`)
}
