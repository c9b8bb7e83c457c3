/** The point of each call of a place in memory at which other work goes on, as it does while a database answers. */
export type Pause = () => Promise<void>;
