/** An error that is the script's, or the machine's, and not this tool's: its message is all that is shown. */
export class BuildError extends Error {}
