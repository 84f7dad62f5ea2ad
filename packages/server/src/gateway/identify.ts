import {
  type AwsError,
  type FormParameters,
  loadModel,
  matchRest,
  parseForm,
  type ServiceModel,
  type ServiceName,
} from '@lockstep/wire'
import { type Call, header, type Identified } from './call.ts'
import { bodyTooLarge, invalidAction, missingAction, unknownOperation } from './errors.ts'
import { isUnsignedGet } from './link.ts'
import type { Registry } from './operation.ts'
import type { Step } from './step.ts'
import type { Throttle } from './throttle.ts'

/** The shape of every operation name; anything else is not repeated in the trail. */
const OPERATION_NAME = /^[A-Za-z0-9]{1,128}$/

/**
 * Which service, protocol and operation do these bytes ask for?
 * JSON 1.1 says so in X-Amz-Target, which the signature must cover like every x-amz-* header; the Query
 * protocol in Action, in the body or the query string, and in the credential scope's service; REST-JSON in method
 * and path, and in the scope's service.
 */
export function identify(registry: Registry, throttle: Throttle): Step<Call, Identified> {
  const services = Object.keys(registry) as ServiceName[] // the record's own keys
  const byTarget = new Map<string, ServiceModel>()
  const byScope = new Map<string, ServiceModel>()
  const byVersion = new Map<string, ServiceModel>()
  const byLink = new Map<string, ServiceModel>()
  const restServices: ServiceModel[] = []
  for (const name of services) {
    const model = loadModel(name)
    byScope.set(model.signingName, model)
    if (model.protocol === 'query') byVersion.set(model.apiVersion, model)
    for (const [operation, { byLink: isLink }] of Object.entries(registry[name])) {
      if (isLink) byLink.set(operation, model)
    }
    if (model.protocol === 'rest-json') restServices.push(model)
    if (model.targetPrefix !== undefined) byTarget.set(afterLastDot(model.targetPrefix), model)
  }

  function choose(call: Call, service: ServiceModel, name: string, unknown: () => AwsError): Identified {
    const operation = registry[service.name][name]
    const model = service.operation(name)
    if (!operation || !model) throw unknown()
    if (call.received.oversized) throw bodyTooLarge(model)
    call.facts.operation = model
    call.facts.readOnly = operation.readOnly ?? operation.access === 'read'
    return { ...call, service, model, operation }
  }

  function fromTarget(call: Call, target: string): Identified {
    const name = afterLastDot(target)
    note(call, name)
    const service = byTarget.get(afterLastDot(target.slice(0, -name.length - 1)))
    if (!service) throw unknownOperation()
    call.facts.service = service
    if (call.received.method !== 'POST' || call.received.path !== '/') throw unknownOperation(404)
    return choose(call, service, name, unknownOperation)
  }

  /**
   * By the credential scope; an unsigned call, by its version, so that it is refused in its own protocol. Links in
   * mails name an action alone.
   */
  function queryService(call: Call): ServiceModel | undefined {
    const scope = scopeService(call)
    if (scope !== undefined) return byScope.get(scope)
    if (call.received.path !== '/') return undefined
    const form = formOf(call)
    const version = form.get('Version')
    if (version !== undefined) return byVersion.get(version)
    return isUnsignedGet(call.received) ? byLink.get(form.get('Action') ?? '') : undefined
  }

  function fromForm(call: Call): Identified {
    const service = queryService(call)
    if (service) call.facts.service = service
    if (service?.protocol !== 'query' || call.received.path !== '/') throw unknownOperation(404)
    if (call.received.oversized) throw bodyTooLarge()
    const form = formOf(call)
    const action = form.get('Action')
    if (!action) throw missingAction()
    note(call, action)
    const version = form.get('Version') ?? service.apiVersion
    const unknown = () => invalidAction(OPERATION_NAME.test(action) ? action : '', version)
    if (version !== service.apiVersion) throw unknown()
    return { ...choose(call, service, action, unknown), form }
  }

  /** By the credential scope; an unsigned call, by its path, so that it is refused in its own protocol. */
  function restService(call: Call): ServiceModel | undefined {
    const { method, path } = call.received
    const scope = scopeService(call)
    return restServices.find((service) =>
      scope === undefined ? matchRest(service, method, path) : service.signingName === scope,
    )
  }

  function fromPath(call: Call, service: ServiceModel): Identified {
    call.facts.service = service
    const { method, path } = call.received
    // DIVERGENCE: CloudTrail adds an API's date to the names of some of Lambda's events, such as
    // CreateFunction20150331; ours are named as the operation is.
    const name = matchRest(service, method, path)?.operation.name
    const unknown = () => unknownOperation(404)
    if (name === undefined) throw unknown()
    note(call, name)
    return choose(call, service, name, unknown)
  }

  function find(call: Call): Identified {
    const target = header(call.received, 'x-amz-target')
    if (target !== undefined) return fromTarget(call, target)
    const rest = restService(call)
    return rest ? fromPath(call, rest) : fromForm(call)
  }

  return (call, next) => {
    let identified: Identified
    try {
      identified = find(call)
    } catch (error) {
      // It takes no key to ask for what does not exist.
      throttle.unproven(call)
      throw error
    }
    return next(identified)
  }
}

/**
 * Whatever Content-Type says: the signature need not cover it, and a parameter must not get lost by it.
 * In a query string a plus is a plus, as it is for the signature; in a form it is a space.
 */
function formOf({ received }: Call): FormParameters {
  return parseForm(received.query.replaceAll('+', '%2B'), new TextDecoder().decode(received.body))
}

function note(call: Call, name: string): void {
  if (OPERATION_NAME.test(name)) call.facts.operationName = name
}

function afterLastDot(text: string): string {
  return text.slice(text.lastIndexOf('.') + 1)
}

/** The fourth part of `AKID/date/region/service/aws4_request`, wherever it is; not yet believed. */
function scopeService({ received }: Call): string | undefined {
  const credential =
    /Credential=([^,\s]+)/.exec(header(received, 'authorization') ?? '')?.[1] ??
    parseForm(received.query).get('X-Amz-Credential')
  return credential?.split('/')[3]
}
