// Loaded before the action: time passes fifty times as fast, so that what takes half a minute can be tested.
const SPEED = 50;

const { setTimeout: later } = globalThis;
// @ts-expect-error the other forms are of no use to the action
globalThis.setTimeout = (task, milliseconds = 0, ...rest) => later(task, milliseconds / SPEED, ...rest);

const { timeout } = AbortSignal;
AbortSignal.timeout = (milliseconds) => timeout.call(AbortSignal, Math.ceil(milliseconds / SPEED));
