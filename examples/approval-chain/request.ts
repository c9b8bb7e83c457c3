import { z } from 'zod';

/** Who has to agree to a purchase. The id of the arm that asks, and the label by which it is answered. */
export const roles = ['manager', 'finance', 'security'] as const;

/** See {@link roles}. */
export type Role = (typeof roles)[number];

/** Whom a question goes to when its reminders were in vain. */
export const deputies: Readonly<Record<Role, string>> = {
  manager: 'head of department',
  finance: 'chief financial officer',
  security: 'chief information security officer',
};

/** What a run is given. */
export const purchaseRequest = z.object({
  item: z.string().min(1).max(200),
  amountCents: z.int().min(1),
  requester: z.string().min(1),
  reminders: z
    .object({
      /** From the question to its first reminder, and between two of them, ms. */
      everyMs: z.int().min(1).max(2_592_000_000),
      /** After this many the question is handed on. */
      most: z.int().min(0).max(100),
    })
    .default({ everyMs: 86_400_000, most: 2 }),
});

/** See {@link purchaseRequest}. */
export type PurchaseRequest = z.infer<typeof purchaseRequest>;

const by = z.string().min(1);
const reject = z.strictObject({ action: z.literal('reject'), by, reason: z.string().min(1) });
/** What the reminders answer when nobody else does: the arm goes on waiting, for the deputy. */
const escalate = z.strictObject({ action: z.literal('escalate'), reminders: z.int().min(0) });

/** What each arm can be resumed with. The text of `action` tells the forms apart, and so does the message of a refusal. */
export const answers = {
  manager: z.discriminatedUnion('action', [
    z.strictObject({ action: z.literal('approve'), by, note: z.string().optional() }),
    reject,
    escalate,
  ]),
  finance: z.discriminatedUnion('action', [
    z.strictObject({
      action: z.literal('approve'),
      by,
      costCentre: z.string().regex(/^\d{4}$/, 'four digits'),
    }),
    reject,
    escalate,
  ]),
  security: z.discriminatedUnion('action', [
    z.strictObject({ action: z.literal('approve'), by, conditions: z.array(z.string().min(1)).default([]) }),
    reject,
    escalate,
  ]),
};

/** Any of {@link answers}. */
export type Answer = z.infer<(typeof answers)[Role]>;

/** What an arm says while it waits. */
export const question = z.object({
  /** The label to answer by. */
  label: z.enum(roles),
  to: z.string(),
  text: z.string(),
  isEscalated: z.boolean(),
});

/** What came of an arm that agreed. */
export const approval = z.object({
  by: z.string(),
  note: z.string().optional(),
  costCentre: z.string().optional(),
  conditions: z.array(z.string()).optional(),
});

/** What a run ends with. */
export const purchaseResult = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('ordered'),
    orderNumber: z.string(),
    costCentre: z.string(),
    conditions: z.array(z.string()),
  }),
  z.object({ outcome: z.literal('rejected'), role: z.enum(roles), by: z.string(), reason: z.string() }),
]);

/** See {@link purchaseResult}. */
export type PurchaseResult = z.infer<typeof purchaseResult>;

const entry = z.object({
  /** ms since 1970. */
  at: z.number(),
  event: z.enum(['asked', 'reminded', 'escalated', 'approved', 'rejected']),
  /** Whom it went to, or who did it. */
  who: z.string(),
});

/** One thing that was done, for those who ask later. */
export type TrailEntry = z.infer<typeof entry>;

/**
 * The audit trail, in the state of the run. A key for each arm: the state is merged key by key, so arms that write at the same
 * time do not overwrite each other.
 */
export const trail = z.object({
  manager: z.array(entry).optional(),
  finance: z.array(entry).optional(),
  security: z.array(entry).optional(),
});

/** See {@link trail}. */
export type Trail = z.infer<typeof trail>;

/** Something that people are told. */
export interface Notice {
  /** The same for a notice that is told again, because a worker died while it told it: for whoever sends mail to drop. */
  readonly id: string;
  readonly runId: string;
  readonly kind: 'question' | 'reminder' | 'escalation' | 'end';
  readonly to: string;
  readonly text: string;
}

/** What both workflows need of the world. */
export interface World {
  /** Sends a mail, a message, a line of text. */
  readonly tell: (notice: Notice) => void | Promise<void>;
  /** The time that the trail is written with, ms since 1970. */
  readonly now: () => number;
}
