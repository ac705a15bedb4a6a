//! The schema of services, jobs and what is in them: a table.

use crate::compose::schema::{BOOL, Decode, Extra, INT, Keys, Kind, Members, NULL, NUMBER, Object, TEXT};

const S: &Kind = &Kind::Is(TEXT);
const BOOLEAN: &Kind = &Kind::As(BOOL | TEXT, Decode::Bool);
const WHOLE: &Kind = &Kind::As(INT | TEXT, Decode::Int);
const LONG: &Kind = &Kind::As(NUMBER | TEXT, Decode::Int);
const DECIMAL: &Kind = &Kind::As(NUMBER | TEXT, Decode::Float);
const BYTES: &Kind = &Kind::As(NUMBER | TEXT, Decode::Bytes);
const WHOLE_BYTES: &Kind = &Kind::As(INT | TEXT, Decode::Bytes);
const MEMORY: &Kind = &Kind::As(TEXT, Decode::Bytes);
const DURATION: &Kind = &Kind::As(TEXT, Decode::Duration);
const MODE: &Kind = &Kind::As(NUMBER | TEXT, Decode::Mode);
const TEXTS: &Kind = &Kind::List(S, false);
pub(super) const NAMES: &Kind = &Kind::List(S, true);
pub(super) const TEXT_OR_LIST: &Kind = &Kind::Either(&[S, NAMES]);
const SCALAR: &Kind = &Kind::Is(TEXT | NUMBER | BOOL | NULL);
pub(super) const LIST_OR_DICT: &Kind = &Kind::Either(&[&Kind::Dict(SCALAR, Keys::All), NAMES]);
const COMMAND: &Kind = &Kind::Either(&[&Kind::As(NULL | TEXT, Decode::Command), TEXTS]);
const HOSTS: &Kind = &Kind::Either(&[&Kind::Dict(&Kind::Either(&[S, TEXTS]), Keys::All), NAMES]);
pub(super) const OPTIONS: &Kind = &Kind::Dict(&Kind::Is(TEXT | NUMBER), Keys::All);

const fn object(members: &'static [Members]) -> Object {
    Object { members, required: &[], extra: Extra::Extensions, or_null: false }
}

const fn requiring(members: &'static [Members], required: &'static [&'static str]) -> Object {
    Object { members, required, extra: Extra::Extensions, or_null: false }
}

static LIMIT: Object = Object { extra: Extra::None, ..object(&[&[("path", S), ("rate", &Kind::As(INT | TEXT, Decode::Bytes))]]) };
static WEIGHT: Object = Object { extra: Extra::None, ..object(&[&[("path", S), ("weight", WHOLE)]]) };
const LIMITS: &Kind = &Kind::List(&Kind::Object(&LIMIT), false);
static BLOCK_IO: Object = Object {
    extra: Extra::None,
    ..object(&[&[
        ("device_read_bps", LIMITS),
        ("device_read_iops", LIMITS),
        ("device_write_bps", LIMITS),
        ("device_write_iops", LIMITS),
        ("weight", WHOLE),
        ("weight_device", &Kind::List(&Kind::Object(&WEIGHT), false)),
    ]])
};
static CREDENTIALS: Object = object(&[&[("config", S), ("file", S), ("registry", S)]]);
static DEVICE: Object = requiring(&[&[("source", S), ("target", S), ("permissions", S)]], &["source"]);
static ENV_FILE: Object = Object { extra: Extra::None, ..requiring(&[&[("path", S), ("format", S), ("required", BOOLEAN)]], &["path"]) };
const ENV_FILES: &Kind = &Kind::Either(&[S, &Kind::List(&Kind::Either(&[S, &Kind::Object(&ENV_FILE)]), false)]);
const DEVICE_REQUEST: Members = &[
    ("capabilities", NAMES),
    ("count", &Kind::As(INT | TEXT, Decode::Count)),
    ("device_ids", NAMES),
    ("driver", S),
    ("options", LIST_OR_DICT),
];
static GPU: Object = Object { extra: Extra::Any, ..object(&[DEVICE_REQUEST]) };
static DEVICE_REQUESTED: Object = requiring(&[DEVICE_REQUEST], &["capabilities"]);
static LOGGING: Object = object(&[&[("driver", S), ("options", &Kind::Dict(&Kind::Is(TEXT | NUMBER | NULL), Keys::All))]]);
static MODEL: Object = Object { or_null: true, ..object(&[&[("endpoint_var", S), ("model_var", S)]]) };
static NETWORK: Object = Object {
    or_null: true,
    ..object(&[&[
        ("aliases", NAMES),
        ("interface_name", S),
        ("ipv4_address", S),
        ("ipv6_address", S),
        ("link_local_ips", NAMES),
        ("mac_address", S),
        ("driver_opts", OPTIONS),
        ("priority", &Kind::Is(NUMBER)),
        ("gw_priority", &Kind::Is(NUMBER)),
        ("use_service_name_alias", BOOLEAN),
    ]])
};
static MOUNTED: Object = object(&[&[("source", S), ("target", S), ("uid", S), ("gid", S), ("mode", MODE)]]);
const MOUNTS: &Kind = &Kind::List(&Kind::Either(&[S, &Kind::Object(&MOUNTED)]), false);
static ULIMIT: Object = requiring(&[&[("hard", WHOLE), ("soft", WHOLE)]], &["soft", "hard"]);
static BIND: Object = object(&[&[
    ("propagation", S),
    ("create_host_path", BOOLEAN),
    ("recursive", &Kind::OneOf(&["enabled", "disabled", "writable", "readonly"])),
    ("selinux", &Kind::OneOf(&["z", "Z"])),
]]);
static VOLUME_OPTIONS: Object = object(&[&[("labels", LIST_OR_DICT), ("nocopy", BOOLEAN), ("subpath", S)]]);
static TMPFS: Object = object(&[&[("size", &Kind::Either(&[&Kind::Range(INT, 0, i64::MAX), MEMORY])), ("mode", MODE)]]);
static IMAGE: Object = object(&[&[("subpath", S)]]);
static VOLUME: Object = requiring(
    &[&[
        ("type", &Kind::OneOf(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"])),
        ("source", S),
        ("target", S),
        ("read_only", BOOLEAN),
        ("consistency", S),
        ("bind", &Kind::Object(&BIND)),
        ("volume", &Kind::Object(&VOLUME_OPTIONS)),
        ("tmpfs", &Kind::Object(&TMPFS)),
        ("image", &Kind::Object(&IMAGE)),
    ]],
    &["type"],
);
const ULIMITS: &Kind = &Kind::Dict(&Kind::Either(&[WHOLE, &Kind::Object(&ULIMIT)]), Keys::Letters);

/// What everything has that is a container.
const CONTAINER: Members = &[
    ("annotations", LIST_OR_DICT),
    ("blkio_config", &Kind::Object(&BLOCK_IO)),
    ("cap_add", NAMES),
    ("cap_drop", NAMES),
    ("cgroup", &Kind::OneOf(&["host", "private"])),
    ("cgroup_parent", S),
    ("command", COMMAND),
    ("configs", MOUNTS),
    ("cpu_count", &Kind::Either(&[&Kind::Range(INT, 0, i64::MAX), WHOLE])),
    ("cpu_percent", &Kind::Either(&[&Kind::Range(INT, 0, 100), DECIMAL_TEXT])),
    ("cpu_shares", LONG),
    ("cpu_quota", LONG),
    ("cpu_period", LONG),
    ("cpu_rt_period", LONG),
    ("cpu_rt_runtime", LONG),
    ("cpus", DECIMAL),
    ("cpuset", S),
    ("credential_spec", &Kind::Object(&CREDENTIALS)),
    ("device_cgroup_rules", NAMES),
    ("devices", &Kind::List(&Kind::Either(&[S, &Kind::Object(&DEVICE)]), false)),
    ("dns", TEXT_OR_LIST),
    ("dns_opt", NAMES),
    ("dns_search", TEXT_OR_LIST),
    ("domainname", S),
    ("entrypoint", COMMAND),
    ("env_file", ENV_FILES),
    ("label_file", &Kind::Either(&[S, TEXTS])),
    ("environment", LIST_OR_DICT),
    ("extra_hosts", HOSTS),
    ("gpus", &Kind::Either(&[&Kind::OneOf(&["all"]), &Kind::List(&Kind::Object(&GPU), false)])),
    ("group_add", &Kind::List(&Kind::Is(TEXT | NUMBER), true)),
    ("hostname", S),
    ("image", S),
    ("init", BOOLEAN),
    ("ipc", S),
    ("isolation", S),
    ("labels", LIST_OR_DICT),
    ("logging", &Kind::Object(&LOGGING)),
    ("mac_address", S),
    ("mem_limit", BYTES),
    ("mem_reservation", WHOLE_BYTES),
    ("mem_swappiness", WHOLE_BYTES),
    ("memswap_limit", BYTES),
    ("network_mode", S),
    ("models", &Kind::Either(&[NAMES, &Kind::Dict(&Kind::Object(&MODEL), Keys::All)])),
    ("networks", &Kind::Either(&[NAMES, &Kind::Dict(&Kind::Object(&NETWORK), Keys::Names)])),
    ("oom_kill_disable", BOOLEAN),
    ("oom_score_adj", &Kind::Either(&[&Kind::Range(INT, -1000, 1000), WHOLE])),
    ("pid", &Kind::Is(TEXT | NULL)),
    ("pids_limit", LONG),
    ("platform", S),
    ("privileged", BOOLEAN),
    ("pull_policy", &Kind::Text(is_pull_policy)),
    ("pull_refresh_after", S),
    ("read_only", BOOLEAN),
    ("runtime", S),
    ("security_opt", NAMES),
    ("shm_size", BYTES),
    ("secrets", MOUNTS),
    ("sysctls", LIST_OR_DICT),
    ("stop_grace_period", DURATION),
    ("stop_signal", S),
    ("storage_opt", &Kind::Dict(&Kind::Any, Keys::All)),
    ("tmpfs", TEXT_OR_LIST),
    ("ulimits", ULIMITS),
    ("umask", &Kind::Range(INT | TEXT | NULL, 0, 4_294_967_295)),
    ("use_api_socket", &Kind::Is(BOOL)),
    ("user", S),
    ("uts", S),
    ("userns_mode", S),
    ("volumes", &Kind::List(&Kind::Either(&[S, &Kind::Object(&VOLUME)]), true)),
    ("volumes_from", NAMES),
    ("working_dir", S),
];
const DECIMAL_TEXT: &Kind = &Kind::As(TEXT, Decode::Float);

/// A build: every key that is known.
pub(super) static BUILD: Object = object(&[&[
    ("context", S),
    ("dockerfile", S),
    ("dockerfile_inline", S),
    ("entitlements", TEXTS),
    ("args", LIST_OR_DICT),
    ("ssh", LIST_OR_DICT),
    ("labels", LIST_OR_DICT),
    ("cache_from", TEXTS),
    ("cache_to", TEXTS),
    ("no_cache", BOOLEAN),
    ("no_cache_filter", TEXT_OR_LIST),
    ("additional_contexts", LIST_OR_DICT),
    ("network", S),
    ("provenance", &Kind::Is(TEXT | BOOL)),
    ("sbom", &Kind::Is(TEXT | BOOL)),
    ("pull", BOOLEAN),
    ("target", S),
    ("shm_size", WHOLE_BYTES),
    ("extra_hosts", HOSTS),
    ("isolation", S),
    ("privileged", BOOLEAN),
    ("secrets", MOUNTS),
    ("tags", TEXTS),
    ("ulimits", ULIMITS),
    ("platforms", TEXTS),
]]);
static DEPENDENCY: Object = requiring(
    &[&[
        ("restart", BOOLEAN),
        ("required", &Kind::Is(BOOL)),
        ("condition", &Kind::OneOf(&["service_started", "service_healthy", "service_completed_successfully"])),
    ]],
    &["condition"],
);
static HEALTHCHECK: Object = object(&[&[
    ("disable", BOOLEAN),
    ("interval", DURATION),
    ("retries", LONG),
    ("test", &Kind::Either(&[S, TEXTS])),
    ("timeout", DURATION),
    ("start_period", DURATION),
    ("start_interval", DURATION),
]]);
static PORT: Object = object(&[&[
    ("name", S),
    ("mode", S),
    ("host_ip", S),
    ("target", WHOLE),
    ("published", &Kind::Is(INT | TEXT)),
    ("protocol", S),
    ("app_protocol", S),
]]);
const WORKLOAD: Members = &[
    ("build", &Kind::Either(&[S, &Kind::Object(&BUILD)])),
    ("depends_on", &Kind::Either(&[NAMES, &Kind::Dict(&Kind::Object(&DEPENDENCY), Keys::Names)])),
    ("healthcheck", &Kind::Object(&HEALTHCHECK)),
    ("ports", &Kind::List(&Kind::Either(&[&Kind::Is(NUMBER | TEXT), &Kind::Object(&PORT)]), true)),
    ("expose", &Kind::List(&Kind::Is(NUMBER | TEXT), true)),
    ("stdin_open", BOOLEAN),
    ("tty", BOOLEAN),
];

static EXTENDS: Object = Object { extra: Extra::None, ..requiring(&[&[("service", S), ("file", S)]], &["service"]) };
const PROVIDER_OPTION: &Kind = &Kind::Is(TEXT | NUMBER | BOOL);
static PROVIDER: Object = requiring(
    &[&[("type", S), ("options", &Kind::Dict(&Kind::Either(&[PROVIDER_OPTION, &Kind::List(PROVIDER_OPTION, false)]), Keys::All))]],
    &["type"],
);
static HOOK: Object = requiring(
    &[&[("command", COMMAND), ("user", S), ("privileged", BOOLEAN), ("working_dir", S), ("environment", LIST_OR_DICT)]],
    &["command"],
);
static PRE_START: Object = object(&[CONTAINER, &[("per_replica", BOOLEAN)]]);
const HOOKS: &Kind = &Kind::List(&Kind::Object(&HOOK), false);
static WATCH: Object = requiring(
    &[&[
        ("ignore", TEXT_OR_LIST),
        ("include", TEXT_OR_LIST),
        ("path", S),
        ("action", &Kind::OneOf(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"])),
        ("target", S),
        ("exec", &Kind::Object(&HOOK)),
        ("initial_sync", &Kind::Is(BOOL)),
    ]],
    &["path", "action"],
);
static DEVELOP: Object = Object { or_null: true, ..object(&[&[("watch", &Kind::List(&Kind::Object(&WATCH), false))]]) };
static ROLLOUT: Object = object(&[&[
    ("parallelism", WHOLE),
    ("delay", DURATION),
    ("failure_action", S),
    ("monitor", DURATION),
    ("max_failure_ratio", DECIMAL),
    ("order", &Kind::OneOf(&["start-first", "stop-first"])),
]]);
static MOST: Object = object(&[&[("cpus", DECIMAL), ("memory", MEMORY), ("pids", WHOLE)]]);
static GENERIC: Object = object(&[&[("kind", S), ("value", LONG)]]);
static GENERIC_SPEC: Object = object(&[&[("discrete_resource_spec", &Kind::Object(&GENERIC))]]);
static LEAST: Object = object(&[&[
    ("cpus", DECIMAL),
    ("memory", MEMORY),
    ("generic_resources", &Kind::List(&Kind::Object(&GENERIC_SPEC), false)),
    ("devices", &Kind::List(&Kind::Object(&DEVICE_REQUESTED), false)),
]]);
static RESOURCES: Object = object(&[&[("limits", &Kind::Object(&MOST)), ("reservations", &Kind::Object(&LEAST))]]);
static RESTART: Object = object(&[&[("condition", S), ("delay", DURATION), ("max_attempts", WHOLE), ("window", DURATION)]]);
static PREFERENCE: Object = object(&[&[("spread", S)]]);
static PLACEMENT: Object =
    object(&[&[("constraints", TEXTS), ("preferences", &Kind::List(&Kind::Object(&PREFERENCE), false)), ("max_replicas_per_node", WHOLE)]]);
static DEPLOY: Object = Object {
    or_null: true,
    ..object(&[&[
        ("mode", S),
        ("endpoint_mode", S),
        ("replicas", WHOLE),
        ("labels", LIST_OR_DICT),
        ("rollback_config", &Kind::Object(&ROLLOUT)),
        ("update_config", &Kind::Object(&ROLLOUT)),
        ("resources", &Kind::Object(&RESOURCES)),
        ("restart_policy", &Kind::Object(&RESTART)),
        ("placement", &Kind::Object(&PLACEMENT)),
    ]])
};

/// A service.
pub(super) static SERVICE: Object = object(&[
    CONTAINER,
    WORKLOAD,
    &[
        ("deploy", &Kind::Object(&DEPLOY)),
        ("develop", &Kind::Object(&DEVELOP)),
        ("profiles", NAMES),
        ("restart", S),
        ("scale", WHOLE),
        ("attach", BOOLEAN),
        ("container_name", &Kind::Text(is_container_name)),
        ("provider", &Kind::Object(&PROVIDER)),
        ("extends", &Kind::Either(&[S, &Kind::Object(&EXTENDS)])),
        ("links", NAMES),
        ("external_links", NAMES),
        ("pre_start", &Kind::List(&Kind::Object(&PRE_START), false)),
        ("post_start", HOOKS),
        ("pre_stop", HOOKS),
    ],
]);

static SCHEDULE: Object = requiring(
    &[&[
        ("cron", S),
        ("timezone", S),
        ("concurrency", &Kind::OneOf(&["forbid", "queue"])),
        ("missed_fires", &Kind::OneOf(&["one", "skip"])),
    ]],
    &["cron"],
);
static TRIGGERS: Object =
    object(&[&[("manual", BOOLEAN), ("schedule", &Kind::List(&Kind::Either(&[S, &Kind::Object(&SCHEDULE)]), false))]]);

/// A job.
pub(super) static JOB: Object =
    requiring(&[CONTAINER, WORKLOAD, &[("profiles", NAMES), ("triggers", &Kind::Object(&TRIGGERS))]], &["triggers"]);

/// `^(always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+)$`
fn is_pull_policy(text: &str) -> bool {
    if ["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"].contains(&text) {
        return true;
    }
    let Some(mut rest) = text.strip_prefix("every_") else { return false };
    let mut spans = 0;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|character: char| character.is_ascii_digit());
        if unit.len() == rest.len() || !unit.starts_with(['w', 'd', 'h', 'm', 's']) {
            return false;
        }
        rest = &unit[1..];
        spans += 1;
    }
    spans > 0
}

/// Two characters of a name stand together somewhere.
fn is_container_name(text: &str) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    text.as_bytes().windows(2).any(|pair| matches!(pair, [first, second] if first.is_ascii_alphanumeric() && name(second)))
}
