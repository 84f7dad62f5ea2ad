import type { Rule as RuleView, Target as TargetView } from '@aws-sdk/client-eventbridge'
import { DEFAULT_BUS, ruleArn } from '../../bus/rule-arn.ts'
import type { Rule, RuleTarget } from '../../store/rules.ts'

/** A rule as EventBridge shows it. */
export function ruleView(rule: Rule): RuleView {
  return {
    Name: rule.name,
    Arn: ruleArn(rule, rule.name),
    EventPattern: rule.pattern,
    State: rule.state,
    Description: rule.description,
    ScheduleExpression: rule.schedule,
    RoleArn: rule.roleArn,
    EventBusName: DEFAULT_BUS,
  }
}

/** A target as EventBridge shows it. */
export function targetView({
  id,
  arn,
  roleArn,
  input,
  inputPath,
  inputTransformer,
  retry,
}: RuleTarget): TargetView {
  return {
    Id: id,
    Arn: arn,
    RoleArn: roleArn,
    Input: input,
    InputPath: inputPath,
    InputTransformer: inputTransformer && {
      InputPathsMap: { ...inputTransformer.paths },
      InputTemplate: inputTransformer.template,
    },
    RetryPolicy: retry && {
      MaximumRetryAttempts: retry.maxAttempts,
      MaximumEventAgeInSeconds: retry.maxAgeSeconds,
    },
  }
}
