import { type Duration, Token } from 'aws-cdk-lib';
import { WorkflowRuntimeError } from './errors.ts';

/** Throws {@link WorkflowRuntimeError} for what is not from 1 to 3,650 days. */
export function daysWithin(name: string, value: Duration): Duration {
  if (!value.isUnresolved()) within(name, value.toDays({ integral: false }), 1, 3_650, 'days');
  return value;
}

/** The same for whole minutes. */
export function minutesWithin(name: string, value: Duration, least: number, most: number): Duration {
  if (!value.isUnresolved()) within(name, value.toMinutes({ integral: false }), least, most, 'minutes');
  return value;
}

/** The same for whole seconds. */
export function durationWithin(name: string, value: Duration, least: number, most: number): Duration {
  if (!value.isUnresolved()) within(name, value.toSeconds({ integral: false }), least, most, 's');
  return value;
}

/** The same for a whole number. A value that is known at deployment only is let through. */
export function within(name: string, value: number, least: number, most: number, unit: string): number {
  if (Token.isUnresolved(value) || (Number.isInteger(value) && value >= least && value <= most)) return value;
  throw invalid(name, `it is ${value}; write a whole number of ${unit} from ${least} to ${most}`);
}

/** The same where only an account's quota is the upper bound. */
export function atLeast(name: string, value: number, least: number, unit: string): number {
  if (Token.isUnresolved(value) || (Number.isInteger(value) && value >= least)) return value;
  throw invalid(name, `it is ${value}; write a whole number of ${unit}, ${least} at least`);
}

/** The same for what is one of a few values. `choices` says what to write. */
export function oneOf<Value>(name: string, value: Value, allowed: readonly Value[], choices: string): Value {
  if (allowed.includes(value)) return value;
  throw invalid(name, `it is ${JSON.stringify(value)}; write ${choices}`);
}

/** The same for a switch. */
export function onOrOff(name: string, value: boolean): boolean {
  return oneOf(name, value, [true, false], 'true or false');
}

/** What a prop is refused with. `problem` ends in what to write. */
export function invalid(name: string, problem: string): WorkflowRuntimeError {
  return new WorkflowRuntimeError('PROPS_INVALID', `WorkflowRuntime: ${name} is invalid: ${problem}`);
}
