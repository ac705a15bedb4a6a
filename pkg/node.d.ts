/* tslint:disable */
/* eslint-disable */
/** A path as `find` prints it; an array of byte values where it is not UTF-8. */
export type Path = string | number[];
/** A text, taken as UTF-8, or bytes: a buffer, a view of one, or a list of byte values. */
export type Bytes = string | ArrayBuffer | ArrayBufferView | number[];
/** The hash of manifest and tag. */
export type Algorithm = 'md5' | 'sha256';
/** One file of a manifest. */
export interface ManifestFile { path: Path; digest: string }
/** A manifest as data; `notes` are the lines that begin with `#`. */
export interface ParsedManifest { algorithm: Algorithm; notes: Path[]; files: ManifestFile[] }
/** What differs between two manifests. */
export interface Diff {
    added: Path[];
    removed: Path[];
    changed: Path[];
    /** The same content under another path. */
    renamed: Array<{ from: Path; to: Path }>;
    /** Lines that begin with `#`: arguments, modes, links and so on. */
    notes: NoteDiff[];
}

/** A difference that is not one of a file. */
export interface NoteDiff {
    /** `arg`, `base`, `exec` and so on. */
    kind: string;
    /** The name of an argument, the path of a link; empty where there is but one such line. */
    name: Path;
    before: Path | null;
    after: Path | null;
    /** In words. */
    text: string;
}

/** How options are spelled in messages: `--moving-tag ci`, or `moving-tag: ci`. */
export type Spelling = 'command-line' | 'inputs';

/** What a user asks for. Lists can be texts with one item a line. */
export interface Options {
    // options: made from src/options/table.rs by UPDATE=1 cargo test --test generated
    /** Which job; `build` if none is given. */
    command?: 'tag' | 'manifest' | 'inputs' | 'explain' | 'why' | 'model' | 'backtest' | 'env' | 'plan' | 'build' | 'join' | 'pull' | 'prune';
    /** A folder whose files are the inputs, relative to the project folder; without one, the Compose files tell what counts */
    path?: string | Path[];
    /** The image's repository, without a tag, such as example/app or ghcr.io/acme/app */
    image?: string;
    /** Where images without registry and owner go: with ghcr.io/acme/, `web` to ghcr.io/acme/web, none to ghcr.io/acme/PROJECT-SERVICE */
    'repository-prefix'?: string;
    /** The hash of manifest and tag; auto: that of `x-docktag` in the Compose files, else md5 [default: auto] */
    algorithm?: 'auto' | 'md5' | 'sha256';
    /** What counts of a checkout: what is on disk, or links and line ends as git has them; auto: as in git on Windows [default: auto] */
    checkout?: 'auto' | 'as-is' | 'as-in-git';
    /** Take this manifest as it is where it exists, and write it where it does not */
    reuse?: string;
    /** The tag that follows the last build and gives the next one its cache; empty: none [default: ci] */
    'moving-tag'?: string;
    /** A branch whose builds move the moving tag, and so are the cache of others, `*` for any part of a name; without one, the default branch */
    'trusted-branch'?: string | string[];
    /** A Compose file, relative to the project folder; without one, those that Compose finds */
    file?: string | string[];
    /** A file with variables for the Compose files, instead of .env */
    'env-file'?: string | string[];
    /** A profile of the Compose files to have active */
    profile?: string | string[];
    /** The folder that paths in the Compose files are relative to; without it, that of the first one */
    'project-directory'?: string;
    /** The name of the Compose project; without it, as Compose finds it */
    'project-name'?: string;
    /** A Compose service to work for; without one, all of them */
    service?: string | string[];
    /** The platform of services that name none, such as linux/arm64; without it, that of DOCKER_DEFAULT_PLATFORM, else of this machine */
    platform?: string;
    /** A build argument that does not count, such as a commit id or a date */
    'ignore-arg'?: string | string[];
    /** A text that counts as input: with another one everything is built anew */
    salt?: string;
    /** Count what the registry has under the names of base images now, and build from that */
    'pin-bases'?: boolean;
    /** Build everything anew when a day, week or month (UTC) has ended: daily, weekly, monthly, or the period that an earlier job found */
    refresh?: string;
    /** A file or folder to explain */
    input?: string | string[];
    /** What to compare with: a manifest's file, a git revision or an image; without it, the last build, else where this branch began */
    against?: string;
    /** Show the lines that differ too, where git knows the files */
    diff?: boolean;
    /** How Compose is started; without it, `docker compose`, else `docker-compose` */
    compose?: string;
    /** Whether to push what was built; auto: not on a pull request that has no secrets, from a fork or from Dependabot [default: auto] */
    push?: 'auto' | 'true' | 'false';
    /** As --push=false: build what is missing; what the registry cannot say is taken as missing */
    'no-push'?: boolean;
    /** Build here what the registry lacks, and push nothing */
    'or-build'?: boolean;
    /** Build from copies of exactly the files that count: an input that was not counted is an error of the build */
    strict?: boolean;
    /** Whether to keep the manifest beside the image in the registry, so that a later run can say what has changed since [default: true] */
    'keep-manifest'?: 'true' | 'false';
    /** Believe a hit only where the manifest that is kept beside the image makes its tag; anything else is unknown */
    verify?: boolean;
    /** Build and push even on a hit */
    force?: boolean;
    /** The builder of buildx that builds, such as a remote one; what is pushed is pushed from there, and needs no engine here */
    builder?: string;
    /** Give each platform of images that are for several a job of its own; `join` puts them together then */
    'split-platforms'?: boolean;
    /** Build only this platform of images that are for several, and push it under a name of its own, for `join` */
    part?: string;
    /** Build one share of what a plan found missing: docktag_missing of its parameters, then :INDEX/COUNT, counted from 0 */
    share?: string;
    /** How many jobs build at most; beyond that a job has several groups of images [default: 256] */
    'max-jobs'?: string;
    /** Write the parameters for a CircleCI continuation to this file */
    continuation?: string;
    /** Where the layer cache of a build is kept: in the image itself, beside it in the registry, or nowhere [default: inline] */
    cache?: 'inline' | 'registry' | 'none';
    /** An image or BuildKit cache source to start a build from, instead of the moving tag */
    'cache-from'?: string | string[];
    /** The registry that the login is for; without it, that of the image */
    registry?: string;
    /** The user for that registry; without one, what `docker login` stored */
    username?: string;
    /** The password or access token of the user; without it, that in DOCKER_PASSWORD */
    password?: string;
    /** A registry that may have any TLS certificate, or no TLS; those on the loopback interface always may */
    'insecure-registry'?: string | string[];
    /** How long one request to a registry may take; what may pass is asked three times, but not for longer than a minute [default: 10] */
    'registry-timeout'?: string;
    /** How many of the last commits of this branch to look at, merged ones not counted [default: 100] */
    commits?: string;
    /** Keep the images of all branches, here and at the remote; without it, only the branch that is checked out counts */
    'keep-branches'?: boolean;
    /** Keep the images of all commits that git tags point at, here and at the remote */
    'keep-tags'?: boolean;
    /** Of how many of the last commits of each branch to keep the images; without it, of the last one */
    'keep-commits'?: string;
    /** Of how many days to keep everything: what a job is about to use may be on no branch yet [default: 1] */
    'keep-days'?: string;
    /** A commit whose images cannot be computed; those that were built from it, or may be its images, are kept */
    'ignore-commit'?: string | string[];
    /** Delete what nothing needs; without it, it is only listed */
    delete?: boolean;
    /** Write a plot (SVG) of the builds to this file */
    plot?: string;
    /** Say what would be done, and do nothing */
    'dry-run'?: boolean;
    /** Keep the variables for later steps ($GITHUB_ENV, else $BASH_ENV), and on GitHub outputs and job summary too */
    ci?: boolean;
    // end of options
    /** What a runner passed to the action, by the names in action.yml. */
    inputs?: Record<string, string>;
    /** Facts about the host. */
    host?: Host;
}

/** Facts that a host knows and a job needs. */
export interface Host {
    /** The environment: Compose files may use any variable. */
    env?: Record<string, string | undefined>;
    /** The project folder as an absolute path, with `/`. */
    folder?: string;
    /** Whether there are links on the way to that folder, so that `..` of its path is not `..` of the folder. */
    linked?: boolean;
    /** A folder for files that later steps of the same CI job use. */
    temporary?: string;
    /** The machine's architecture, as Node calls it (`process.arch`). */
    architecture?: string;
    /** The time as seconds since 1970-01-01 UTC. */
    now?: number;
    /** A folder for this run only, which the host removes when the run ends. It need not exist yet. */
    scratch?: string;
    /** Docker's configuration folder; absent where there is none. */
    dockerConfig?: string | null;
    /** What separates the names in `COMPOSE_FILE`: `:`, on Windows `;`. */
    listSeparator?: string;
    /** How many folders the project folder is below the root. */
    depth?: number;
    /** Whether it is Windows, where a checkout can have other line ends than git, and files in the place of links. */
    windows?: boolean;
    spelling?: Spelling;
}

/** What to do next: perform needs and come back with answers; or the end, a report or an error. `log` is to be shown first. */
export type Step =
| { needs: Array<[number, Need]>; report?: undefined; error?: undefined; exit: 0; notes: Note[]; log: string }
/** A report with an error: the job failed, and this is what it found out. */
| { needs?: undefined; report: Report; error?: Failed; exit: number; notes: Note[]; log: string }
| { needs?: undefined; report?: undefined; error: Failed; exit: number; notes: Note[]; log: string };

/** One thing that a host is to do. Paths are relative to the project folder or absolute. */
export type Need =
/** Walk a folder without following links: answered by `listing`. */
| { need: 'list'; root: Path }
/** Look into folders, without what is below theirs: `entries`, in the same order. */
| { need: 'entries'; folders: Path[] }
/** Read a small file whole: `bytes`. */
| { need: 'read'; path: string; limit: number }
/** Hash files, where `text` is set with every CR LF taken as LF: `hashed`, in the same order. */
| { need: 'hash'; paths: Files; algorithm: Algorithm; text: boolean }
/** Look which of these exist: `exist`, in the same order. */
| { need: 'exist'; paths: string[] }
/** Send a request: `response`, whatever its status. */
| { need: 'http'; request: HttpRequest; because: string }
/** Run a program: `exited`, whatever its exit code. */
| ({ need: 'run' } & Command)
/** Run a program that prints objects as `git cat-file --batch` does, and hash each: `hashed`, in that order. */
| { need: 'objects'; command: Command; algorithm: Algorithm }
/** Write a file, with what `Session.bytes` gives; one in the folder of the run for its owner only: `done`. */
| { need: 'write'; path: string; how: 'append' | 'replace' | 'private' }
/** Copy files into a folder of the run, with modes 644 and 755 and one time (seconds since 1970) for all; folders get theirs last: `done`. */
| { need: 'stage'; to: string; folders: Path[]; files: Array<[from: Path, to: Path, executable: boolean | null]>; links: Array<[Path, Path]>; time: number }
/** Make every entry of `from` but those in `except` appear in `to` too: `done`. */
| { need: 'mirror'; from: string; to: string; except: string[] }
/** Wait: `done`. */
| { need: 'wait'; milliseconds: number };

/** An answer to a need; bytes are base64, but for digests. */
export type Answer =
| { listing: Listing }
| { entries: Entries[] }
| { bytes: string }
| { hashed: Hashed }
| { exist: boolean[] }
| { response: HttpResponse }
| { exited: Exited }
| 'done'
| { failed: Failure };

/** Names in a folder, or all of them in one text with `/` between them. */
export type Names = string | Path[];
/** Files by their paths, or those of a folder together. */
export type Files = Array<Path | { folder: Path; names: Names }>;
/** What is below a folder. */
export interface Listing { files: Files; links: Path[]; emptyDirs: Path[] }
/** What is in a folder; links with their targets. */
export interface Entries { files: Names; folders: Names; links: Array<[Path, Path]>; others: Names }
/** Of files: the bytes of their digests one behind the other, their sizes, and for each whether its owner may execute it, 1 or 0. */
export interface Hashed { digests: Uint8Array; sizes: Float64Array; executable: Uint8Array }

/** A request to send as it is; a redirect is an answer too, and is not followed. */
export interface HttpRequest {
    method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
    url: string;
    headers: Array<[string, string]>;
    /** The `Authorization` header: a secret. */
    authorization: string | null;
    /** The body in base64: a secret. */
    body: string | null;
    /** Milliseconds for the whole exchange. */
    timeout: number;
    /** The address of the proxy to go through: a secret. */
    proxy: string | null;
    trust: Trust;
}

/** Whom to trust under TLS: anybody; authorities besides those of the system; and our own certificate with its key. All are files in PEM. */
export interface Trust { insecure: boolean; authorities: string[]; identity: [string, string] | null }

/** An answer as it was received; names of headers in lower case, the body in base64. */
export interface HttpResponse { status: number; headers: Array<[string, string]>; body: string; milliseconds: number }

/** A program to run in the project folder. */
export interface Command {
    /** Program and arguments; no shell. */
    argv: string[];
    env: Record<string, string>;
    envRemove: string[];
    stdin: string | null;
    /** Whether its output is wanted here, or goes to the user as it comes. */
    capture: boolean;
    because: string;
}

/** How a program ended; the code is `null` where a signal ended it. Output in base64. */
export interface Exited { code: number | null; stdout: string; stderr: string; milliseconds: number }

/** Why something could not be done. */
export interface Failure {
    kind: 'not-found' | 'is-a-file' | 'is-a-folder' | 'is-a-link' | 'changed' | 'dns' | 'connect' | 'tls' | 'certificate' | 'timeout' | 'garbled' | 'other';
    path?: Path;
    message: string;
}

/** One thing said while a job runs. */
export interface Note { level: 'detail' | 'info' | 'warning'; text: string }

/** How a job ended that failed; also the properties of errors that are thrown. */
export interface Failed { code: string; place: string | null; line: number | null; column: number | null; message: string; help: string | null; output?: string[]; others?: Failed[] }

/** How a job ended well. */
export interface Report {
    job: 'tag' | 'manifest' | 'inputs' | 'model' | 'env' | 'plan' | 'build' | 'join' | 'pull';
    /** Empty where there are several images: each has its own then. */
    tag: string;
    algorithm: Algorithm;
    image?: string;
    hit?: boolean;
    unpushed?: string;
    targets?: TargetReport[];
    planned?: Array<{ because: string; action: string }>;
    variables?: Array<{ name: string; value: string }>;
    altered?: Path[];
    /** Of `plan`: the jobs that build what is missing. */
    matrix?: { include: Array<{ name: string; services: string; images: string; platforms: string; part: string }> };
    period?: string;
}

/** One image and what became of it. */
export interface TargetReport {
    services: string[];
    image: string;
    tag: string;
    outcome: 'named' | 'hit' | 'pushed' | 'built' | 'pulled' | 'missing' | 'unknown' | 'joined';
    digest?: string;
    platforms?: string[];
    present?: string[];
    needs?: string[];
    reason?: string;
    milliseconds?: number;
    bytes?: number;
    moving?: { image: string; outcome: 'already' | 'moved' | 'failed' };
    /** Where it was missing: what has changed since the last build, in a few lines. */
    why?: string[];
}

/**
 * How the log is worded: details, colours, the commands of the GitHub runner, the project folder below the checkout, and what makes the runner
 * obey again after programs have printed. `shown`: people read the output, so names are escaped there.
 */
export interface Voice { verbose?: boolean; color?: boolean; github?: boolean; folder?: string; token?: string; shown?: boolean }

/** The definition of an option. */
export interface Definition {
    name: string;
    short: string | null;
    input: string | null;
    commandLine: boolean;
    takes: 'flag' | { one: string } | { many: string } | { choice: string[] };
    default: string | null;
    jobs: string[];
    help: string;
}



/**
 * md5 of small files that lie one behind the other in the memory of the module, several at once.
 */
export class Batch {
    free(): void;
    /**
     * The digests of files, 16 bytes each, by the places where each ends; the next one begins there, or at the multiple that follows.
     */
    digests(ends: Uint32Array | number[]): Uint8Array;
    /**
     * So many bytes are set aside for files. Each begins at a multiple of `align`, which is a power of two: a file that is read to a multiple of 64 is copied nearly twice as fast.
     */
    constructor(room: number, align?: number);
    /**
     * Where they lie in the memory of the module.
     */
    pointer(): number;
    /**
     * Writes files there. Throws if they need more than the room.
     */
    set(bytes: Uint8Array): void;
}

/**
 * A hasher that is fed piece by piece; after `finish` it starts anew.
 */
export class Hasher {
    free(): void;
    /**
     * The same, with every CR LF taken as LF.
     */
    absorbText(count: number): void;
    /**
     * Takes the first bytes of the buffer, which were written there. Throws if there are not as many.
     */
    absorb(count: number): void;
    /**
     * The digest of everything taken, as hexadecimal digits.
     */
    finish(): string;
    /**
     * A hasher that has seen nothing; `buffer` bytes are set aside in the memory of the module for `absorb`.
     */
    constructor(algorithm?: Algorithm, buffer?: number);
    /**
     * Where the buffer lies in the memory of the module.
     */
    pointer(): number;
    /**
     * Takes the next bytes; a string is taken as UTF-8.
     */
    update(bytes: Bytes): void;
}

/**
 * md5 of several files side by side, several times as fast as one after the other. A lane is free again as soon as its file has ended.
 */
export class Lanes {
    free(): void;
    /**
     * So many bytes were written; `end` says that they are the last of the file.
     */
    fill(lane: number, count: number, end: boolean): void;
    /**
     * Whether a lane has something to be hashed; else its file has ended, or it wants more of it.
     */
    isReady(lane: number): boolean;
    /**
     * At most so many lanes, each with a buffer of so many bytes in the memory of the module.
     */
    constructor(lanes: number, room: number);
    /**
     * Where the next bytes of a lane are to be written in the memory of the module.
     */
    pointer(lane: number): number;
    /**
     * Forgets what a lane was given.
     */
    reset(lane: number): void;
    /**
     * How many bytes may be written there. It is never 0 in a lane that is not ready.
     */
    room(lane: number): number;
    /**
     * Hashes until one of the lanes that are ready is not any more; `false` if none is.
     */
    run(): boolean;
    /**
     * The 16 bytes of the digest of a file that has ended and is hashed; its lane is free.
     */
    take(lane: number): Uint8Array | undefined;
    /**
     * How many there are.
     */
    readonly count: number;
}

/**
 * A job in progress: `step` says what is needed, and takes the answers.
 */
export class Session {
    free(): void;
    /**
     * What to show before a need is performed: the heading of a program.
     */
    begin(id: number): string;
    /**
     * What a `write` is to write; it is given once.
     */
    bytes(id: number): Uint8Array | undefined;
    /**
     * What to show after it. `outcome` is a program's exit code (`null`: ended by a signal), a response's status, or why there is neither.
     */
    end(id: number, outcome: number | string | null, milliseconds: number): string;
    /**
     * The lines for an error of the host itself, before a job could begin.
     */
    fail(place: string, message: string, help: string): string;
    /**
     * What nobody can guess, to be given before the first program begins whose output goes to the log; only the first counts.
     */
    hold(token: string): void;
    /**
     * One line of the log.
     */
    line(text: string): string;
    /**
     * The manifest of a job that ended well.
     */
    manifest(): Uint8Array | undefined;
    /**
     * Begins a job. Where the options are wrong, its first step says so and is its last.
     */
    constructor(options: Options, voice?: Voice);
    /**
     * What a command line prints of a job that has ended: text, or one JSON object.
     */
    output(json: boolean): Uint8Array;
    /**
     * What to show where programs were ended, whose output went to the log.
     */
    released(): string;
    /**
     * Takes answers, at first none, and goes on until something is needed or the job has ended.
     */
    step(answers: Array<[number, Answer]>): Step;
}

/**
 * The definition of every option.
 */
export function definitions(): Definition[];

/**
 * What differs between two manifests, each list sorted by path.
 */
export function diffManifests(before: Bytes, after: Bytes, algorithm?: Algorithm): Diff;

/**
 * The text of a manifest: its lines sorted, names escaped, as `md5sum` and `LC_ALL=C sort -k 2` write them.
 */
export function manifest(files: ManifestFile[], algorithm?: Algorithm): Uint8Array;

/**
 * Reads a manifest; the order of its lines is kept. Throws with the line where it is none.
 */
export function parseManifest(manifest: Bytes, algorithm?: Algorithm): ParsedManifest;

/**
 * The tag of a manifest: the digest of its text.
 */
export function tag(manifest: Bytes, algorithm?: Algorithm): string;


/** The path of each file of a need, in their order. */
export function paths(files: Files): Path[];

/** The memory of the module, in which the buffers of hashers lie. */
export const memory: { readonly buffer: ArrayBuffer };

/** Loads the module from its bytes, where that was not done; in Node it was. */
export function initSync(module: { module: Uint8Array }): unknown;

/** Done already; here so that the same program runs in a browser. */
export default function init(): Promise<void>;
