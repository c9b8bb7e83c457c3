/** One step down from a run to what is executed in it. */
export interface PlaceStep {
  /** Number of the entry in its workflow. */
  readonly entry: number;
  /** Number of the arm, or of the item of a foreach. */
  readonly member?: number;
  /** Iterations of a loop before this one. @default 0 */
  readonly iteration?: number;
  /** Of a nested workflow: how often it failed there before and was begun anew. @default 0 */
  readonly attempt?: number;
}

/** Where something is executed: the way from the outermost run. A run is named by the place that it is nested at: `[]` is the root. */
export type Place = readonly PlaceStep[];

/** A block of arms or items: the run that it is in, and its entry there. */
export interface BlockPlace {
  readonly run: Place;
  readonly entry: number;
}

/** `2[1]#3@1/0`: entry 0 of what is nested at arm 1 of entry 2, in its fourth iteration and second attempt. */
export function formatPlace(place: Place): string {
  return place
    .map(({ entry, member, iteration = 0, attempt = 0 }) => {
      const parts = [
        String(entry),
        member === undefined ? '' : `[${member}]`,
        iteration === 0 ? '' : `#${iteration}`,
        attempt === 0 ? '' : `@${attempt}`,
      ];
      return parts.join('');
    })
    .join('/');
}

function isSameStep(a: PlaceStep, b: PlaceStep): boolean {
  return formatPlace([a]) === formatPlace([b]);
}

/** Whether `place` is `around`, or lies in what is nested there. Every iteration and attempt of a place is the place. */
export function isWithin(place: Place, around: Place): boolean {
  return around.every((step, depth) => {
    const own = place[depth];
    if (own === undefined) return false;
    const isLast = depth === around.length - 1;
    return isLast ? own.entry === step.entry && own.member === step.member : isSameStep(own, step);
  });
}
