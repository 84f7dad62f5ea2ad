import {
  decodeEc2,
  decodeJson,
  decodeQuery,
  decodeRest,
  type Members,
  trailParameters,
  validate,
} from '@lockstep/wire'
import type { Authenticated, Decoded } from './call.ts'
import type { Step } from './step.ts'

/** Bytes -> input, checked against the service's model; what may be told of it goes to the trail. */
export const decode: Step<Authenticated, Decoded> = (call, next) => {
  const input = read(call)
  validate(call.model, input)
  // Only now: what fails validation may hold a value pasted into the wrong member.
  call.facts.parameters = trailParameters(call.model, input)
  return next({ ...call, input })
}

function read({ form, model, received }: Authenticated): Members {
  if (form) return model.service.protocol === 'ec2' ? decodeEc2(model, form) : decodeQuery(model, form)
  return model.http ? decodeRest(model, received) : decodeJson(model, received.body)
}
