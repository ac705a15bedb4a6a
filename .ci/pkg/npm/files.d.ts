import type { Files, Path } from './docktag.js';

/** The path of each file of a need, in their order. */
export function paths(files: Files): Path[];
