// Modules that the build tool makes up for each script.

declare module 'squall:html' {
  /** Undefined in a script that does not look at HTML. */
  export const parseHTML: typeof import('./html.ts').parseHTML | undefined;
}

declare module 'squall:compress' {
  /** Undefined in a script that compresses nothing. */
  export const compress: typeof import('./compress.ts').compress | undefined;
}

declare module 'papaparse' {
  const Papa: { parse(text: string, options?: object): { data: unknown[] } };
  export default Papa;
}
