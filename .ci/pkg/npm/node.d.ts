
/** The path of each file of a need, in their order. */
export function paths(files: Files): Path[];

/** The memory of the module, in which the buffers of hashers lie. */
export const memory: { readonly buffer: ArrayBuffer };

/** Loads the module from its bytes, where that was not done; in Node it was. */
export function initSync(module: { module: Uint8Array }): unknown;

/** Done already; here so that the same program runs in a browser. */
export default function init(): Promise<void>;
