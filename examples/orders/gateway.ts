import { createHash } from 'node:crypto';

/** One charge. The key is what keeps a repeated one from being taken twice. */
export interface Charge {
  readonly idempotencyKey: string;
  readonly amountCents: number;
  /** Which try of the caller this is, from 0. */
  readonly attempt: number;
}

/** What the customer's bank confirmed. */
export interface Receipt {
  readonly id: string;
  readonly amountCents: number;
}

/** Takes payments. */
export interface PaymentGateway {
  charge(charge: Charge): Promise<Receipt>;
}

/** The gateway did not answer; nobody knows whether the charge was made, so it has to be repeated with the same key. */
export class GatewayUnavailable extends Error {
  override readonly name = 'GatewayUnavailable';
}

/**
 * A simulated gateway that is out of order for the first `failures` attempts of every charge. The attempt comes from the
 * caller, because a count kept here would be gone when the process is. As with a real gateway, the same key gives the
 * same receipt, however often and from whichever process it is charged.
 */
export function flakyGateway(failures = 2): PaymentGateway {
  const charged = new Map<string, Receipt>();
  return {
    charge({ idempotencyKey, amountCents, attempt }) {
      const made = charged.get(idempotencyKey);
      if (made !== undefined) return Promise.resolve(made);
      if (attempt < failures) {
        return Promise.reject(
          new GatewayUnavailable(`The payment gateway did not answer (attempt ${attempt + 1}).`),
        );
      }
      const id = `rcpt_${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 12)}`;
      const receipt = { id, amountCents };
      charged.set(idempotencyKey, receipt);
      return Promise.resolve(receipt);
    },
  };
}
