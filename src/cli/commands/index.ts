import type { Command } from '../command.ts';
import { dev } from './dev.ts';
import { events } from './events.ts';
import { graph, runs, show, workflows } from './look.ts';
import { redrive } from './redrive.ts';
import { resume } from './resume.ts';
import { start } from './start.ts';
import { cancel, remove, restart, timeTravel } from './steer.ts';

/** All commands, in the order in which the help lists them. */
export const commands: readonly Command[] = [
  dev,
  start,
  resume,
  show,
  runs,
  events,
  cancel,
  timeTravel,
  restart,
  remove,
  workflows,
  graph,
  redrive,
];
