import { WorkflowError } from './errors.ts';
import { limits } from './limits.ts';

/**
 * Which execution of a record an event, a claim or a write means. Turns are compared as strings, so a later epoch beats
 * any iteration, a later iteration any resumption, a later resumption any attempt.
 */
export interface Turn {
  /** 1 for the first life of a run; each time travel adds 1. */
  readonly epoch: number;
  /** Loop iteration, from 0. */
  readonly iteration: number;
  /** How often this iteration was resumed. */
  readonly generation: number;
  /** Attempt of this generation, from 0: what authors see as `retryCount`. */
  readonly attempt: number;
}

const widths = { epoch: 4, iteration: 6, generation: 4, attempt: 3 } as const;
const caps = {
  epoch: limits.epochs,
  iteration: limits.iterations,
  generation: limits.generations,
  attempt: limits.attempts,
} as const;
const pattern = /^\d{4}\.\d{6}\.\d{4}\.\d{3}$/;

/** The turn in which an entry of the given epoch starts. */
export function firstTurn(epoch: number): Turn {
  return { epoch, iteration: 0, generation: 0, attempt: 0 };
}

/** `eeee.iiiiii.gggg.aaa`, zero-padded so that text order is turn order. Throws WORKFLOW_LIMIT_EXCEEDED over a width. */
export function formatTurn(turn: Turn): string {
  const part = (name: keyof Turn): string => {
    const value = turn[name];
    if (!Number.isInteger(value) || value < 0 || value > caps[name]) {
      throw new WorkflowError(
        'WORKFLOW_LIMIT_EXCEEDED',
        `${name} ${value} is outside 0 to ${caps[name]}: end this run and start another one`,
        { details: { limit: name, allowed: caps[name] } },
      );
    }
    return String(value).padStart(widths[name], '0');
  };
  return `${part('epoch')}.${part('iteration')}.${part('generation')}.${part('attempt')}`;
}

/** Reads {@link formatTurn}'s text. Throws WORKFLOW_RECORD_CORRUPT for any other text. */
export function parseTurn(text: string): Turn {
  if (!pattern.test(text)) {
    throw new WorkflowError('WORKFLOW_RECORD_CORRUPT', `"${text}" is not a turn (eeee.iiiiii.gggg.aaa)`);
  }
  return {
    epoch: Number(text.slice(0, 4)),
    iteration: Number(text.slice(5, 11)),
    generation: Number(text.slice(12, 16)),
    attempt: Number(text.slice(17)),
  };
}

/** A turn without its generation: the same for all resumptions of one attempt. Compared as text, a later one is greater. */
export function baseTurn(text: string): string {
  const { epoch, iteration, attempt } = parseTurn(text);
  const pad = (value: number, name: keyof Turn): string => String(value).padStart(widths[name], '0');
  return `${pad(epoch, 'epoch')}.${pad(iteration, 'iteration')}.${pad(attempt, 'attempt')}`;
}

/** Whether `text` is a turn of this epoch. What comes with an event may be anything. */
export function isTurnOf(text: string, epoch: number): boolean {
  return pattern.test(text) && parseTurn(text).epoch === epoch;
}
