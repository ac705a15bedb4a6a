//! The schema of what stands at the top of a file: a table.

use crate::compose::schema::{BOOL, Decode, Extra, INT, Keys, Kind, Members, Object, TEXT};
use crate::compose::schema_service::{JOB, LIST_OR_DICT, OPTIONS, SERVICE, TEXT_OR_LIST};

const S: &Kind = &Kind::Is(TEXT);
/// A time stamp may stand here too.
const PRINTED: &Kind = &Kind::As(TEXT, Decode::Printed);
const BOOLEAN: &Kind = &Kind::As(BOOL | TEXT, Decode::Bool);

const fn object(members: &'static [Members], or_null: bool) -> Object {
    Object { members, required: &[], extra: Extra::Extensions, or_null }
}

static INCLUDE: Object =
    Object { extra: Extra::None, ..object(&[&[("path", TEXT_OR_LIST), ("env_file", TEXT_OR_LIST), ("project_directory", S)]], false) };
static EXTERNAL: Object = object(&[&[("name", S)]], false);
static ANY_EXTERNAL: Object = Object { extra: Extra::Any, ..object(&[&[("name", S)]], false) };
const IS_EXTERNAL: &Kind = &Kind::Either(&[BOOLEAN, &Kind::Object(&EXTERNAL)]);
const MAY_BE_EXTERNAL: &Kind = &Kind::Either(&[BOOLEAN, &Kind::Object(&ANY_EXTERNAL)]);
static SUBNET: Object =
    object(&[&[("subnet", S), ("ip_range", S), ("gateway", S), ("aux_addresses", &Kind::Dict(PRINTED, Keys::All))]], false);
static IPAM: Object = object(
    &[&[("driver", S), ("config", &Kind::List(&Kind::Object(&SUBNET), false)), ("options", &Kind::Dict(PRINTED, Keys::All))]],
    false,
);
static NETWORK: Object = object(
    &[&[
        ("name", S),
        ("driver", S),
        ("driver_opts", OPTIONS),
        ("ipam", &Kind::Object(&IPAM)),
        ("external", IS_EXTERNAL),
        ("internal", BOOLEAN),
        ("enable_ipv4", BOOLEAN),
        ("enable_ipv6", BOOLEAN),
        ("attachable", BOOLEAN),
        ("labels", LIST_OR_DICT),
    ]],
    true,
);
static VOLUME: Object =
    object(&[&[("name", S), ("driver", S), ("driver_opts", OPTIONS), ("external", IS_EXTERNAL), ("labels", LIST_OR_DICT)]], true);
static SECRET: Object = object(
    &[&[
        ("name", S),
        ("environment", S),
        ("file", S),
        ("external", MAY_BE_EXTERNAL),
        ("labels", LIST_OR_DICT),
        ("driver", S),
        ("driver_opts", OPTIONS),
        ("template_driver", S),
    ]],
    false,
);
static CONFIG: Object = object(
    &[&[
        ("name", S),
        ("content", S),
        ("environment", S),
        ("file", S),
        ("external", MAY_BE_EXTERNAL),
        ("labels", LIST_OR_DICT),
        ("template_driver", S),
    ]],
    false,
);
static AI_MODEL: Object = Object {
    required: &["model"],
    ..object(&[&[("name", S), ("model", S), ("context_size", &Kind::Is(INT)), ("runtime_flags", &Kind::List(S, false))]], false)
};

/// A whole file.
pub(super) static MODEL: Object = object(
    &[&[
        ("version", S),
        ("name", PRINTED),
        ("include", &Kind::List(&Kind::Either(&[S, &Kind::Object(&INCLUDE)]), false)),
        ("services", &Kind::Dict(&Kind::Object(&SERVICE), Keys::Names)),
        ("models", &Kind::Dict(&Kind::Object(&AI_MODEL), Keys::Names)),
        ("networks", &Kind::Dict(&Kind::Object(&NETWORK), Keys::Names)),
        ("volumes", &Kind::Dict(&Kind::Object(&VOLUME), Keys::Names)),
        ("secrets", &Kind::Dict(&Kind::Object(&SECRET), Keys::Names)),
        ("configs", &Kind::Dict(&Kind::Object(&CONFIG), Keys::Names)),
        ("jobs", &Kind::Dict(&Kind::Object(&JOB), Keys::Names)),
    ]],
    false,
);
