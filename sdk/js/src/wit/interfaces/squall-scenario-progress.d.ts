declare module 'squall:scenario/progress@0.1.0' {
  /**
   * The number of this iteration in its scenario, from 0, over all its virtual users: no two have the same. 0 outside of
   * iterations.
   */
  export function iterationInScenario(): bigint;
  /**
   * That of this virtual user; none in `setup` and `teardown`.
   */
  export function scenario(): ScenarioProgress | undefined;
  /**
   * What the run has come to by now.
   */
  export function count(): Counts;
  /**
   * A scenario of the run.
   */
  export interface ScenarioProgress {
    /**
     * Its name, as its tag has it.
     */
    name: string,
    /**
     * How its iterations are scheduled: "constant-vus".
     */
    executor: string,
    /**
     * When it began, in nanoseconds since the run began.
     */
    began: bigint,
    /**
     * How much of it is done, from 0 to 1: of its iterations where their number is known, else of its time.
     */
    done: number,
  }
  /**
   * Counts over all scenarios and threads. They are a moment old where other threads count.
   */
  export interface Counts {
    /**
     * Virtual users at work.
     */
    vusActive: bigint,
    /**
     * Virtual users that are made before they are needed, and those that were made beyond.
     */
    vusInitialized: bigint,
    /**
     * Iterations that have come to their end, good or bad.
     */
    iterationsCompleted: bigint,
    /**
     * Iterations that were cut short.
     */
    iterationsInterrupted: bigint,
  }
}
