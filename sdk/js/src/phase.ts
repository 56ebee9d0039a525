// Whether the script is being built or run.
//
// A script's top level runs once, while the component is built; its state is stored in the component, so that a virtual
// user starts with it in no time and in memory that all of them share. What only the run knows (options, the clock,
// chance) cannot be asked for then. A script that asks all the same is built a second time, in such a way that its top
// level runs at the start of each virtual user.

/** Whether the script is being built. To be read only; a call of `isBuilding` is what the ways of a request can do without. */
export let building = true;
let deferred = false;
const asked: string[] = [];

/** Declares that the host is there. Every export of the component begins with it. */
export function running(): void {
  building = false;
}

/** Whether the component is being built: the host is not there. */
export function isBuilding(): boolean {
  return building;
}

/**
 * Whether the run can answer what is asked. While building it cannot: the caller answers something harmless, and the
 * script is built again.
 */
export function isKnown(what: string): boolean {
  if (building) asked.push(what);
  return !building;
}

/** Fails if the host is not there: for operations that are impossible while building, such as sending a request. */
export function needHost(what: string): void {
  if (building) {
    throw new Error(`${what} cannot be called at the top level of a script: call it in a flow, or in setup or start`);
  }
}

/** Whether the top level is run by each virtual user, not when the component is built. */
export function isDeferred(): boolean {
  return deferred;
}

/** Ends the building of a script whose top level is left to the virtual users. */
export function deferLoading(): void {
  deferred = true;
}

/** The script's first use of a value that only the run knows, if any. */
export function askedFor(): string | undefined {
  return asked[0];
}

/** Ends the building of a script whose top level has run; fails, for the build tool to read, if it used the run. */
export function finishLoading(): void {
  if (asked.length > 0) throw new Error(`squall:defer ${asked[0]}`);
}

/**
 * Runs the top level of a script that has failed once, to see why. What a script does without the answers that only the
 * run has, such as to refuse them, is no mistake: then this fails as `finishLoading` does.
 */
export function loadAgain(load: () => unknown): void {
  try {
    load();
  } catch (error) {
    finishLoading();
    throw error;
  }
  finishLoading();
}
