/** An error of the script or the machine, not of this tool: only its message is shown. */
export class BuildError extends Error {}
