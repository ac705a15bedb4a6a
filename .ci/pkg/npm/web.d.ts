import type { InitInput, InitOutput, SyncInitInput } from './docktag.js';

export * from './docktag.js';
export { paths } from './files.js';

/** One file of the module: an address, a response on its way, bytes, or compiled. */
type Source = InitInput | Promise<InitInput>;

/** Loads both files of the module, at the same time, from beside this one or from where it is told. */
export default function init(from?: { module_or_path?: Source; rest?: Source }): Promise<InitOutput>;

/** Loads `docktag_bg.wasm` alone: all but sessions. */
export function initFirst(from?: Source): Promise<InitOutput>;

/** Loads `docktag_rest.wasm`, which sessions need as well. */
export function initRest(from?: Source): Promise<void>;

/** Takes both files as bytes or compiled; without `rest` there are no sessions. */
export function initSync(modules: { module: SyncInitInput; rest?: SyncInitInput }): InitOutput;
