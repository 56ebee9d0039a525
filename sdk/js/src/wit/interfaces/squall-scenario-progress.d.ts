declare module 'squall:scenario/progress@0.1.0' {
  /**
   * The number of this iteration in its scenario, from 0, over all its virtual users: no two have the same. 0 outside of
   * iterations.
   */
  export function iterationInScenario(): bigint;
  /**
   * The scenario of this virtual user; none in `setup` and `teardown`.
   */
  export function scenario(): ScenarioProgress | undefined;
  /**
   * The run's counts so far.
   */
  export function count(): Counts;
  /**
   * A scenario of the run.
   */
  export interface ScenarioProgress {
    /**
     * Its name, as in its tag.
     */
    name: string,
    /**
     * Its executor: "constant-vus".
     */
    executor: string,
    /**
     * Its start, in nanoseconds since the run began.
     */
    began: bigint,
    /**
     * The completed share, from 0 to 1: of its iterations where their number is known, else of its time.
     */
    done: number,
  }
  /**
   * Counts over all scenarios and threads. Those of other threads are slightly old.
   */
  export interface Counts {
    /**
     * Active virtual users.
     */
    vusActive: bigint,
    /**
     * Virtual users that are made before they are needed, and those that were made later.
     */
    vusInitialized: bigint,
    /**
     * Iterations that have ended, successful or not.
     */
    iterationsCompleted: bigint,
    /**
     * Iterations that were cut short.
     */
    iterationsInterrupted: bigint,
  }
}
